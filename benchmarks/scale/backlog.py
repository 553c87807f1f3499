"""A long backlog: how fast it drains, in how much memory, and how long somebody new among it waits."""

import time
from pathlib import Path
from typing import Any

from benchmarks.scale.stock import SYSTEM, accounts, queue_up
from benchmarks.workshop import Workshop, resident_peak_mib
from gateway.flow.lanes import lane_of
from gateway.store.model import NewWork
from gateway.worker import LaneWorker

__all__ = ["measure_backlog"]

_SENDERS = 5
_STEADY = 2_000


def measure_backlog(folder: Path, *, documents: int) -> dict[str, Any]:
    """Documents a second out of a short and out of a long queue; one worker thread, simulated back end.

    Args:
        folder: for the gateway.
        documents: how many wait.
    """
    workshop = Workshop.open(folder)
    worker = _worker(workshop)
    queue_up(workshop.gateway.store, _STEADY, owners=accounts(_SENDERS))
    steady = _drain(worker, _STEADY)
    before = resident_peak_mib()
    queue_up(workshop.gateway.store, documents, owners=accounts(_SENDERS))
    filled = resident_peak_mib()
    waited = _batches_until_served(workshop, worker)
    backlog = _drain(worker, documents)
    figures = {
        "documents": documents,
        "steady_per_second": round(steady, 1),
        "backlog_per_second": round(backlog, 1),
        "ratio": round(backlog / steady, 2),
        "batches_until_somebody_new_is_served": waited,
        "peak_mib_before": round(before, 1),
        "peak_mib_filled": round(filled, 1),  # by this process's own making of the backlog
        "peak_mib_after": round(resident_peak_mib(), 1),
    }
    workshop.close()
    return figures


def _worker(workshop: Workshop) -> LaneWorker:
    gateway = workshop.gateway
    step = gateway.deliveries()[lane_of(SYSTEM)]
    return gateway.worker().lane_worker(lane_of(SYSTEM), step)


def _drain(worker: LaneWorker, documents: int) -> float:
    started = time.perf_counter()
    while worker.work_once():
        pass
    return documents / (time.perf_counter() - started)


def _batches_until_served(workshop: Workshop, worker: LaneWorker) -> int:
    """Somebody new has one document among all those of others."""
    store = workshop.gateway.store
    for _ in range(3):
        worker.work_once()
    with store.begin() as work:
        (found,) = work.connection.exec_driver_sql(
            "SELECT sys_ref FROM documents WHERE state = 'submitted' ORDER BY received_at DESC LIMIT 1"
        ).scalars()
        at = store.clock()
        work.queue.put(lane_of(SYSTEM), NewWork(sys_ref=found, account="interactive@example.pl"), at=at)
        work.commit()
    batches = 0
    while _waits(workshop):
        worker.work_once()
        batches += 1
    return batches


def _waits(workshop: Workshop) -> bool:
    with workshop.gateway.store.read() as work:
        query = "SELECT count(*) FROM work_items WHERE account = 'interactive@example.pl'"
        return bool(work.connection.exec_driver_sql(query).scalar())
