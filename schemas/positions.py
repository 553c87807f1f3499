"""Line and column of elements, which no tree keeps: found by reading the text again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from lxml import etree

__all__ = ["Position", "positions_of"]

#: Tags from the document element on, each with its number among brothers of the same tag.
_Steps = tuple[tuple[str, int], ...]
_SEPARATOR: Final = "}"


@dataclass(frozen=True, slots=True)
class Position:
    """Where the start tag of an element begins, both counted from 1."""

    line: int
    column: int


def positions_of(elements: Iterable[etree._Element], content: bytes) -> Mapping[etree._Element, Position]:
    """Where elements stand in the text they were parsed from.

    Args:
        elements: of one tree; signatures may have been taken out of it meanwhile.
        content: the text, already parsed once.

    Returns:
        Nothing for an element that is not found.
    """
    by_steps: dict[_Steps, list[etree._Element]] = {}
    for element in elements:
        by_steps.setdefault(_steps(element), []).append(element)
    reader = _Reader(wanted=by_steps.keys())
    reader.read(content)
    return {one: found for steps, found in reader.found.items() for one in by_steps[steps]}


def _steps(element: etree._Element) -> _Steps:
    steps = [
        (one.tag, sum(1 for _ in one.itersiblings(one.tag, preceding=True)))
        for one in (element, *element.iterancestors())
    ]
    return tuple(reversed(steps))


@dataclass(kw_only=True)
class _Reader:
    """Follows the start and end tags of a text."""

    wanted: Iterable[_Steps]
    found: dict[_Steps, Position] = field(default_factory=dict)
    _path: list[tuple[str, int]] = field(default_factory=list)
    _counts: list[dict[str, int]] = field(default_factory=lambda: [{}])

    def read(self, content: bytes) -> None:
        """Find what is wanted, as far as the text can be read."""
        parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.buffer_text = True
        depths = {len(one) for one in self.wanted}

        def start(name: str, _attributes: object) -> None:
            tag = f"{{{name}" if _SEPARATOR in name else name
            before = self._counts[-1].get(tag, 0)
            self._counts[-1][tag] = before + 1
            self._path.append((tag, before))
            self._counts.append({})
            if len(self._path) in depths and (steps := tuple(self._path)) in self.wanted:
                self.found[steps] = Position(parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)

        def end(_name: str) -> None:
            self._path.pop()
            self._counts.pop()

        parser.StartElementHandler, parser.EndElementHandler = start, end
        try:
            parser.Parse(content, True)  # noqa: FBT003 - expat's signature
        except expat.ExpatError:
            return  # the two parsers differ on the text: what was found before that counts
