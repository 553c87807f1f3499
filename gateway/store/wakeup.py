"""How workers learn of new work at once, whichever process added it.

One thread per process watches the database and wakes the threads that wait for the lane. It starts with the
first wait.
What it misses while the database is away costs a worker no more than its own timeout.
"""

import contextlib
import logging
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, bindparam, func, select
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["EVERY_LANE", "PostgresSignal", "SqliteSignal", "WorkSignal"]

#: Wakes whoever waits, whichever lane it works: what an operator changed, or an older version added.
EVERY_LANE: Final = ""

_CHANNEL = "sisc_work"
_POLL_SECONDS = 0.02  # SQLite tells nobody of a commit: a look costs a few microseconds
_LISTEN_SECONDS = 0.25  # how long closing may have to wait for the listener
_RECONNECT_SECONDS = 1.0

_log = logging.getLogger(__name__)


class WorkSignal(ABC):
    """Wakes the threads that wait for work.

    Args:
        engine: of the database to watch.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._condition = threading.Condition()
        self._rings: Counter[str] = Counter()  # by lane
        self._heard = threading.local()  # .rings: by lane, how many rings this thread knows of
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None
        self._interrupted = False  # of the watcher alone

    @abstractmethod
    def before_commit(self, connection: Connection, lanes: Collection[str]) -> None:
        """Called in the transaction that adds work."""

    @abstractmethod
    def after_commit(self, lanes: Collection[str]) -> None:
        """Called once that transaction is durable."""

    @abstractmethod
    def _news(self, connection: Any) -> Iterator[Collection[str]]:  # noqa: ANN401 - each driver has its own
        """Start watching on a connection of the driver.

        Returns:
            At least every 0.25 s, the lanes that got work meanwhile; nothing since this call is missed.
        """

    def wait(self, lane: str, timeout: float) -> bool:
        """Sleep until work may have been added to a lane since this thread last waited for it.

        A thread's first wait returns at once: work may have been added before anybody watched.

        Args:
            lane: whose work the thread does.
            timeout: seconds at most.

        Returns:
            False when the time is over or the signal is closed.
        """
        self._watch()
        with self._condition:
            known: dict[str, int] = self._heard.__dict__.setdefault("rings", {})
            heard = known.get(lane, -1)
            self._condition.wait_for(lambda: self._closed.is_set() or self._rung(lane) != heard, timeout)
            known[lane] = self._rung(lane)
            return not self._closed.is_set() and known[lane] != heard

    def ring(self, *lanes: str) -> None:
        """Wake who waits for one of these lanes."""
        with self._condition:
            self._rings.update(lanes)
            self._condition.notify_all()

    def _rung(self, lane: str) -> int:
        return self._rings[lane] + self._rings[EVERY_LANE]

    def close(self) -> None:
        """Stop watching and let everybody go."""
        self._closed.set()
        with self._condition:
            self._condition.notify_all()
            watcher = self._watcher
        if watcher is not None:
            watcher.join()

    def _watch(self) -> None:
        with self._condition:
            if self._watcher is None and not self._closed.is_set():
                self._watcher = threading.Thread(target=self._run, name="work-signal", daemon=True)
                self._watcher.start()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._listen()
            except (SQLAlchemyError, psycopg.Error, sqlite3.Error) as error:
                if not self._interrupted:  # told once, however long it takes
                    _log.warning("watching for work is interrupted: %s", type(error).__name__)
                self._interrupted = True
                self._closed.wait(_RECONNECT_SECONDS)

    def _listen(self) -> None:
        connection = self._engine.raw_connection()
        driver: Any = connection.driver_connection
        connection.detach()  # never to return to the pool, which would try to reset one that is dead
        with contextlib.closing(driver):
            news = self._news(driver)
            if self._interrupted:
                _log.warning("watching for work again")
                self._interrupted = False
            self.ring(EVERY_LANE)  # what came before we watched
            for lanes in news:
                if self._closed.is_set():
                    return
                if lanes:
                    self.ring(*lanes)


class SqliteSignal(WorkSignal):
    """Looks whether the file changed; threads of the same process are woken without that."""

    def before_commit(self, connection: Connection, lanes: Collection[str]) -> None:
        """Nothing: the commit itself changes the file."""

    def after_commit(self, lanes: Collection[str]) -> None:
        """Wake our own threads."""
        self.ring(*lanes)

    def _news(self, connection: sqlite3.Connection) -> Iterator[Collection[str]]:
        return self._changes(connection, _data_version(connection), _last_item(connection))

    def _changes(self, connection: sqlite3.Connection, version: int, last: int) -> Iterator[Collection[str]]:
        while True:
            self._closed.wait(_POLL_SECONDS)
            if (newer := _data_version(connection)) == version:
                yield ()
                continue
            version, before, last = newer, last, _last_item(connection)
            yield _lanes_after(connection, before) if last != before else ()


class PostgresSignal(WorkSignal):
    """LISTEN and NOTIFY; the notification is part of the transaction that adds the work."""

    def before_commit(self, connection: Connection, lanes: Collection[str]) -> None:
        """Notify all listeners once the transaction commits."""
        for lane in sorted(lanes):
            connection.execute(_NOTIFY, {"lane": lane})

    def after_commit(self, lanes: Collection[str]) -> None:
        """Nothing: our own listener hears it as the others do."""

    def _news(self, connection: psycopg.Connection) -> Iterator[Collection[str]]:
        connection.autocommit = True
        connection.execute(f"LISTEN {_CHANNEL}")
        return self._notifications(connection)

    @staticmethod
    def _notifications(connection: psycopg.Connection) -> Iterator[Collection[str]]:
        while True:
            told = connection.notifies(timeout=_LISTEN_SECONDS, stop_after=1)
            yield {notification.payload for notification in told}


_NOTIFY = select(func.pg_notify(_CHANNEL, bindparam("lane")))


def _data_version(driver: sqlite3.Connection) -> int:
    """Changes whenever another connection has committed."""
    (version,) = driver.execute("PRAGMA data_version").fetchone()
    return int(version)


def _last_item(driver: sqlite3.Connection) -> int:
    """The number of the last work item ever added."""
    row = driver.execute("SELECT seq FROM sqlite_sequence WHERE name = 'work_items'").fetchone()
    return int(row[0]) if row else 0


def _lanes_after(driver: sqlite3.Connection, item: int) -> Collection[str]:
    """The lanes of the work items added after one; those done meanwhile need nobody."""
    return {lane for (lane,) in driver.execute("SELECT DISTINCT lane FROM work_items WHERE id > ?", [item])}
