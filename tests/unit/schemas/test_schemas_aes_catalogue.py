"""The catalogue entries of export: numbers and parties stand where the entries say."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest
import xmlschema
from lxml import etree

from schemas.catalogue import load_builtin
from schemas.facts import read_facts
from schemas.model import Direction, MessageFacts, MessageType, PartyRole, RightsRule
from schemas.validation import Validator

CATALOGUE = load_builtin()
VALIDATOR = Validator(CATALOGUE)
TYPES = tuple(one for one in CATALOGUE.types() if one.system == "AES")
INBOUND = {"CC507C", "CC511C", "CC513C", "CC514C", "CC515C", "CC583C", "CC590C"}
OUTBOUND = {
    "CC504C", "CC509C", "CC525C", "CC528C", "CC529C", "CC551C", "CC556C", "CC557C", "CC560C", "CC582C",
    "CC599C", "CC906C", "CC917C", "CC928C",
}  # fmt: skip
WITHOUT_PARTIES = {"CC507C", "CC906C", "CC917C"}
MRN = "26PL44101000000AE1"
ENTITY = "PL526021308900000"
HEADER = (
    "<messageSender>S</messageSender><messageRecipient>NECA.PL</messageRecipient>"
    "<preparationDateAndTime>2026-03-30T10:35:52</preparationDateAndTime>"
    "<messageIdentification>M1</messageIdentification><messageType>{code}</messageType>"
)
EXPORT = "<CustomsOfficeOfExport><referenceNumber>PL441010</referenceNumber></CustomsOfficeOfExport>"
EXIT = "<CustomsOfficeOfExitActual><referenceNumber>PL441010</referenceNumber></CustomsOfficeOfExitActual>"
DECLARANT = f"<Declarant><identificationNumber>{ENTITY}</identificationNumber></Declarant>"
CARRIER = f"<ExitCarrier><identificationNumber>{ENTITY}</identificationNumber>{{role}}</ExitCarrier>"
ROLE = "<role>1</role>"
NOON = "2026-03-30T12:00:00"
#: The barest document of each short type, below its header.
SHORT = {
    "CC504C": f"<ExportOperation><MRN>{MRN}</MRN><amendmentSubmissionDateAndTime>{NOON}"
    f"</amendmentSubmissionDateAndTime><amendmentAcceptanceDateAndTime>{NOON}</amendmentAcceptanceDateAndTime></ExportOperation>{EXPORT}{DECLARANT}",
    "CC509C": f"<ExportOperation><MRN>{MRN}</MRN></ExportOperation><Invalidation><decision>1</decision>"
    f"<initiatedByCustoms>0</initiatedByCustoms></Invalidation>{EXPORT}{DECLARANT}",
    "CC511C": f"<ExportOperation><MRN>{MRN}</MRN></ExportOperation>{EXPORT}{DECLARANT}",
    "CC514C": f"<ExportOperation><MRN>{MRN}</MRN></ExportOperation><Invalidation><justification>Pomyłka"
    f"</justification></Invalidation>{EXPORT}{DECLARANT}",
    "CC525C": f"<ExportOperation><MRN>{MRN}</MRN><releaseDate>2026-03-31</releaseDate></ExportOperation>"
    f"{EXIT}{CARRIER.format(role='')}",
    "CC551C": f"<ExportOperation><MRN>{MRN}</MRN><declarationSubmissionDateAndTime>{NOON}"
    "</declarationSubmissionDateAndTime><noReleaseMotivationCode>A1</noReleaseMotivationCode>"
    f"<noReleaseMotivationText>Brak</noReleaseMotivationText></ExportOperation>{EXPORT}{DECLARANT}",
    "CC557C": f"<ExportOperation><MRN>{MRN}</MRN><businessRejectionType>590</businessRejectionType>"
    f"<rejectionDateAndTime>{NOON}</rejectionDateAndTime><rejectionCode>12</rejectionCode></ExportOperation>{EXIT}"
    f"{CARRIER.format(role='')}",
    "CC560C": f"<ExportOperation><MRN>{MRN}</MRN><controlNotificationDateAndTime>{NOON}"
    "</controlNotificationDateAndTime><notificationType>1</notificationType></ExportOperation>"
    f"{EXPORT}{DECLARANT}<RequestedDocument><sequenceNumber>1</sequenceNumber><documentType>N380</documentType>"
    "</RequestedDocument>",
    "CC582C": f"<ExportOperation><MRN>{MRN}</MRN><requestOnNonExitedExportDate>2026-03-30"
    "</requestOnNonExitedExportDate><limitForResponseDate>2026-05-30</limitForResponseDate></ExportOperation>"
    f"{EXPORT}{DECLARANT}",
    "CC583C": f"<ExportOperation><MRN>{MRN}</MRN><enquiryInformationCode>4</enquiryInformationCode>"
    f"</ExportOperation>{EXPORT}{DECLARANT}<AlternativeEvidence><sequenceNumber>1</sequenceNumber><type>11</type>"
    "</AlternativeEvidence>",
    "CC590C": f"<ExportOperation><MRN>{MRN}</MRN><exitDate>2026-03-31</exitDate></ExportOperation>{EXIT}"
    f"{CARRIER.format(role=ROLE)}",
}

Component = Any  # xmlschema's own annotations allow for far more than our schemas hold


@cache
def paths(message_type: MessageType) -> set[str]:
    """Every path below the document element that the schema of a type allows."""
    schema = xmlschema.XMLSchema10(str(message_type.folder / message_type.schema))
    return set(below(schema.elements[message_type.root], ""))


def below(declaration: Component, path: str) -> Iterator[str]:
    if not declaration.type.has_simple_content():
        for child in declaration.type.content.iter_elements():
            here = f"{path}/{child.local_name}".lstrip("/")
            yield here
            yield from below(child, here)


def document(code: str, content: str) -> etree._Element:
    return etree.fromstring(
        f'<n:{code} xmlns:n="http://ecs.dgtaxud.ec">{HEADER.format(code=code)}{content}</n:{code}>'
    )


def recognised(root: etree._Element) -> MessageType:
    return CATALOGUE.recognise(root, on=date(2026, 3, 30))


def facts(code: str, content: str) -> MessageFacts:
    root = document(code, content)
    return read_facts(root, recognised(root))


def test_declarants_and_carriers_send_and_receive_the_types_of_export() -> None:
    directions = {one.code: one.direction for one in TYPES}
    assert (
        dict.fromkeys(INBOUND, Direction.INBOUND) | dict.fromkeys(OUTBOUND, Direction.OUTBOUND) == directions
    )


def test_a_right_for_a_party_is_needed_save_where_the_message_names_none() -> None:
    rights = {one.code: one.rights for one in TYPES if one.code in INBOUND}
    assert dict.fromkeys(INBOUND, RightsRule.PARTIES) | {"CC507C": RightsRule.OWNER} == rights
    assert {one.code for one in TYPES if one.signature_required} == INBOUND


@pytest.mark.parametrize("message_type", TYPES, ids=lambda one: one.code)
def test_the_schema_has_the_places_of_the_entry(message_type: MessageType) -> None:
    known, places = paths(message_type), message_type.places
    assert known >= {*places.own_id, *places.correlation}
    assert known & {*places.lrn, *places.mrn}
    principals = {one.xpath for one in message_type.parties if one.role is PartyRole.PRINCIPAL}
    assert (message_type.code not in WITHOUT_PARTIES) == bool(known & principals)


@pytest.mark.parametrize("message_type", TYPES, ids=lambda one: one.code)
def test_a_number_in_the_schema_is_a_place_of_the_entry(message_type: MessageType) -> None:
    numbers = {one for one in paths(message_type) if one.endswith(("/LRN", "/MRN"))}
    assert numbers == {*message_type.places.lrn, *message_type.places.mrn} & paths(message_type)
    assert numbers


@pytest.mark.parametrize("code", sorted(SHORT))
def test_the_barest_document_is_valid_and_names_its_movement_and_party(code: str) -> None:
    root = document(code, SHORT[code])
    assert VALIDATOR.validate(root, recognised(root)).findings == ()
    found = read_facts(root, recognised(root))
    assert (found.own_id, found.lrn, found.mrn) == ("M1", None, MRN)
    assert [(one.role, one.number) for one in found.parties] == [("principal", ENTITY)]


@pytest.mark.parametrize("code", sorted(SHORT))
def test_a_document_without_its_operation_is_refused(code: str) -> None:
    root = document(code, SHORT[code])
    operation = root.find("ExportOperation")
    assert operation is not None
    root.remove(operation)
    report = VALIDATOR.validate(root, recognised(root))
    assert "XSD_MISSING_ELEMENT" in {one.code for one in report.findings}


def test_an_amendment_is_the_declaration_again_under_its_number() -> None:
    declared, amended = (paths(CATALOGUE.get(code)) for code in ("CC515C", "CC513C"))
    assert amended == declared | {"ExportOperation/MRN"}


def test_the_exit_of_the_goods_is_told_with_the_whole_declaration() -> None:
    released, exited = (paths(CATALOGUE.get(code)) for code in ("CC529C", "CC599C"))
    office = {"CustomsOfficeOfExitActual", "CustomsOfficeOfExitActual/referenceNumber"}
    assert exited == released | office | {"ExportOperation/exitDate"}


def test_an_arrival_at_exit_names_its_movement_and_no_party() -> None:
    root = etree.fromstring(
        f'<n:CC507C xmlns:n="http://ecs.dgtaxud.ec"><Header>{HEADER.format(code="CC507C")}</Header><Body>'
        f"<ExportOperation><type>1</type><MRN>{MRN}</MRN><discrepanciesExist>0</discrepanciesExist>"
        f"<splitIndicator>0</splitIndicator></ExportOperation>{EXIT}</Body></n:CC507C>"
    )
    assert VALIDATOR.validate(root, recognised(root)).findings == ()
    found = read_facts(root, recognised(root))
    assert (found.own_id, found.lrn, found.mrn, found.parties) == ("M1", None, MRN, ())


def test_a_rejection_at_exit_is_for_the_declarant_where_no_carrier_is_named() -> None:
    assert [one.number for one in facts("CC557C", DECLARANT).parties] == [ENTITY]
    both = "<Declarant><identificationNumber>DE1</identificationNumber></Declarant>" + CARRIER.format(role="")
    assert [one.number for one in facts("CC557C", both).parties] == [ENTITY]


@pytest.mark.parametrize("code", ["CC906C", "CC917C"])
def test_an_error_message_names_the_declaration_in_its_header(code: str) -> None:
    found = facts(code, f"<Header><LRN>L1</LRN><MRN>{MRN}</MRN></Header>")
    assert (found.own_id, found.lrn, found.mrn, found.parties) == ("M1", "L1", MRN, ())
