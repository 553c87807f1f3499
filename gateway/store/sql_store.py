"""The store on SQLite or PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gateway import clock as system_clock
from gateway.channel import Clock
from gateway.errors import UnavailableError
from gateway.store.database_clock import DatabaseClock
from gateway.store.engine import BUSY_SECONDS, is_sqlite, open_engine, reading
from gateway.store.migrating import check_revision, migrate
from gateway.store.unit_of_work import SqlUnitOfWork
from gateway.store.wakeup import PostgresSignal, SqliteSignal

__all__ = ["SqlStore"]


class SqlStore:
    """Implements `gateway.store.ports.Store`. One per process, shared by its threads; open it after forking.

    Args:
        engine: from `gateway.store.engine.open_engine`; the store closes it.
        clock: the present moment, decides whether new work is due already.
    """

    def __init__(self, engine: Engine, *, clock: Clock) -> None:
        self._engine = engine
        self._reading = reading(self._engine)
        self._clock = clock
        self._sqlite = is_sqlite(self._engine)
        self._signal = (SqliteSignal if self._sqlite else PostgresSignal)(self._engine)
        self._writer = threading.Lock()

    @classmethod
    def open(cls, url: str, *, clock: Clock | None = None) -> Self:
        """The store at a URL; no connection is made yet.

        Args:
            url: `sqlite:////folder/file.sqlite3` or `postgresql://user:password@host/database`.
            clock: the present moment; None: the clock that all hosts share, on PostgreSQL the server's.

        Raises:
            ConfigurationError: the URL cannot be used.
        """
        engine = open_engine(url)
        shared = system_clock.now if is_sqlite(engine) else DatabaseClock(engine)
        return cls(engine, clock=clock or shared)

    @property
    def engine(self) -> Engine:
        """For what keeps its own transactions, e.g. simulators; `engine.begin()` takes the write lock."""
        return self._engine

    @property
    def clock(self) -> Clock:
        """The present moment by the clock of all who work on this store."""
        return self._clock

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """A writing transaction; leaving the block without `commit` rolls back. Does not nest.

        Raises:
            UnavailableError: the database is out of reach, full or read-only; nothing was written, unless it
                was lost while committing: then the work may or may not have become durable.
        """
        with _translated(), ExitStack() as stack:
            if self._sqlite:
                self._take_turn(stack)
            connection = stack.enter_context(self._engine.connect())
            connection.begin()
            yield SqlUnitOfWork(connection, clock=self._clock, signal=self._signal)

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """A reading transaction: sees one state, blocks nobody; commit is refused.

        Raises:
            UnavailableError: the database is out of reach.
        """
        with _translated(), self._reading.connect() as connection:
            connection.begin()
            yield SqlUnitOfWork(connection, clock=self._clock, signal=None)

    def wait_for_work(self, lane: str, *, timeout: float) -> bool:
        """Sleep until work may have been added to a lane by any process, at most `timeout` seconds.

        Any number of threads may wait; all of the lane are woken. Work that comes due by time alone wakes
        nobody.
        """
        return self._signal.wait(lane, timeout)

    def migrate(self) -> str | None:
        """Bring the schema to the newest version; safe to call from several processes at once.

        Returns:
            The revision it is at now.

        Raises:
            UnavailableError: the database is out of reach.
        """
        with _translated():
            return migrate(self._engine)

    def check(self) -> None:
        """Raise UnavailableError unless the database answers and its schema is the one expected."""
        with _translated(), self._reading.connect() as connection:
            check_revision(connection)

    def close(self) -> None:
        """Release connections and let waiting threads go."""
        self._signal.close()
        self._engine.dispose()

    def _take_turn(self, stack: ExitStack) -> None:
        """SQLite has one writer. Threads hand over at once here; its own lock is polled, seldom."""
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise UnavailableError(what="store", reason="another thread keeps the write lock")
        stack.callback(self._writer.release)


@contextmanager
def _translated() -> Iterator[None]:
    """What the database cannot do now becomes UnavailableError. What it is asked wrongly stays a defect."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeoutError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = str(cause).partition("\n")[0] or type(cause).__name__
        raise UnavailableError(what="store", reason=reason) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        # SQLite's word for a file that is no database, or a damaged one.
        raise UnavailableError(what="store", reason=str(error.orig)) from error
