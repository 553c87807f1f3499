"""Our transit schemas against the official ones of phase 5: real, grown and damaged documents."""

import random
import re
from functools import cache
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from schemas.catalogue import BUILTIN, load_builtin
from tests.unit.schemas.comparison import DENSITIES, Component, Pair

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "real-messages" / "ncts"
OFFICIAL = SHARED / "xsd" / "p5-51.8"
NAMESPACE = "http://ncts.dgtaxud.ec"
CODES = tuple(one.code for one in load_builtin().types() if one.system == "NCTS2")
DAMAGES_PER_DOCUMENT = 64

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official schemas are not at hand"),
]

PLACEHOLDERS = {
    "preparationDateAndTime": "2026-03-30T10:35:52",
    "messageIdentification": "MSG0000000001",
    "arrivalTime": "2026-04-02T10:00:00",
    "LRN": "LRN0000000000000000001",
    "MRN": "26PL44101000000J12",
    "limitDate": "2026-04-10",
    "arrivalNotificationDateAndTime": "2026-04-02T10:00:00",
    "requestDateAndTime": "2026-03-31T08:00:00",
    "unloadingDate": "2026-04-03",
    "Declarant EORI Number": "GB123456789000",
}
GOOD = (
    "26PL44101000000JK1", "20GB00000000000018", "26PL441010000000K5", "05DE1234567890121", "PL441010",
    "05DE1234567890121A123456", "PL526021308900000", "PLN", "XX25123456", "25000000", "a@b.pl",
    "52.22970", "-180.0000000", "NCTS5.1", "ABCDEF", "ABCDE", "ABCD", "ABC", "12", "7", "1999", "DE",
    "en", "T1", "Firma", "2026-03-30", "2026-03-30T10:35:52", "0.000001", "1234567890.123456",
    "12345678901234.56", "żółć", "A", "V", "1", "2", "42", "99999", "0010001-6", "CC015C", "NCTS5.0",
    "1.5", "M2F", "a@b.c.pl", "2028-02-29",
)  # fmt: skip
BAD = (
    "", " ", "  ", "\u00a0", "x", "X", "0", "9", "-1", "+1", "00", "01", "0.0", "0.10", "1.", ".5",
    "1,5", "1e3", "2000", "10000", "100000", "12345678901234567", "123456789012345.50",
    "1234567890.1234567", "pl", "pL", "P1", "2026-02-30", "2026-03-30Z", "26-03-30",
    "2026-03-30T10:35:52Z", "2026-03-30T10:35:52.5", "2026-03-30T24:00:01", " a", "a ", "a\u00a0",
    "\u2003a", "a\tb", "a\nb", "a  b", "ą" * 5, "26PL44101000000X12", "24gb00000000000018", "a@b",
    "a@@b.c", "+89.12345", "91.00000", "181.00000", "NCTS5.0", "NCTS6", "CC999C", "99", "XX", "26000000",
)  # fmt: skip


@cache
def pair(code: str) -> Pair:
    return Pair(
        official=OFFICIAL / f"{code.lower()}.xsd",
        own=BUILTIN / "NCTS2" / f"{code}.xsd",
        root=code,
        namespace=NAMESPACE,
        good=GOOD,
        bad=BAD,
        codes=CODES,
        structures=lambda: structures(code),
    )


def structures(code: str) -> tuple[Component, Component]:
    own = xmlschema.XMLSchema10(str(BUILTIN / "NCTS2" / f"{code}.xsd"))
    return official_structure().elements[code], own.elements[code]


@cache
def official_structure() -> xmlschema.XMLSchema11:
    """All messages in one schema, so that their types are built once."""
    includes = "".join(f'<xs:include schemaLocation="{OFFICIAL / code.lower()}.xsd"/>' for code in CODES)
    head = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{NAMESPACE}">'
    return xmlschema.XMLSchema11(f"{head}{includes}</xs:schema>")


def samples(code: str) -> list[etree._Element]:
    """Every public sample of a type, as it is and with its template markers filled in."""
    versions = [one for text in texts() if code in text for one in dict.fromkeys((text, filled(text)))]
    return [one for one in map(parsed, versions) if one is not None and etree.QName(one).localname == code]


@cache
def texts() -> list[str]:
    return [path.read_text(encoding="utf-8-sig") for path in sorted(SHARED.glob("samples/**/*.xml"))]


def filled(text: str) -> str:
    return re.sub(r"{{(.*?)}}", lambda match: PLACEHOLDERS.get(match[1], match[0]), text)


def parsed(text: str) -> etree._Element | None:
    try:
        return etree.fromstring(text.encode())
    except etree.XMLSyntaxError:
        return None


each_code = pytest.mark.parametrize("code", CODES)


@each_code
def test_every_element_has_the_place_number_and_values_of_the_official_schema(code: str) -> None:
    both = pair(code)
    assert both.outline(both.official_element) == both.outline(both.own_element)
    assert list(both.official_element.type.attributes) == ["PhaseID"]


@each_code
def test_every_real_sample_gets_the_verdict_of_the_official_schema(code: str) -> None:
    assert pair(code).disagreements(samples(code)) == []


@pytest.mark.parametrize(
    ("code", "number"), [("CC015C", 60), ("CC928C", 2), ("CC028C", 2), ("CC029C", 2), ("CC056C", 2)]
)
def test_there_are_real_samples_and_good_ones_among_them(code: str, number: int) -> None:
    verdicts = [pair(code).verdicts(one) for one in samples(code)]
    assert len(verdicts) >= number
    assert (True, True) in verdicts


@each_code
def test_documents_grown_from_the_official_structure_are_valid_here_too(code: str) -> None:
    documents = pair(code).grown(random.Random(code))
    assert [(True, True)] * len(DENSITIES) == [pair(code).verdicts(one) for one in documents]


@each_code
def test_damaged_documents_get_the_verdict_of_the_official_schema(code: str) -> None:
    source, both = random.Random(code), pair(code)
    documents = [*samples(code), *both.grown(source)]
    harmed = [one for document in documents for one in both.damaged(document, source, DAMAGES_PER_DOCUMENT)]
    assert len(documents) * DAMAGES_PER_DOCUMENT == len(harmed)
    assert {True, False} == {both.verdicts(one)[0] for one in harmed}
    assert both.disagreements(harmed) == []
