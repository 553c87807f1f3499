"""The one form in which every check of the product tells what is wrong with a document."""

from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = ["MAX_FINDINGS", "Finding", "Severity", "shortened"]

_VALUE_LENGTH = 60  # characters of an offending value that are shown

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

    def repeated(self, times: int) -> "Finding":
        """The finding, saying how often the same is wrong elsewhere.

        Args:
            times: other places; 0: nothing is said.
        """
        if not times:
            return self
        return replace(
            self,
            message_pl=f"{self.message_pl} To samo jeszcze w innych miejscach: {times}.",
            message_en=f"{self.message_en} The same in {times} other place{'s' * (times > 1)}.",
        )


def shortened(value: str) -> str:
    """An offending value, as long as a reader needs it to be."""
    return value if len(value) <= _VALUE_LENGTH else value[: _VALUE_LENGTH - 1] + "…"
