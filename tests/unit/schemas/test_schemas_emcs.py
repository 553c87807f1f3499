"""The excise messages: what differs between the versions in use, and what a message says of itself."""

from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from schemas.catalogue import Catalogue, load_builtin
from schemas.facts import read_facts
from schemas.model import Direction, MessageType, RightsRule
from schemas.validation import Validator

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "IE815.xml"
DAY = date(2026, 3, 30)
EU = "urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4"
VERSIONS = ("3.13", "3.23")
ARC = "26PL12345678901234513"
HEADER = """<t:MessageSender>NDEA.PL</t:MessageSender><t:MessageRecipient>NDEA.DE</t:MessageRecipient>
<t:DateOfPreparation>2026-03-30</t:DateOfPreparation><t:TimeOfPreparation>10:35:52</t:TimeOfPreparation>
<t:MessageIdentifier>M1</t:MessageIdentifier><t:CorrelationIdentifier>M0</t:CorrelationIdentifier>"""
MOVEMENT = (
    f"<AdministrativeReferenceCode>{ARC}</AdministrativeReferenceCode><SequenceNumber>1</SequenceNumber>"
)
ADDRESS = (
    "<TraderName>A</TraderName><StreetName>B</StreetName><Postcode>00-950</Postcode><City>Warszawa</City>"
)
CONSIGNEE = f'<ConsigneeTrader language="pl"><Traderid>PL22222222222</Traderid>{ADDRESS}</ConsigneeTrader>'
CONSIGNOR = (
    '<ConsignorTrader language="pl"><TraderExciseNumber>PL11111111111</TraderExciseNumber>'
    f"{ADDRESS}</ConsignorTrader>"
)
PASSED_ON = {"IE810", "IE813", "IE818", "IE819", "IE837", "IE871"}
INBOUND = {"IE815", "IE810", "IE813", "IE818", "IE819", "IE825", "IE837", "IE871", "IE880"}
OUTBOUND = {
    "IE704", "IE717", "IE801", "IE802", "IE803", "IE807", "IE829", "IE839", "IE840", "IE881", "IE905",
}  # fmt: skip
OWNERS = {"IE810", "IE813", "IE825", "IE880"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_builtin()


@pytest.fixture(scope="module")
def validator(catalogue: Catalogue) -> Validator:
    return Validator(catalogue)


def message(code: str, version: str, body: str) -> etree._Element:
    return etree.fromstring(
        f'<{code} xmlns="{EU}:{code}:V{version}" xmlns:t="{EU}:TMS:V{version}">'
        f"<Header>{HEADER}</Header><Body>{body}</Body></{code}>"
    )


def report(items: int) -> str:
    item = (
        "<BodyReportOfReceiptExport><BodyRecordUniqueReference>1</BodyRecordUniqueReference>"
        "<ExciseProductCode>W200</ExciseProductCode></BodyReportOfReceiptExport>"
    )
    return (
        f"<AcceptedOrRejectedReportOfReceiptExport><Attributes/>{CONSIGNEE}"
        f"<ExciseMovement>{MOVEMENT}</ExciseMovement><ReportOfReceiptExport>"
        "<DateOfArrivalOfExciseProducts>2026-03-30</DateOfArrivalOfExciseProducts>"
        "<GlobalConclusionOfReceipt>1</GlobalConclusionOfReceipt></ReportOfReceiptExport>"
        f"{item * items}</AcceptedOrRejectedReportOfReceiptExport>"
    )


def accepted_export(*, consignee: str, flag_of: str) -> str:
    name = "ExportDeclarationAcceptanceOrGoodsReleasedForExport"
    flag = f"<{name}>1</{name}>"
    return (
        "<NotificationOfAcceptedExport><Attributes>"
        "<DateAndTimeOfIssuance>2026-03-30T10:35:52</DateAndTimeOfIssuance></Attributes>"
        f"{consignee}<ExciseMovementEad>{MOVEMENT}{flag if flag_of == 'movement' else ''}</ExciseMovementEad>"
        "<ExportDeclarationAcceptanceRelease>"
        "<ReferenceNumberOfSenderCustomsOffice>PL441010</ReferenceNumberOfSenderCustomsOffice>"
        "<DocumentReferenceNumber>26PL44101000000A12</DocumentReferenceNumber>"
        f"{flag if flag_of == 'declaration' else ''}"
        "</ExportDeclarationAcceptanceRelease></NotificationOfAcceptedExport>"
    )


def refusal(reason: int) -> str:
    return (
        "<RefusalByCustoms><Attributes><DateAndTimeOfIssuance>2026-03-30T10:35:52</DateAndTimeOfIssuance>"
        f"</Attributes>{CONSIGNEE}<Rejection><RejectionDateAndTime>2026-03-30T10:35:52</RejectionDateAndTime>"
        f"<RejectionReasonCode>{reason}</RejectionReasonCode></Rejection></RefusalByCustoms>"
    )


def shortage(submitter: int) -> str:
    return (
        f"<ExplanationOnReasonForShortage><Attributes><SubmitterType>{submitter}</SubmitterType></Attributes>"
        f"{CONSIGNEE}<ExciseMovement>{MOVEMENT}</ExciseMovement>{CONSIGNOR}</ExplanationOnReasonForShortage>"
    )


def draft(version: str) -> etree._Element:
    return etree.fromstring(EXAMPLE.read_bytes().replace(b"V3.13", f"V{version}".encode()))


def excise(catalogue: Catalogue) -> list[MessageType]:
    return [one for one in catalogue.types() if one.system == "EMCSPL2"]


def codes(validator: Validator, catalogue: Catalogue, root: etree._Element) -> list[tuple[str, str | None]]:
    found = validator.validate(root, catalogue.recognise(root, on=DAY)).findings
    return [(one.code, one.xpath) for one in found]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_message_is_there_in_both_versions(catalogue: Catalogue, version: str) -> None:
    types = {one.code: one for one in excise(catalogue) if one.version == version}
    assert {code for code, one in types.items() if one.direction is Direction.INBOUND} == INBOUND
    assert {code for code, one in types.items() if one.direction is Direction.OUTBOUND} == OUTBOUND
    assert {code for code, one in types.items() if one.signature_required} == INBOUND
    assert {code for code, one in types.items() if one.passed_on} == PASSED_ON
    for code, one in types.items():
        assert one.namespace == f"{EU}:{code}:V{version}"
        assert one.places.own_id
        assert one.places.correlation
        assert one.places.arc or one.places.lrn


def test_messages_that_name_no_trader_are_judged_by_the_owner_of_the_movement(catalogue: Catalogue) -> None:
    inbound = [one for one in excise(catalogue) if one.direction is Direction.INBOUND]
    assert {one.code for one in inbound if one.rights is RightsRule.OWNER} == OWNERS
    assert {one.code for one in inbound if not one.parties} == OWNERS
    assert all(one.places.arc for one in inbound if one.code in OWNERS)


def test_every_place_that_is_named_exists_in_the_schema(catalogue: Catalogue) -> None:
    for one in excise(catalogue):
        declared = xmlschema.XMLSchema10(str(one.folder / one.schema)).elements[one.root]
        places, conditions = one.places, [party.when.xpath for party in one.parties if party.when]
        numbers = (*places.own_id, *places.lrn, *places.mrn, *places.arc, *places.correlation)
        for path in (*numbers, *(party.xpath for party in one.parties), *conditions):
            assert declared.find("/".join(f"*:{step}" for step in path.split("/"))) is not None, path


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_takes_only_documents_of_its_own_namespaces(
    catalogue: Catalogue, validator: Validator, version: str
) -> None:
    root = draft(version)
    assert catalogue.recognise(root, on=DAY).version == version
    assert codes(validator, catalogue, root) == []
    mixed = EXAMPLE.read_bytes().replace(b"TMS:V3.13", b"TMS:V3.23")
    found = codes(validator, catalogue, etree.fromstring(mixed))
    assert found[0] == ("XSD_ELEMENT_NAMESPACE", "/IE815/Header[1]/MessageSender")


@pytest.mark.parametrize(
    ("version", "name"), [("3.13", "ImportSad"), ("3.23", "ImportCustomsDeclaration")], ids=VERSIONS
)
def test_the_import_declaration_of_a_draft_has_the_name_of_its_version(
    catalogue: Catalogue, validator: Validator, version: str, name: str
) -> None:
    root = draft(version)
    draft_part = root.find(".//{*}EadEsadDraft")
    assert draft_part is not None
    namespace = etree.QName(root).namespace
    declaration = etree.SubElement(draft_part, f"{{{namespace}}}{name}")
    etree.SubElement(declaration, f"{{{namespace}}}{name}Number").text = "26PL44101000000B12"
    assert codes(validator, catalogue, root) == []
    declaration.tag = (
        f"{{{namespace}}}ImportSad" if version == "3.23" else f"{{{namespace}}}ImportCustomsDeclaration"
    )
    assert next(code for code, _ in codes(validator, catalogue, root)) == "XSD_UNEXPECTED_ELEMENT"


@pytest.mark.parametrize(
    ("version", "items", "expected"),
    [
        ("3.13", 0, []),
        ("3.13", 1000, []),
        ("3.23", 0, []),
        ("3.23", 999, []),
        ("3.23", 1000, ["XSD_TOO_MANY_ELEMENTS"]),
    ],
)
def test_only_the_newer_version_limits_the_items(
    catalogue: Catalogue, validator: Validator, version: str, items: int, expected: list[str]
) -> None:
    found = codes(validator, catalogue, message("IE818", version, report(items)))
    assert [code for code, _ in found] == expected


@pytest.mark.parametrize(
    ("version", "consignee", "flag_of", "valid"),
    [
        ("3.13", CONSIGNEE, "movement", True),
        ("3.13", CONSIGNEE, "declaration", False),
        ("3.13", "", "movement", False),
        ("3.23", CONSIGNEE, "declaration", True),
        ("3.23", "", "declaration", True),
        ("3.23", CONSIGNEE, "movement", False),
    ],
)
def test_an_accepted_export_has_the_shape_of_its_version(
    catalogue: Catalogue, validator: Validator, version: str, consignee: str, flag_of: str, *, valid: bool
) -> None:
    root = message("IE829", version, accepted_export(consignee=consignee, flag_of=flag_of))
    assert (not codes(validator, catalogue, root)) is valid
    facts = read_facts(root, catalogue.recognise(root, on=DAY))
    assert (facts.arc, facts.mrn) == (ARC, "26PL44101000000A12")


@pytest.mark.parametrize(
    ("version", "reason", "valid"),
    [("3.13", 5, True), ("3.13", 6, False), ("3.23", 8, True), ("3.23", 9, False)],
)
def test_customs_refuses_with_the_reasons_of_the_version(
    catalogue: Catalogue, validator: Validator, version: str, reason: int, *, valid: bool
) -> None:
    root = message("IE839", version, refusal(reason))
    assert (not codes(validator, catalogue, root)) is valid


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("submitter", "number"), [(1, "PL11111111111"), (2, "PL22222222222")])
def test_a_shortage_is_explained_by_the_trader_it_says(
    catalogue: Catalogue, validator: Validator, version: str, submitter: int, number: str
) -> None:
    root = message("IE871", version, shortage(submitter))
    assert codes(validator, catalogue, root) == []
    facts = read_facts(root, catalogue.recognise(root, on=DAY))
    assert (facts.own_id, facts.correlation, facts.arc) == ("M1", "M0", ARC)
    assert [one.number for one in facts.parties] == [number]


@pytest.mark.parametrize("name", ["ConsignorTrader", "CompetentAuthorityDispatchOffice", "BodyEadEsad"])
def test_a_missing_part_is_named_though_its_group_is_written_elsewhere(
    catalogue: Catalogue, validator: Validator, name: str
) -> None:
    root = deepcopy(draft("3.23"))
    part = root.find(f".//{{*}}{name}")
    assert part is not None
    parent = part.getparent()
    assert parent is not None
    parent.remove(part)
    place = f"/IE815/Body[1]/SubmittedDraftOfEADESAD[1]/{name}"
    assert codes(validator, catalogue, root) == [("XSD_MISSING_ELEMENT", place)]
