"""Documents a second with one worker and with several over one PostgreSQL, each on a "host" of its own."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import make_url, select

from benchmarks.scale.budgets import BUDGETS, best_budget, cpu_seconds
from benchmarks.scale.processes import wait_until_idle, worker
from benchmarks.scale.servers import database, gateway_on
from benchmarks.scale.watching import DatabaseWatch
from benchmarks.workshop import Workshop
from gateway.actions import Action
from gateway.store.sql_store import SqlStore
from gateway.store.tables import events, work_items

__all__ = ["Trial", "measure_workers"]

_LONGEST_SECONDS: Final = 600.0
_WARM_UP: Final = 50  # documents a worker
_LOOK_SECONDS: Final = 0.1
#: The part of the work that is timed: with some done already, and before the first worker runs out of it.
_FROM, _TO = 0.1, 0.8


@dataclass(kw_only=True)
class _Told:
    """About so many workers, all rounds together."""

    watch: DatabaseWatch
    documents: int = 0
    seconds: float = 0.0  # from the first resumption to the last document
    worker_seconds: float = 0.0  # CPU
    rates: list[float] = field(default_factory=list)  # documents a second, by round

    def report(self) -> dict[str, Any]:
        return {
            "per_second": round(sum(self.rates) / len(self.rates), 1),
            "worker_cpu_ms_a_document": round(self.worker_seconds * 1000 / self.documents, 2),
            "worker_cpu_cores": round(self.worker_seconds / self.seconds, 2),
            "postgres_cpu_ms_a_document": round(self.watch.cpu_seconds * 1000 / self.documents, 2),
            "postgres_cpu_cores": round(self.watch.cpu_seconds / self.seconds, 2),
            "postgres_busy_sessions": self.watch.busy_sessions(),
        }


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How workers are measured."""

    documents: int  # for each worker and round
    rounds: int
    counts: Sequence[int] = (1, 2)  # of workers; the first is what the others are compared with
    share: float = 0.3  # of a core, for each worker
    budget: str = field(default_factory=best_budget)  # one of `BUDGETS`


def measure_workers(folder: Path, server: str, trial: Trial) -> dict[str, Any]:
    """From receipt to the simulated back end's answers, verification included.

    One worker and several take turns, so that whatever else the machine does meanwhile meets both.

    Args:
        folder: for the gateway.
        server: URL of a PostgreSQL server where databases may be made.
        trial: how.
    """
    with (
        database(server) as url,
        gateway_on(folder, url) as workshop,
        _stopped_workers(folder, max(trial.counts)) as workers,
    ):
        name = str(make_url(url).database)
        warm_up = replace(trial, documents=_WARM_UP)  # first documents cost more than later ones
        _round(workshop, workers, _Told(watch=DatabaseWatch(server=server, database=name)), warm_up)
        told = {count: _Told(watch=DatabaseWatch(server=server, database=name)) for count in trial.counts}
        for _ in range(trial.rounds):
            for count in trial.counts:
                _round(workshop, workers[:count], told[count], trial)
    return {
        "cores": os.cpu_count(),
        "cpu_budget": f"{trial.share:.0%} of a core for each worker by {trial.budget}",
        "documents_a_worker_and_round": trial.documents,
        "workers": {count: each.report() for count, each in told.items()},
        **_ratios([(count, each.rates) for count, each in told.items()]),
    }


def _round(workshop: Workshop, workers: Sequence[psutil.Process], told: _Told, trial: Trial) -> None:
    store, documents = workshop.gateway.store, trial.documents * len(workers)
    for _ in range(documents):
        workshop.accept(workshop.signed())
    started, spent, seconds = store.clock(), sum(map(cpu_seconds, workers)), time.monotonic()
    with told.watch.watching(), BUDGETS[trial.budget](workers, trial.share):
        _wait_until_drained(store)
    told.documents += documents
    told.seconds += time.monotonic() - seconds
    told.worker_seconds += sum(map(cpu_seconds, workers)) - spent
    told.rates.append(_rate(store, started))


def _ratios(rates: Sequence[tuple[int, Sequence[float]]]) -> dict[str, Any]:
    (_, of_one), *others = rates
    return {
        "ratios": {count: round(sum(of_many) / sum(of_one), 2) for count, of_many in others},
        "ratios_by_round": {
            count: [round(many / one, 2) for many, one in zip(of_many, of_one, strict=True)]
            for count, of_many in others
        },
    }


@contextmanager
def _stopped_workers(folder: Path, count: int) -> Iterator[Sequence[psutil.Process]]:
    """Workers that have started, found nothing to do, and stand still until they are let run."""
    with ExitStack() as stack:
        processes = [stack.enter_context(worker(folder)) for _ in range(count)]
        for process in processes:
            wait_until_idle(process)
            process.suspend()
        yield processes


def _wait_until_drained(store: SqlStore) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < deadline:
        with store.read() as work:
            if work.connection.scalar(select(work_items.c.id).limit(1)) is None:
                return
        time.sleep(_LOOK_SECONDS)
    raise SystemExit("the queue was not drained in time")


def _rate(store: SqlStore, started: datetime) -> float:
    """Documents a second; a document is worked on twice, it is verified and delivered."""
    done = {Action.DOCUMENT_SUBMITTED.value, Action.DOCUMENT_DELIVERED.value}
    steps = select(events.c.at).where(events.c.at >= started, events.c.action.in_(done)).order_by(events.c.at)
    with store.read() as work:
        at = work.connection.execute(steps).scalars().all()
    first, last = int(len(at) * _FROM), int(len(at) * _TO)
    seconds: float = (at[last] - at[first]).total_seconds()
    return (last - first) / 2 / seconds
