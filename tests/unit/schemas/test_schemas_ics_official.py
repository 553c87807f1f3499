"""Our entry schemas against the official ones: real, grown and damaged documents."""

import random
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from schemas.catalogue import load_builtin
from schemas.model import MessageType
from tests.unit.schemas.comparison import DENSITIES, Pair

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "real-messages" / "ics"
TYPES = tuple(one for one in load_builtin().types() if one.namespace.startswith("http://ics."))
OFFICIAL = {"11.2": ("store-v11-2", "v11-2"), "10.0": ("decision-v10-0", "v10-0")}
DAMAGES_PER_DOCUMENT = 60
FEW_SAMPLES = 10  # a type with fewer is damaged more
MORE_DAMAGES = 400

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the official schemas are not at hand"),
]
each_type = pytest.mark.parametrize("message_type", TYPES, ids=lambda one: one.code)

GOOD = (
    "260330", "20260330", "202603301035", "1035", "2359", "PL526021308900000", "GB^", "PL1 2", "PL441010",
    "pl44101a", "26PL44101000000JK1", "PL", "EN", "en", "A", "z", "1", "42", "12345", "1234567", "3.14",
    "12345678.123", "-1.5", "0", "+7", "0.500", "1202", "22042109", "AB12", "CT", "PLGDN", "plx", "ABC123",
    "Firma", "żółć", "12", "19", "37", "93", "CC315A", "CD906B", "CC351A", "20240229", "000229",
    "202404302359", "261130", "260930", "20261231",
)  # fmt: skip
BAD = (
    "", " ", "  ", "\u00a0", "x", "Ż", "-", "1,5", "1e3", ".5", "1.", "123456789012", "123456789.123",
    "1.2345", "123456", "12345678", "123456789", "260230", "261301", "260431", "261131", "260001", "260100",
    "2603301", "2026033", "20260230", "02026033", "00260330", "202603302400", "202603301060", "2026033010",
    "20260330103552", "2400", "1060", "935", "10:35", "2026-03-30", "P1", "pL", "ENG", "e1", "PL", "P52",
    "1L123", "pl123", "PL" + "9" * 15, "PL" + "9" * 16, "PLż", "PL\t1", "PL\n1", " PL1", "PL1 ", "PL\u007f",
    " PL ", "PL44101", "PL4410101", "PL44101-", "P1441010", "26pl44101000000JK1", "26PL44101000000JKA",
    "26PL44101000000JK", " 26PL44101000000JK1 ", "a  b", "a\tb", "a\nb", " a", "a ", "123", "16", "94",
    "CC015C", "CC999A", "cc315a", "AB", "ABC", "Ab", "a1", "12a4", "p" * 36,
)  # fmt: skip


@cache
def pair(message_type: MessageType) -> Pair:
    folder, suffix = OFFICIAL[message_type.version]
    return Pair(
        official=SHARED / "xsd" / folder / f"{message_type.code}-{suffix}.xsd",
        own=message_type.folder / message_type.schema,
        root=message_type.root,
        namespace=message_type.namespace,
        good=GOOD,
        bad=BAD,
        codes=tuple("x" * length for length in (139, 140, 141, 209, 210, 211, 279, 280, 281, 349, 350, 351)),
    )


@cache
def roots() -> list[etree._Element]:
    """Every message in the public samples, wrapped or not."""
    trees = [etree.parse(path) for path in sorted(SHARED.glob("samples/**/*.xml"))]
    tags = [f"{{{one.namespace}}}{one.root}" for one in TYPES]
    return [etree.fromstring(etree.tostring(found)) for tree in trees for found in tree.iter(*tags)]


def samples(message_type: MessageType) -> list[etree._Element]:
    return [one for one in roots() if etree.QName(one).localname == message_type.root]


@each_type
def test_every_element_has_the_place_number_and_values_of_the_official_schema(
    message_type: MessageType,
) -> None:
    schemas = pair(message_type)
    official, own = schemas.official_element, schemas.own_element
    assert schemas.outline(official) == schemas.outline(own)
    assert list(official.type.attributes) == list(own.type.attributes) == []


@each_type
def test_every_real_sample_gets_the_verdict_of_the_official_schema(message_type: MessageType) -> None:
    assert pair(message_type).disagreements(samples(message_type)) == []


@pytest.mark.parametrize(("code", "number"), [("CC315A", 40), ("CC313A", 30), ("CC328A", 1), ("CC304A", 1)])
def test_there_are_real_samples(code: str, number: int) -> None:
    assert len([one for one in roots() if etree.QName(one).localname == code]) >= number


@each_type
def test_documents_grown_from_the_official_structure_are_valid_here_too(message_type: MessageType) -> None:
    documents = pair(message_type).grown(random.Random(message_type.code))
    assert [(True, True)] * len(DENSITIES) == [pair(message_type).verdicts(one) for one in documents]


@each_type
def test_damaged_documents_get_the_verdict_of_the_official_schema(message_type: MessageType) -> None:
    source, schemas = random.Random(message_type.code), pair(message_type)
    documents = [*samples(message_type), *schemas.grown(source)]
    number = MORE_DAMAGES if len(documents) < FEW_SAMPLES else DAMAGES_PER_DOCUMENT
    harmed = [one for document in documents for one in schemas.damaged(document, source, number)]
    assert len(documents) * number == len(harmed)
    assert {True, False} == {schemas.verdicts(one)[0] for one in harmed}
    assert schemas.disagreements(harmed) == []


@pytest.mark.parametrize(
    ("place", "value"), [("DatOfPreMES9", "260|15"), ("HEAHEA/DecDatTimHEA114", "20261|151035")]
)
def test_a_month_with_a_bar_is_refused_where_the_official_schema_takes_it(place: str, value: str) -> None:
    message_type = next(one for one in TYPES if one.code == "CC315A")
    document = pair(message_type).grown(random.Random("month"))[0]
    found = document.find(place)
    assert found is not None
    found.text = value
    assert pair(message_type).verdicts(document) == (True, False)


@pytest.mark.parametrize(("code", "place"), [("CC315A", "DecPlaHEA394"), ("CC313A", "AmdPlaHEA598")])
def test_the_other_official_variant_may_leave_out_two_values_required_here(code: str, place: str) -> None:
    message_type = next(one for one in TYPES if one.code == code)
    plain = pair(message_type)
    variant = etree.XMLSchema(etree.parse(plain.official.with_name(f"{code}-v11-2-New.xsd")))
    for name in (place, "TotNumOfIteHEA305"):
        document = plain.grown(random.Random(name))[0]
        header, left_out = document.find("HEAHEA"), document.find(f"HEAHEA/{name}")
        assert header is not None
        assert left_out is not None
        header.remove(left_out)
        assert (variant.validate(document), *plain.verdicts(document)) == (True, False, False)
