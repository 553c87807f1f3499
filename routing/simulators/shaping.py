"""Writing answers by the outline of their schema.

Most of an answer repeats what was declared. An answer is told from a source, the declaration or the message
answered, and from what the system adds: whatever the schema of the answer has a place for is taken over, in
its order; the rest stays out. An optional group that lacks something the schema demands stays out, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeGuard

from lxml import etree

from routing.errors import AnswerShapeError
from routing.simulators.xml import Element, local_name
from schemas.outline import Place

__all__ = ["Again", "Phrase", "Told", "shape"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """A text with attributes, such as its language."""

    text: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Again:
    """An element of another message, told again in this place, with changes."""

    source: Element
    changes: "Mapping[str, Told]" = field(default_factory=dict)


#: What stands in a place. None: nothing, even if the source has it. A sequence: the place repeated.
Told: TypeAlias = "str | Phrase | Again | Mapping[str, Told] | Sequence[Told] | None"

_NOTHING: Mapping[str, Told] = {}
#: Namespaces of an answer are found on these levels: message, parts of its header.
_LEVELS = 3


def shape(
    outline: Place,
    source: Element,
    changes: Mapping[str, Told],
    *,
    prefixes: Sequence[str] = (),
    spare: Mapping[str, str] | None = None,
) -> Element:
    """Write an answer.

    Args:
        outline: of its type.
        source: what is told again; names of parts are compared without namespace.
        changes: what the system adds or replaces, by the local names of the parts; names that the outline has
            no place for are passed over, so that the same changes serve kindred types.
        prefixes: for the namespaces of the answer in the order of their first use; none: the default one.
        spare: texts for demanded parts that neither source nor changes have, by "Parent/part".

    Raises:
        AnswerShapeError: something the schema demands is not to be had.
    """
    writer = _Writer(spare or {})
    root = etree.Element(outline.tag, nsmap=_namespaces(outline, prefixes))
    missing = writer.fill(root, outline, source, changes)
    if missing:
        raise AnswerShapeError(message=outline.name, missing=missing)
    return root


class _Writer:
    """Fills elements; what is missing is told by path."""

    def __init__(self, spare: Mapping[str, str]) -> None:
        self._spare = spare

    def fill(
        self, target: Element, place: Place, source: Element | None, changes: Mapping[str, Told]
    ) -> str | None:
        """Write the content of an element; returns the first demanded part that is missing."""
        if source is not None:
            _copy_attributes(target, place, _attributes(source))
        given = _by_name(source)
        for part in place.parts:
            told = changes.get(part.name, _NOTHING)
            sources = given.get(part.name, ())
            missing = self._write(target, place, part, sources, told)
            if missing and part.required:
                return f"{place.name}/{missing}"
        return None

    def _write(
        self, target: Element, parent: Place, part: Place, sources: Sequence[Element], told: Told
    ) -> str | None:
        """Write a part, repeated where it is; returns what is missing when nothing could be written."""
        if told is None:
            return part.name
        if told is not _NOTHING:
            repeated: Sequence[Told] = told if _is_sequence(told) else (told,)
            missing = [self._one(target, parent, part, _first(sources), one) for one in repeated]
        else:
            wanted = sources if part.many else sources[:1]
            missing = [self._one(target, parent, part, one, told) for one in wanted or (None,)]
        return None if None in missing else next(iter(missing), part.name)

    def _one(
        self, target: Element, parent: Place, part: Place, source: Element | None, told: Told
    ) -> str | None:
        if isinstance(told, Again):
            source, told = told.source, told.changes
        if not part.parts:
            return self._text(target, parent, part, source, told)
        changes = told if isinstance(told, Mapping) else _NOTHING
        if source is None and not changes:
            return part.name
        child = etree.SubElement(target, part.tag)
        missing = self.fill(child, part, source, changes)
        if missing:
            target.remove(child)
        return missing

    def _text(
        self, target: Element, parent: Place, part: Place, source: Element | None, told: Told
    ) -> str | None:
        attributes: Mapping[str, str] = {}
        if isinstance(told, str):
            text: str | None = told
        elif isinstance(told, Phrase):
            text, attributes = told.text, told.attributes
        elif source is not None:
            text, attributes = source.text, _attributes(source)
        else:
            text = self._spare.get(f"{parent.name}/{part.name}") if part.required else None
        if text is None and source is None:
            return part.name
        child = etree.SubElement(target, part.tag)
        child.text = text
        _copy_attributes(child, part, attributes)
        return None


def _copy_attributes(target: Element, place: Place, attributes: Mapping[str, str]) -> None:
    for name, value in attributes.items():
        if name in place.attributes:
            target.set(name, value)


def _attributes(source: Element) -> Mapping[str, str]:
    return {str(name): str(value) for name, value in source.items()}


def _by_name(source: Element | None) -> Mapping[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for child in source if source is not None else ():
        found.setdefault(local_name(child), []).append(child)
    return found


def _first(sources: Sequence[Element]) -> Element | None:
    return sources[0] if sources else None


def _is_sequence(told: Told) -> TypeGuard[Sequence[Told]]:
    return isinstance(told, Sequence) and not isinstance(told, str)


def _namespaces(outline: Place, prefixes: Sequence[str]) -> dict[str, str]:
    """Prefixes of an answer; elements without namespace need one for those that have it."""
    spaces: dict[str, None] = {}
    level = [outline]
    for _ in range(_LEVELS):
        spaces |= {space: None for part in level if (space := etree.QName(part.tag).namespace)}
        level = [inner for part in level[:1] for inner in part.parts]
    if not prefixes:
        return {None: next(iter(spaces))}  # type: ignore[dict-item] # the stubs know no default namespace
    return dict(zip(prefixes, spaces, strict=False))
