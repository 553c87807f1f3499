"""Misbehaviour on purpose, so that what must survive it can be tried."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from threading import Lock
from typing import Final

from routing.model import Answer

__all__ = ["Fault", "Faults"]


class Fault(StrEnum):
    """What may go wrong at a back end."""

    ERROR = "error"  # 500, the document is not taken
    LOST = "lost"  # the document is taken, but the response is a 500
    CUT = "cut"  # the document is taken, but the connection ends in the middle of the response
    HANG = "hang"  # the document is taken, but the response comes too late
    GARBAGE = "garbage"  # the document is taken, but the response is no envelope
    TWICE = "twice"  # answers are sent twice
    SHUFFLE = "shuffle"  # answers are sent in another order


#: What may befall the response to a document; at most one does.
_OF_RESPONSES: Final = (Fault.ERROR, Fault.LOST, Fault.CUT, Fault.HANG, Fault.GARBAGE)


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How often what goes wrong. Safe to share between threads."""

    rates: dict[Fault, float] = field(default_factory=dict)  # probability from 0 to 1
    hang_seconds: float = 30.0
    chance: Random = field(default_factory=Random)
    lock: Lock = field(default_factory=Lock)

    def of_response(self) -> Fault | None:
        """What befalls this response."""
        with self.lock:
            return next((fault for fault in _OF_RESPONSES if self._happens(fault)), None)

    def on_the_way(self, answers: Sequence[Answer]) -> list[Answer]:
        """Answers as they are sent."""
        with self.lock:
            sent = [*answers, *answers] if self._happens(Fault.TWICE) else list(answers)
            if self._happens(Fault.SHUFFLE):
                self.chance.shuffle(sent)
            return sent

    def _happens(self, fault: Fault) -> bool:
        rate = self.rates.get(fault, 0.0)
        return rate > 0 and self.chance.random() < rate
