"""The catalogue entries of entry: numbers and parties stand where the entries say."""

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
TYPES = tuple(one for one in CATALOGUE.types() if one.namespace.startswith("http://ics."))
INBOUND = {"CC313A", "CC315A", "CC323A"}
OUTBOUND = {"CC304A", "CC305A", "CC316A", "CC328A"}
WITHOUT_PARTIES = {"CC316A"}
MRN = "26PL44101000000JK1"
ENTITY = "PL526021308900000"
REQUEST = (
    "<MesSenMES3>S</MesSenMES3><MesRecMES6>NICA.PL</MesRecMES6><DatOfPreMES9>260330</DatOfPreMES9>"
    "<TimOfPreMES10>1035</TimOfPreMES10>"
    "<MesIdeMES19>M1</MesIdeMES19><MesTypMES20>CC323A</MesTypMES20><HEAHEA><TraModAtBorHEA76>1</TraModAtBorHEA76>"
    "<InfTypHEA122>1</InfTypHEA122><DivRefNumHEA119>D1</DivRefNumHEA119></HEAHEA><CUSOFFENTACTOFF700>"
    "<RefNumCUSOFFENTACTOFF701>PL441010</RefNumCUSOFFENTACTOFF701></CUSOFFENTACTOFF700><TRAREQDIV456>"
    f"<TINTRAREQDIV463>{ENTITY}</TINTRAREQDIV463></TRAREQDIV456>"
    f"<IMPOPE200><DocRefNumIMPOPE201>{MRN}</DocRefNumIMPOPE201></IMPOPE200>"
)

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
    return etree.fromstring(f'<n:{code} xmlns:n="http://ics.dgtaxud.ec/{code}">{content}</n:{code}>')


def recognised(root: etree._Element) -> MessageType:
    return CATALOGUE.recognise(root, on=date(2026, 3, 30))


def facts(code: str, content: str) -> MessageFacts:
    root = document(code, f"<MesIdeMES19>M1</MesIdeMES19>{content}")
    return read_facts(root, recognised(root))


def test_declarants_send_and_receive_the_types_of_entry() -> None:
    directions = {one.code: one.direction for one in TYPES}
    assert (
        dict.fromkeys(INBOUND, Direction.INBOUND) | dict.fromkeys(OUTBOUND, Direction.OUTBOUND) == directions
    )


def test_entry_goes_to_the_import_system_and_needs_a_right_and_a_signature() -> None:
    assert {("AIS", RightsRule.PARTIES)} == {(one.system, one.rights) for one in TYPES}
    assert {one.code for one in TYPES if one.signature_required} == INBOUND


@pytest.mark.parametrize("message_type", TYPES, ids=lambda one: one.code)
def test_the_schema_has_the_places_of_the_entry(message_type: MessageType) -> None:
    known, places = paths(message_type), message_type.places
    assert known >= {*places.own_id, *places.correlation}
    assert known & {*places.lrn, *places.mrn}
    principals = {one.xpath for one in message_type.parties if one.role is PartyRole.PRINCIPAL}
    assert (message_type.code not in WITHOUT_PARTIES) == bool(known & principals)


def test_a_declaration_names_its_number_the_person_lodging_and_the_representative() -> None:
    found = facts(
        "CC315A",
        "<HEAHEA><RefNumHEA4>L1</RefNumHEA4></HEAHEA><TRAREP><TINTRE1>PL1</TINTRE1></TRAREP>"
        f"<PERLODSUMDEC><TINPLD1>{ENTITY}</TINPLD1></PERLODSUMDEC>",
    )
    assert (found.own_id, found.lrn, found.mrn) == ("M1", "L1", None)
    assert {(one.role, one.number) for one in found.parties} == {
        ("principal", ENTITY),
        ("representative", "PL1"),
    }


def test_an_acceptance_names_both_numbers_and_the_message_answered() -> None:
    found = facts(
        "CC328A",
        f"<CorIdeMES25>M0</CorIdeMES25><HEAHEA><RefNumHEA4>L1</RefNumHEA4><DocNumHEA5>{MRN}</DocNumHEA5></HEAHEA>",
    )
    assert (found.own_id, found.correlation, found.lrn, found.mrn) == ("M1", "M0", "L1", MRN)


def test_a_diversion_names_its_own_number_the_first_declaration_and_who_requests_it() -> None:
    root = document("CC323A", REQUEST)
    assert Validator(CATALOGUE).validate(root, recognised(root)).findings == ()
    found = read_facts(root, recognised(root))
    assert (found.own_id, found.lrn, found.mrn) == ("M1", "D1", MRN)
    assert [(one.role, one.number) for one in found.parties] == [("principal", ENTITY)]


def test_a_missing_part_of_the_header_is_named() -> None:
    root = document("CC323A", REQUEST.replace("<TimOfPreMES10>1035</TimOfPreMES10>", ""))
    report = Validator(CATALOGUE).validate(root, recognised(root))
    assert [one.code for one in report.findings] == ["XSD_MISSING_ELEMENT"]
    assert "TimOfPreMES10" in report.findings[0].message_en
