"""Why a document is not valid: the errors of xmlschema put into findings, one for each root cause."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from operator import itemgetter
from types import FunctionType
from typing import Any, cast

from lxml import etree
from xmlschema import XMLSchemaChildrenValidationError, XMLSchemaDecodeError, XMLSchemaValidationError
from xmlschema.validators import XsdAttributeGroup, XsdElement, XsdGroup
from xmlschema.validators.facets import (
    XsdEnumerationFacets,
    XsdFractionDigitsFacet,
    XsdLengthFacet,
    XsdMaxExclusiveFacet,
    XsdMaxInclusiveFacet,
    XsdMaxLengthFacet,
    XsdMinExclusiveFacet,
    XsdMinInclusiveFacet,
    XsdMinLengthFacet,
    XsdPatternFacets,
    XsdTotalDigitsFacet,
)

from schemas.brief import SECRET, Refusal, brief_causes
from schemas.cause import Cause, listed
from schemas.content import children_cause
from schemas.findings import MAX_FINDINGS, Finding, shortened
from schemas.paths import line_of, local_name, path_of
from schemas.positions import Position, positions_of
from schemas.wording import BUILTIN_TYPES, TYPE_LIMITS, WORDING, SchemaCode, Text

__all__ = ["Explanation", "explain", "explain_briefly"]

_CODES = tuple(SchemaCode)
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ATTRIBUTE_VALUE = re.compile(r"attribute ([^\s=]+)='")  # how xmlschema begins a reason about an attribute
_DUPLICATE = "duplicated value"  # how it begins a reason about a key used twice
_QUOTED = re.compile(r"'([^']+)'")


#: What faults have in common: code, name, and the tags above it.
_Kind = tuple[SchemaCode, str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What is wrong with a document."""

    findings: tuple[Finding, ...] = ()  # the most useful first, at most MAX_FINDINGS
    total: int = 0  # of all causes, those not listed included


def explain(errors: Iterable[XMLSchemaValidationError], content: bytes | None = None) -> Explanation:
    """Turn the errors of one document into findings.

    Several errors about the same value are one finding, the most telling of them. The same fault at several
    places of the same kind is one finding that tells their number. Of each kind of fault one is told, in
    document order, before a second one of any.

    Args:
        errors: of ``xmlschema``, raised on lxml elements.
        content: the text of the document, for columns; without it findings have lines only.
    """
    causes: dict[tuple[etree._Element, str], Cause] = {}
    for error in errors:
        cause = _cause(error)
        key = (cause.element, cause.name)
        known = causes.get(key)
        if known is None or _CODES.index(cause.code) < _CODES.index(known.code):
            causes[key] = cause
    return _explained(list(causes.values()), content)


def explain_briefly(
    root: etree._Element, refusals: Sequence[Refusal], content: bytes | None = None
) -> Explanation:
    """Findings made of what libxml2 says, for documents in which ``xmlschema`` finds nothing.

    Args:
        root: the document element.
        refusals: what libxml2 said.
        content: the text of the document, for columns; without it findings have lines only.
    """
    return _explained(brief_causes(root, refusals), content)


def _explained(causes: Sequence[Cause], content: bytes | None) -> Explanation:
    told = _foremost(causes)
    positions = positions_of((cause.element for cause, _ in told), content) if content and told else {}
    findings = (_finding(cause, positions.get(cause.element)).repeated(times - 1) for cause, times in told)
    return Explanation(findings=tuple(findings), total=len(causes))


def _foremost(causes: Iterable[Cause]) -> list[tuple[Cause, int]]:
    """The causes to be told, each with the number of its places."""
    alike: dict[tuple[_Kind, Text, str | None], list[Cause]] = {}
    for cause in causes:
        kind = (cause.code, cause.name, tuple(one.tag for one in cause.element.iterancestors()))
        alike.setdefault((kind, cause.expected, cause.value), []).append(cause)
    ranks: Counter[_Kind] = Counter()
    ranked = []
    for (kind, _, _), same in alike.items():
        ranked.append((ranks[kind], same[0], len(same)))
        ranks[kind] += 1
    return [(cause, times) for _, cause, times in nsmallest(MAX_FINDINGS, ranked, key=itemgetter(0))]


def _finding(cause: Cause, position: Position | None) -> Finding:
    wording = WORDING[cause.code]
    pl = {"name": cause.name, "expected": cause.expected.pl}
    en = {"name": cause.name, "expected": cause.expected.en}
    return Finding(
        code=cause.code,
        message_pl=wording.message.pl.format(**pl),
        message_en=wording.message.en.format(**en),
        remedy_pl=wording.remedy.pl.format(**pl),
        remedy_en=wording.remedy.en.format(**en),
        line=position.line if position else line_of(cause.element),
        column=position.column if position else None,
        xpath=cause.xpath or path_of(cause.element),
        value=_shown(cause),
    )


def _shown(cause: Cause) -> str | None:
    if cause.value is None:
        return None
    if local_name(cause.element) in SECRET:
        return "***"
    return shortened(cause.value)


