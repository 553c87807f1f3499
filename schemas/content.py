"""What is wrong with the children of an element: missing, out of order, too many, unknown."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from lxml import etree
from xmlschema import XMLSchemaChildrenValidationError
from xmlschema.validators import XsdElement, XsdGroup

from schemas.cause import Cause, listed
from schemas.paths import local_name, path_of
from schemas.wording import SchemaCode, Text

__all__ = ["children_cause"]


def children_cause(error: XMLSchemaChildrenValidationError) -> Cause:
    """What an error about the children of an element comes from.

    A missing element is reported where it should stand, any other fault at the child that is out of place.
    """
    parent = cast("etree._Element", error.elem)  # noqa: SLF001 - lxml's element class has no other name
    children = list(parent.iterchildren("*"))
    offender = parent[error.index] if error.invalid_tag is not None else None  # counts comments, too
    model = _Model(error)
    missing = model.missing(children)
    if offender is None:
        return _missing(parent, None, missing or model.expected)
    if model.comes_later(offender):
        if missing and not model.wants(offender.itersiblings("*")):
            return _missing(parent, offender, missing)
        offender = model.misplaced(children, offender)
    code, expected = model.reproach(offender, children)
    return Cause(code=code, element=offender, name=local_name(offender), expected=expected)


def _missing(parent: etree._Element, place: etree._Element | None, names: list[str]) -> Cause:
    name = names[0] if len(names) == 1 else " | ".join(names)
    before = None if place is None else local_name(place)
    where = (
        Text(f"przed {before}", f"before {before}")
        if before
        else Text(f"na końcu {local_name(parent)}", f"at the end of {local_name(parent)}")
    )
    return Cause(
        code=SchemaCode.MISSING_ELEMENT,
        element=parent if place is None else place,
        name=name,
        expected=where,
        xpath=f"{path_of(parent)}/{name}",
    )


class _Model:
    """The elements a group may have, as far as an error about its children needs them."""

    def __init__(self, error: XMLSchemaChildrenValidationError) -> None:
        group = cast("XsdGroup", error.validator)
        self._members = [one for one in group.iter_elements() if isinstance(one, XsdElement)]
        self._tags = [str(one.name) for one in self._members]
        self._expected = [str(one.name) for one in _due(error)]

    @property
    def expected(self) -> list[str]:
        """Local names of what the schema wants at this place."""
        return [_local(tag) for tag in self._expected] or [_local(tag) for tag in self._tags]

    def missing(self, children: list[etree._Element]) -> list[str]:
        """Local names of the elements wanted that are nowhere among the children."""
        present = {child.tag for child in children}
        return [_local(tag) for tag in self._expected if tag not in present]

    def wants(self, children: Iterable[etree._Element]) -> bool:
        """Whether what is wanted is among these children."""
        return any(child.tag in self._expected for child in children)

    def misplaced(self, children: list[etree._Element], offender: etree._Element) -> etree._Element:
        """The first child that has to be moved, where as few as possible are; of two the offender."""
        known = [child for child in children if child.tag in self._tags]
        order = [self._tags.index(child.tag) for child in known]
        others = [place for child, place in zip(known, order, strict=True) if child is not offender]
        if others == sorted(others):
            return offender
        kept = _longest_rise(order)
        return next(child for place, child in enumerate(known) if place not in kept)

    def comes_later(self, offender: etree._Element) -> bool:
        """Whether an element has its place after those wanted."""
        if offender.tag not in self._tags:
            return False
        wanted = [self._tags.index(tag) for tag in self._expected if tag in self._tags]
        return bool(wanted) and self._tags.index(offender.tag) > max(wanted)

    def reproach(self, offender: etree._Element, children: list[etree._Element]) -> tuple[SchemaCode, Text]:
        """What is wrong with an element that may not stand where it does."""
        if offender.tag not in self._tags:
            return self._stranger(offender)
        member = self._members[self._tags.index(offender.tag)]
        count = sum(1 for child in children if child.tag == offender.tag)
        if member.max_occurs is not None and count > member.max_occurs:
            return SchemaCode.TOO_MANY_ELEMENTS, Text(str(member.max_occurs), str(member.max_occurs))
        order = listed(self._neighbours(offender.tag))
        return SchemaCode.ELEMENT_ORDER, Text(order, order)

    def _stranger(self, offender: etree._Element) -> tuple[SchemaCode, Text]:
        name = local_name(offender)
        same = [tag for tag in self._tags if _local(tag) == name]
        if same:
            namespace = same[0][1:].partition("}")[0] if same[0].startswith("{") else None
            return SchemaCode.ELEMENT_NAMESPACE, Text(namespace or "(brak)", namespace or "(none)")
        alike = [_local(tag) for tag in self._tags if _local(tag).lower() == name.lower()]
        names = listed(alike or self.expected)
        return SchemaCode.UNEXPECTED_ELEMENT, Text(names, names)

    def _neighbours(self, tag: str) -> Iterator[str]:
        at = self._tags.index(tag)
        return (_local(one) for one in self._tags[max(0, at - 2) : at + 3])


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """The places of a longest subsequence that never falls (patience sorting)."""
    tops: list[int] = []  # the least last number of a rise of each length
    ends: list[int] = []  # its place
    before: list[int | None] = []  # the place before each in its rise
    for place, number in enumerate(numbers):
        length = bisect_right(tops, number)
        before.append(ends[length - 1] if length else None)
        tops[length:] = [number, *tops[length + 1 :]]
        ends[length:] = [place, *ends[length + 1 :]]
    kept: set[int] = set()
    place_of: int | None = ends[-1] if ends else None
    while place_of is not None:
        kept.add(place_of)
        place_of = before[place_of]
    return kept


def _due(error: XMLSchemaChildrenValidationError) -> list[XsdElement]:
    """What is wanted next; xmlschema names all required elements of a nested sequence, the first is due."""
    group = error.particle
    nested = isinstance(group, XsdGroup) and group.model == "sequence"
    return (_beginning(group) if nested else []) or _elements(error.expected)


def _beginning(particle: Any) -> list[XsdElement]:  # noqa: ANN401 - an element, a group or a wildcard
    """The elements one of which must come first."""
    if not isinstance(particle, XsdGroup):
        return _elements(particle)
    if particle.model != "sequence":
        return [one for member in particle for one in _beginning(member)]
    return next((_beginning(member) for member in particle if not member.is_emptiable()), [])


def _elements(particles: Any) -> list[XsdElement]:  # noqa: ANN401 - one particle, several or none
    listed = particles if isinstance(particles, (list, tuple)) else [particles] if particles else []
    found: list[XsdElement] = []
    for one in listed:
        found.extend([one] if isinstance(one, XsdElement) else _members(one))
    return found


def _members(particle: Any) -> list[XsdElement]:  # noqa: ANN401 - a group or a wildcard
    return (
        [one for one in particle.iter_elements() if isinstance(one, XsdElement)]
        if isinstance(particle, XsdGroup)
        else []
    )


def _local(tag: str) -> str:
    return tag[tag.rfind("}") + 1 :]
