"""The status of certificates from a real cache in a database, and what it means for a path."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ReasonFlags
from cryptography.x509.ocsp import OCSPCertStatus
from sqlalchemy import Connection, create_engine

from signing.certificates import serial_hex
from signing.chain import Chain, TrustAnchors, build_chain
from signing.evidence import Evidence, EvidenceKind
from signing.keys import KeyPair
from signing.revocation.assessment import Assessment, assess_revocation
from signing.revocation.cache import ReadData, Watched
from signing.revocation.crl import read_crl
from signing.revocation.errors import Problem
from signing.revocation.model import Freshness, RevocationState, RevocationStatus
from signing.revocation.ocsp import read_answer
from signing.revocation.source import CachedRevocation
from signing.revocation.sql import SqlRevocationCache
from signing.tables import metadata
from signing.verdict import Indication, SignerClass, SubIndication, TrustDecision
from tests.unit.signing.revocation.revocation_samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PKITS,
    Pair,
    access,
    entry,
    issuing,
    leaf,
    make,
    make_answer,
    make_crl,
    pkits_certificate,
    points,
    root,
    scope,
)
from tests.unit.signing.signing_samples import signed, verified

GOOD, REVOKED = RevocationState.GOOD, RevocationState.REVOKED
ON_HOLD, UNKNOWN = RevocationState.ON_HOLD, RevocationState.UNKNOWN
HOLD = ReasonFlags.certificate_hold


class World:
    """A cache in a database, and a source over it."""

    def __init__(self, connection: Connection) -> None:
        self.cache = SqlRevocationCache(connection)
        self.wanted: list[x509.Certificate] = []
        self.stale: list[x509.Certificate] = []
        self.freshness = Freshness()

    def crl(self, content: bytes, issuer: x509.Certificate | None = None) -> bytes:
        crl = read_crl(content, issuer or issuing().certificate)
        self.cache.put_crl(crl, url="http://ca/crl", at=NOW)
        return content

    def answer(self, content: bytes, subject: Pair | None = None) -> bytes:
        answer = read_answer(content, (subject or leaf()).certificate, issuing().certificate)
        self.cache.put_answer(answer, url="http://ca/ocsp", at=NOW)
        return content

    def source(self) -> CachedRevocation:
        return CachedRevocation(
            self.cache,
            ReadData(),
            freshness=self.freshness,
            wanted=lambda certificate, _: self.wanted.append(certificate),
            on_stale=lambda certificate, _: self.stale.append(certificate),
        )

    def status(self, subject: Pair | None = None, *, at: datetime = NOW) -> RevocationStatus:
        return self.source().status((subject or leaf()).certificate, issuing().certificate, at=at)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = create_engine(f"sqlite:///{tmp_path}/cache.sqlite3")
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield World(connection)
    engine.dispose()


def _listed(
    *, at: datetime = NOW - DAY, reason: ReasonFlags | None = None, subject: Pair | None = None
) -> x509.RevokedCertificate:
    return entry((subject or leaf()).certificate.serial_number, at, reason)


def test_absent_from_a_fresh_crl_is_good_with_the_crl_as_evidence(world: World) -> None:
    content = world.crl(make_crl(issuing(), entry(5)))
    status = world.status()
    assert (status.state, status.since) == (GOOD, None)
    assert [item.digest for item in status.evidence] == [sha256(content).hexdigest()]


def test_listed_is_revoked_since_its_date_with_the_reason(world: World) -> None:
    world.crl(make_crl(issuing(), _listed(reason=ReasonFlags.key_compromise)))
    status = world.status()
    assert (status.state, status.since, status.reason) == (REVOKED, NOW - DAY, ReasonFlags.key_compromise)


def test_listed_with_certificate_hold_is_on_hold(world: World) -> None:
    world.crl(make_crl(issuing(), _listed(reason=HOLD)))
    assert world.status().state is ON_HOLD


def test_what_was_received_before_the_revocation_stands_and_the_fact_is_told(world: World) -> None:
    world.crl(make_crl(issuing(), _listed(at=NOW - HOUR)))
    status = world.status(at=NOW - 2 * HOUR)
    assert (status.state, status.since) == (GOOD, NOW - HOUR)


def test_without_any_data_the_status_is_unknown_and_the_certificate_wanted(world: World) -> None:
    named = make("L", issuing(), extra=[(points("http://ca/crl"), False)])
    assert (world.status().state, world.status().problem) == (UNKNOWN, Problem.NO_SOURCE)
    assert world.status(named).problem is Problem.NOT_FETCHED
    assert world.wanted[-1] == named.certificate


def test_a_crl_past_its_next_update_leaves_the_status_unknown(world: World) -> None:
    world.crl(make_crl(issuing()))
    status = world.status(at=NOW + DAY + timedelta(seconds=1))
    assert (status.state, status.problem) == (UNKNOWN, Problem.STALE)


def test_a_crl_past_its_next_update_still_proves_a_revocation(world: World) -> None:
    world.crl(make_crl(issuing(), _listed()))
    assert world.status(at=NOW + 2 * DAY).state is REVOKED


def test_the_operators_grace_admits_stale_data_and_tells_so(world: World) -> None:
    world.crl(make_crl(issuing()))
    world.freshness = Freshness(stale_grace=3 * HOUR)
    assert world.status(at=NOW + DAY + HOUR).state is GOOD
    assert world.stale == [leaf().certificate]
    assert world.status(at=NOW + DAY + 4 * HOUR).state is UNKNOWN


def test_absent_from_a_crl_issued_after_its_expiry_says_nothing(world: World) -> None:
    world.crl(make_crl(issuing()))
    gone = make("L", issuing(), days=(-9, -1))
    assert world.status(gone, at=NOW - 2 * DAY).problem is Problem.AFTER_EXPIRY


def test_a_crl_for_authorities_does_not_cover_a_leaf(world: World) -> None:
    world.crl(make_crl(issuing(), extra=[(scope(ca=True), True)]))
    assert world.status().problem is Problem.OUT_OF_SCOPE
    world.crl(make_crl(issuing(), extra=[(scope(user=True), True)]))
    assert world.status().state is GOOD


def test_crls_for_some_reasons_are_good_together_only(world: World) -> None:
    some = frozenset({ReasonFlags.key_compromise, HOLD})
    rest = frozenset(ReasonFlags) - some - {ReasonFlags.unspecified, ReasonFlags.remove_from_crl}
    world.crl(make_crl(issuing(), extra=[(scope(reasons=some), True)]))
    assert world.status().state is UNKNOWN
    world.crl(make_crl(issuing(), extra=[(scope(reasons=rest), True)]))
    assert world.status().state is GOOD
    assert len(world.status().evidence) == 2
    world.crl(make_crl(issuing(), _listed(), number=2, extra=[(scope(reasons=rest), True)]))
    assert world.status().state is REVOKED


def _delta(*entries: x509.RevokedCertificate, number: int = 6, base: int = 5) -> bytes:
    return make_crl(issuing(), *entries, number=number, extra=[(x509.DeltaCRLIndicator(base), True)])


def test_a_delta_crl_revokes_what_its_base_does_not_list(world: World) -> None:
    world.crl(make_crl(issuing(), number=5))
    world.crl(_delta(_listed()))
    status = world.status()
    assert status.state is REVOKED
    assert len(status.evidence) == 2


def test_a_delta_crl_releases_from_hold(world: World) -> None:
    world.crl(make_crl(issuing(), _listed(reason=HOLD), number=5))
    assert world.status().state is ON_HOLD
    world.crl(_delta(_listed(reason=ReasonFlags.remove_from_crl)))
    assert world.status().state is GOOD


@pytest.mark.parametrize(("number", "base"), [(9, 6), (4, 3)])
def test_a_delta_crl_of_another_base_changes_nothing(world: World, number: int, base: int) -> None:
    world.crl(make_crl(issuing(), _listed(reason=HOLD), number=5))
    world.crl(_delta(_listed(reason=ReasonFlags.remove_from_crl), number=number, base=base))
    assert world.status().state is ON_HOLD


def test_a_fresh_ocsp_response_decides_before_a_crl(world: World) -> None:
    world.crl(make_crl(issuing(), _listed(reason=HOLD)))
    content = world.answer(make_answer(leaf().certificate, issuing()))
    status = world.status()
    assert status.state is GOOD
    assert status.evidence == (Evidence.of(EvidenceKind.OCSP, content),)


@pytest.mark.parametrize(
    ("reason", "expected"), [(None, REVOKED), (ReasonFlags.superseded, REVOKED), (HOLD, ON_HOLD)]
)
def test_an_ocsp_response_revokes_or_holds(
    world: World, reason: ReasonFlags | None, expected: RevocationState
) -> None:
    world.answer(
        make_answer(
            leaf().certificate,
            issuing(),
            status=OCSPCertStatus.REVOKED,
            revoked_at=NOW - HOUR,
            reason=reason,
        )
    )
    status = world.status()
    assert (status.state, status.since) == (expected, NOW - HOUR)
    assert world.status(at=NOW - 2 * HOUR).state is GOOD


def test_a_certificate_the_responder_does_not_know_is_not_good_whatever_crls_say(world: World) -> None:
    world.crl(make_crl(issuing()))
    world.answer(make_answer(leaf().certificate, issuing(), status=OCSPCertStatus.UNKNOWN))
    assert world.status().problem is Problem.UNKNOWN_TO_RESPONDER


def test_a_stale_ocsp_response_gives_way_to_a_fresh_crl(world: World) -> None:
    world.answer(make_answer(leaf().certificate, issuing()))
    later = NOW + 61 * MINUTE
    assert world.status(at=later).problem is Problem.STALE
    world.crl(make_crl(issuing()))
    assert world.status(at=later).state is GOOD


def test_an_older_crl_or_response_never_replaces_a_newer_one(world: World) -> None:
    world.crl(make_crl(issuing(), _listed(), number=9, at=NOW - MINUTE))
    world.crl(make_crl(issuing(), number=8, at=NOW - HOUR))
    assert world.status().state is REVOKED
    world.answer(make_answer(leaf().certificate, issuing(), at=NOW - MINUTE))
    world.answer(make_answer(leaf().certificate, issuing(), status=OCSPCertStatus.UNKNOWN, at=NOW - HOUR))
    assert world.status().state is GOOD


def test_a_crl_of_another_key_of_the_same_name_is_another_authoritys(world: World) -> None:
    renewed = make("Issuing", root(), ca=True)
    world.crl(make_crl(renewed), renewed.certificate)
    assert world.status().problem is Problem.NO_SOURCE


def test_evidence_is_kept_once_and_found_again(world: World) -> None:
    world.crl(make_crl(issuing()))
    evidence = world.status().evidence
    world.cache.keep(evidence * 2, at=NOW)
    world.cache.keep(evidence, at=NOW + DAY)
    assert world.cache.evidence(evidence[0].digest) == evidence[0]
    assert world.cache.evidence("0" * 64) is None


def test_certificates_are_watched_until_nobody_asks_for_them(world: World) -> None:
    one = Watched(certificate=leaf().certificate, issuer=issuing().certificate)
    world.cache.watch([one, one], at=NOW)
    world.cache.watch([one], at=NOW + HOUR)
    assert world.cache.watched(since=NOW + MINUTE) == [one]
    world.cache.forget(before=NOW + 2 * HOUR)
    assert world.cache.watched(since=NOW - DAY) == []


# What the status means for a path


def _path() -> Chain:
    found = build_chain(leaf().certificate, [issuing().certificate], TrustAnchors([root().certificate]), NOW)
    assert isinstance(found, Chain)
    return found


def _assess(world: World) -> Assessment:
    return assess_revocation(_path(), world.source(), at=NOW)


def _rule(assessment: Assessment) -> tuple[str, SubIndication] | None:
    return (assessment.fault.rule, assessment.fault.sub_indication) if assessment.fault else None


def _of_issuing() -> x509.RevokedCertificate:
    return entry(issuing().certificate.serial_number, NOW - HOUR)


CASES: dict[str, tuple[Callable[[World], object], tuple[str, SubIndication] | None]] = {
    "good": (lambda _: None, None),
    "leaf revoked": (
        lambda world: world.crl(make_crl(issuing(), _listed(), number=2)),
        ("CERT_REVOKED", SubIndication.REVOKED_NO_POE),
    ),
    "leaf on hold": (
        lambda world: world.crl(make_crl(issuing(), _listed(reason=HOLD), number=2)),
        ("CERT_HELD", SubIndication.TRY_LATER),
    ),
    "leaf unknown": (
        lambda world: world.answer(make_answer(leaf().certificate, issuing(), status=OCSPCertStatus.UNKNOWN)),
        ("CERT_STATUS_UNKNOWN", SubIndication.TRY_LATER),
    ),
    "issuer revoked": (
        lambda world: world.crl(make_crl(root(), _of_issuing(), number=2), root().certificate),
        ("CERT_ISSUER_REVOKED", SubIndication.REVOKED_CA_NO_POE),
    ),
    "leaf on hold under a revoked issuer": (
        lambda world: (
            world.crl(make_crl(issuing(), _listed(reason=HOLD), number=2)),
            world.crl(make_crl(root(), _of_issuing(), number=2), root().certificate),
        ),
        ("CERT_ISSUER_REVOKED", SubIndication.REVOKED_CA_NO_POE),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_certificate_of_a_path_counts(world: World, case: str) -> None:
    happen, expected = CASES[case]
    world.crl(make_crl(issuing()))
    world.crl(make_crl(root()), root().certificate)
    happen(world)
    assert _rule(_assess(world)) == expected


def test_a_good_path_comes_with_the_evidence_for_every_certificate(world: World) -> None:
    contents = {world.crl(make_crl(issuing())), world.crl(make_crl(root()), root().certificate)}
    assert {item.content for item in _assess(world).evidence} == contents


def test_without_data_nothing_is_accepted(world: World) -> None:
    assert _rule(_assess(world)) == ("CERT_STATUS_UNKNOWN", SubIndication.TRY_LATER)


class _Trust:
    """What a trust source makes of it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def judge(
        self,
        certificate: x509.Certificate,
        *,
        candidates: object,  # noqa: ARG002 - the path is built already
        at: datetime,
    ) -> TrustDecision:
        assert certificate == leaf().certificate
        found = assess_revocation(_path(), self._world.source(), at=at)
        return TrustDecision(
            fault=found.fault,
            signer_class=SignerClass.QUALIFIED,
            revoked_at=found.revoked_at,
            evidence=found.evidence,
        )


