"""The parts of the back-end contract that the code itself tells."""

from datetime import UTC, datetime
from typing import Final

from gateway.store.quarantine import QuarantineReason
from routing.adapters.documents import headers_of
from routing.adapters.http import STATUSES, Meaning
from routing.model import Delivery
from tests.docs.tables import table

__all__ = ["headers", "quarantine_reasons", "statuses"]

_MEANINGS: Final = {
    "Sisc-Sys-Ref": "the idempotency key; on HTTP also `Idempotency-Key`",
    "Sisc-System": "code of the target system",
    "Sisc-Message-Type": "code of the message type",
    "Sisc-Sha256": "of the document, hexadecimal",
    "Sisc-Received-At": "when the gateway took it in, UTC",
    "Sisc-Attempt": "1 at the first delivery; a hint, not a count of what you have seen",
    "Sisc-Person": "ID SISC of the sender",
    "Sisc-Agency": "ID SISC of the agency in whose name it was sent",
    "Sisc-Firm": "ID SISC of the firm it was sent for",
    "Sisc-File-Name": "as the sender called the file",
}
_SENT: Final = Delivery(
    sys_ref="0d9f4f1e-5a8b-4c0e-9c57-0f4b7f1c2a11",
    system="NCTS2",
    type_code="CC015C",
    content=b"",
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    filename="zgłoszenie.xml",
    received_at=datetime(2026, 11, 20, 11, 30, tzinfo=UTC),
    person="00000080010112340",
    middle="PL525000838200000",
    end="PL526021308900000",
)
_STATUS_WORDS: Final = {
    Meaning.TAKEN: "takes the document for delivered",
    Meaning.REFUSED: "if the body is a problem object, takes it for refused for good; else as any other",
}
_REASONS: Final = {
    QuarantineReason.MALFORMED: "no well-formed XML, with a DOCTYPE, or beyond the limits of size and depth",
    QuarantineReason.UNKNOWN_TYPE: "no message type valid today has this document element and namespace",
    QuarantineReason.WRONG_TYPE: "a message that this system does not send",
    QuarantineReason.INVALID: "against the schema of its type",
    QuarantineReason.CONTRADICTION: "it names another document than it was sent for",
    QuarantineReason.UNCORRELATED: "no document of this system has its numbers, or nobody is its recipient",
    QuarantineReason.AMBIGUOUS: "documents of several senders have its number, and it names no sysRef",
}


def headers() -> str:
    """The facts that go with a document."""
    rows = ((f"`{name}`", _MEANINGS[name], f"`{value}`") for name, value in headers_of(_SENT).items())
    return table(("header", "meaning", "example"), rows)


def statuses() -> str:
    """What a status of a back end means."""
    groups = (
        (meaning, [code for code, meant in STATUSES.items() if meant is meaning]) for meaning in _STATUS_WORDS
    )
    rows = [(", ".join(map(str, codes)), _STATUS_WORDS[meaning]) for meaning, codes in groups]
    return table(("status", "the gateway"), [*rows, ("any other", "delivers it again later")])


def quarantine_reasons() -> str:
    """Why answers are held."""
    return table(("reason", "meaning"), ((f"`{each.value}`", _REASONS[each]) for each in QuarantineReason))
