"""What passes between the gateway and a back end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from schemas.model import IdentifierKind

__all__ = [
    "Accepted",
    "Answer",
    "AnswerKind",
    "AnswerSource",
    "AttachedFile",
    "BackEnd",
    "Delivery",
    "Health",
    "Outcome",
    "Recipient",
    "Rejected",
    "Unavailable",
]


class AnswerKind(StrEnum):
    """What an answer means for the document's life."""

    CONFIRMATION = "UPO"  # the back end took the document in
    REJECTION = "REJECTION"  # nieUPO / OdrzucenieKomunikatu
    BUSINESS = "BUSINESS"  # a message of the procedure itself
    #: As a remote back end sent it: nobody has looked inside yet, and `type_code` is empty.
    UNREAD = "UNREAD"


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachedFile:
    """A file sent beside a document."""

    content: bytes  # exactly as sent
    filename: str | None
    mime: str  # application/pdf, application/xml or other


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A verified document on its way to a back end. `sys_ref` is the idempotency key."""

    sys_ref: str
    system: str
    type_code: str
    content: bytes  # exactly as sent
    sha256: str  # lower-case hexadecimal, of content
    filename: str | None
    received_at: datetime
    person: str  # ID SISC of the sender
    middle: str | None
    end: str | None
    attempt: int = 1  # 1 on the first try
    attachments: tuple[AttachedFile, ...] = ()  # in the order sent
    order_key: str | None = None  # documents with the same key reach the back end in the order of the batch


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """A party that a back end names as the reader of an answer."""

    kind: IdentifierKind  # EORI or EXCISE
    number: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A document of a back end for the sender (or for another party)."""

    back_end_id: str  # unique per system and stable over redelivery: the key for de-duplication
    kind: AnswerKind
    type_code: str  # "UPO", "CC028C", ...; empty while UNREAD
    filename: str
    content: bytes
    sys_ref: str | None = None  # of the document answered, where the back end knows it
    correlation: str | None = None  # own number of the message answered
    lrn: str | None = None
    mrn: str | None = None
    arc: str | None = None
    #: For whom it is; empty: for the sender of the document answered. With recipients, `sys_ref` names the
    #: document that gave rise to it (the e-AD draft whose IE801 goes to the consignee, too).
    recipients: tuple[Recipient, ...] = ()
    #: To be handed out only against a proof of delivery signed by the addressee (UPD).
    confirmed_delivery: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The back end has the document (also when it had it already); answers that came at once."""

    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """The back end refuses the document for good: no retry. `answers` carry its rejection, if it sent one."""

    reason: str
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Unavailable:
    """The back end could not take it now: try again."""

    reason: str
    retry_after: float | None = None  # seconds, where the back end says so


Outcome = Accepted | Rejected | Unavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """Whether a back end could be spoken to just now."""

    well: bool
    detail: str  # one line for operators: what was asked and what came of it; never a secret


class BackEnd(Protocol):
    """The port every adapter implements."""

    @property
    def system(self) -> str:
        """Target-system code it serves."""

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Hand over documents; one outcome each, in the same order.

        Must be idempotent per `sys_ref`: a document delivered again is Accepted with the same answers.
        Never raises for a failure of the back end: that is `Unavailable`.
        """

    def health(self) -> Health:
        """Ask the back end how it is, within seconds, and without leaving a trace there.

        May be called from another thread than `deliver`. Never raises for a failure of the back end.
        """


@runtime_checkable
class AnswerSource(Protocol):
    """What a back end that also speaks later implements beside `BackEnd`: its answers are fetched."""

    @property
    def system(self) -> str:
        """Target-system code it serves."""

    def collect(self, limit: int) -> Sequence[Answer]:
        """Answers that are due, oldest first, at most `limit`; the same again until they are settled.

        Raises:
            AnswersUnavailableError: they cannot be had now.
        """

    def settle(self, answers: Sequence[Answer]) -> None:
        """The answers are stored durably: do not give them again.

        Raises:
            AnswersUnavailableError: try again; until then they may be given again.
        """
