"""Findings made of what libxml2 says, for faults that xmlschema does not see.

The two differ about blanks that are none in XML, such as the no-break space: xmlschema takes them away with
the others at the ends of a value, libxml2 does not, as the standard asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from schemas.cause import Cause
from schemas.wording import SchemaCode, Text

__all__ = ["SECRET", "Refusal", "brief_causes", "quotable"]

#: Guarantee access codes stay out of receipts and logs.
SECRET: Final = frozenset({"accessCode"})
_MESSAGE_LENGTH: Final = 300  # characters of a message of libxml2 that are shown
_XML_BLANKS: Final = " \t\r\n"  # XML 1.0 §2.3
#: Codes by the end of libxml2's names for its errors.
_CODES: Final = {
    "ENUMERATION_VALID": SchemaCode.ENUMERATION,
    "PATTERN_VALID": SchemaCode.PATTERN,
    "LENGTH_VALID": SchemaCode.LENGTH,
    "DATATYPE_VALID_1_2_1": SchemaCode.TYPE,
    "COMPLEX_TYPE_2_2": SchemaCode.CONTENT,
    "COMPLEX_TYPE_2_3": SchemaCode.CONTENT,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One error of libxml2."""

    path: str | None  # XPath with the prefixes of the document
    kind: str  # such as "SCHEMAV_CVC_PATTERN_VALID"
    message: str


def brief_causes(root: etree._Element, refusals: Sequence[Refusal]) -> list[Cause]:
    """What is wrong with a document, the first thing said of each element.

    Args:
        root: the document element.
        refusals: what libxml2 said.
    """
    first: dict[etree._Element, Refusal] = {}
    for one in refusals:
        first.setdefault(_element(root, one.path), one)
    return [_cause(element, one) for element, one in first.items()]


def quotable(message: str) -> str:
    """A message of libxml2 without secrets, shortened: fit for receipts and logs."""
    if any(f"{name}'" in message for name in SECRET):
        return message.partition(":")[0] + ": ***"
    return message if len(message) <= _MESSAGE_LENGTH else message[: _MESSAGE_LENGTH - 1] + "…"


def _element(root: etree._Element, path: str | None) -> etree._Element:
    """The element an error is about; the document element where that cannot be told."""
    prefixes = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found = root.getroottree().xpath(path, namespaces=prefixes) if path else []
    except etree.XPathError:  # a prefix that is declared further down
        return root
    elements = [one for one in found if isinstance(one, etree._Element)] if isinstance(found, list) else []  # noqa: SLF001 - lxml's element class has no other name
    return elements[0] if elements else root


def _cause(element: etree._Element, refusal: Refusal) -> Cause:
    code = next((code for end, code in _CODES.items() if refusal.kind.endswith(end)), SchemaCode.OTHER)
    strange = _strange_blank(element)
    said = quotable(refusal.message).rstrip(".")
    return Cause(
        code=code,
        element=element,
        name=etree.QName(element).localname,
        expected=_without(strange) if strange else Text(said, said),
        value=element.text if code is not SchemaCode.OTHER and not len(element) else None,
    )


def _strange_blank(element: etree._Element) -> str | None:
    """A blank at an end of a value, or among elements, that is none in XML."""
    for text in (element.text or "", *(child.tail or "" for child in element)):
        inner = text.strip()
        ends = text.replace(inner, "", 1) if inner else text
        if strange := ends.strip(_XML_BLANKS):
            return strange[0]
    return None


def _without(sign: str) -> Text:
    name = f"U+{ord(sign):04X}"
    return Text(
        f"bez znaku {name}, który wygląda jak zwykły odstęp",
        f"without the character {name}, which looks like an ordinary blank",
    )
