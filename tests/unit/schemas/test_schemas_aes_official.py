"""Our export schemas against what is official: that of CC507C, and of transit what both systems share."""

import random
from functools import cache
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from schemas.catalogue import BUILTIN
from tests.unit.schemas.comparison import DENSITIES, LENGTHS, Component, Pair

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "real-messages"
TRANSIT = SHARED / "ncts" / "xsd" / "p5-51.8"
SAMPLES = sorted((SHARED / "aes" / "samples").glob("**/eis*.xml"))
NAMESPACE = "http://ecs.dgtaxud.ec"
DAMAGES_PER_DOCUMENT = 400

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the official schemas are not at hand"),
]

GOOD = (
    "26PL44101000000AE1", "45ABABCDEFGH0789D1", "PL441010", "2026-03-30T10:35:52", "CC507C", "1", "2", "3",
    "0", "6GB536187624189-S458", "GB/ABC-12345", "GB/123456789-A", "A:ABC12345678", "C:PLXABC", "PLGDN",
    "ABC", "7", "10", "999", "9999", "99999999", "12", "GB", "pl", "A", "v", "0.5", "1234567890.123456",
    "Żółw 1", "CONT1234567890123", "NECA.XI",
)  # fmt: skip
BAD = (
    "", " ", "  ", "\u00a0", "x", "-1", "+1", "00", "01", "0.0", "1.", ".5", "1,5", "1e3", "4", "1000",
    "10000", "100000", "100000000", "12345678901234567", "1234567890.1234567", "P1", "2026-02-30T10:00:00",
    "2026-03-30", "2026-03-30T10:35:52Z", "2026-03-30T10:35:52.5", " a", "a ", "a\u00a0", "\u2003a", "a\tb",
    "a\nb", "a  b", " CC507C", "CC507C ", "CC515C", " 1", "23PL44101000000AE1", "26PL44101000000KE1",
    "26PL44101000000FE1", " 26PL44101000000AE1", "6GB5", "6gb536187624189", "6GB(1)-/2345", "GB/AB-12345",
    "GB/ABC-1234", "GB/ABCDE-12345", " GB/ABC-12345", "GB/ABC-" + "9" * 28, "GB/ABC-" + "9" * 29,
    "GB/ABCD-" + "9" * 28, "A:ABC1234567", "C:PL1ABC", "C:PLXAB", "C:PLX" + "A" * 31, "6GB" + "A" * 33,
    "ż", "GBR",
)  # fmt: skip

PAIR = Pair(
    official=SHARED / "aes" / "xsd" / "hmrc-ie507" / "EISSchema.xsd",
    own=BUILTIN / "AES" / "CC507C.xsd",
    root="CC507C",
    namespace=NAMESPACE,
    good=GOOD,
    bad=BAD,
)
#: Parts of answers that export and transit share: message and part here, message and part there.
SHARED_WITH_TRANSIT = (
    ("CC906C", "Header", "CC906C", "Header"),
    ("CC906C", "FunctionalError", "CC906C", "FunctionalError"),
    ("CC917C", "Header", "CC917C", "Header"),
    ("CC917C", "XMLError", "CC917C", "XMLError"),
    ("CC928C", "ExportOperation", "CC928C", "TransitOperation"),
    ("CC528C", "ExportOperation", "CC028C", "TransitOperation"),
    ("CC504C", "ExportOperation", "CC004C", "TransitOperation"),
    ("CC509C", "ExportOperation", "CC009C", "TransitOperation"),
    ("CC509C", "Invalidation", "CC009C", "Invalidation"),
    ("CC551C", "ExportOperation", "CC051C", "TransitOperation"),
    ("CC556C", "ExportOperation", "CC056C", "TransitOperation"),
    ("CC556C", "FunctionalError", "CC056C", "FunctionalError"),
    ("CC557C", "FunctionalError", "CC057C", "FunctionalError"),
    ("CC560C", "ExportOperation", "CC060C", "TransitOperation"),
    ("CC560C", "TypeOfControls", "CC060C", "TypeOfControls"),
    ("CC560C", "RequestedDocument", "CC060C", "RequestedDocument"),
    ("CC514C", "ExportOperation", "CC014C", "TransitOperation"),
)
HEADER = (
    "messageSender", "messageRecipient", "preparationDateAndTime", "messageIdentification", "messageType",
    "correlationIdentifier",
)  # fmt: skip
SAMPLE_VALUES = (
    *GOOD, *BAD, *LENGTHS, *map(str, range(100)), "26PL44101000000JK1", "26PL44101000000AK1", "999999999",
)  # fmt: skip


