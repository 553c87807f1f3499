"""One clock for all hosts: that of the database, by which leases begin and end."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic as system_monotonic
from typing import Final

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from gateway import clock as system_clock
from gateway.channel import Clock

__all__ = ["DatabaseClock"]

_MEASURED_EVERY: Final = 60.0  # seconds: quartz drifts by some milliseconds meanwhile
_NOW: Final = select(func.clock_timestamp())


class DatabaseClock:
    """The local clock, corrected by how far the database's is away from it.

    A host whose clock is wrong by minutes would otherwise take over work whose leases still hold. The
    difference is measured now and then, not at every look; while the database is out of reach the last one
    known holds.

    Args:
        engine: of a PostgreSQL database.
        local: the clock of this host.
        monotonic: seconds that pass evenly.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        local: Clock = system_clock.now,
        monotonic: Callable[[], float] = system_monotonic,
    ) -> None:
        self._engine = engine
        self._local = local
        self._monotonic = monotonic
        self._measuring = threading.Lock()
        self._difference = timedelta(0)
        self._due = monotonic()

    def __call__(self) -> datetime:
        """The present moment, UTC."""
        if self._monotonic() >= self._due and self._measuring.acquire(blocking=False):
            try:
                self._due = self._monotonic() + _MEASURED_EVERY
                self._difference = self._measured()
            except SQLAlchemyError:
                pass  # whoever works on the database meets it, and tells; the next look measures again
            finally:
                self._measuring.release()
        return self._local() + self._difference

    def _measured(self) -> timedelta:
        """The database's time less the local one in the middle of the question, where it was asked."""
        with self._engine.connect() as connection:
            connection.execute(_NOW)  # connecting takes longer than asking
            before = self._local()
            there: datetime = connection.execute(_NOW).scalar_one()
            after = self._local()
        return there - (before + (after - before) / 2)
