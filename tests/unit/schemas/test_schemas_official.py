"""Our schemas against the official EU ones: the same verdict on real samples and on damaged ones."""

import random
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from schemas.catalogue import BUILTIN

REPOSITORY = Path(__file__).resolve().parents[3]
REAL = REPOSITORY.parent / "shared" / "real-messages"
NCTS = ("CC015C", "CC928C", "CC028C", "CC029C", "CC056C")
EMCS = ("IE815", "IE801")
MUTATIONS_PER_SAMPLE = 120
NASTY = (
    "", " ", "x", "X", "0", "1", "9", "-1", "00", "01", "0.0", "0.10", "1.", ".5", "1,5", "1e3",
    "12345678901234567", "123456789012345.50", "1234567890.1234567", "PL", "pl", "PLN", "2026-02-30",
    "2026-03-30", "2026-03-30Z", "2026-03-30T10:35:52", "2026-03-30T10:35:52Z", "2026-03-30T10:35:52.5",
    "10:35:52", "10:35:52.25", "ą" * 5, "a b", " a", "a ", "a\u00a0", "\u2003a", "a\tb", "a\nb", "x" * 17,
    "x" * 22, "x" * 23, "x" * 36, "x" * 71, "x" * 513, "x" * 1000, "ABCDEFGH", "PL441010",
    "26PL44101000000015", "26PL4410100000J015", "24GB0000000000J0", "24GB0000000000000K", "a@b", "a@b.c",
    "a@@b.c", "+89.12345", "181.00000", "NCTS5.0", "NDEA.PL", "H24", "D93",
)  # fmt: skip

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not REAL.is_dir(), reason="the public samples are not at hand"),
]

PLACEHOLDERS = {
    "preparationDateAndTime": "2026-03-30T10:35:52",
    "messageIdentification": "MSG0000000001",
    "arrivalTime": "2026-04-02T10:00:00",
    "LRN": "LRN0000000000000000001",
    "limitDate": "2026-04-10",
    "Declarant EORI Number": "GB123456789000",
}


def official(root: str) -> Path:
    folder = "ncts/xsd/p5-51.8" if root in NCTS else "emcs/xsd/v3.13"
    return REAL / folder / f"{root.lower()}.xsd"


def own(root: str) -> Path:
    return BUILTIN / ("NCTS2" if root in NCTS else "EMCSPL2/v3.13") / f"{root}.xsd"


@cache
def compiled(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(path))


def samples(root: str) -> Iterator[etree._Element]:
    folder = REAL / ("ncts" if root in NCTS else "emcs") / "samples"
    for path in sorted(folder.rglob("*.xml")):
        text = path.read_text(encoding="utf-8-sig")
        if f"{root}" not in text:
            continue
        for version in {text, fill(text)}:
            try:
                document = etree.fromstring(version.encode())
            except etree.XMLSyntaxError:
                continue
            if etree.QName(document).localname == root:
                yield document


def fill(text: str) -> str:
    return re.sub(r"{{(.*?)}}", lambda match: PLACEHOLDERS.get(match[1], match[0]), text)


@pytest.mark.parametrize("root", NCTS + EMCS)
def test_real_samples_get_the_verdict_of_the_official_schema(root: str) -> None:
    documents = list(samples(root))
    verdicts = [
        (compiled(official(root)).validate(one), compiled(own(root)).validate(one)) for one in documents
    ]
    assert any(expected for expected, _ in verdicts)
    assert [expected for expected, _ in verdicts] == [actual for _, actual in verdicts]


@pytest.mark.parametrize("root", NCTS + EMCS)
def test_damaged_samples_get_the_verdict_of_the_official_schema(root: str) -> None:
    valid = [one for one in samples(root) if compiled(official(root)).validate(one)]
    source = random.Random(root)
    for sample in source.sample(valid, min(len(valid), 3)):
        for _ in range(MUTATIONS_PER_SAMPLE):
            damaged = deepcopy(sample)
            what = damage(damaged, source)
            expected = compiled(official(root)).validate(damaged)
            assert (what, expected) == (what, compiled(own(root)).validate(damaged))


def damage(root: etree._Element, source: random.Random) -> str:
    elements = list(root.iterdescendants("*"))
    element = source.choice(elements)
    kind = source.choice(("text", "text", "text", "text", "remove", "repeat", "rename", "attribute"))
    if kind == "text" and len(element) == 0:
        element.text = source.choice(NASTY)
    elif kind == "remove":
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
    elif kind == "repeat":
        element.addnext(deepcopy(element))
    elif kind == "rename":
        element.tag = source.choice(elements).tag
    else:
        element.set(source.choice(("language", "PhaseID", "other")), source.choice(NASTY))
    return f"{kind} {element.tag} {element.text!r} {element.items()}"
