"""Comparing a schema of ours with the official one: structures, grown documents and damaged copies."""

import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import xmlschema
from lxml import etree

DENSITIES = (0.0, 0.3, 0.6, 1.0)  # share of the optional elements present in a grown document
LENGTHS = tuple(
    "x" * length for length in (*range(1, 24), 27, 28, 34, 35, 36, 69, 70, 71, 255, 256, 257, 511, 512, 513)
)

#: A declaration or type of xmlschema; its own annotations allow for far more than these schemas hold.
Component = Any
#: Path, least and greatest number, and which of the probes are allowed as its value.
Outline = list[tuple[str, int, int | None, tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The official schema of a message and ours."""

    official: Path
    own: Path
    root: str
    namespace: str
    good: Sequence[str]  # values allowed somewhere
    bad: Sequence[str]  # values refused nearly everywhere
    codes: Sequence[str] = ()  # values of the lists of codes, for probing only

    @cached_property
    def _compiled(self) -> tuple[etree.XMLSchema, etree.XMLSchema]:
        return etree.XMLSchema(etree.parse(self.official)), etree.XMLSchema(etree.parse(self.own))

    @cached_property
    def official_element(self) -> Component:
        """The declaration of the document element in the official schema."""
        return xmlschema.XMLSchema11(str(self.official)).elements[self.root]

    @cached_property
    def own_element(self) -> Component:
        """The declaration of the document element in ours."""
        return xmlschema.XMLSchema10(str(self.own)).elements[self.root]

    @cached_property
    def _allowed(self) -> dict[Component, tuple[str, ...]]:
        return {}

    def verdicts(self, document: etree._Element) -> tuple[bool, bool]:
        """What the official schema says of a document, and what ours says."""
        official, own = self._compiled
        return official.validate(document), own.validate(document)

    def disagreements(self, documents: Sequence[etree._Element]) -> list[bytes]:
        """The documents on which the schemas differ."""
        return [etree.tostring(one) for one in documents if len(set(self.verdicts(one))) > 1]

    def outline(self, declaration: Component, path: str = "") -> Outline:
        """Every element below a declaration in document order."""
        here = f"{path}/{declaration.local_name}"
        simple = declaration.type.has_simple_content()
        values = self.allowed(declaration.type) if simple else ()
        below = () if simple else declaration.type.content.iter_elements()
        row = (here, declaration.min_occurs, declaration.max_occurs, values)
        return [row, *(one for child in below for one in self.outline(child, here))]

    def allowed(self, simple: Component) -> tuple[str, ...]:
        """Which of the probes are values of a type."""
        if simple not in self._allowed:
            probes = dict.fromkeys(
                (*self.good, *self.bad, *self.codes, *LENGTHS, *(simple.enumeration or ()))
            )
            self._allowed[simple] = tuple(sorted(one for one in probes if simple.is_valid(one)))
        return self._allowed[simple]

    def grown(self, source: random.Random) -> list[etree._Element]:
        """Documents made by walking the official structure, from the barest to the fullest."""
        documents = []
        for density in DENSITIES:
            root = etree.Element(f"{{{self.namespace}}}{self.root}")
            self._grow(root, self.official_element, density, source)
            documents.append(root)
        return documents

    def _grow(
        self, element: etree._Element, declaration: Component, density: float, source: random.Random
    ) -> None:
        if declaration.type.has_simple_content():
            element.text = source.choice(self._values(declaration.type))
            return
        for child in declaration.type.content.iter_elements():
            for _ in range(_occurrences(child, density, source)):
                self._grow(etree.SubElement(element, child.local_name), child, density, source)

    def _values(self, simple: Component) -> list[str]:
        known = {*self.good, *(simple.enumeration or ())}
        return [one for one in self.allowed(simple) if one in known]

    def damaged(
        self, document: etree._Element, source: random.Random, number: int
    ) -> Iterator[etree._Element]:
        """Copies of a document with one thing changed in each."""
        for turn in range(number):
            copied = deepcopy(document)
            _DAMAGES[turn % len(_DAMAGES)](self, copied, source)
            yield copied


def _occurrences(child: Component, density: float, source: random.Random) -> int:
    most = min(child.max_occurs or 2, 2)
    return source.randint(max(child.min_occurs, 1), most) if source.random() < density else child.min_occurs


def _anything(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice(list(root.iterdescendants("*")))


def _value(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice([one for one in root.iterdescendants("*") if len(one) == 0])


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _drop(_: Pair, root: etree._Element, source: random.Random) -> None:
    _remove(_anything(root, source))


def _double(_: Pair, root: etree._Element, source: random.Random) -> None:
    element = _anything(root, source)
    element.addnext(deepcopy(element))


def _move(_: Pair, root: etree._Element, source: random.Random) -> None:
    moved = _anything(root, source)
    copied = deepcopy(moved)
    place = moved.getparent()
    _remove(moved)
    assert place is not None
    place.insert(source.randint(0, len(place)), copied)


def _rename(_: Pair, root: etree._Element, source: random.Random) -> None:
    _anything(root, source).tag = _anything(root, source).tag


def _lengthen(_: Pair, root: etree._Element, source: random.Random) -> None:
    element = _value(root, source)
    limit = source.choice((2, 3, 4, 5, 6, 7, 8, 9, 14, 17, 20, 22, 27, 35, 70, 256, 512))
    element.text = (element.text or "x").ljust(limit + source.randint(0, 1), source.choice("x9"))


def _shorten(_: Pair, root: etree._Element, source: random.Random) -> None:
    element = _value(root, source)
    element.text = (element.text or "")[: source.choice((0, 1, -1))]


def _spoil(pair: Pair, root: etree._Element, source: random.Random) -> None:
    _value(root, source).text = source.choice(pair.bad)


def _exchange(pair: Pair, root: etree._Element, source: random.Random) -> None:
    _value(root, source).text = source.choice((source.choice(pair.good), _value(root, source).text))


def _qualify(pair: Pair, root: etree._Element, source: random.Random) -> None:
    element = _anything(root, source)
    element.tag = f"{{{pair.namespace}}}{etree.QName(element).localname}"


def _attribute(_: Pair, root: etree._Element, source: random.Random) -> None:
    element = source.choice((root, _anything(root, source)))
    element.set(source.choice(("PhaseID", "language", "id")), source.choice(("", "1", "en")))


_DAMAGES: tuple[Callable[[Pair, etree._Element, random.Random], None], ...] = (
    _drop, _double, _move, _rename, _lengthen, _shorten, _spoil, _exchange, _qualify, _attribute,
)  # fmt: skip