def parsed(path: Path) -> etree._Element:
    return etree.parse(path).getroot()


@cache
def transit_schema() -> xmlschema.XMLSchema11:
    """All transit messages in one schema, so that their types are built once."""
    files = dict.fromkeys(f"{TRANSIT / code.lower()}.xsd" for _, _, code, _ in SHARED_WITH_TRANSIT)
    includes = "".join(f'<xs:include schemaLocation="{file}"/>' for file in files)
    head = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://ncts.dgtaxud.ec">'
    return xmlschema.XMLSchema11(f"{head}{includes}</xs:schema>")


@cache
def own_schema(code: str) -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(BUILTIN / "AES" / f"{code}.xsd"))


def children(code: str, schema: Component) -> dict[str, Component]:
    """What stands right below the document element."""
    element: Component = schema.elements[code]
    return {one.local_name: one for one in element.type.content.iter_elements()}


def shape(declaration: Component) -> tuple[object, ...]:
    """Names, numbers and allowed probes of a declaration; the form of an MRN is each system's own."""
    number = (declaration.local_name, declaration.min_occurs, declaration.max_occurs)
    if declaration.type.has_simple_content():
        allowed = [one for one in SAMPLE_VALUES if declaration.type.is_valid(one)]
        return (*number, allowed if declaration.local_name != "MRN" else [])
    return (*number, [shape(one) for one in declaration.type.content.iter_elements()])


def test_every_element_has_the_place_number_and_values_of_the_official_schema() -> None:
    assert PAIR.outline(PAIR.official_element) == PAIR.outline(PAIR.own_element)
    assert list(PAIR.official_element.type.attributes) == list(PAIR.own_element.type.attributes) == []


def test_every_real_sample_gets_the_verdict_of_the_official_schema() -> None:
    verdicts = {path.name: PAIR.verdicts(parsed(path)) for path in SAMPLES}
    assert {"eisIE507RequestValidNoOptionals.xml": (True, True)}.items() <= verdicts.items()
    assert {(True, True), (False, False)} == set(verdicts.values())


def test_documents_grown_from_the_official_structure_are_valid_here_too() -> None:
    for seed in range(10):
        documents = PAIR.grown(random.Random(seed))
        assert [(True, True)] * len(DENSITIES) == [PAIR.verdicts(one) for one in documents]


def test_damaged_documents_get_the_verdict_of_the_official_schema() -> None:
    source = random.Random("CC507C")
    documents = [*map(parsed, SAMPLES), *PAIR.grown(source)]
    harmed = [one for document in documents for one in PAIR.damaged(document, source, DAMAGES_PER_DOCUMENT)]
    assert {True, False} == {PAIR.verdicts(one)[0] for one in harmed}
    assert PAIR.disagreements(harmed) == []


@pytest.mark.parametrize(("code", "part", "transit_code", "transit_part"), SHARED_WITH_TRANSIT)
def test_what_export_shares_with_transit_has_its_shape(
    code: str, part: str, transit_code: str, transit_part: str
) -> None:
    official = children(transit_code, transit_schema())
    own = children(code, own_schema(code))
    assert shape(official[transit_part])[1:] == shape(own[part])[1:]


def test_the_header_is_that_of_transit() -> None:
    official, own = children("CC928C", transit_schema()), children("CC928C", own_schema("CC928C"))
    for name in (one for one in HEADER if one != "messageType"):
        assert shape(official[name]) == shape(own[name])
    assert list(own)[: len(HEADER)] == list(HEADER) == list(official)[: len(HEADER)]
