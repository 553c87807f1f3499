"""Our excise schemas against the official ones of both versions: real samples, grown documents, both damaged.

The official IE704 at hand is a national variant with a namespace and codes of its own. It is compared after
giving it those of the EU.
"""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import xmlschema
from lxml import etree
from xmlschema.validators import XsdComplexType, XsdGroup

from schemas.catalogue import load_builtin
from schemas.model import MessageType

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "real-messages" / "emcs"
TYPES = [one for one in load_builtin().types() if one.system == "EMCSPL2"]
EU = "urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4"
UK = "http://www.govtalk.gov.uk/taxation/InternationalTrade/Excise"
DAMAGES_PER_DOCUMENT = 64
DENSITIES = (0.0, 0.3, 0.6, 1.0)  # share of the optional elements and attributes present in a grown document

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the official schemas are not at hand"),
]
each_type = pytest.mark.parametrize("kind", TYPES, ids=lambda one: f"{one.code}-{one.version}")

GOOD = (
    "NDEA.PL", "SEED.EC", "CSMISE.EC", "2026-03-30", "2028-02-29", "10:35:52", "10:35:52.25",
    "2026-03-30T10:35:52", "2026-03-30T10:35:52.5", "26PL12345678901234513", "PL12345678901",
    "GBabcdefghijk", "PL441010", "PL44101a", "PL12345678901235", "PLabcdefghijklm1", "22042109", "W200",
    "ABCD", "AB", "PL", "Pl", "pl", "H24", "D92", "D01", "0.5", "12", "7", "99", "999", "0", "0.000001",
    "1234567890.123456", "123456789012.345", "999.99", "0.01", "42", "AAECAw==", "abcdefghijklm",
    "123456789012345", "Wino białe", "X15", "IE801", "S", "2", "1", "3", "21",
)  # fmt: skip
BAD = (
    "", " ", "\u00a0", "x", "-1", "+1", "00", "01", "010", "0.0", "0.10", "1.", ".5", "1,5", "1e3", "1000",
    "9.999", "1234567890123456", "12345678901234567", "1234567890123.456", "1234567890.1234567", "100000",
    "1000.01", "P1", "2026-02-30", "2026-03-30Z", "26-03-30", "10:35", "25:00:00", "10:35:52Z",
    "2026-03-30T10:35:52Z", "-2026-03-30", "2026-03-30T24:00:01", " a", "a ", "a\u00a0", "a\tb", "a\nb",
    "a  b", "NDEA.pl", "ndea.PL", "XDEA.PL", "H25", "D93", "h10", "26pl12345678901234513",
    "26PL1234567890123451A", "pl12345678901", "PL4410100", "E05", "X00", "X16", "IE999", "none", "AAECAw=",
    "!!!!", "4401", "26", "91", "P", "PLN", "p1", "A1B2C3D4",
)  # fmt: skip
LENGTHS = (
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 34, 35, 36, 44, 45,
    50, 51, 55, 56, 65, 66, 70, 71, 182, 183, 255, 256, 350, 351, 512, 513, 999, 1000,
)  # fmt: skip
FILLERS = tuple("x" * length for length in LENGTHS)
CODES = tuple(str(number) for number in range(30))


@cache
def official_text(code: str, version: str) -> str:
    """The official schema of a message; the national IE704 with the namespace and the codes of the EU."""
    if code != "IE704":
        return (SHARED / "xsd" / f"v{version}" / f"{code.lower()}.xsd").read_text(encoding="utf-8-sig")
    text = (SHARED / "xsd" / f"v{version}" / "ie704uk.xsd").read_text(encoding="utf-8-sig")
    text = text.replace(f"{UK}/ie704uk/3", f"{EU}:IE704:V{version}")
    text = text.replace(f"{UK}/EmcsUkCodes/3", f"{EU}:TCL:V{version}").replace("emcsukcodes.xsd", "tcl.xsd")
    assert "euc:FunctionalErrorCodes" in text
    return text


@cache
def official_schema(code: str, version: str) -> etree.XMLSchema:
    home = SHARED / "xsd" / f"v{version}" / "message.xsd"
    return etree.XMLSchema(etree.fromstring(official_text(code, version).encode(), base_url=str(home)))


