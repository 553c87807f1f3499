"""A long backlog: how fast it drains, in how much memory, and how long somebody new among it waits."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import ColumnElement, func, select

from benchmarks.scale.budgets import cpu_seconds
from benchmarks.scale.processes import peak_mib, resident_mib, wait_until_idle, worker
from benchmarks.scale.servers import database, gateway_on
from benchmarks.scale.stock import SYSTEM, accounts, queue_up, submit
from gateway.actions import Action
from gateway.flow.lanes import lane_of
from gateway.settings import WorkerOptions
from gateway.store.model import Pause
from gateway.store.sql_store import SqlStore
from gateway.store.tables import events, work_items

__all__ = ["measure_backlog"]

_SENDERS: Final = 10
#: Parts that the backlog is drained in. At the start of each, some of both queues is timed in turns.
_PARTS: Final = 10
_TURNS: Final = 2
_TIMED: Final = 1_000  # documents in a turn
_FEWEST: Final = 20_000
_ASKED: Final = 5
_LOOK_SECONDS: Final = 0.1
_LONGEST_SECONDS: Final = 3600.0
#: The part of a round that is timed: neither the start nor the last batches.
_FROM, _TO = 0.1, 0.9


@dataclass(kw_only=True)
class _Queue:
    """A gateway with its worker; deliveries are paused unless told otherwise."""

    folder: Path
    store: SqlStore
    process: psutil.Process
    rates: list[float] = field(default_factory=list)  # documents a second, by round
    cpu_ms: list[float] = field(default_factory=list)  # of the worker, a document
    memory: list[float] = field(default_factory=list)  # MiB of the worker after each part

    def drain(self, down_to: int) -> None:
        """Deliver until only so many wait, timed."""
        before, started, spent = self.waiting(), self.store.clock(), cpu_seconds(self.process)
        with self.running():
            _wait(lambda: self.waiting() <= down_to)
        delivered = before - self.waiting()
        self.rates.append(_rate(self.store, started))
        self.cpu_ms.append((cpu_seconds(self.process) - spent) * 1000 / delivered)

    def work_off(self, down_to: int) -> None:
        """Deliver until only so many wait."""
        with self.running():
            _wait(lambda: self.waiting() <= down_to)
        self.memory.append(resident_mib(self.process))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the worker deliver; in the end it has finished what it had begun."""
        self._switch(paused=False)
        yield
        self._switch(paused=True)
        _wait(lambda: self._count(~work_items.c.ready) == 0)

    def waiting(self) -> int:
        return self._count(work_items.c.lane == lane_of(SYSTEM))

    def _switch(self, *, paused: bool) -> None:
        with self.store.begin() as work:
            change = Pause(subject=SYSTEM, since=self.store.clock(), operator="benchmark", reason="round")
            work.systems.change(change, paused=paused)
            work.queue.wake()
            work.commit()

    def _count(self, condition: ColumnElement[bool]) -> int:
        with self.store.read() as work:
            return work.connection.scalar(select(func.count()).select_from(work_items).where(condition)) or 0

    def report(self) -> dict[str, Any]:
        return {
            "per_second": round(sum(self.rates) / len(self.rates), 1),
            "worker_cpu_ms_a_document": round(sum(self.cpu_ms) / len(self.cpu_ms), 2),
            "worker_mib_by_part": self.memory,
            "worker_peak_mib": peak_mib(self.process),
        }


def measure_backlog(folder: Path, server: str | None, *, documents: int) -> dict[str, Any]:
    """Documents a second out of a short and out of a long queue, each with a worker process and a store.

    Both are drained in turns, so that whatever else the machine does meets both.

    Args:
        folder: for the gateways.
        server: URL of a PostgreSQL server where databases may be made; None: SQLite.
        documents: how many wait in the long one.
    """
    if documents < _FEWEST:
        raise SystemExit(f"a backlog has {_FEWEST:,} documents at least: fewer are too few batches to time")
    with _opened(folder / "short", server) as short, _opened(folder / "long", server) as long:
        queue_up(long.store, documents, owners=accounts(_SENDERS))
        waited = _batches_until_served(long)
        left = long.waiting()  # some went while somebody new was served
        timed = min(_TIMED, left // _PARTS // _TURNS // 2)
        for after in range(_PARTS):
            for _ in range(_TURNS):
                queue_up(short.store, timed, owners=accounts(_SENDERS))
                short.drain(0)
                long.drain(long.waiting() - timed)
            for queue in (short, long):
                queue.work_off(left * (_PARTS - 1 - after) // _PARTS)
        return {
            "documents": documents,
            "short_queue": short.report(),
            "long_queue": long.report(),
            "ratio_rate": round(sum(long.rates) / sum(short.rates), 2),
            "ratio_cpu": round(sum(short.cpu_ms) / sum(long.cpu_ms), 2),
            "somebody_new": waited,
        }


@contextmanager
def _opened(folder: Path, server: str | None) -> Iterator[_Queue]:
    with ExitStack() as stack:
        url = stack.enter_context(database(server)) if server else None
        workshop = stack.enter_context(gateway_on(folder, url))
        process = stack.enter_context(worker(folder))
        queue = _Queue(folder=folder, store=workshop.gateway.store, process=process)
        with queue.running():
            wait_until_idle(process)
        yield queue


def _batches_until_served(queue: _Queue) -> dict[str, Any]:
    """Two workers deliver what many senders queued; now and then somebody new sends a document.

    When it comes, each worker has a batch at hand, which it finishes first.
    """
    with worker(queue.folder) as second:
        wait_until_idle(second)
        with queue.running():
            batches = [_passed_over(queue.store, number) for number in range(_ASKED)]
    return {
        "workers": 2,
        "senders_waiting": _SENDERS,
        "batch": WorkerOptions().batch,
        "batches_finished_before_the_one_with_the_new_document": batches,
    }


def _passed_over(store: SqlStore, number: int) -> int:
    time.sleep(1 + number / 10)  # at another moment of a batch each time
    sys_ref = submit(store, f"interactive{number}@example.pl")
    came = store.clock()  # what is claimed from now on may hold it
    _wait(lambda: bool(_delivered(store, sys_ref)))
    (served,) = _delivered(store, sys_ref)
    between = select(func.count(func.distinct(events.c.at))).where(
        events.c.action == Action.DOCUMENT_DELIVERED.value, events.c.at > came, events.c.at < served
    )
    with store.read() as work:
        return work.connection.scalar(between) or 0


def _delivered(store: SqlStore, sys_ref: str) -> Sequence[datetime]:
    done = select(events.c.at).where(
        events.c.sys_ref == sys_ref, events.c.action == Action.DOCUMENT_DELIVERED.value
    )
    with store.read() as work:
        return work.connection.scalars(done).all()


def _rate(store: SqlStore, started: datetime) -> float:
    deliveries = (
        select(events.c.at)
        .where(events.c.at >= started, events.c.action == Action.DOCUMENT_DELIVERED.value)
        .order_by(events.c.at)
    )
    with store.read() as work:
        at = work.connection.scalars(deliveries).all()
    first, last = int(len(at) * _FROM), int(len(at) * _TO)
    seconds: float = (at[last] - at[first]).total_seconds()
    return (last - first) / seconds


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not until():
        if time.monotonic() > deadline:
            raise SystemExit("a queue was not drained in time")
        time.sleep(_LOOK_SECONDS)
