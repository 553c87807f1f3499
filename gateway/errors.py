"""Errors of the gateway. Each kind asks something else of whoever meets it.

GatewayError
├── ChannelError             a refusal that the sender sees as a SOAP fault with a channel code
│   ├── TechnicalError       techErrorFault, codes E…
│   └── BusinessError        businessErrorFault, codes B…
├── SecurityError            the UsernameToken is not good; deliberately says no more to the sender
├── DuplicateDocumentError   the account has sent the same bytes before and they were not refused
├── NotFoundError            nothing is stored under this identifier
├── RefusedOperationError    an operator asks for what cannot be done to a document or system as it is
├── LostLeaseError           another worker has taken the work item over; drop the result
├── ApplicationError         a clerk cannot approve an application: the register does not allow it
├── UnavailableError         store, seal key or another need is out of reach now: try again (B010 at the edge)
├── ConfigurationError       settings cannot be used; an operator mends them
└── UnreadableFileError      a file that should hold a document does not
"""

from collections.abc import Sequence
from enum import StrEnum

__all__ = [
    "ApplicationError",
    "BusinessError",
    "ChannelError",
    "ConfigurationError",
    "DuplicateDocumentError",
    "GatewayError",
    "LostLeaseError",
    "NotFoundError",
    "RefusedOperationError",
    "SecurityError",
    "SecurityReason",
    "TechnicalError",
    "UnavailableError",
    "UnreadableFileError",
]


class GatewayError(Exception):
    """Anything the gateway refuses or cannot do."""


class ChannelError(GatewayError):
    """A refusal of the channel with its code (seap-wire §7).

    Args:
        code: one letter and three digits, e.g. "E003".
        description: text for the sender, becomes errorDesc.
        headline: short Polish text for faultstring; None repeats the description.
    """

    def __init__(self, *, code: str, description: str, headline: str | None = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.headline = headline if headline is not None else description


class TechnicalError(ChannelError):
    """Becomes techErrorFault."""


class BusinessError(ChannelError):
    """Becomes businessErrorFault."""


class SecurityReason(StrEnum):
    """Why a token was refused: for logs and metrics only, never for the sender."""

    UNKNOWN_ACCOUNT = "unknown_account"
    INACTIVE_ACCOUNT = "inactive_account"
    WRONG_DIGEST = "wrong_digest"
    MALFORMED_TOKEN = "malformed_token"  # noqa: S105 - a reason, not a secret
    PASSWORD_TEXT = "password_text"  # noqa: S105 - a reason, not a secret
    OUTSIDE_WINDOW = "outside_window"
    REPLAYED_NONCE = "replayed_nonce"


class SecurityError(GatewayError):
    """The UsernameToken does not authenticate an active account."""

    def __init__(self, *, reason: SecurityReason, username: str | None = None) -> None:
        super().__init__(f"token refused: {reason.value}")
        self.reason = reason
        self.username = username


class DuplicateDocumentError(GatewayError):
    """The account has sent an identical payload that was not refused."""

    def __init__(self, *, original: str) -> None:
        super().__init__(f"identical to document {original}")
        self.original = original


class NotFoundError(GatewayError):
    """Nothing is stored under this identifier."""

    def __init__(self, *, what: str, key: str) -> None:
        super().__init__(f"no {what} {key}")
        self.what = what
        self.key = key


class RefusedOperationError(GatewayError):
    """What an operator asks for cannot be done as things are."""

    def __init__(self, *, subject: str, reason: str) -> None:
        super().__init__(f"{subject} {reason}")
        self.subject = subject
        self.reason = reason


class LostLeaseError(GatewayError):
    """The lease of a work item has run out and somebody else holds it now."""

    def __init__(self, *, item_id: int) -> None:
        super().__init__(f"work item {item_id} is leased by another worker")
        self.item_id = item_id


class ApplicationError(GatewayError):
    """The register does not allow what an application asks for, whatever a clerk thinks of it."""

    def __init__(self, *, case: str, reasons: Sequence[str]) -> None:
        super().__init__(f"application {case} cannot be approved: {' '.join(reasons)} Refuse it.")
        self.case = case
        self.reasons = tuple(reasons)


class UnavailableError(GatewayError):
    """Something we depend on is out of reach; the same call may succeed later."""

    def __init__(self, *, what: str, reason: str) -> None:
        super().__init__(f"{what} is unavailable: {reason}")
        self.what = what
        self.reason = reason


class ConfigurationError(GatewayError):
    """A setting cannot be used."""

    def __init__(self, *, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


class UnreadableFileError(GatewayError):
    """A file does not hold an XML document that may be signed or sent."""

    def __init__(self, *, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason
