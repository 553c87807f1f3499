"""Comparing a schema of ours with the official one: structures, grown documents and damaged copies."""

import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import xmlschema
from lxml import etree

DENSITIES = (0.0, 0.3, 0.6, 1.0)  # share of the optional elements present in a grown document
LIMITS = (
    *range(1, 24), 27, 28, 34, 35, 36, 44, 45, 50, 51, 55, 56, 65, 66, 69, 70, 71, 182, 183, 255, 256, 257,
    350, 351, 511, 512, 513, 999, 1000,
)  # fmt: skip
LENGTHS = tuple("x" * length for length in LIMITS)
XSI = "http://www.w3.org/2001/XMLSchema-instance"

#: A declaration or type of xmlschema; its own annotations allow for far more than these schemas hold.
Component = Any
#: Name of an attribute → whether it must be there, and which of the probes are allowed.
Attributes = dict[str, tuple[str | None, tuple[str, ...]]]
#: Path, least and greatest number, which of the probes are allowed as its value, and the attributes.
Outline = list[tuple[str, int, int | None, tuple[str, ...], Attributes]]


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
    text: str | None = None  # the official schema, where that of the file had to be adapted
    structures: Callable[[], tuple[Component, Component]] | None = (
        None  # the declarations, where built already
    )

    @cached_property
    def _compiled(self) -> tuple[etree.XMLSchema, etree.XMLSchema]:
        if self.text is None:
            return etree.XMLSchema(etree.parse(self.official)), etree.XMLSchema(etree.parse(self.own))
        adapted = etree.fromstring(self.text.encode(), base_url=str(self.official))
        return etree.XMLSchema(adapted), etree.XMLSchema(etree.parse(self.own))

    @cached_property
    def _elements(self) -> tuple[Component, Component]:
        if self.structures is not None:
            return self.structures()
        official = xmlschema.XMLSchema11(str(self.official)).elements[self.root]
        return official, xmlschema.XMLSchema10(str(self.own)).elements[self.root]

    @property
    def official_element(self) -> Component:
        """The declaration of the document element in the official schema."""
        return self._elements[0]

    @property
    def own_element(self) -> Component:
        """The declaration of the document element in ours."""
        return self._elements[1]

    def verdicts(self, document: etree._Element) -> tuple[bool, bool]:
        """What the official schema says of a document, and what ours says."""
        official, own = self._compiled
        return official.validate(document), own.validate(document)

    def disagreements(self, documents: Sequence[etree._Element]) -> list[bytes]:
        """The documents on which the schemas differ."""
        return [etree.tostring(one) for one in documents if len(set(self.verdicts(one))) > 1]

    def outline(self, declaration: Component, path: str = "") -> Outline:
        """Every element below a declaration in document order."""
        here = f"{path}/{declaration.name}"
        simple = declaration.type.has_simple_content()
        values = self.allowed(declaration.type) if simple else ()
        attributes = {
            str(name): (one.use, self.allowed(one.type))
            for name, one in declaration.attributes.items()
            if name
        }
        below = () if simple else declaration.type.content.iter_elements()
        row = (here, declaration.min_occurs, declaration.max_occurs, values, attributes)
        return [row, *(one for child in below for one in self.outline(child, here))]

    def allowed(self, kind: Component) -> tuple[str, ...]:
        """Which of the probes are values of a type, or of the content of one."""
        simple = getattr(kind, "simple_type", None)
        return _allowed(kind if simple is None else simple, (*self.good, *self.bad, *self.codes, *LENGTHS))

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
        for name, attribute in declaration.attributes.items():
            if name and (attribute.use == "required" or source.random() < density):
                element.set(str(name), source.choice(self._values(attribute.type)))
        if declaration.type.has_simple_content():
            element.text = source.choice(self._values(declaration.type))
            return
        for child in declaration.type.content.iter_elements():
            for _ in range(_occurrences(child, density, source)):
                self._grow(etree.SubElement(element, child.name), child, density, source)

    def _values(self, kind: Component) -> list[str]:
        """Of the allowed probes those that are values of the field, not mere fillers, if there are any."""
        simple = getattr(kind, "simple_type", None)
        known = {*self.good, *map(str, (kind if simple is None else simple).enumeration or ())}
        allowed = self.allowed(kind)
        return [one for one in allowed if one in known] or list(allowed)

    def damaged(
        self, document: etree._Element, source: random.Random, number: int
    ) -> Iterator[etree._Element]:
        """Copies of a document with one thing changed in each."""
        for turn in range(number):
            copied = deepcopy(document)
            _DAMAGES[turn % len(_DAMAGES)](self, copied, source)
            yield copied


