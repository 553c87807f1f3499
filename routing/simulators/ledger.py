"""What a simulated back end remembers: values and the port."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from routing.model import Answer

__all__ = [
    "Earlier",
    "Ledger",
    "LedgerUnit",
    "Movement",
    "MovementState",
    "NewDelivery",
    "Number",
    "NumberKind",
]


class NumberKind(StrEnum):
    """Numbers that may be used once."""

    LRN = "lrn"  # local reference number, once per principal
    MESSAGE = "message"  # the message's own number, once per principal
    REFERENCE = "reference"  # MRN or ARC, once per system


class MovementState(StrEnum):
    """How far a procedure has come."""

    PRELODGED = "prelodged"  # declared before the goods are presented; no MRN yet
    RELEASED = "released"  # goods released, or the e-AD validated


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDelivery:
    """A document that may be new to the back end."""

    sys_ref: str
    type_code: str
    at: datetime
    refusal: str | None = None  # why it is refused for good; None: it is taken


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """What became of a document delivered before."""

    refusal: str | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Number:
    """A number and the document that uses it."""

    kind: NumberKind
    principal: str  # empty: once for the whole system
    value: str
    sys_ref: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """A procedure under way."""

    principal: str
    lrn: str
    reference: str | None  # MRN or ARC
    state: MovementState
    sys_ref: str  # of the document that last changed it
    changed_at: datetime


class LedgerUnit(Protocol):
    """One transaction of one back end."""

    def claim(self, deliveries: Sequence[NewDelivery]) -> frozenset[str]:
        """Enter documents.

        Returns:
            sysRefs that were not known before. Of two transactions that enter the same document at the
            same moment, one gets it and the other waits, then finds it in `earlier`.
        """

    def earlier(self, sys_refs: Collection[str]) -> Mapping[str, Earlier]:
        """What became of documents entered before; counts the repeated delivery."""

    def take(self, numbers: Sequence[Number]) -> frozenset[Number]:
        """Use numbers up; of equal ones the first wins.

        Returns:
            Those that were free.
        """

    def give_back(self, numbers: Sequence[Number]) -> None:
        """Free numbers that were taken in this transaction."""

    def save(self, movements: Sequence[Movement], answers: Mapping[str, Sequence[Answer]]) -> None:
        """Keep new movements, and the answers by sysRef."""


class Ledger(Protocol):
    """The memory of one simulated back end."""

    def begin(self) -> AbstractContextManager[LedgerUnit]:
        """One transaction: committed when the block ends well, else rolled back.

        Raises:
            LedgerUnavailableError: the database is out of reach (also from within the block).
        """
