"""Circuit breaker: a back end that is down is asked seldom, and only it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock

from routing.model import Outcome, Unavailable

__all__ = ["BreakerPolicy", "BreakerState", "CircuitBreaker"]


class BreakerState(StrEnum):
    """How much a destination is trusted."""

    CLOSED = "closed"  # deliveries flow
    OPEN = "open"  # nothing is sent until the pause is over
    HALF_OPEN = "half_open"  # the pause is over: one delivery at a time finds out


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakerPolicy:
    """When a breaker opens and for how long."""

    failures: int = 5  # consecutive calls that delivered nothing
    pause: timedelta = timedelta(seconds=30)  # from opening to the first probe, and between probes


class CircuitBreaker:
    """The breaker of one destination; safe to share between threads.

    Only `Unavailable` counts as failure. A refusal (`Rejected`) proves that the back end is alive.

    Args:
        policy: when to open, how long to pause.
        clock: current time, aware.
    """

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], datetime]) -> None:
        self._policy = policy
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._paused_until: datetime | None = None  # end of the pause; None while deliveries flow

    @property
    def state(self) -> BreakerState:
        """The state now."""
        with self._lock:
            return self._state()

    def allow(self) -> bool:
        """Whether a call may be made now. In half-open state the first caller becomes the probe.

        A probe that never reports back (its process died) is replaced after one pause.
        """
        with self._lock:
            state = self._state()
            if state is BreakerState.HALF_OPEN:
                self._paused_until = self._clock() + self._policy.pause
            return state is not BreakerState.OPEN

    def retry_at(self) -> datetime | None:
        """When the next probe is due; None while calls are allowed."""
        with self._lock:
            return self._paused_until if self._state() is BreakerState.OPEN else None

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Learn from one call: it failed when no document of the batch reached the back end."""
        if not outcomes:
            return
        reached = any(not isinstance(outcome, Unavailable) for outcome in outcomes)
        with self._lock:
            self._failures = 0 if reached else self._failures + 1
            if reached:
                self._paused_until = None
            elif self._failures >= self._policy.failures:
                self._paused_until = self._clock() + self._policy.pause

    def _state(self) -> BreakerState:
        if self._paused_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._paused_until else BreakerState.HALF_OPEN