@cache
def own_schema(kind: MessageType) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(kind.folder / kind.schema))


def verdicts(kind: MessageType, document: etree._Element) -> tuple[bool, bool]:
    """What the official schema says of a document, and what ours says."""
    official = official_schema(kind.code, kind.version).validate(document)
    return official, own_schema(kind).validate(document)


def samples(kind: MessageType) -> list[etree._Element]:
    """Every public sample of a type, in the version it has and in ours."""
    documents = [etree.fromstring(text) for one in texts() for text in dict.fromkeys(translated(one, kind))]
    return [one for one in documents if etree.QName(one).localname == kind.root]


@cache
def texts() -> list[str]:
    return [path.read_text(encoding="utf-8-sig") for path in sorted(SHARED.glob("samples/**/*.xml"))]


def translated(text: str, kind: MessageType) -> Iterator[str]:
    yield text
    text = text.replace("V3.13", f"V{kind.version}").replace(f"{UK}/ie704uk/3", f"{EU}:IE704:V{kind.version}")
    yield text
    yield text.replace(">4402</", ">12</")


@cache
def official_structure(version: str) -> dict[str, xmlschema.XsdElement]:
    """The document elements by local name; all messages in one schema, so that types are built once."""
    imports = "".join(
        imported(one.namespace, official_file(one.code, version)) for one in of_version(version)
    )
    schema = xmlschema.XMLSchema11(f'<xs:schema xmlns:xs="{XS}">{imports}</xs:schema>')
    national = xmlschema.XMLSchema11(
        official_text("IE704", version), base_url=str(SHARED / "xsd" / f"v{version}")
    )
    found = {name: element for one in (schema, national) for name, element in one.maps.elements.items()}
    return {etree.QName(name).localname: element for name, element in found.items()}


@cache
def own_structure(version: str) -> dict[str, xmlschema.XsdElement]:
    imports = "".join(
        imported(one.namespace, one.folder / one.schema) for one in of_version(version, "IE704")
    )
    schema = xmlschema.XMLSchema10(f'<xs:schema xmlns:xs="{XS}">{imports}</xs:schema>')
    return {etree.QName(name).localname: element for name, element in schema.maps.elements.items()}


XS = "http://www.w3.org/2001/XMLSchema"


def imported(namespace: str, file: Path) -> str:
    return f'<xs:import namespace="{namespace}" schemaLocation="{file}"/>'


def official_file(code: str, version: str) -> Path:
    return SHARED / "xsd" / f"v{version}" / f"{code.lower()}.xsd"


def of_version(version: str, *also: str) -> list[MessageType]:
    return [one for one in TYPES if one.version == version and (one.code != "IE704" or one.code in also)]


#: Path, least and greatest number, allowed values, and the attributes with whether they must be there.
Outline = list[tuple[str, int, int | None, tuple[str, ...], dict[str, tuple[str | None, tuple[str, ...]]]]]


def outline(declaration: xmlschema.XsdElement, path: str = "") -> Outline:
    """Every element in document order."""
    here = f"{path}/{declaration.name}"
    simple = declaration.type.has_simple_content()
    attributes = {
        str(name): (one.use, allowed(one.type)) for name, one in declaration.attributes.items() if name
    }
    values = allowed(declaration.type) if simple else ()
    row = (here, declaration.min_occurs, declaration.max_occurs, values, attributes)
    return [row, *(one for child in children(declaration) for one in outline(child, here))]


def children(declaration: xmlschema.XsdElement) -> list[xmlschema.XsdElement]:
    kind = declaration.type
    group = kind.content if isinstance(kind, XsdComplexType) else None
    members = group.iter_elements() if isinstance(group, XsdGroup) else ()
    return [one for one in members if isinstance(one, xmlschema.XsdElement)]


@cache
def allowed(kind: xmlschema.XsdType) -> tuple[str, ...]:
    """Which of our probes are good values."""
    simple = kind.simple_type
    assert simple is not None
    probes = dict.fromkeys((*GOOD, *BAD, *FILLERS, *CODES, *(simple.enumeration or ())))
    return tuple(sorted(str(one) for one in probes if simple.is_valid(str(one))))


