from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from signing.faults import Rule
from signing.trustlists.qualification import EIDAS, Assessment, Qualified, assess
from signing.trustlists.statements import facts_of, subject_ids
from tests.unit.signing.trustlists.made_lists import (
    COMPLIANCE,
    DEVICE,
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
    Wanted,
    certificate,
    in_force,
    qualification,
)

DEFAULT = Wanted()
NEVER = EVERY.replace(">true<", ">false<")
GRANTED = State()
WITHDRAWN = State(status=f"{STATUS}withdrawn", since="2026-06-01T00:00:00Z")


def assessed(wanted: Wanted, *entries: Entry, at: datetime = NOW) -> Assessment:
    lists = in_force(Made(entries=entries or (Entry(),)))
    leaf = certificate(wanted)
    services = lists.services_of(leaf.chain[0])
    return assess(leaf.certificate, services, at=at)


def saying(*qualifiers: str, criteria: str = EVERY) -> Entry:
    return Entry(states=[State(extensions=qualification(qualifiers, criteria))])


def rule(assessment: Assessment) -> str | None:
    return assessment.fault.rule if assessment.fault else None


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str
    result: Qualified
    wanted: Wanted = DEFAULT
    entries: Sequence[Entry] = (Entry(),)
    rule: Rule | None = None


PLAIN = Wanted(statements=(), types=())
BEFORE = datetime(2014, 1, 1, tzinfo=UTC)
OLD = Wanted(issued=EIDAS - YEAR, lifetime=20 * YEAR)
OLD_STATES = [GRANTED, State(status=f"{STATUS}undersupervision", since="2010-01-01T00:00:00Z", additional=())]

