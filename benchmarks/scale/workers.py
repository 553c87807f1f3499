"""Documents a second with one worker process and with two, on PostgreSQL."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import psycopg
from sqlalchemy import func, make_url, select

from benchmarks.workshop import Workshop
from gateway import clock
from gateway.actions import Action
from gateway.store.model import Lane
from gateway.store.sql_store import SqlStore
from gateway.store.tables import events

__all__ = ["measure_workers"]

_DRAIN_SECONDS = 600.0
_BUSY_SECONDS = 0.05


def measure_workers(folder: Path, server: str, *, documents: int) -> dict[str, Any]:
    """From receipt to back end, verification included; every process shares the machine's cores.

    Where the cores are fewer than the processes, the speed-up that the workers' own CPU time allows tells
    more: it is two when a second worker makes no document dearer.

    Args:
        folder: for the gateways.
        server: URL of a PostgreSQL server where databases may be made.
        documents: how many are worked on.
    """
    one = _run(folder / "one", server, workers=1, documents=documents)
    two = _run(folder / "two", server, workers=2, documents=documents)
    return {
        "cores": os.cpu_count(),
        "documents": documents,
        "one_worker": one,
        "two_workers": two,
        "ratio_rate": round(two["per_second"] / one["per_second"], 2),
        "ratio_allowed_by_cpu": round(2 * one["cpu_ms_a_document"] / two["cpu_ms_a_document"], 2),
    }


def _run(folder: Path, server: str, *, workers: int, documents: int) -> dict[str, float]:
    name = f"sisc_bench_{clock.new_id().replace('-', '')}"
    url = make_url(server).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        database = url.set(database=name).render_as_string(hide_password=False)
        os.environ["SISC_STORE__URL"] = database
        try:
            return _drained(folder, database, workers=workers, documents=documents)
        finally:
            del os.environ["SISC_STORE__URL"]
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _drained(folder: Path, database: str, *, workers: int, documents: int) -> dict[str, float]:
    workshop = Workshop.open(folder)
    for _ in range(documents):
        workshop.accept(workshop.signed())
    workshop.close()
    command = [sys.executable, "-m", "gateway.cli", "--config", str(folder / "sisc.toml"), "worker"]
    processes = [
        psutil.Popen(command, stderr=subprocess.DEVNULL)  # our own program
        for _ in range(workers)
    ]
    store = SqlStore.open(database)
    _wait(store, lambda depth: depth < documents)
    begun = _cpu_seconds(processes)  # starting cost them something, too
    _wait(store, lambda depth: depth == 0)
    spent = _cpu_seconds(processes) - begun
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait()
    rate = documents / _seconds_of_work(store)
    store.close()
    return {"per_second": round(rate, 1), "cpu_ms_a_document": round(spent * 1000 / documents, 2)}


def _cpu_seconds(processes: Sequence[psutil.Popen]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(each.user + each.system for each in times)


def _wait(store: SqlStore, until: Callable[[int], bool]) -> None:
    """Until the number of work items is as wanted; a document has two, one after the other."""
    deadline = time.monotonic() + _DRAIN_SECONDS
    while True:
        with store.read() as work:
            if until(work.queue.depth().get(Lane.VERIFY, 0) or sum(work.queue.depth().values())):
                return
        if time.monotonic() > deadline:
            raise SystemExit("the queue was not drained in time")
        time.sleep(_BUSY_SECONDS)


def _seconds_of_work(store: SqlStore) -> float:
    """From the first verification to the last delivery: starting the processes does not count."""
    done = {Action.DOCUMENT_SUBMITTED.value, Action.DOCUMENT_DELIVERED.value}
    with store.read() as work:
        span = select(func.min(events.c.at), func.max(events.c.at)).where(events.c.action.in_(done))
        first, last = work.connection.execute(span).one()
    return float((last - first).total_seconds())
