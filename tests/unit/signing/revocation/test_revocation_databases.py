"""The cache on every database, with competitors."""

import threading

from gateway.store.sql_store import SqlStore
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