@pytest.mark.parametrize(
    ("revoked_before_claim", "indication", "sub_indication"),
    [
        (True, Indication.TOTAL_FAILED, SubIndication.REVOKED),
        (False, Indication.INDETERMINATE, SubIndication.REVOKED_NO_POE),
    ],
)
def test_the_claimed_time_tells_revoked_from_revoked_without_proof(
    world: World, *, revoked_before_claim: bool, indication: Indication, sub_indication: SubIndication
) -> None:
    claimed = NOW - 2 * HOUR
    since = claimed - HOUR if revoked_before_claim else claimed + HOUR
    world.crl(make_crl(issuing(), _listed(at=since)))
    world.crl(make_crl(root()), root().certificate)
    key = leaf().key
    document = signed(key=KeyPair(private_key=key, certificate=leaf().certificate), at=claimed)
    verdict = verified(document, trust=_Trust(world), at=NOW)
    assert (verdict.indication, verdict.sub_indication) == (indication, sub_indication)
    assert len(verdict.evidence) == 2


# PKITS: each test gets the CRLs of the authorities of its own path only


@pytest.mark.shared
@pytest.mark.skipif(not PKITS.is_dir(), reason="the PKITS vectors are not beside the project")
@pytest.mark.parametrize(
    ("name", "crls", "expected"),
    [
        ("ValidCertificatePathTest1EE.crt", ["GoodCACRL.crl", "TrustAnchorRootCRL.crl"], None),
        ("InvalidRevokedEETest3EE.crt", ["GoodCACRL.crl", "TrustAnchorRootCRL.crl"], "CERT_REVOKED"),
        ("ValidCertificatePathTest1EE.crt", ["TrustAnchorRootCRL.crl"], "CERT_STATUS_UNKNOWN"),
        ("ValidCertificatePathTest1EE.crt", ["GoodCACRL.crl"], "CERT_STATUS_UNKNOWN"),
    ],
)
def test_pkits_paths_get_their_verdicts_with_revocation(
    world: World, name: str, crls: list[str], expected: str | None
) -> None:
    anchor, good = pkits_certificate("TrustAnchorRootCertificate.crt"), pkits_certificate("GoodCACert.crt")
    for file in crls:
        world.crl((PKITS / file).read_bytes(), anchor if "Anchor" in file else good)
    path = build_chain(pkits_certificate(name), [good], TrustAnchors([anchor]), NOW)
    assert isinstance(path, Chain)
    assessment = assess_revocation(path, world.source(), at=NOW)
    assert (assessment.fault.rule if assessment.fault else None) == expected


@pytest.mark.shared
@pytest.mark.skipif(not PKITS.is_dir(), reason="the PKITS vectors are not beside the project")
def test_a_pkits_crl_of_another_authority_is_refused_for_good_ca() -> None:
    good = pkits_certificate("GoodCACert.crt")
    files = sorted(set(PKITS.glob("*.crl")) - {PKITS / "GoodCACRL.crl"})
    assert len(files) == 9
    for file in files:
        with pytest.raises(Exception, match="ISSUER"):
            read_crl(file.read_bytes(), good)


def test_serial_numbers_are_written_alike_everywhere(world: World) -> None:
    long = make("L", issuing(), serial=(1 << 159) - 1)
    world.answer(make_answer(long.certificate, issuing()), long)
    assert world.status(long).state is GOOD
    assert len(serial_hex(long.certificate)) == 40


def test_a_named_responder_without_an_answer_leaves_the_status_unknown(world: World) -> None:
    named = make("L", issuing(), extra=[(access("http://ca/ocsp"), False)])
    assert world.status(named).problem is Problem.NOT_FETCHED
