"""What examining an application comes to: values only."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from registry.applications.changes import RegisterChange

__all__ = ["Approved", "Content", "Outcome", "Reason", "Refusal", "State", "WaitReason", "Waiting"]

#: Elements of a decision: (name, text or further elements), in the order of the schema; None is left out.
Content: TypeAlias = Sequence[tuple[str, "str | Content | None"]]


class State(StrEnum):
    """Where an application stands."""

    GRANTED = "granted"
    REFUSED = "refused"
    WAITING = "waiting"  # for a clerk


class WaitReason(StrEnum):
    """Why a clerk decides; the values are those of the decision's schema."""

    IDENTITY = "POTWIERDZENIE_TOZSAMOSCI"
    DOCUMENTS = "WERYFIKACJA_DOKUMENTOW"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One reason for a refusal: what is wrong, where, and what to do."""

    code: str
    message_pl: str
    message_en: str
    remedy_pl: str
    remedy_en: str
    xpath: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Approved:
    """The application is granted: what changes, and what the decision tells."""

    changes: Sequence[RegisterChange]
    content: Content
    subject: str  # ID SISC of the person or entity


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The application is refused, with every reason."""

    reasons: Sequence[Reason]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Rules cannot decide: a clerk has to look at it."""

    why: WaitReason
    text_pl: str
    text_en: str


Outcome = Approved | Refusal | Waiting
