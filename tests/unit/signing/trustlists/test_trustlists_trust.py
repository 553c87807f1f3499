from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from signing.evidence import Evidence, EvidenceKind
from signing.faults import Rule
from signing.keys import KeyPair
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY
from signing.revocation.model import RevocationState, RevocationStatus
from signing.sign import sign_enveloped
from signing.trust import FirstTrust, PinnedTrust
from signing.trustlists.service import ListsInForce
from signing.trustlists.trust import Demand, QualifiedTrust
from signing.verdict import Indication, SignerClass, SubIndication, Verdict
from signing.verify import verify
from tests.unit.signing.trustlists.made_lists import (
    COMPLIANCE,
    ESEAL,
    ESIG,
    EVERY,
    NOW,
    STATUS,
    WEB,
    YEAR,
    Entry,
    Made,
    State,
    Told,
    Wanted,
    certificate,
    in_force,
    qualification,
    verified_list_of_lists,
)

DAY = timedelta(days=1)
ODD = (
    '<sie:CriteriaList assert="all"><sie:otherCriteriaList><tslx:Moonphase/></sie:otherCriteriaList>'
    "</sie:CriteriaList>"
)
PL = (Made(),)


def none_held() -> ListsInForce:
    return ListsInForce(None, [], grace=7 * DAY)


