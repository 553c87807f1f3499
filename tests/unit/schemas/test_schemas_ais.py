"""The import messages: what they demand and refuse, and what they say of themselves."""

import random
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from schemas.catalogue import load_builtin
from schemas.facts import read_facts
from schemas.model import Direction, RightsRule
from schemas.validation import Validator
from tests.unit.schemas.damaged import (
    SIGNATURE,
    damaged,
    find,
    is_valid,
    part,
    paths,
    remove,
    sample,
    samples,
    types,
    verdicts,
)

SYSTEM = "AIS"
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "ZC415.xml"
INBOUND = {"ZC413", "ZC414", "ZC415", "DS415"}
OUTBOUND = {"ZC410", "ZC416", "ZC428", "ZC429", "ZC451", "ZC460"}
DAMAGES = 180
IMPORTER, AGENCY = "PL526021308900000", "PL777123455000000"
#: What each message must tell; left out, it is missed at its place.
REQUIRED = {
    "ZC413": (
        "Declaration/amendmentReason", "Declaration/declarationType", "Declaration/additionalDeclarationType",
        "Declaration/CustomsOfficeOfDeclaration", "Declaration/Importer", "Declaration/GoodsShipments",
    ),
    "ZC414": (
        "Declaration/Invalidation", "Declaration/Invalidation/justification",
        "Declaration/CustomsOfficeOfDeclaration", "Declaration/Importer",
    ),
    "DS415": (
        "Declaration/lrn", "Declaration/CustomsOfficeOfPresentation", "Declaration/Declarant",
        "Declaration/Warehouse", "Declaration/Consignment/totalGrossMass",
        "Declaration/Consignment/LocationOfGoods", "Declaration/Consignment/TransportDocument",
        "Declaration/Consignment/GoodsItem", "Declaration/Consignment/GoodsItem/grossMass",
        "Declaration/Consignment/GoodsItem/Packaging",
    ),
    "ZC410": (
        "Declaration/Invalidation/decision", "Declaration/Invalidation/decisionDateAndTime",
        "Declaration/Invalidation/initiatedByCustoms", "Declaration/CustomsOfficeOfDeclaration",
    ),
    "ZC451": (
        "Declaration/mrn", "Declaration/declarationAcceptanceDate", "Declaration/NoRelease/reasonCode",
        "Declaration/NoRelease/decisionDateAndTime", "Declaration/CustomsOfficeOfDeclaration",
    ),
    "ZC460": (
        "Declaration/mrn", "Declaration/controlNotificationDateAndTime", "Declaration/notificationType",
        "Declaration/RequestedDocument/documentType", "Declaration/TypeOfControls/type",
    ),
}  # fmt: skip
#: Message, place, values that are refused, the code of the finding, values that are allowed.
VALUES = [
    ("ZC413", "Declaration/mrn", ("26PL3220800000AR1", "pl"), "XSD_PATTERN", ("26DE32208000000018",)),
    ("ZC413", "Declaration/amendmentReason", ("", "x" * 513), "XSD_LENGTH", ("x" * 512,)),
    ("ZC414", "Declaration/Invalidation/justification", ("x" * 513,), "XSD_LENGTH", ("x" * 512,)),
    ("ZC414", "Declaration/Invalidation/requestDateAndTime", ("2026-03-30",), "XSD_TYPE", ()),
    ("DS415", "Declaration/lrn", ("x" * 23,), "XSD_LENGTH", ("x" * 22,)),
    ("DS415", "Declaration/Warehouse/type", ("v", "VV", "1"), "XSD_PATTERN", ("U",)),
    ("DS415", "Declaration/Consignment/totalGrossMass", ("0", "-1", "0.0"), "XSD_PATTERN", ("0.5", "17")),
    ("DS415", ".//Seal/identifier", ("x" * 21,), "XSD_LENGTH", ("x" * 20,)),
    ("DS415", ".//GoodsItem/goodsItemNumber", ("0", "01"), "XSD_PATTERN", ("9999",)),
    ("ZC410", "Declaration/Invalidation/decision", ("2", "T"), "XSD_ENUMERATION", ("0",)),
    ("ZC451", "Declaration/NoRelease/reasonCode", ("100", "A"), "XSD_PATTERN", ("99",)),
    ("ZC460", "Declaration/notificationType", ("10", "A"), "XSD_PATTERN", ("0",)),
    ("ZC460", ".//RequestedDocument/documentType", ("N38", "N3800"), "XSD_LENGTH", ("C001",)),
]  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(load_builtin())


def codes(validator: Validator, root: etree._Element) -> list[str]:
    message_type = types(SYSTEM)[etree.QName(root).localname]
    assert len(set(verdicts(message_type, root))) == 1
    return [one.code for one in validator.validate(root, message_type).findings]