def _cause(error: XMLSchemaValidationError) -> Cause:
    if isinstance(error, XMLSchemaChildrenValidationError):
        return children_cause(error)
    if isinstance(error, XMLSchemaDecodeError):
        return _value(error, SchemaCode.TYPE, _kind_of_value(error))
    if isinstance(error.validator, FunctionType):  # the limits of a built-in type
        return _value(error, SchemaCode.RANGE, _limit_of_type(error))
    facet = _FACETS.get(type(error.validator))
    if facet is not None:
        code, describe = facet
        return _value(error, code, describe(error.validator))
    return _structure(error)


def _element(error: XMLSchemaValidationError) -> etree._Element:
    return cast("etree._Element", error.elem)  # noqa: SLF001 - lxml's element class has no other name


# Values


def _value(error: XMLSchemaValidationError, code: SchemaCode, expected: Text) -> Cause:
    element = _element(error)
    attribute = _ATTRIBUTE_VALUE.match(error.reason or "")
    if attribute is None:
        return Cause(
            code=code, element=element, name=local_name(element), expected=expected, value=element.text or ""
        )
    name = attribute[1]
    return Cause(
        code=code,
        element=element,
        name=f"@{name}",
        expected=expected,
        value=str(error.obj),
        xpath=f"{path_of(element)}/@{name}",
    )


def _kind_of_value(error: XMLSchemaValidationError) -> Text:
    name = str(getattr(error.validator, "local_name", ""))
    return BUILTIN_TYPES.get(name, Text(name, name))


def _limit_of_type(error: XMLSchemaValidationError) -> Text:
    limit = (error.reason or "").rpartition("value must be ")[2]
    return TYPE_LIMITS.get(limit, Text(limit, limit))


def _plain(pl: str, en: str) -> Any:  # noqa: ANN401 - xmlschema's facets share no typed base for their value
    return lambda facet: Text(pl.format(facet.value), en.format(facet.value))


def _pattern(facet: XsdPatternFacets) -> Text:
    patterns = " | ".join(facet.regexps)
    documented = _documentation(facet.parent)
    if documented is None:
        return Text(f"wzór {patterns}", f"pattern {patterns}")
    return Text(f"{documented.pl} (wzór {patterns})", f"{documented.en} (pattern {patterns})")


def _enumeration(facet: XsdEnumerationFacets) -> Text:
    values = listed([str(one) for one in facet.enumeration])
    return Text(values, values)


def _documentation(xsd_type: Any) -> Text | None:  # noqa: ANN401 - any component may carry an annotation
    annotation = getattr(xsd_type, "annotation", None)
    texts = {one.get(_LANGUAGE): one.text for one in annotation.documentation} if annotation else {}
    pl, en = (" ".join((texts.get(language) or "").split()).rstrip(".") for language in ("pl", "en"))
    return Text(pl, en) if pl and en else None


_FACETS = {
    XsdPatternFacets: (SchemaCode.PATTERN, _pattern),
    XsdEnumerationFacets: (SchemaCode.ENUMERATION, _enumeration),
    XsdLengthFacet: (SchemaCode.LENGTH, _plain("długość dokładnie {}", "a length of exactly {}")),
    XsdMinLengthFacet: (SchemaCode.LENGTH, _plain("długość co najmniej {}", "a length of at least {}")),
    XsdMaxLengthFacet: (SchemaCode.LENGTH, _plain("długość najwyżej {}", "a length of at most {}")),
    XsdTotalDigitsFacet: (SchemaCode.DIGITS, _plain("najwyżej {} cyfr", "at most {} digits")),
    XsdFractionDigitsFacet: (
        SchemaCode.DIGITS,
        _plain("najwyżej {} cyfr po kropce", "at most {} digits after the point"),
    ),
    XsdMinInclusiveFacet: (SchemaCode.RANGE, _plain("co najmniej {}", "at least {}")),
    XsdMaxInclusiveFacet: (SchemaCode.RANGE, _plain("najwyżej {}", "at most {}")),
    XsdMinExclusiveFacet: (SchemaCode.RANGE, _plain("więcej niż {}", "more than {}")),
    XsdMaxExclusiveFacet: (SchemaCode.RANGE, _plain("mniej niż {}", "less than {}")),
}


# Structure


def _structure(error: XMLSchemaValidationError) -> Cause:
    element, validator, reason = _element(error), error.validator, error.reason or ""
    if isinstance(validator, XsdAttributeGroup):
        code, expected = SchemaCode.ATTRIBUTE, _attributes(reason)
    elif reason.startswith(_DUPLICATE):
        code, expected = SchemaCode.UNIQUE, Text("inna wartość", "another value")
    elif isinstance(validator, XsdGroup):
        code, expected = SchemaCode.CONTENT, Text("tylko elementy, bez tekstu", "elements only, no text")
    elif isinstance(validator, XsdElement) and len(element):
        code, expected = SchemaCode.CONTENT, Text("tylko wartość, bez elementów", "a value only, no elements")
    else:
        code, expected = SchemaCode.OTHER, Text(reason, reason)
    return Cause(code=code, element=element, name=local_name(element), expected=expected)


def _attributes(reason: str) -> Text:
    names = listed(_QUOTED.findall(reason))
    if "missing" in reason:
        return Text(f"dodaj {names}", f"add {names}")
    return Text(f"usuń {names}", f"remove {names}")
