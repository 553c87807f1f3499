"""Errors of trusted lists.

SigningError
└── TrustListError          a list is not taken; the one held before stays in force
    ├── ListFormatError     not a list of TS 119 612, or one we cannot read to its end
    ├── ListSignatureError  its signature is not good, or not by a signer that the pointer names
    ├── ListMismatchError   a good list, but not the one that the pointer promises
    └── ListRollbackError   older than the list held
"""

from signing.errors import SigningError
from signing.verdict import Fault

__all__ = [
    "ListFormatError",
    "ListMismatchError",
    "ListRollbackError",
    "ListSignatureError",
    "TrustListError",
]


class TrustListError(SigningError):
    """A list is not taken."""


class ListFormatError(TrustListError):
    """The document is not a trusted list of TS 119 612.

    Args:
        reason: what is wrong.
        line: where, 1-based; None where it is not known.
    """

    def __init__(self, *, reason: str, line: int | None = None) -> None:
        super().__init__(f"not a trusted list: {reason}" + (f" (line {line})" if line else ""))
        self.reason = reason
        self.line = line


class ListSignatureError(TrustListError):
    """The list's signature is not good, or its signer is not one of those announced."""

    def __init__(self, *, fault: Fault) -> None:
        super().__init__(f"{fault.rule}: {fault.message_en}")
        self.fault = fault


class ListMismatchError(TrustListError):
    """The list is another one than the pointer promises."""

    def __init__(self, *, what: str, expected: str, found: str) -> None:
        super().__init__(f"{what} is {found!r}, the pointer says {expected!r}")
        self.what = what
        self.expected = expected
        self.found = found


class ListRollbackError(TrustListError):
    """The list is older than the one held; somebody may be hiding a withdrawal."""

    def __init__(self, *, territory: str, sequence: int, held: int) -> None:
        super().__init__(f"{territory}: list {sequence} is older than list {held}, which is held")
        self.territory = territory
        self.sequence = sequence
        self.held = held