def test_declarants_send_and_receive_the_messages_of_import() -> None:
    directions = {code: one.direction for code, one in types(SYSTEM).items()}
    assert (
        dict.fromkeys(INBOUND, Direction.INBOUND) | dict.fromkeys(OUTBOUND, Direction.OUTBOUND) == directions
    )
    assert {code for code, one in types(SYSTEM).items() if one.signature_required} == INBOUND
    assert {RightsRule.PARTIES} == {one.rights for one in types(SYSTEM).values()}


@pytest.mark.parametrize("code", sorted(INBOUND | OUTBOUND))
def test_the_schema_has_the_places_of_the_entry(code: str) -> None:
    message_type = types(SYSTEM)[code]
    known, places = paths(message_type), message_type.places
    assert message_type.namespace == f"http://www.mf.gov.pl/xsd/AISP/{code}"
    assert known >= {*places.own_id, *(one.xpath for one in message_type.parties), *places.lrn, *places.mrn}
    assert (message_type.direction is Direction.OUTBOUND) == (known >= {*places.correlation})


@pytest.mark.parametrize("code", samples(SYSTEM))
def test_a_sample_is_recognised_and_valid_signed_and_unsigned(validator: Validator, code: str) -> None:
    root = sample(SYSTEM, code)
    assert load_builtin().recognise(root, on=date(2026, 3, 30)) == types(SYSTEM)[code]
    assert codes(validator, root) == []
    etree.SubElement(root, SIGNATURE).text = "x"
    assert codes(validator, root) == []
    root.insert(0, root[-1])
    assert codes(validator, root) != []


@pytest.mark.parametrize("code", samples(SYSTEM))
def test_a_sample_names_the_importer_and_his_agency(code: str) -> None:
    facts = read_facts(sample(SYSTEM, code), types(SYSTEM)[code])
    assert facts.own_id == f"TEST-{code}-0001"
    assert facts.correlation == ("TEST-ZC415-0001" if code in OUTBOUND else None)
    assert [(one.role, one.number) for one in facts.parties] == [
        ("principal", IMPORTER),
        ("representative", AGENCY),
    ]


@pytest.mark.parametrize("code", samples(SYSTEM))
def test_both_validators_agree_on_damaged_documents(code: str) -> None:
    documents = damaged(sample(SYSTEM, code), random.Random(code), number=DAMAGES)
    assert {True, False} == {is_valid(types(SYSTEM)[code], one) for one in documents}


@pytest.mark.parametrize(
    ("code", "path"), [(code, path) for code, paths in REQUIRED.items() for path in paths]
)
def test_what_a_message_must_tell_is_missed(validator: Validator, code: str, path: str) -> None:
    root = sample(SYSTEM, code)
    remove(find(root, path))
    assert codes(validator, root) == ["XSD_MISSING_ELEMENT"]


@pytest.mark.parametrize(("code", "path", "bad", "finding", "good"), VALUES)
def test_a_value_has_the_form_the_message_asks_for(
    validator: Validator, code: str, path: str, bad: tuple[str, ...], finding: str, good: tuple[str, ...]
) -> None:
    root = sample(SYSTEM, code)
    for value in (*bad, *good):
        find(root, path).text = value
        assert codes(validator, root) == ([finding] if value in bad else []), value


@pytest.mark.parametrize("code", ["ZC413", "ZC414", "ZC410"])
@pytest.mark.parametrize(
    ("numbers", "valid"),
    [(("lrn",), True), (("mrn",), True), (("lrn", "mrn"), True), (("mrn", "lrn"), False), ((), False)],
    ids=["LRN", "MRN", "both", "wrong order", "none"],
)
def test_a_declaration_is_named_by_at_least_one_of_its_numbers(
    validator: Validator, code: str, numbers: tuple[str, ...], *, valid: bool
) -> None:
    root = sample(SYSTEM, code)
    declaration = find(root, "Declaration")
    for child in [one for one in declaration if etree.QName(one).localname in {"lrn", "mrn"}]:
        declaration.remove(child)
    texts = {"lrn": "<lrn>TEST1</lrn>", "mrn": "<mrn>26PL3220800000AR18</mrn>"}
    for place, name in enumerate(numbers):
        declaration.insert(place, part(root, texts[name]))
    assert (codes(validator, root) == []) is valid


def test_an_amendment_carries_whatever_the_declaration_carried(validator: Validator) -> None:
    declared = etree.fromstring(EXAMPLE.read_bytes().replace(b"ZC415", b"ZC413"))
    lrn = find(declared, "Declaration/lrn")
    lrn.addnext(part(declared, "<amendmentReason>Sprostowanie</amendmentReason>"))
    assert codes(validator, declared) == []


def test_the_right_for_a_storage_declaration_is_asked_for_the_declarant() -> None:
    places = [(one.role, one.xpath) for one in types(SYSTEM)["DS415"].parties]
    assert places[0] == ("principal", "Declaration/Declarant/identificationNumber")
    assert "Declaration/mrn" not in paths(types(SYSTEM)["DS415"])