def grown(kind: MessageType, source: random.Random) -> list[etree._Element]:
    """Documents made by walking the official structure, from the barest to the fullest."""
    declaration = official_structure(kind.version)[kind.root]
    documents = []
    for density in DENSITIES:
        root = etree.Element(f"{{{kind.namespace}}}{kind.root}")
        grow(root, declaration, density, source)
        documents.append(root)
    return documents


def grow(
    element: etree._Element, declaration: xmlschema.XsdElement, density: float, source: random.Random
) -> None:
    for name, attribute in declaration.attributes.items():
        if attribute.use == "required" or source.random() < density:
            element.set(str(name), source.choice(allowed(attribute.type)))
    if declaration.type.has_simple_content():
        element.text = source.choice(allowed(declaration.type))
    for child in children(declaration):
        for _ in range(occurrences(child, density, source)):
            grow(etree.SubElement(element, child.name), child, density, source)


def occurrences(child: xmlschema.XsdElement, density: float, source: random.Random) -> int:
    most = min(child.max_occurs or 2, 2)
    return source.randint(max(child.min_occurs, 1), most) if source.random() < density else child.min_occurs


def anything(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice(list(root.iterdescendants("*")))


def a_value(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice([one for one in root.iterdescendants("*") if len(one) == 0])


def drop(root: etree._Element, source: random.Random) -> None:
    remove(anything(root, source))


def double(root: etree._Element, source: random.Random) -> None:
    element = anything(root, source)
    for _ in range(source.choice((1, 1, 9, 99))):
        element.addnext(deepcopy(element))


def move(root: etree._Element, source: random.Random) -> None:
    moved = anything(root, source)
    copied, place = deepcopy(moved), moved.getparent()
    remove(moved)
    assert place is not None
    place.insert(source.randint(0, len(place)), copied)


def rename(root: etree._Element, source: random.Random) -> None:
    anything(root, source).tag = anything(root, source).tag


def lengthen(root: etree._Element, source: random.Random) -> None:
    element = a_value(root, source)
    element.text = (element.text or "x").ljust(source.choice(LENGTHS), source.choice("x9"))


def shorten(root: etree._Element, source: random.Random) -> None:
    element = a_value(root, source)
    element.text = (element.text or "")[: source.choice((0, 1, -1))]


def spoil(root: etree._Element, source: random.Random) -> None:
    a_value(root, source).text = source.choice((*BAD, *CODES))


def attribute(root: etree._Element, source: random.Random) -> None:
    element = source.choice([one for one in root.iter("*") if one.attrib] or [anything(root, source)])
    element.attrib.pop("language", "")
    element.set(source.choice(("language", "language", "other")), source.choice((*BAD, "en")))


DAMAGES: tuple[Callable[[etree._Element, random.Random], None], ...] = (
    drop, double, move, rename, lengthen, shorten, spoil, attribute,
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


def disagreements(kind: MessageType, documents: list[etree._Element]) -> list[bytes]:
    return [etree.tostring(one) for one in documents if len(set(verdicts(kind, one))) > 1]


@each_type
def test_every_element_has_the_place_number_and_values_of_the_official_schema(kind: MessageType) -> None:
    official, own = official_structure(kind.version)[kind.root], own_structure(kind.version)[kind.root]
    assert outline(official) == outline(own)


@each_type
def test_every_real_sample_gets_the_verdict_of_the_official_schema(kind: MessageType) -> None:
    assert disagreements(kind, samples(kind)) == []


@each_type
def test_documents_grown_from_the_official_structure_are_valid_here_too(kind: MessageType) -> None:
    documents = grown(kind, random.Random(kind.code))
    assert [(True, True)] * len(DENSITIES) == [verdicts(kind, one) for one in documents]


@each_type
def test_damaged_documents_get_the_verdict_of_the_official_schema(kind: MessageType) -> None:
    source = random.Random(kind.code)
    documents = [*samples(kind), *grown(kind, source)]
    harmed = [one for document in documents for one in damaged(document, source)]
    assert len(documents) * DAMAGES_PER_DOCUMENT == len(harmed)
    assert {True, False} == {verdicts(kind, one)[0] for one in harmed}
    assert disagreements(kind, harmed) == []
