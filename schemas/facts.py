"""Reading the numbers and parties of a document from the places its type names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from schemas.model import Condition, MessageFacts, MessageType, Party, PartyPlace, PartyRole
from schemas.paths import line_of, path_of

__all__ = ["read_facts"]

#: What stands at each path: elements with their non-empty values.
_Found = Mapping[str, Sequence[tuple[etree._Element, str]]]  # noqa: SLF001 - lxml's element class has no other name


def read_facts(root: etree._Element, message_type: MessageType) -> MessageFacts:
    """What a document says about itself.

    Of several places for the same number, and of several places for the same role, the first that is present
    in the document counts; a place with a condition only in a document that meets it. Empty values count as
    absent.

    Args:
        root: the document element of a tree that has been verified.
        message_type: the type the document was recognised as.
    """
    plan = _plan(message_type)
    found: dict[str, list[tuple[etree._Element, str]]] = {}
    _collect(root, plan.tree, found)
    places = message_type.places
    return MessageFacts(
        own_id=_first(found, places.own_id),
        lrn=_first(found, places.lrn),
        more_lrns=_further(found, places.lrn),
        mrn=_first(found, places.mrn),
        arc=_first(found, places.arc),
        correlation=_first(found, places.correlation),
        parties=tuple(party for role in plan.roles for party in _parties(found, message_type.root, role)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Branch:
    """All paths of a type as one tree, so that a document is walked once and only where a path leads."""

    ends: list[tuple[str, str]] = field(
        default_factory=list
    )  # paths that end here, with their attribute or ""
    branches: dict[str, "_Branch"] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """How the documents of a type are read, worked out once."""

    tree: _Branch
    roles: tuple[tuple[PartyPlace, ...], ...]  # the places of each role


@lru_cache(maxsize=1024)
def _plan(message_type: MessageType) -> _Plan:
    places, parties = message_type.places, message_type.parties
    numbers = (*places.own_id, *places.lrn, *places.mrn, *places.arc, *places.correlation)
    tree = _Branch()
    conditions = (one.when.xpath for one in parties if one.when)
    for path in dict.fromkeys((*numbers, *(one.xpath for one in parties), *conditions)):
        _plant(tree, path)
    return _Plan(
        tree=tree, roles=tuple(tuple(one for one in parties if one.role is role) for role in PartyRole)
    )


def _plant(tree: _Branch, path: str) -> None:
    steps, _, attribute = path.partition("@")
    for step in filter(None, steps.split("/")):
        tree = tree.branches.setdefault(step, _Branch())
    tree.ends.append((path, attribute))


def _collect(node: etree._Element, tree: _Branch, found: dict[str, list[tuple[etree._Element, str]]]) -> None:
    for path, attribute in tree.ends:
        value = node.get(attribute) if attribute else node.text
        if value and (value := value.strip()):
            found.setdefault(path, []).append((node, value))
    branches = tree.branches
    if not branches:
        return
    for child in node:
        tag = child.tag
        if isinstance(tag, str):  # comments and instructions have none
            branch = branches.get(tag if tag[0] != "{" else tag[tag.index("}") + 1 :])
            if branch is not None:
                _collect(child, branch, found)


def _first(found: _Found, paths: tuple[str, ...]) -> str | None:
    for path in paths:
        if path in found:
            return found[path][0][1]
    return None


def _further(found: _Found, paths: tuple[str, ...]) -> tuple[str, ...]:
    """What stands beside the first at the place that counts."""
    present = next((found[path] for path in paths if path in found), ())
    return tuple(value for _, value in present[1:])


def _parties(found: _Found, root: str, places: tuple[PartyPlace, ...]) -> list[Party]:
    for place in places:
        present = found.get(place.xpath)
        if present and (place.when is None or _says(found, place.when)):
            where = f"/{root}/{place.xpath}" if len(present) == 1 else None
            return [_party(place, element, value, where) for element, value in present]
    return []


def _says(found: _Found, condition: Condition) -> bool:
    return any(value == condition.value for _, value in found.get(condition.xpath, ()))


def _party(place: PartyPlace, element: etree._Element, value: str, where: str | None) -> Party:
    return Party(
        role=place.role,
        kind=place.kind,
        number=value,
        line=line_of(element),
        xpath=where or path_of(element) + _attribute_step(place.xpath),
    )


def _attribute_step(path: str) -> str:
    _, at, attribute = path.partition("@")
    return f"/@{attribute}" if at else ""
