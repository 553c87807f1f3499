"""Samples of types without an official schema, what two validators say of them, and ways to damage them."""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import xmlschema
from lxml import etree

from schemas.catalogue import load_builtin
from schemas.model import MessageType

Component = Any  # xmlschema's own annotations allow for far more than our schemas hold
DOCUMENTS = Path(__file__).parent / "documents"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
BAD = (
    "", " ", "x", "X", "0", "-1", "01", "1.", "1,5", "1e3", "T", "N", "pl", "PL", "2026-02-30", "2026-03-30",
    "2026-03-30Z", "2026-03-30T10:35:52", "2026-03-30T10:35:52Z", "2026-03-30T24:00:01Z", "a@b", "a@b.pl",
    "a@@b.pl", "00-950", "5260213089", "44051401458", "PL526021308900000", "26PL3220800000AR18", "\u00a0",
    "٠٠-٩٥٠", "٥٢٦٠٢١٣٠٨٩", "żółć", "NCTS2", "a\tb", " a ", "x" * 36, "x" * 251, "x" * 1001, "9" * 10,
)  # fmt: skip


def sample(system: str, code: str) -> etree._Element:
    """A fresh copy of the sample of a type."""
    return deepcopy(_parsed(DOCUMENTS / system / f"{code}.xml"))


def samples(system: str) -> tuple[str, ...]:
    """Codes of the types of a system that have a sample."""
    return tuple(sorted(path.stem for path in (DOCUMENTS / system).glob("*.xml")))


@cache
def _parsed(path: Path) -> etree._Element:
    return etree.parse(path, etree.XMLParser(remove_blank_text=True, remove_comments=True)).getroot()


@cache
def types(system: str) -> dict[str, MessageType]:
    """The types in the folder of a system by their codes."""
    return {one.code: one for one in load_builtin().types() if one.schema.startswith(f"{system}/")}


@cache
def _compiled(message_type: MessageType) -> tuple[etree.XMLSchema, xmlschema.XMLSchema10]:
    path = message_type.folder / message_type.schema
    return etree.XMLSchema(etree.parse(path)), xmlschema.XMLSchema10(str(path))


@cache
def paths(message_type: MessageType) -> set[str]:
    """Every path below the document element that the schema of a type allows."""
    schema = xmlschema.XMLSchema10(str(message_type.folder / message_type.schema))
    return set(_below(schema.elements[message_type.root], ""))


def _below(declaration: Component, path: str) -> Iterator[str]:
    if not declaration.type.has_simple_content():
        for child in declaration.type.content.iter_elements():
            if child.local_name:  # the place of the signature has no name
                here = f"{path}/{child.local_name}".lstrip("/")
                yield here
                yield from _below(child, here)


def verdicts(message_type: MessageType, document: etree._Element) -> tuple[bool, bool]:
    """What libxml2 says of a document, and what xmlschema says."""
    ours, second = _compiled(message_type)
    return ours.validate(document), second.is_valid(document)


def is_valid(message_type: MessageType, document: etree._Element) -> bool:
    """The verdict both validators agree on."""
    first, second = verdicts(message_type, document)
    assert first is second, etree.tostring(document, encoding="unicode")
    return first


def find(root: etree._Element, path: str) -> etree._Element:
    """The first element at a path of local names."""
    found = root.find("/".join(f"{{*}}{step}" if step.strip(".") else step for step in path.split("/")))
    assert found is not None, path
    return found


def part(root: etree._Element, text: str) -> etree._Element:
    """An element in the namespace of the document."""
    return etree.fromstring(f'<x xmlns="{etree.QName(root).namespace}">{text}</x>')[0]


def remove(element: etree._Element) -> None:
    """Take an element out of its document."""
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def optional(system: str, code: str) -> Iterator[str]:
    """Parent and name of every element of the sample that may be left out."""
    for place in range(1, len(list(sample(system, code).iter()))):
        root = sample(system, code)
        element = list(root.iter())[place]
        parent = element.getparent()
        assert parent is not None
        remove(element)
        if is_valid(types(system)[code], root):
            yield f"{etree.QName(parent).localname}/{etree.QName(element).localname}"


def damaged(document: etree._Element, source: random.Random, *, number: int) -> Iterator[etree._Element]:
    """Copies of a document, each damaged in one way, every way in turn."""
    for turn in range(number):
        copied = deepcopy(document)
        DAMAGES[turn % len(DAMAGES)](copied, source)
        yield copied


def _any(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice(list(root.iterdescendants("*")))


def _any_value(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice([one for one in root.iterdescendants("*") if len(one) == 0])


def _drop(root: etree._Element, source: random.Random) -> None:
    remove(_any(root, source))


def _double(root: etree._Element, source: random.Random) -> None:
    element = _any(root, source)
    element.addnext(deepcopy(element))


def _move(root: etree._Element, source: random.Random) -> None:
    element = _any(root, source)
    place = element.getparent()
    assert place is not None
    place.insert(source.randint(0, len(place)), element)


def _rename(root: etree._Element, source: random.Random) -> None:
    _any(root, source).tag = _any(root, source).tag


def _lengthen(root: etree._Element, source: random.Random) -> None:
    element = _any_value(root, source)
    element.text = (element.text or "") + source.choice("x9 ") * source.choice((1, 2, 30, 300, 1000))


def _shorten(root: etree._Element, source: random.Random) -> None:
    element = _any_value(root, source)
    element.text = (element.text or "")[: source.choice((0, 1, -1))]


def _spoil(root: etree._Element, source: random.Random) -> None:
    _any_value(root, source).text = source.choice(BAD)


def _exchange(root: etree._Element, source: random.Random) -> None:
    _any_value(root, source).text = _any_value(root, source).text


def _set_attribute(root: etree._Element, source: random.Random) -> None:
    _any(root, source).set(source.choice(("Jezyk", "Typ")), source.choice(("pl", "en", "de", "")))


DAMAGES: tuple[Callable[[etree._Element, random.Random], None], ...] = (
    _drop, _double, _move, _rename, _lengthen, _shorten, _spoil, _exchange, _set_attribute,
)  # fmt: skip
