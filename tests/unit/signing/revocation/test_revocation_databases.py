"""The cache on every database, with competitors."""

import threading

from gateway.store.sql_store import SqlStore
from signing.evidence import Evidence, EvidenceKind
from signing.revocation.cache import Watched
from signing.revocation.crl import read_crl
from signing.revocation.names import issuer_id
from signing.revocation.ocsp import read_answer
from signing.revocation.sql import SqlRevocationCache
from tests.unit.signing.revocation.revocation_samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    issuing,
    leaf,
    make_answer,
    make_crl,
)


def test_a_cache_keeps_what_was_put_into_it(store: SqlStore) -> None:
    crl = read_crl(make_crl(issuing(), number=(1 << 159) - 1), issuing().certificate)
    answer = read_answer(
        make_answer(leaf().certificate, issuing()), leaf().certificate, issuing().certificate
    )
    one = Watched(certificate=leaf().certificate, issuer=issuing().certificate)
    with store.begin() as work:
        cache = SqlRevocationCache(work.connection)
        cache.put_crl(crl, url="http://ca/crl", at=NOW)
        cache.put_answer(answer, url="http://ca/ocsp", at=NOW)
        cache.watch([one], at=NOW)
        cache.keep([crl.evidence, answer.evidence], at=NOW)
        work.commit()
    with store.read() as work:
        cache = SqlRevocationCache(work.connection)
        (stored,) = cache.crls(issuer_id(issuing().certificate))
        assert (stored.number, stored.next_update, stored.delta) == (crl.number, NOW + DAY, False)
        assert cache.crl_content(stored) == crl.evidence.content
        known = cache.answer(answer.issuer, answer.serial)
        assert known is not None
        assert (known.content, known.this_update) == (answer.evidence.content, NOW - MINUTE)
        assert cache.watched(since=NOW - HOUR) == [one]
        assert cache.evidence(crl.evidence.digest) == crl.evidence
        assert cache.answer(answer.issuer, answer.serial + 1) is None


def test_of_competing_processes_the_newest_crl_wins(store: SqlStore) -> None:
    authority = issuing()
    one = Watched(certificate=leaf().certificate, issuer=authority.certificate)
    contents = [make_crl(authority, number=number, at=NOW - HOUR + number * MINUTE) for number in range(9)]
    start = threading.Barrier(len(contents), timeout=30)

    def put(content: bytes) -> None:
        crl = read_crl(content, authority.certificate)
        start.wait()
        with store.begin() as work:
            cache = SqlRevocationCache(work.connection)
            cache.put_crl(crl, url="http://ca/crl", at=NOW)
            cache.keep([crl.evidence], at=NOW)
            cache.watch([one], at=NOW)
            work.commit()

    threads = [threading.Thread(target=put, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as work:
        (stored,) = SqlRevocationCache(work.connection).crls(issuer_id(authority.certificate))
    assert stored.number == len(contents) - 1


def test_evidence_goes_when_no_decision_has_rested_on_it_for_long(store: SqlStore) -> None:
    old, used_again, new = (Evidence.of(EvidenceKind.CRL, content) for content in (b"old", b"again", b"new"))
    with store.begin() as work:
        cache = SqlRevocationCache(work.connection)
        cache.keep([old, used_again], at=NOW)
        cache.keep([used_again], at=NOW + HOUR)  # the same day: not worth a write
        cache.keep([used_again, new], at=NOW + 10 * DAY)
        assert cache.purge_evidence(before=NOW) == 0
        assert cache.purge_evidence(before=NOW + 10 * DAY) == 1
        assert [cache.evidence(each.digest) for each in (old, used_again, new)] == [None, used_again, new]
        assert cache.purge_evidence(before=NOW + 11 * DAY) == 2


def test_answers_nobody_has_fetched_for_long_go_and_crls_stay(store: SqlStore) -> None:
    crl = read_crl(make_crl(issuing()), issuing().certificate)
    answer = read_answer(
        make_answer(leaf().certificate, issuing()), leaf().certificate, issuing().certificate
    )
    with store.begin() as work:
        cache = SqlRevocationCache(work.connection)
        cache.put_crl(crl, url="http://ca/crl", at=NOW)
        cache.put_answer(answer, url="http://ca/ocsp", at=NOW)
        cache.forget(before=NOW)
        assert cache.answer(answer.issuer, answer.serial) is not None
        cache.forget(before=NOW + DAY)
        assert cache.answer(answer.issuer, answer.serial) is None
        assert len(cache.crls(answer.issuer)) == 1