def only_the_list_of_lists() -> ListsInForce:
    return ListsInForce(verified_list_of_lists(), [], grace=7 * DAY)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing wrong, and what becomes of the signature."""

    name: str
    rule: Rule | None = None
    sub: SubIndication | None = None
    main: Indication = Indication.INDETERMINATE
    wanted: Wanted = Wanted(types=(ESIG,))  # noqa: RUF009 - frozen
    made: Sequence[Made] = PL
    lists: Callable[[], ListsInForce] | None = None
    told: RevocationStatus | None = None
    demand: Demand = Demand.SIGNATURE
    at: datetime = NOW
    claimed: datetime = NOW
    result: str | None = None


def _with(*states: State) -> Sequence[Made]:
    return [Made(entries=[Entry(states=states)])]


GRANTED = State()
WITHDRAWN = State(status=f"{STATUS}withdrawn", since="2026-06-01T00:00:00Z")
SUB = SubIndication
PASSED = Indication.TOTAL_PASSED
REVOKED = RevocationStatus(state=RevocationState.REVOKED, since=NOW - DAY)

ROWS = [
    Row(name="a qualified signature", main=PASSED, result="QESig"),
    Row(
        name="a qualified seal",
        wanted=Wanted(types=[ESEAL]),
        main=PASSED,
        result="QESeal",
    ),
    Row(
        name="no device, where a certificate is enough",
        wanted=Wanted(statements=[COMPLIANCE]),
        demand=Demand.CERTIFICATE,
        main=PASSED,
        result="AdESig-QC",
    ),
    Row(
        name="no device, where a qualified signature is demanded",
        wanted=Wanted(statements=[COMPLIANCE]),
        rule=Rule.CERT_NO_QSCD,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="AdESig-QC",
    ),
    Row(
        name="an authority on no list",
        wanted=Wanted(issuer="unknown CA"),
        rule=Rule.CERT_UNTRUSTED,
        sub=SUB.NO_CERTIFICATE_CHAIN_FOUND,
    ),
    Row(
        name="an authority of a listed name with another key",
        wanted=Wanted(issuer_since=NOW - 11 * YEAR),
        rule=Rule.CERT_CHAIN,
        sub=SUB.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    ),
    Row(
        name="a service withdrawn before receipt",
        made=_with(WITHDRAWN, GRANTED),
        rule=Rule.SERVICE_STATUS,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="a service granted only after the certificate was issued",
        made=_with(replace(GRANTED, since="2026-06-01T00:00:00Z")),
        rule=Rule.SERVICE_STATUS,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="a service for seals only",
        made=_with(State(additional=["ForeSeals"])),
        rule=Rule.SERVICE_TYPE,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="a service that is no CA/QC",
        made=_with(State(service_type="http://uri.etsi.org/TrstSvc/Svctype/NationalRootCA-QC")),
        rule=Rule.CERT_UNTRUSTED,
        sub=SUB.NO_CERTIFICATE_CHAIN_FOUND,
    ),
    Row(
        name="a critical extension nobody knows",
        made=_with(State(extensions='<Extension Critical="true"><What/></Extension>')),
        rule=Rule.SERVICE_UNUSABLE,
        sub=SUB.CERTIFICATE_CHAIN_GENERAL_FAILURE,
        result="indeterminate",
    ),
    Row(
        name="entries that contradict each other",
        made=[Made(entries=[Entry(), Entry(states=[WITHDRAWN, GRANTED])])],
        rule=Rule.SERVICE_CONFLICT,
        sub=SUB.CERTIFICATE_CHAIN_GENERAL_FAILURE,
        result="indeterminate",
    ),
    Row(
        name="no qualified certificate",
        wanted=Wanted(statements=()),
        rule=Rule.CERT_NOT_QUALIFIED,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="qualified no more by the list",
        made=_with(State(extensions=qualification(["NotQualified"], EVERY))),
        rule=Rule.CERT_NOT_QUALIFIED,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="a certificate for websites",
        wanted=Wanted(types=[WEB]),
        rule=Rule.CERT_QC_TYPE,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="made a website's by the list",
        made=_with(
            State(additional=["ForWebSiteAuthentication"], extensions=qualification(["QCForWSA"], EVERY))
        ),
        rule=Rule.CERT_QC_TYPE,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="a seal of a service for signatures only",
        wanted=Wanted(types=[ESEAL]),
        made=_with(State(additional=["ForeSignatures"])),
        rule=Rule.SERVICE_TYPE,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="a device taken away by the list",
        made=_with(State(extensions=qualification(["QCNoQSCD"], EVERY))),
        rule=Rule.CERT_NO_QSCD,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="AdESig-QC",
    ),
    Row(
        name="a device only since the certificate was issued",
        wanted=Wanted(statements=[COMPLIANCE]),
        made=_with(
            State(since="2026-06-01T00:00:00Z", extensions=qualification(["QCWithQSCD"], EVERY)), GRANTED
        ),
        rule=Rule.CERT_NO_QSCD,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="AdESig-QC",
    ),
    Row(
        name="a service withdrawn when the certificate was issued",
        made=_with(
            replace(GRANTED, since="2026-06-01T00:00:00Z"),
            replace(WITHDRAWN, since="2016-06-30T22:00:00Z"),
        ),
        rule=Rule.SERVICE_STATUS,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="an old status, which ended with the regulation",
        made=_with(State(status=f"{STATUS}accredited")),
        rule=Rule.SERVICE_STATUS,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="a criterion nobody knows",
        made=_with(State(extensions=qualification(["NotQualified"], ODD))),
        rule=Rule.SERVICE_UNUSABLE,
        sub=SUB.CERTIFICATE_CHAIN_GENERAL_FAILURE,
        result="indeterminate",
    ),
    Row(
        name="qualifiers that contradict each other",
        made=_with(State(extensions=qualification(["QCStatement", "NotQualified"], EVERY))),
        rule=Rule.SERVICE_CONFLICT,
        sub=SUB.CERTIFICATE_CHAIN_GENERAL_FAILURE,
        result="indeterminate",
    ),
    Row(
        name="two types at once",
        wanted=Wanted(types=[ESIG, ESEAL]),
        rule=Rule.CERT_QC_TYPE,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
        result="not qualified",
    ),
    Row(
        name="statements that cannot be read",
        wanted=Wanted(raw_statements=b"\x30\x05\x06"),
        rule=Rule.CERTIFICATE_FORMAT,
        sub=SUB.NO_SIGNING_CERTIFICATE_FOUND,
        result="not qualified",
    ),
    Row(
        name="a key that may not sign documents",
        wanted=Wanted(usage=["key_encipherment"]),
        rule=Rule.CERT_KEY_USAGE,
        sub=SUB.CHAIN_CONSTRAINTS_FAILURE,
    ),
    Row(
        name="an expired certificate",
        wanted=Wanted(issued=NOW - 2 * YEAR, lifetime=YEAR),
        rule=Rule.CERT_EXPIRED,
        sub=SUB.OUT_OF_BOUNDS_NO_POE,
    ),
    Row(
        name="revoked before the sender claims to have signed",
        told=REVOKED,
        rule=Rule.CERT_REVOKED,
        sub=SUB.REVOKED,
        main=Indication.TOTAL_FAILED,
        result="QESig",
    ),
    Row(
        name="revoked after the sender claims to have signed",
        told=REVOKED,
        claimed=NOW - 2 * DAY,
        rule=Rule.CERT_REVOKED,
        sub=SUB.REVOKED_NO_POE,
        result="QESig",
    ),
    Row(
        name="suspended",
        told=RevocationStatus(state=RevocationState.ON_HOLD, since=NOW - DAY),
        rule=Rule.CERT_HELD,
        sub=SUB.TRY_LATER,
        result="QESig",
    ),
    Row(
        name="no word on revocation",
        told=RevocationStatus(state=RevocationState.UNKNOWN),
        rule=Rule.CERT_STATUS_UNKNOWN,
        sub=SUB.TRY_LATER,
        result="QESig",
    ),
    Row(
        name="a list past its next update, within the grace",
        made=[Made(next_update="2026-11-15T12:00:00Z")],
        main=PASSED,
        result="QESig",
    ),
    Row(
        name="a list past the grace",
        made=[Made(next_update="2026-11-14T11:59:59Z")],
        rule=Rule.TL_STALE,
        sub=SUB.TRY_LATER,
        result="QESig",
    ),
    Row(name="a closed list", made=[Made(next_update="")], main=PASSED, result="QESig"),
    Row(
        name="a list of lists past the grace",
        made=[Made(next_update="2029-01-01T00:00:00Z")],
        at=NOW + 150 * DAY,
        rule=Rule.TL_STALE,
        sub=SUB.TRY_LATER,
        result="QESig",
    ),
    Row(name="no list at all", lists=none_held, rule=Rule.TL_UNAVAILABLE, sub=SUB.TRY_LATER),
    Row(
        name="no list of the issuer's country",
        lists=only_the_list_of_lists,
        rule=Rule.TL_UNAVAILABLE,
        sub=SUB.TRY_LATER,
    ),
    Row(
        name="no list, and no claim to be qualified",
        wanted=Wanted(statements=()),
        lists=none_held,
        rule=Rule.CERT_UNTRUSTED,
        sub=SUB.NO_CERTIFICATE_CHAIN_FOUND,
    ),
]


def message(key: KeyPair, claimed: datetime) -> bytes:
    return sign_enveloped(parse(b"<m>tekst</m>", ParseLimits()), key, at=claimed, ids=lambda: "sig-1")


def judged(row: Row) -> Verdict:
    told = Told() if row.told is None else Told(row.told)
    held = (row.lists or (lambda: in_force(*row.made)))()
    trust = QualifiedTrust(lambda: held, told, demand=row.demand)
    document = parse(message(certificate(row.wanted), row.claimed), ParseLimits())
    return verify(document, policy=MESSAGE_POLICY, trust=trust, at=row.at)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_broken_condition_has_its_own_verdict(row: Row) -> None:
    verdict = judged(row)
    rule = verdict.fault.rule if verdict.fault else None
    assert (row.main, row.sub, row.rule) == (verdict.indication, verdict.sub_indication, rule)
    assert verdict.signer is not None
    assert row.result == verdict.signer.qualification


def test_a_good_signer_is_told_with_class_numbers_and_lists() -> None:
    signer = judged(ROWS[0]).signer
    assert signer is not None
    assert signer.signer_class is SignerClass.QUALIFIED
    assert signer.subject_ids == ("PNOPL-44051401359",)
    assert signer.trusted_lists == ("PL 7",)
    assert signer.person_id is None  # who that is, is for the registry to say


def test_revocation_is_asked_for_though_the_certificate_names_no_source() -> None:
    told = Told()
    key = certificate()
    held = in_force(*PL)
    decision = QualifiedTrust(lambda: held, told).judge(key.certificate, candidates=(), at=NOW)
    assert decision.fault is None
    assert told.asked == [(key.certificate, key.chain[0], NOW)]


def test_the_issuer_is_evidence_too() -> None:
    key, held = certificate(), in_force(*PL)
    decision = QualifiedTrust(lambda: held, Told()).judge(key.certificate, candidates=(), at=NOW)
    (issuer,) = decision.evidence
    assert issuer.kind is EvidenceKind.CERTIFICATE
    assert issuer == Evidence.of(EvidenceKind.CERTIFICATE, key.chain[0].public_bytes(Encoding.DER))


def test_among_several_sources_the_one_that_knows_the_issuer_explains() -> None:
    key = certificate(Wanted(types=[WEB]))
    held = in_force(*PL)
    sources = FirstTrust([PinnedTrust([]), QualifiedTrust(lambda: held, Told())])
    decision = sources.judge(key.certificate, candidates=(), at=NOW)
    assert decision.fault is not None
    assert decision.fault.rule == Rule.CERT_QC_TYPE
