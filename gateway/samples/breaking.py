"""Breaking one rule in a valid sample, so that exactly this is found, at a known place."""

import random
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from lxml import etree

from gateway.plausibility import GatewayPlausibility
from gateway.samples.making import written
from schemas.findings import Finding
from schemas.model import MessageType, SchemaReport
from schemas.paths import local_name
from schemas.validation import Validator
from schemas.wording import PlausibilityCode, SchemaCode

__all__ = ["RULES", "Breaker", "Broken"]

_TRIES: Final = 400  # of ways to break a rule
_LONG: Final = "Zbyt długa wartość. " * 60
_TOO_OFTEN: Final = (1, 9, 99)  # further copies of an element
#: Values that break a rule wherever the schema has it.
_BAD_VALUES: Final[Mapping[SchemaCode, tuple[str, ...]]] = {
    SchemaCode.TYPE: ("jutro", "wiele"),
    SchemaCode.ENUMERATION: ("Z9", "99"),
    SchemaCode.LENGTH: (_LONG, "123456789012345678901234567890123456789"),
    SchemaCode.DIGITS: ("1.12345678901234567890", "12345678901234567890", "0.1234567"),
    SchemaCode.RANGE: ("-5", "0", "999999", "100"),
    SchemaCode.PATTERN: ("?", " x", "ab", "x" * 9),
}

#: Breaks a rule in a document, each time at another place or in another way.
Way = Callable[[etree._Element, random.Random], Iterator[etree._Element]]  # noqa: SLF001 - lxml's element class has no other name


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A sample with one fault."""

    document: etree._Element
    finding: Finding  # the only one that its validation gives


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Breaks rules.

    Args:
        validator: of the catalogue that the types are from.
        plausibility: tells values that cannot be right.
        on: the day samples are judged on.
    """

    validator: Validator
    plausibility: GatewayPlausibility
    on: date

    def broken(
        self, sample: etree._Element, message_type: MessageType, rule: str, seed: int
    ) -> Broken | None:
        """A copy of a sample in which one rule is broken, once.

        Args:
            sample: a valid document; it stays as it is.
            message_type: its type.
            rule: one of `RULES`.
            seed: another one, another place.

        Returns:
            None where the sample has no place to break the rule.
        """
        source = random.Random(f"{seed}/{rule}")  # noqa: S311 - no secret
        for document in islice(RULES[rule](sample, source), _TRIES):
            parsed = etree.fromstring(written(document))  # lines as a reader of the file sees them
            report = self._report(parsed, message_type)
            if report.total == 1 and report.findings[0].code == rule:
                return Broken(document=parsed, finding=report.findings[0])
        return None

    def _report(self, document: etree._Element, message_type: MessageType) -> SchemaReport:
        report = self.validator.validate(document, message_type)
        return report if not report.valid else self.plausibility.examine(document, message_type, on=self.on)


def _elements(
    sample: etree._Element, source: random.Random
) -> Iterator[tuple[etree._Element, etree._Element]]:
    """A fresh copy of the sample for each of its elements, with the element in it."""
    places = list(range(1, len(list(sample.iter("*")))))
    source.shuffle(places)
    for place in places:
        copied = deepcopy(sample)
        yield copied, next(islice(copied.iter("*"), place, None))


def _values(*bad: str) -> Way:
    def ways(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
        for value in bad:
            for document, element in _elements(sample, source):
                if not len(element):
                    element.text = value
                    yield document

    return ways


def _next_digit(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    """Another last digit, or another one before the zeros at the end."""
    for document, element in _elements(sample, source):
        text = (element.text or "").strip()
        kept = text.rstrip("0") if text.endswith("00000") else text
        if kept[-1:].isdigit() and not len(element):
            element.text = f"{kept[:-1]}{(int(kept[-1]) + 1) % 10}{text[len(kept) :]}"
            yield document


def _in_the_future(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    for document, element in _elements(sample, source):
        text = element.text or ""
        if text.startswith("20") and not len(element):
            element.text = f"2099{text[4:]}"
            yield document
        elif len(text) == len("YYMMDD") and text.isdigit():
            element.text = f"99{text[2:]}"
            yield document


def _attribute(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    for document, element in _elements(sample, source):
        element.set("nieznany", "1")
        yield document


def _missing(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    for document, element in _elements(sample, source):
        _parent(element).remove(element)
        yield document


def _order(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    for document, element in _elements(sample, source):
        following = element.getnext()
        if following is not None and following.tag != element.tag:
            element.addprevious(following)
            yield document


def _too_many(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    for copies in _TOO_OFTEN:
        for document, element in _elements(sample, source):
            for _ in range(copies):
                element.addnext(deepcopy(element))
            yield document


def _namespace(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    for document, element in _elements(sample, source):
        element.tag = f"{{urn:example:unknown}}{local_name(element)}"
        yield document


def _unexpected(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    for document, element in _elements(sample, source):
        element.addnext(element.makeelement(element.tag + "Nowe"))
        yield document


def _content(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    for document, element in _elements(sample, source):
        if len(element):
            element.text = "tekst"
            yield document


def _unique(sample: etree._Element, source: random.Random) -> Iterator[etree._Element]:
    """An element doubled with all that is in it, or a value that another element of the name has."""
    for document, element in _elements(sample, source):
        if len(element):
            element.addnext(deepcopy(element))
            yield document
    for document, element in _elements(sample, source):
        others = [one.text for one in document.iter(element.tag) if one.text != element.text]
        if others and not len(element):
            element.text = source.choice(others)
            yield document


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    if parent is None:  # the document element is never chosen
        raise LookupError(element.tag)
    return parent


#: How each rule is broken, by the code of the finding that tells it.
RULES: Final[Mapping[str, Way]] = {
    **{code.value: _values(*values) for code, values in _BAD_VALUES.items()},
    SchemaCode.ATTRIBUTE.value: _attribute,
    SchemaCode.MISSING_ELEMENT.value: _missing,
    SchemaCode.ELEMENT_ORDER.value: _order,
    SchemaCode.TOO_MANY_ELEMENTS.value: _too_many,
    SchemaCode.ELEMENT_NAMESPACE.value: _namespace,
    SchemaCode.UNEXPECTED_ELEMENT.value: _unexpected,
    SchemaCode.CONTENT.value: _content,
    SchemaCode.UNIQUE.value: _unique,
    **{
        code.value: _next_digit
        for code in (
            PlausibilityCode.MRN,
            PlausibilityCode.GRN,
            PlausibilityCode.ARC,
            PlausibilityCode.EORI,
            PlausibilityCode.NIP,
            PlausibilityCode.REGON,
            PlausibilityCode.PESEL,
        )
    },
    PlausibilityCode.FUTURE_DATE.value: _in_the_future,
}
