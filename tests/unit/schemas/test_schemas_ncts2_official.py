"""Our transit schemas against the official ones of phase 5: real, grown and damaged documents."""

import random
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from lxml import etree

from schemas.catalogue import BUILTIN, load_builtin

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "real-messages" / "ncts"
OFFICIAL = SHARED / "xsd" / "p5-51.8"
NAMESPACE = "http://ncts.dgtaxud.ec"
CODES = tuple(one.code for one in load_builtin().types() if one.system == "NCTS2")
DAMAGES_PER_DOCUMENT = 60
DENSITIES = (0.0, 0.3, 0.6, 1.0)  # share of the optional elements present in a grown document

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


LENGTHS = tuple(
    "x" * length for length in (*range(1, 24), 34, 35, 36, 69, 70, 71, 255, 256, 257, 511, 512, 513)
)


@cache
def compiled(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(path))


def verdicts(code: str, document: etree._Element) -> tuple[bool, bool]:
    """What the official schema says of a document, and what ours says."""
    official = compiled(OFFICIAL / f"{code.lower()}.xsd").validate(document)
    return official, compiled(BUILTIN / "NCTS2" / f"{code}.xsd").validate(document)


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


@cache
def official_structure() -> xmlschema.XMLSchema11:
    includes = "".join(f'<xs:include schemaLocation="{OFFICIAL / code.lower()}.xsd"/>' for code in CODES)
    head = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{NAMESPACE}">'
    return xmlschema.XMLSchema11(f"{head}{includes}</xs:schema>")


def own_structure(code: str) -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(BUILTIN / "NCTS2" / f"{code}.xsd"))


#: A declaration or type of xmlschema; its own annotations allow for far more than these schemas hold.
Component = Any
#: Path, least and greatest number, and which of our probes are allowed as its value.
Outline = list[tuple[str, int, int | None, tuple[str, ...]]]


def outline(declaration: Component, path: str = "") -> Outline:
    """Every element in document order."""
    here = f"{path}/{declaration.local_name}"
    simple = declaration.type.has_simple_content()
    row = (here, declaration.min_occurs, declaration.max_occurs, allowed(declaration.type) if simple else ())
    below = () if simple else declaration.type.content.iter_elements()
    return [row, *(one for child in below for one in outline(child, here))]


@cache
def allowed(simple: Component) -> tuple[str, ...]:
    probes = dict.fromkeys((*GOOD, *BAD, *LENGTHS, *CODES, *(simple.enumeration or ())))
    return tuple(sorted(one for one in probes if simple.is_valid(one)))


def grown(code: str, source: random.Random) -> list[etree._Element]:
    """Documents made by walking the official structure, from the barest to the fullest."""
    declaration = official_structure().elements[code]
    documents = []
    for density in DENSITIES:
        root = etree.Element(f"{{{NAMESPACE}}}{code}", PhaseID="NCTS5.1")
        grow(root, declaration, density, source)
        documents.append(root)
    return documents


def grow(element: etree._Element, declaration: Component, density: float, source: random.Random) -> None:
    if declaration.type.has_simple_content():
        element.text = source.choice(values(declaration.type))
        return
    for child in declaration.type.content.iter_elements():
        for _ in range(occurrences(child, density, source)):
            grow(etree.SubElement(element, child.local_name), child, density, source)


def occurrences(child: Component, density: float, source: random.Random) -> int:
    most = min(child.max_occurs or 2, 2)
    return source.randint(max(child.min_occurs, 1), most) if source.random() < density else child.min_occurs


@cache
def values(simple: Component) -> list[str]:
    return [one for one in dict.fromkeys((*GOOD, *(simple.enumeration or ()))) if simple.is_valid(one)]


def anything(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice(list(root.iterdescendants("*")))


def a_value(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice([one for one in root.iterdescendants("*") if len(one) == 0])


def drop(root: etree._Element, source: random.Random) -> None:
    remove(anything(root, source))


def double(root: etree._Element, source: random.Random) -> None:
    element = anything(root, source)
    element.addnext(deepcopy(element))


def move(root: etree._Element, source: random.Random) -> None:
    moved = anything(root, source)
    copied = deepcopy(moved)
    place = moved.getparent()
    remove(moved)
    assert place is not None
    place.insert(source.randint(0, len(place)), copied)


def rename(root: etree._Element, source: random.Random) -> None:
    anything(root, source).tag = anything(root, source).tag


def lengthen(root: etree._Element, source: random.Random) -> None:
    element = a_value(root, source)
    limit = source.choice((2, 3, 4, 5, 6, 7, 8, 9, 17, 20, 22, 35, 70, 256, 512))
    element.text = (element.text or "x").ljust(limit + source.randint(0, 1), source.choice("x9"))


def shorten(root: etree._Element, source: random.Random) -> None:
    element = a_value(root, source)
    element.text = (element.text or "")[: source.choice((0, 1, -1))]


def spoil(root: etree._Element, source: random.Random) -> None:
    a_value(root, source).text = source.choice(BAD)


def exchange(root: etree._Element, source: random.Random) -> None:
    a_value(root, source).text = source.choice((source.choice(GOOD), a_value(root, source).text))


def attribute(root: etree._Element, source: random.Random) -> None:
    element = source.choice((root, anything(root, source)))
    element.set(
        source.choice(("PhaseID", "phaseID", "language")), source.choice((*BAD, "NCTS5.0", " NCTS5.1"))
    )


DAMAGES: tuple[Callable[[etree._Element, random.Random], None], ...] = (
    drop, double, move, rename, lengthen, shorten, spoil, exchange, attribute,
)  # fmt: skip


def remove(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def damaged(document: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    for number in range(DAMAGES_PER_DOCUMENT):
        copied = deepcopy(document)
        DAMAGES[number % len(DAMAGES)](copied, source)
        yield copied


def disagreements(code: str, documents: list[etree._Element]) -> list[bytes]:
    return [etree.tostring(one) for one in documents if len(set(verdicts(code, one))) > 1]


@pytest.mark.parametrize("code", CODES)
def test_every_element_has_the_place_number_and_values_of_the_official_schema(code: str) -> None:
    official: Component = official_structure().elements[code]
    own: Component = own_structure(code).elements[code]
    assert outline(official) == outline(own)
    assert ["PhaseID"] == list(official.type.attributes) == list(own.type.attributes)
    assert allowed(official.attributes["PhaseID"].type) == allowed(own.attributes["PhaseID"].type)


@pytest.mark.parametrize("code", CODES)
def test_every_real_sample_gets_the_verdict_of_the_official_schema(code: str) -> None:
    assert disagreements(code, samples(code)) == []


@pytest.mark.parametrize("code", CODES)
def test_documents_grown_from_the_official_structure_are_valid_here_too(code: str) -> None:
    documents = grown(code, random.Random(code))
    assert [(True, True)] * len(DENSITIES) == [verdicts(code, one) for one in documents]


@pytest.mark.parametrize("code", CODES)
def test_damaged_documents_get_the_verdict_of_the_official_schema(code: str) -> None:
    source = random.Random(code)
    documents = [*samples(code), *grown(code, source)]
    harmed = [one for document in documents for one in damaged(document, source)]
    assert len(documents) * DAMAGES_PER_DOCUMENT == len(harmed)
    assert {True, False} == {verdicts(code, one)[0] for one in harmed}
    assert disagreements(code, harmed) == []