@cache
def _allowed(simple: Component, probes: tuple[str, ...]) -> tuple[str, ...]:
    known = dict.fromkeys((*probes, *map(str, simple.enumeration or ())))
    return tuple(sorted(one for one in known if simple.is_valid(one)))


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
    for _time in range(source.choice((1, 1, 1, 9, 99))):
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
    element.text = (element.text or "x").ljust(source.choice(LIMITS), source.choice("x9"))


def _shorten(_: Pair, root: etree._Element, source: random.Random) -> None:
    element = _value(root, source)
    element.text = (element.text or "")[: source.choice((0, 1, -1))]


def _spoil(pair: Pair, root: etree._Element, source: random.Random) -> None:
    _value(root, source).text = source.choice((*pair.bad, *pair.codes))


def _exchange(pair: Pair, root: etree._Element, source: random.Random) -> None:
    _value(root, source).text = source.choice((source.choice(pair.good), _value(root, source).text))


def _qualify(pair: Pair, root: etree._Element, source: random.Random) -> None:
    element = _anything(root, source)
    element.tag = f"{{{pair.namespace}}}{etree.QName(element).localname}"


def _attribute(pair: Pair, root: etree._Element, source: random.Random) -> None:
    element = source.choice((root, _anything(root, source), *_with_attributes(root)))
    name = source.choice((*element.attrib, "PhaseID", "language", "id"))
    element.set(str(name), source.choice((*pair.bad, *pair.good, "en", "1", " NCTS5.1")))


def _without_attribute(_: Pair, root: etree._Element, source: random.Random) -> None:
    element = source.choice(_with_attributes(root) or [root])
    element.attrib.clear()


def _with_attributes(root: etree._Element) -> list[etree._Element]:
    return [one for one in root.iter("*") if one.attrib]


def _character(_: Pair, root: etree._Element, source: random.Random) -> None:
    """One character of a value is another one, or one more."""
    element = _value(root, source)
    text = element.text or ""
    place = source.randint(0, len(text))
    element.text = (
        text[:place] + source.choice("aZ09 -.,:+żŻ٠\u00a0\n\t") + text[place + source.randint(0, 1) :]
    )


def _case(_: Pair, root: etree._Element, source: random.Random) -> None:
    element = _value(root, source)
    element.text = (element.text or "").swapcase()


def _pad(_: Pair, root: etree._Element, source: random.Random) -> None:
    element = _value(root, source)
    blank = source.choice((" ", "\n", "\t", "  ", "\u00a0"))
    element.text = source.choice((f"{blank}{element.text}", f"{element.text}{blank}"))


def _mix(_: Pair, root: etree._Element, source: random.Random) -> None:
    """Text, a comment or an instruction where elements are, or within a value."""
    element = _anything(root, source)
    what = source.choice((etree.Comment("c"), etree.ProcessingInstruction("p"), None))
    if what is None:
        element.tail = source.choice((" ", "text", "\u00a0"))
    else:
        what.tail = source.choice(("", " ", "1"))
        element.append(what)


def _nil(_: Pair, root: etree._Element, source: random.Random) -> None:
    name, value = source.choice(
        (("nil", "true"), ("nil", "false"), ("schemaLocation", "a b"), ("type", "none"))
    )
    _anything(root, source).set(f"{{{XSI}}}{name}", value)


_DAMAGES: tuple[Callable[[Pair, etree._Element, random.Random], None], ...] = (
    _drop, _double, _move, _rename, _lengthen, _shorten, _spoil, _exchange, _qualify, _attribute,
    _without_attribute, _character, _case, _pad, _mix, _nil,
)  # fmt: skip
