"""One root cause of a document's being invalid, before it is put into words."""

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from schemas.wording import SchemaCode, Text

__all__ = ["Cause", "listed"]

_LISTED = 12  # values or names named in a sentence


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """What one error of the schema says."""

    code: SchemaCode
    element: etree._Element  # where it is reported
    name: str
    expected: Text
    value: str | None = None
    xpath: str | None = None  # where it differs from the element's own


def listed(names: Iterable[str]) -> str:
    """Names in one line, each once, not more than a reader takes in."""
    distinct = list(dict.fromkeys(names))
    return ", ".join(distinct[:_LISTED]) + (", …" if len(distinct) > _LISTED else "")