ROWS = [
    Row(name="a qualified certificate in a device", result=Qualified.QESIG),
    Row(
        name="no device",
        wanted=Wanted(statements=[COMPLIANCE]),
        result=Qualified.ADESIG_QC,
    ),
    Row(name="a seal", wanted=Wanted(types=[ESEAL]), result=Qualified.QESEAL),
    Row(
        name="a seal without device",
        wanted=Wanted(types=[ESEAL], statements=[COMPLIANCE]),
        result=Qualified.ADESEAL_QC,
    ),
    Row(name="no type means signatures", wanted=Wanted(types=[]), result=Qualified.QESIG),
    Row(
        name="device by the policy of natural persons",
        wanted=Wanted(statements=[COMPLIANCE], policies=["0.4.0.194112.1.2"]),
        result=Qualified.QESIG,
    ),
    Row(
        name="device by the policy of legal persons",
        wanted=Wanted(statements=[COMPLIANCE], types=[ESEAL], policies=["0.4.0.194112.1.3"]),
        result=Qualified.QESEAL,
    ),
    Row(
        name="a policy without device",
        wanted=Wanted(statements=[COMPLIANCE], policies=["0.4.0.194112.1.0"]),
        result=Qualified.ADESIG_QC,
    ),
    Row(
        name="websites sign nothing",
        wanted=Wanted(types=[WEB]),
        entries=[Entry(states=[State(additional=["ForWebSiteAuthentication"])])],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.CERT_QC_TYPE,
    ),
    Row(
        name="two types",
        wanted=Wanted(types=[ESIG, ESEAL]),
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.CERT_QC_TYPE,
    ),
    Row(
        name="no statement",
        wanted=PLAIN,
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.CERT_NOT_QUALIFIED,
    ),
    Row(
        name="old policies count for old certificates only",
        wanted=Wanted(statements=(), types=(), policies=["0.4.0.1456.1.1"]),
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.CERT_NOT_QUALIFIED,
    ),
    Row(
        name="an old certificate by its old policy",
        wanted=replace(OLD, statements=(), types=(), policies=["0.4.0.1456.1.1"]),
        entries=[Entry(states=OLD_STATES)],
        result=Qualified.QESIG,
    ),
    Row(
        name="an old status at the time of issue",
        wanted=OLD,
        entries=[Entry(states=OLD_STATES)],
        result=Qualified.QESIG,
    ),
    Row(
        name="an old status under its oldest name",
        wanted=OLD,
        entries=[
            Entry(
                states=[
                    GRANTED,
                    replace(
                        OLD_STATES[1],
                        status="http://uri.etsi.org/TrstSvc/eSigDir-1999-93-EC-TrustedList/Svcstatus/accredited",
                    ),
                ]
            )
        ],
        result=Qualified.QESIG,
    ),
    Row(
        name="an old status that never counted",
        wanted=OLD,
        entries=[Entry(states=[GRANTED, replace(OLD_STATES[1], status=f"{STATUS}supervisionceased")])],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.SERVICE_STATUS,
    ),
    Row(
        name="an old status after the change",
        entries=[Entry(states=[replace(GRANTED, status=f"{STATUS}undersupervision")])],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.SERVICE_STATUS,
    ),
    Row(
        name="withdrawn at receipt",
        entries=[Entry(states=[WITHDRAWN, GRANTED])],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.SERVICE_STATUS,
    ),
    Row(
        name="withdrawn at issue",
        entries=[
            Entry(
                states=[
                    replace(GRANTED, since="2026-06-01T00:00:00Z"),
                    replace(WITHDRAWN, since="2016-06-30T22:00:00Z"),
                ]
            )
        ],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.SERVICE_STATUS,
    ),
    Row(
        name="not listed at issue",
        entries=[Entry(states=[replace(GRANTED, since="2026-06-01T00:00:00Z")])],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.SERVICE_STATUS,
    ),
    Row(
        name="another kind of service at issue",
        entries=[
            Entry(
                states=[
                    replace(GRANTED, since="2026-06-01T00:00:00Z"),
                    State(service_type="http://uri.etsi.org/TrstSvc/Svctype/NationalRootCA-QC"),
                ]
            )
        ],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.SERVICE_STATUS,
    ),
    Row(
        name="a service for seals only",
        entries=[Entry(states=[State(additional=["ForeSeals"])])],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.SERVICE_TYPE,
    ),
    Row(
        name="a service that does not say what it is for",
        entries=[Entry(states=[State(additional=[])])],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.SERVICE_TYPE,
    ),
    Row(
        name="a critical extension nobody knows",
        entries=[Entry(states=[State(extensions='<Extension Critical="true"><What/></Extension>')])],
        result=Qualified.INDETERMINATE,
        rule=Rule.SERVICE_UNUSABLE,
    ),
    Row(
        name="an uncritical extension nobody knows",
        entries=[Entry(states=[State(extensions='<Extension Critical="false"><What/></Extension>')])],
        result=Qualified.QESIG,
    ),
    Row(
        name="entries that agree",
        entries=[Entry(), Entry(states=[State(since="2020-01-01T00:00:00Z")])],
        result=Qualified.QESIG,
    ),
    Row(
        name="an entry for websites does not matter",
        entries=[Entry(), Entry(states=[replace(WITHDRAWN, additional=["ForWebSiteAuthentication"])])],
        result=Qualified.QESIG,
    ),
    Row(
        name="entries that disagree on the status",
        entries=[Entry(), Entry(states=[WITHDRAWN, GRANTED])],
        result=Qualified.INDETERMINATE,
        rule=Rule.SERVICE_CONFLICT,
    ),
    Row(
        name="entries that disagree on qualification",
        entries=[Entry(), saying("NotQualified")],
        result=Qualified.INDETERMINATE,
        rule=Rule.SERVICE_CONFLICT,
    ),
    Row(
        name="entries that disagree on the device",
        entries=[Entry(), saying("QCNoQSCD")],
        result=Qualified.INDETERMINATE,
        rule=Rule.SERVICE_CONFLICT,
    ),
    Row(
        name="qualifiers that contradict each other",
        entries=[saying("QCStatement", "NotQualified")],
        result=Qualified.INDETERMINATE,
        rule=Rule.SERVICE_CONFLICT,
    ),
    Row(
        name="a kind that changed between issue and receipt",
        entries=[
            Entry(
                states=[
                    State(since="2026-06-01T00:00:00Z", extensions=qualification(["QCForESeal"], EVERY)),
                    GRANTED,
                ]
            )
        ],
        result=Qualified.INDETERMINATE,
        rule=Rule.SERVICE_CONFLICT,
    ),
    Row(
        name="QCStatement makes qualified",
        wanted=PLAIN,
        entries=[saying("QCStatement")],
        result=Qualified.ADESIG_QC,
    ),
    Row(
        name="NotQualified takes it away",
        entries=[saying("NotQualified")],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.CERT_NOT_QUALIFIED,
    ),
    Row(name="QCForESeal makes a seal", entries=[saying("QCForESeal")], result=Qualified.QESEAL),
    Row(name="QCForLegalPerson makes a seal", entries=[saying("QCForLegalPerson")], result=Qualified.QESEAL),
    Row(
        name="QCForESig makes a signature",
        wanted=Wanted(types=[ESEAL]),
        entries=[saying("QCForESig")],
        result=Qualified.QESIG,
    ),
    Row(
        name="QCForWSA makes a website",
        entries=[
            Entry(
                states=[
                    State(
                        additional=["ForWebSiteAuthentication"],
                        extensions=qualification(["QCForWSA"], EVERY),
                    )
                ]
            )
        ],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.CERT_QC_TYPE,
    ),
    *(
        Row(
            name=f"{qualifier} gives a device",
            wanted=Wanted(statements=[COMPLIANCE]),
            entries=[saying(qualifier)],
            result=Qualified.QESIG,
        )
        for qualifier in ("QCWithQSCD", "QCWithSSCD", "QCQSCDManagedOnBehalf")
    ),
    *(
        Row(
            name=f"{qualifier} takes the device away",
            entries=[saying(qualifier)],
            result=Qualified.ADESIG_QC,
        )
        for qualifier in ("QCNoQSCD", "QCNoSSCD")
    ),
    *(
        Row(
            name=f"{qualifier} leaves it to the certificate",
            entries=[saying(qualifier)],
            result=Qualified.QESIG,
        )
        for qualifier in ("QCQSCDStatusAsInCert", "QCSSCDStatusAsInCert")
    ),
    Row(
        name="criteria not met",
        wanted=PLAIN,
        entries=[saying("QCStatement", criteria=NEVER)],
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.CERT_NOT_QUALIFIED,
    ),
    Row(
        name="statements that cannot be read",
        wanted=Wanted(raw_statements=b"\x30\x05\x06"),
        result=Qualified.NOT_QUALIFIED,
        rule=Rule.CERTIFICATE_FORMAT,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_certificate_is_what_lists_and_its_own_words_say(row: Row) -> None:
    assessment = assessed(row.wanted, *row.entries)
    assert (row.result, row.rule) == (assessment.result, rule(assessment))


def test_a_device_lost_after_issue_is_no_device() -> None:
    lost = State(since="2026-06-01T00:00:00Z", extensions=qualification(["QCNoQSCD"], EVERY))
    assessment = assessed(Wanted(), Entry(states=[lost, GRANTED]))
    assert assessment.result is Qualified.ADESIG_QC
    assert assessment.device_fault is not None
    assert assessment.device_fault.rule == Rule.CERT_NO_QSCD


def test_the_old_statuses_end_with_the_regulation() -> None:
    old = State(status=f"{STATUS}accredited", since="2010-01-01T00:00:00Z", additional=["ForeSignatures"])
    wanted = replace(OLD, lifetime=2 * YEAR)
    before = assessed(wanted, Entry(states=[old]), at=EIDAS - timedelta(seconds=1))
    after = assessed(wanted, Entry(states=[old]), at=EIDAS)
    assert (before.result, rule(after)) == (Qualified.QESIG, Rule.SERVICE_STATUS)


CRITERIA = [
    ("all", "{yes}{yes}", Rule.CERT_NOT_QUALIFIED),
    ("all", "{yes}{no}", None),
    ("atLeastOne", "{yes}{no}", Rule.CERT_NOT_QUALIFIED),
    ("atLeastOne", "{no}{no}", None),
    ("none", "{no}{no}", Rule.CERT_NOT_QUALIFIED),
    ("none", "{yes}{no}", None),
    ("all", "{yes}{none_of_no}", Rule.CERT_NOT_QUALIFIED),
    ("all", "{yes}{none_of_yes}", None),
    ("all", "{policy}", Rule.CERT_NOT_QUALIFIED),
    ("all", "{policies}", None),
    ("all", "{subject}", Rule.CERT_NOT_QUALIFIED),
    ("all", "{purpose}", None),
    ("all", "{no}{odd}", None),
    ("atLeastOne", "{yes}{odd}", Rule.CERT_NOT_QUALIFIED),
    ("all", "{yes}{odd}", Rule.SERVICE_UNUSABLE),
    ("none", "{no}{odd}", Rule.SERVICE_UNUSABLE),
    ("all", "", Rule.CERT_NOT_QUALIFIED),
    ("atLeastOne", "", None),
]


def _identifier(name: str, value: str) -> str:
    return f"<{name}><xades:Identifier>{value}</xades:Identifier></{name}>"


YES = (
    '<sie:KeyUsage><sie:KeyUsageBit name="nonRepudiation">true</sie:KeyUsageBit>'
    '<sie:KeyUsageBit name="digitalSignature">false</sie:KeyUsageBit></sie:KeyUsage>'
)
NO = '<sie:KeyUsage><sie:KeyUsageBit name="digitalSignature">true</sie:KeyUsageBit></sie:KeyUsage>'
PARTS = {
    "yes": YES,
    "no": NO,
    "policy": f"<sie:PolicySet>{_identifier('sie:PolicyIdentifier', ' urn:oid:1.2.3.4 ')}</sie:PolicySet>",
    "policies": f"<sie:PolicySet>{_identifier('sie:PolicyIdentifier', '1.2.3.4')}"
    f"{_identifier('sie:PolicyIdentifier', '1.2.3.5')}</sie:PolicySet>",
    "subject": "<sie:otherCriteriaList><tslx:CertSubjectDNAttribute>"
    f"{_identifier('tslx:AttributeOID', 'urn:oid:2.5.4.5')}"
    "</tslx:CertSubjectDNAttribute></sie:otherCriteriaList>",
    "purpose": "<sie:otherCriteriaList><tslx:ExtendedKeyUsage>"
    f"{_identifier('tslx:KeyPurposeId', '1.3.6.1.5.5.7.3.4')}"
    "</tslx:ExtendedKeyUsage></sie:otherCriteriaList>",
    "none_of_no": f'<sie:CriteriaList assert="none">{NO}</sie:CriteriaList>',
    "none_of_yes": f'<sie:CriteriaList assert="none">{YES}</sie:CriteriaList>',
    "odd": "<sie:otherCriteriaList><tslx:Moonphase/></sie:otherCriteriaList>",
}


@pytest.mark.parametrize(("assertion", "criteria", "expected"), CRITERIA)
def test_criteria_are_met_as_the_list_combines_them(
    assertion: str, criteria: str, expected: Rule | None
) -> None:
    written = f'<sie:CriteriaList assert="{assertion}">{criteria.format(**PARTS)}</sie:CriteriaList>'
    entry = saying("NotQualified", criteria=written)
    assert expected == rule(assessed(Wanted(policies=["1.2.3.4"]), entry))


def test_numbers_of_the_subject_are_handed_on_as_written() -> None:
    assert subject_ids(certificate().certificate) == ("PNOPL-44051401359",)


def test_statements_are_read_from_their_octets() -> None:
    facts = facts_of(certificate(Wanted(types=[ESIG, WEB])).certificate)
    assert {COMPLIANCE, DEVICE} < facts.statements
    assert facts.types == {ESIG, WEB}
    assert facts.usage == {"nonRepudiation"}


def test_an_identity_is_public_key_and_name_not_the_certificate() -> None:
    lists = in_force(Made())
    assert lists.services_of(certificate().chain[0])
    assert not lists.services_of(certificate(Wanted(issuer="other")).chain[0])
