"""The one form in which every check of the product tells what is wrong with a document."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["MAX_FINDINGS", "Finding", "Severity"]

#: At most this many findings are reported of one document; the total is told beside them (design §3 rule 8).
MAX_FINDINGS = 25


class Severity(StrEnum):
    """How a finding counts."""

    ERROR = "ERROR"  # the document is refused
    WARNING = "WARNING"  # the document goes on, the sender is told


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is wrong, said so that the sender can mend it."""

    code: str  # stable, e.g. "XSD_PATTERN", "SIGNATURE_COUNT", "NO_RIGHT"
    message_pl: str  # what is wrong, Polish
    message_en: str  # the same in English
    remedy_pl: str  # what to do about it, Polish
    remedy_en: str  # the same in English
    severity: Severity = Severity.ERROR
    line: int | None = None  # 1-based line of the document as sent
    column: int | None = None  # 1-based, where the parser knows it
    xpath: str | None = None  # place in the document, element names without prefixes
    value: str | None = None  # the offending value, shortened, secrets masked
