"""Faults that strike one after the other while documents are sent."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Fault", "Striking", "interrupted"]

_AWAY_SECONDS = 1.0

#: Breaks something; how often it did, e.g. how many connections it has ended.
Fault = Callable[[], int]


def interrupted(away: Callable[[], None], back: Callable[[], None]) -> Fault:
    """A fault that takes something away and brings it back a moment later."""

    def strike() -> int:
        away()
        threading.Event().wait(_AWAY_SECONDS)
        back()
        return 1

    return strike


@dataclass(kw_only=True)
class Striking:
    """Lets every kind of fault strike in turn."""

    faults: Mapping[str, Fault]  # by kind, in this order
    recovered: Callable[
        [], None
    ]  # waits until senders can get on: on a slow machine, too, between two faults
    pause: tuple[float, float]  # seconds between two faults, at least and at most
    once_each: bool
    chance: random.Random
    struck: Counter[str] = field(default_factory=Counter)  # by kind

    def until(self, sent: threading.Event) -> None:
        """Strike until all is sent, but with each kind once."""
        self._round(None)
        while not (self.once_each or sent.is_set()):
            self._round(sent)

    def _round(self, sent: threading.Event | None) -> None:
        for kind, fault in self.faults.items():
            if (sent or threading.Event()).wait(self.chance.uniform(*self.pause)):
                return
            self.struck[kind] += fault()
            self.recovered()
