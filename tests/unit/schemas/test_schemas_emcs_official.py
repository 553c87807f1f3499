"""Our excise schemas against the official ones of both versions: real samples, grown documents, both damaged.

The official IE704 at hand is a national variant with a namespace and codes of its own. It is compared after
giving it those of the EU.
"""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from schemas.catalogue import load_builtin
from schemas.model import MessageType
from tests.unit.schemas.comparison import DENSITIES, Pair

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "real-messages" / "emcs"
TYPES = [one for one in load_builtin().types() if one.system == "EMCSPL2"]
EU = "urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4"
UK = "http://www.govtalk.gov.uk/taxation/InternationalTrade/Excise"
DAMAGES_PER_DOCUMENT = 64

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
CODES = tuple(str(number) for number in range(30))


@cache
def pair(kind: MessageType) -> Pair:
    return Pair(
        official=official_file(kind.code, kind.version),
        own=kind.folder / kind.schema,
        root=kind.root,
        namespace=kind.namespace,
        good=GOOD,
        bad=BAD,
        codes=CODES,
        text=official_text(kind.code, kind.version),
        structures=lambda: (
            official_structure(kind.version)[kind.root],
            own_structure(kind.version)[kind.root],
        ),
    )


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


@each_type
def test_every_element_has_the_place_number_and_values_of_the_official_schema(kind: MessageType) -> None:
    both = pair(kind)
    assert both.outline(both.official_element) == both.outline(both.own_element)


@each_type
def test_every_real_sample_gets_the_verdict_of_the_official_schema(kind: MessageType) -> None:
    assert pair(kind).disagreements(samples(kind)) == []


@pytest.mark.parametrize("code", ["IE801", "IE815"])
def test_there_are_good_samples(code: str) -> None:
    kind = next(one for one in TYPES if (one.code, one.version) == (code, "3.13"))
    assert (True, True) in [pair(kind).verdicts(one) for one in samples(kind)]


@each_type
def test_documents_grown_from_the_official_structure_are_valid_here_too(kind: MessageType) -> None:
    documents = pair(kind).grown(random.Random(kind.code))
    assert [(True, True)] * len(DENSITIES) == [pair(kind).verdicts(one) for one in documents]


@each_type
def test_damaged_documents_get_the_verdict_of_the_official_schema(kind: MessageType) -> None:
    source, both = random.Random(kind.code), pair(kind)
    documents = [*samples(kind), *both.grown(source)]
    harmed = [one for document in documents for one in both.damaged(document, source, DAMAGES_PER_DOCUMENT)]
    assert len(documents) * DAMAGES_PER_DOCUMENT == len(harmed)
    assert {True, False} == {both.verdicts(one)[0] for one in harmed}
    assert both.disagreements(harmed) == []
