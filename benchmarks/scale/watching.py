"""What PostgreSQL does meanwhile: its CPU time, and what its sessions wait for."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import psutil
import psycopg
from psycopg.rows import TupleRow

from benchmarks.scale.budgets import cpu_seconds

__all__ = ["DatabaseWatch"]

_EVERY_SECONDS: Final = 0.05
_SESSIONS: Final = """
    SELECT pid, CASE state WHEN 'active' THEN coalesce(wait_event_type || ':' || wait_event, 'CPU') END
    FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'
"""


@dataclass(kw_only=True)
class DatabaseWatch:
    """Figures of one database, added up over the times when it was watched."""

    server: str  # URL of another database of the server, so that watching does not count
    database: str
    cpu_seconds: float = 0.0
    looks: int = 0
    seen: Counter[str] = field(default_factory=Counter)  # sessions in a statement, by what they waited for

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch until the block ends."""
        stop = threading.Event()
        with psycopg.connect(self.server, autocommit=True) as connection:
            thread = threading.Thread(target=self._watch, args=(connection, stop))
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join()

    def busy_sessions(self) -> dict[str, float]:
        """How many sessions are in a statement at a time, on average, by what they wait for."""
        return {what: round(count / self.looks, 3) for what, count in self.seen.most_common(6)}

    def _watch(self, connection: psycopg.Connection[TupleRow], stop: threading.Event) -> None:
        spent = {pid: (cpu, cpu) for pid, cpu in self._look(connection)}
        while not stop.wait(_EVERY_SECONDS):
            for pid, cpu in self._look(connection):
                spent[pid] = (spent.get(pid, (0.0, cpu))[0], cpu)  # a session that is new began with nothing
        self.cpu_seconds += sum(last - first for first, last in spent.values())

    def _look(self, connection: psycopg.Connection[TupleRow]) -> Iterator[tuple[int, float]]:
        self.looks += 1
        for pid, waits_for in connection.execute(_SESSIONS, [self.database]).fetchall():
            if waits_for is not None:
                self.seen[waits_for] += 1
            with suppress(psutil.Error):  # the session has ended, or the server is on another machine
                process = psutil.Process(pid)
                if "postgres" in process.name():
                    yield pid, cpu_seconds(process)
