"""What a simulated back end remembers: values and the port."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from routing.model import Answer

__all__ = [
    "Due",
    "Earlier",
    "Ledger",
    "LedgerUnit",
    "Movement",
    "NewDelivery",
    "Number",
    "NumberKind",
    "Snapshot",
    "State",
    "Wanted",
]


class NumberKind(StrEnum):
    """Numbers that may be used once."""

    LRN = "lrn"  # local reference number, once per principal
    MESSAGE = "message"  # the message's own number, once per principal
    REFERENCE = "reference"  # MRN or ARC, once per system


class State(StrEnum):
    """How far a procedure has come."""

    PRELODGED = "prelodged"  # declared before the goods are presented; no MRN yet
    ACCEPTED = "accepted"  # has its MRN, not decided on yet
    AMENDMENT_WANTED = "amendment_wanted"  # the office has asked for an amendment
    UNDER_CONTROL = "under_control"  # goods or documents are examined
    NOT_RELEASED = "not_released"  # refused for good
    INVALIDATED = "invalidated"  # declaration invalidated, or e-AD cancelled
    RELEASED = "released"  # goods released; an excise or transit movement is under way
    ARRIVED = "arrived"  # at the office of destination or of exit
    UNLOADING = "unloading"  # unloading permitted, remarks awaited
    UNLOADED = "unloaded"  # remarks are in, or none are needed
    ENQUIRED = "enquired"  # proof of exit is asked for
    REFUSED = "refused"  # the consignee refuses the goods: a new destination is awaited
    INTERRUPTED = "interrupted"  # an excise movement stopped by an authority
    EXPORTING = "exporting"  # an excise movement under an export declaration
    SPLIT = "split"  # goes on as several movements
    CLOSED = "closed"  # all is done


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

    @property
    def key(self) -> tuple[str, str, str]:
        """What may be used once."""
        return (self.kind.value, self.principal, self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """A procedure under way. `declaration` is as last amended."""

    principal: str  # whose LRNs must differ; empty: declared elsewhere
    lrn: str  # of a movement declared elsewhere: its MRN or ARC
    reference: str | None = None  # MRN or ARC
    state: State
    scenario: str = ""  # prefix of the scenario it follows; empty: all goes well
    version: int = 0  # changes of this movement so far; 0: not kept yet
    schema: str = ""  # version of the declaration's schema
    type_code: str = ""  # of the declaration
    declaration: bytes = b""  # without signature; empty: declared elsewhere
    counterpart: bytes = b""  # the last document of the other side (arrival, report of receipt)
    facts: Mapping[str, str] = field(default_factory=dict)  # what later messages repeat
    sys_ref: str  # of the declaration
    own_id: str | None = None  # own number of the declaration
    changed_at: datetime

    @property
    def key(self) -> tuple[str, str]:
        """What it is kept under."""
        return (self.principal, self.lrn)


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """Something the back end does of its own accord at a moment."""

    event: str
    at: datetime
    principal: str  # of the movement
    lrn: str
    sys_ref: str  # of the document that led to it
    id: int = 0  # given by the ledger

    @property
    def key(self) -> tuple[str, str]:
        """Key of the movement."""
        return (self.principal, self.lrn)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a batch needs to know."""

    sys_refs: Collection[str] = ()
    keys: Collection[tuple[str, str]] = ()  # principal and LRN of movements
    references: Collection[str] = ()  # MRNs and ARCs of movements
    principals: Collection[str] = ()  # for which a scenario may be chosen


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """What the ledger knew at one moment."""

    earlier: Mapping[str, Earlier] = field(default_factory=dict)  # by sysRef
    movements: Sequence[Movement] = ()
    choices: Mapping[str, str] = field(default_factory=dict)  # scenario by principal


class LedgerUnit(Protocol):
    """One writing transaction of one back end."""

    def claim(self, deliveries: Sequence[NewDelivery]) -> frozenset[str]:
        """Enter documents.

        Returns:
            sysRefs that were not known before. Of two transactions that enter the same document at the
            same moment, one gets it and the other waits, then does not.
        """

    def repeated(self, sys_refs: Collection[str]) -> None:
        """Count documents delivered once more."""

    def take(self, numbers: Sequence[Number]) -> frozenset[Number]:
        """Use numbers up; returns those that were free."""

    def keep(self, movements: Sequence[Movement]) -> bool:
        """Keep movements; whether each was new, or still as it was read (`version`)."""

    def finish(self, due: Sequence[Due]) -> bool:
        """Strike events off; whether all were still there."""

    def schedule(self, due: Sequence[Due]) -> None:
        """Note events to come."""

    def record(self, answers: Mapping[str, Sequence[Answer]]) -> None:
        """Keep answers by the sysRef of the document delivered, so that they can be repeated."""

    def post(self, answers: Sequence[Answer]) -> None:
        """Put answers out to be collected."""


class Ledger(Protocol):
    """The memory of one simulated back end. Everything raises LedgerUnavailableError when out of reach."""

    def look(self, wanted: Wanted) -> Snapshot:
        """What is known about documents and movements."""

    def due(self, at: datetime, limit: int) -> Sequence[Due]:
        """Events whose time has come, the oldest first."""

    def begin(self) -> AbstractContextManager[LedgerUnit]:
        """One transaction: committed when the block ends well, else rolled back."""

    def posted(self, limit: int) -> Sequence[Answer]:
        """Answers that wait to be collected, the oldest first; fewer where they are large."""

    def settle(self, back_end_ids: Collection[str]) -> None:
        """Forget answers that have been collected."""

    def choose(self, principal: str, scenario: str | None) -> None:
        """Set the scenario of a principal's declarations; None: as their LRNs ask."""

    def choices(self) -> Mapping[str, str]:
        """Scenarios set, by principal."""
