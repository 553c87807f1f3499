"""How two versions of a message differ, element by element."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from schemas.structure import Node, Value

__all__ = ["Change", "Difference", "cardinality", "differences", "value_words"]

_MOST_SHOWN = 12  # allowed values that are listed


class Change(StrEnum):
    """What has become of an element."""

    ADDED = "added"
    REMOVED = "removed"
    CARDINALITY = "cardinality"  # how often it may or must stand
    VALUE = "value"  # what it may hold


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One of them."""

    path: str  # below the document element
    change: Change
    before: str = ""
    after: str = ""


def differences(old: Node, new: Node) -> list[Difference]:
    """What an author of messages has to change, in document order; removed elements last.

    Of a whole group that was added or removed its top is told alone.
    """
    before = {node.path: node for node in old.walk()}
    after = {node.path: node for node in new.walk()}
    changed = [one for path, node in after.items() for one in _compared(path, before, node)]
    return [*changed, *(_removed(node) for node in before.values() if _is_top(node.path, before, after))]


def cardinality(node: Node) -> str:
    """How often it stands: "1", "0..1", "1..9", "0..n"."""
    most = "n" if node.maximum is None else str(node.maximum)
    return most if str(node.minimum) == most else f"{node.minimum}..{most}"


def value_words(value: Value | None) -> str:
    """What a value may be, in one line."""
    if value is None:
        return ""
    facets = [f"{name} {text}" for name, text in value.facets]
    shown = "|".join(value.allowed[:_MOST_SHOWN])
    more = f"|… ({len(value.allowed)})" if len(value.allowed) > _MOST_SHOWN else ""
    return ", ".join([value.base, *facets, *([shown + more] if shown else [])])


def _compared(path: str, before: dict[str, Node], node: Node) -> Iterator[Difference]:
    known = before.get(path)
    if known is None:
        if _parent(path) in before:
            yield Difference(path=path, change=Change.ADDED, after=cardinality(node))
        return
    if (known.minimum, known.maximum) != (node.minimum, node.maximum):
        yield Difference(
            path=path, change=Change.CARDINALITY, before=cardinality(known), after=cardinality(node)
        )
    if known.value != node.value:
        yield Difference(
            path=path, change=Change.VALUE, before=value_words(known.value), after=value_words(node.value)
        )


def _removed(node: Node) -> Difference:
    return Difference(path=node.path, change=Change.REMOVED, before=cardinality(node))


def _is_top(path: str, before: dict[str, Node], after: dict[str, Node]) -> bool:
    return path not in after and _parent(path) in after and path in before


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
