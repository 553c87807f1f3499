"""Beyond the schema: values of the right form that cannot be right all the same.

Where such values stand is data of the catalogue (``values`` of a type); what is wrong with one is told by
judges, one for each kind of value.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import islice

from lxml import etree

from schemas.findings import MAX_FINDINGS, Finding, Severity, shortened
from schemas.model import MessageType, SchemaReport, ValuePlace
from schemas.paths import line_of, local_name, path_of
from schemas.positions import Position, positions_of
from schemas.wording import PLAUSIBILITY_WORDING, PlausibilityCode, Text

__all__ = ["Judge", "Plausibility", "Rule", "kind_of"]

_NOTHING_WRONG = SchemaReport(valid=True)
_MEMORY = 8192  # judgements that are remembered: the same parties, offices and countries come again and again

#: What is wrong with a value on a day; None: nothing is.
Judge = Callable[[str, date], Text | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What is asked of a kind of value."""

    code: PlausibilityCode
    judge: Judge
    severity: Severity = Severity.WARNING


class Plausibility:
    """Looks at the values of documents that are valid against their schema; serves all threads.

    Args:
        rules: by kind of value; values of other kinds are not looked at.
    """

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = dict(rules)
        self._kinds = frozenset(rules)
        self._judged = lru_cache(maxsize=_MEMORY)(self._judge)

    def examine(
        self, root: etree._Element, message_type: MessageType, *, on: date, content: bytes | None = None
    ) -> SchemaReport:
        """What is wrong with the values of a document, in document order; the same value is told once.

        Args:
            root: the document element of a document that is valid against its schema.
            message_type: the type the document was recognised as.
            on: day of receipt, Europe/Warsaw.
            content: the text the tree was parsed from, for columns; without it findings have none.

        Returns:
            Not valid where a rule that counts as an error is broken.
        """
        first: dict[tuple[str, str], tuple[etree._Element, Text]] = {}
        times: Counter[tuple[str, str]] = Counter()
        for element, kind in _values(root, _plan(message_type, self._kinds)):
            value = (element.text or "").strip()
            wrong = self._judged(kind, value, on) if value else None
            if wrong is not None:
                times[kind, value] += 1
                first.setdefault((kind, value), (element, wrong))
        if not first:
            return _NOTHING_WRONG
        told = dict(islice(first.items(), MAX_FINDINGS))
        positions = positions_of((one for one, _ in told.values()), content) if content else {}
        findings = (
            self._finding(*key, element, reason, positions.get(element)).repeated(times[key] - 1)
            for key, (element, reason) in told.items()
        )
        return SchemaReport(
            valid=all(self._rules[kind].severity is Severity.WARNING for kind, _ in first),
            findings=tuple(findings),
            total=len(first),
        )

    def _judge(self, kind: str, value: str, on: date) -> Text | None:
        return self._rules[kind].judge(value, on)

    def _finding(
        self, kind: str, value: str, element: etree._Element, reason: Text, position: Position | None
    ) -> Finding:
        rule = self._rules[kind]
        wording = PLAUSIBILITY_WORDING[rule.code]
        name = local_name(element)
        return Finding(
            code=rule.code,
            message_pl=wording.message.pl.format(name=name, reason=reason.pl),
            message_en=wording.message.en.format(name=name, reason=reason.en),
            remedy_pl=wording.remedy.pl,
            remedy_en=wording.remedy.en,
            severity=rule.severity,
            line=position.line if position else line_of(element),
            column=position.column if position else None,
            xpath=path_of(element),
            value=shortened(value),
        )


class _Plan:
    """Which elements of a type have values to be looked at, worked out once."""

    def __init__(self, values: Iterable[ValuePlace]) -> None:
        self._by_name: dict[str, list[tuple[str, str]]] = {}
        for one in values:
            parent, _, name = one.place.rpartition("/")
            self._by_name.setdefault(name, []).append((parent or "*", one.kind))
        self._known: dict[tuple[str, str], str | None] = {}
        self.tags = tuple(f"{{*}}{name}" for name in self._by_name)

    def kind_of(self, parent: str, tag: str) -> str | None:
        """The kind of a value by the tags of its element and the element's parent; None: not looked at."""
        key = (parent, tag)
        if key not in self._known:
            if len(self._known) >= _MEMORY:  # names within a wildcard are the sender's to choose
                self._known.clear()
            self._known[key] = self._by_names(*(one[one.rfind("}") + 1 :] for one in key))
        return self._known[key]

    def _by_names(self, parent: str, name: str) -> str | None:
        kinds = (kind for pattern, kind in self._by_name.get(name, ()) if fnmatchcase(parent, pattern))
        return next(kinds, None)


def kind_of(values: Iterable[ValuePlace], path: Sequence[str]) -> str | None:
    """The kind of the value at a path of local names; None: it is not looked at."""
    return _Plan(values).kind_of(*path[-2:])


@lru_cache(maxsize=1024)
def _plan(message_type: MessageType, kinds: frozenset[str]) -> _Plan:
    return _Plan(one for one in message_type.values if one.kind in kinds)


def _values(root: etree._Element, plan: _Plan) -> Iterator[tuple[etree._Element, str]]:
    if not plan.tags:
        return  # without names iter() would go through all elements
    for element in root.iter(*plan.tags):
        parent = element.getparent()
        kind = None if parent is None else plan.kind_of(parent.tag, element.tag)
        if kind is not None:
            yield element, kind
