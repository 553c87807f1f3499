"""Texts people write into the register: stored faithfully, or refused with the reason."""

import unicodedata

from registry.errors import InvalidRecordError

__all__ = ["LONGEST_TEXT", "clean_text"]

#: Characters of a name, a reason or a subject.
LONGEST_TEXT = 500
#: Control characters, lone surrogates: what neither XML nor every database can hold.
_REFUSED = frozenset({"Cc", "Cs"})


def clean_text(field: str, text: str, *, longest: int = LONGEST_TEXT, lines: bool = False) -> str:
    """The text without blanks around it; nothing else is changed, whatever script it is written in.

    Args:
        field: named in the error.
        text: as it came.
        longest: characters it may have.
        lines: whether it may have several lines.

    Raises:
        InvalidRecordError: empty, too long, or with characters that are no text.
    """
    stripped = text.strip()
    if not stripped:
        raise InvalidRecordError(field=field, reason="must not be empty")
    if len(stripped) > longest:
        raise InvalidRecordError(field=field, reason=f"at most {longest} characters, not {len(stripped)}")
    allowed = "\n\t" if lines else ""
    for place, character in enumerate(stripped, 1):
        if character not in allowed and unicodedata.category(character) in _REFUSED:
            reason = f"character {place} is U+{ord(character):04X}, which is no text"
            raise InvalidRecordError(field=field, reason=reason)
    return stripped
