"""The catalogue entries of transit: numbers and parties stand where the entries say."""

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

CATALOGUE = load_builtin()
TYPES = tuple(one for one in CATALOGUE.types() if one.system == "NCTS2")
INBOUND = {"CC007C", "CC013C", "CC014C", "CC015C", "CC044C", "CC170C"}
OUTBOUND = {
    "CC004C", "CC009C", "CC019C", "CC022C", "CC025C", "CC028C", "CC029C", "CC035C", "CC043C", "CC045C",
    "CC051C", "CC055C", "CC056C", "CC057C", "CC060C", "CC182C", "CC906C", "CC917C", "CC928C",
}  # fmt: skip
WITHOUT_PARTIES = {"CC182C", "CC906C", "CC917C"}

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


def facts(code: str, content: str) -> MessageFacts:
    root = etree.fromstring(
        f'<n:{code} xmlns:n="http://ncts.dgtaxud.ec"><messageIdentification>M1</messageIdentification>{content}</n:{code}>'
    )
    return read_facts(root, CATALOGUE.recognise(root, on=date(2026, 3, 30)))


def test_declarants_send_and_receive_the_types_of_transit() -> None:
    directions = {one.code: one.direction for one in TYPES}
    assert (
        dict.fromkeys(INBOUND, Direction.INBOUND) | dict.fromkeys(OUTBOUND, Direction.OUTBOUND) == directions
    )


def test_no_representation_is_needed_and_declarants_sign() -> None:
    rules = {one.code: one.rights for one in TYPES}
    assert rules.pop("CC014C") is RightsRule.OWNER_OR_SENDER
    assert {RightsRule.NONE} == set(rules.values())
    assert {one.code for one in TYPES if one.signature_required} == INBOUND


@pytest.mark.parametrize("message_type", TYPES, ids=lambda one: one.code)
def test_the_schema_has_the_places_of_the_entry(message_type: MessageType) -> None:
    known, places = paths(message_type), message_type.places
    assert known >= {*places.own_id, *places.correlation}
    assert known & {*places.lrn, *places.mrn}
    principals = {one.xpath for one in message_type.parties if one.role is PartyRole.PRINCIPAL}
    assert (message_type.code not in WITHOUT_PARTIES) == bool(known & principals)


@pytest.mark.parametrize("code", sorted(INBOUND | OUTBOUND))
def test_a_number_in_the_schema_is_a_place_of_the_entry(code: str) -> None:
    message_type = CATALOGUE.get(code, system="NCTS2")
    numbers = {one for one in paths(message_type) if one.count("/") == 1 and one.endswith(("/LRN", "/MRN"))}
    assert numbers <= {*message_type.places.lrn, *message_type.places.mrn}


def test_an_arrival_names_its_movement_and_the_trader_at_destination() -> None:
    found = facts(
        "CC007C",
        "<TransitOperation><MRN>26PL44101000000JK1</MRN></TransitOperation>"
        "<TraderAtDestination><identificationNumber>PL526021308900000</identificationNumber></TraderAtDestination>",
    )
    assert (found.own_id, found.lrn, found.mrn) == ("M1", None, "26PL44101000000JK1")
    assert [(one.role, one.number) for one in found.parties] == [("principal", "PL526021308900000")]


def test_a_permission_to_unload_is_for_the_trader_and_not_for_the_holder() -> None:
    found = facts(
        "CC043C",
        "<HolderOfTheTransitProcedure><identificationNumber>DE1</identificationNumber></HolderOfTheTransitProcedure>"
        "<TraderAtDestination><identificationNumber>PL526021308900000</identificationNumber></TraderAtDestination>",
    )
    assert [one.number for one in found.parties] == ["PL526021308900000"]


@pytest.mark.parametrize("code", ["CC906C", "CC917C"])
def test_an_error_message_names_the_declaration_in_its_header(code: str) -> None:
    found = facts(code, "<Header><LRN>L1</LRN><MRN>26PL44101000000JK1</MRN></Header>")
    assert (found.own_id, found.lrn, found.mrn) == ("M1", "L1", "26PL44101000000JK1")
    assert found.parties == ()
