"""The whole way of a document in one process: SOAP request to back-end answers in the mailbox."""

from collections.abc import Callable, Sequence
from time import perf_counter, process_time

from benchmarks.workshop import Workshop, wsgi_environ
from gateway.bootstrap import settle
from gateway.edge import channel_application
from gateway.soap.app import WSGIApplication
from gateway.store.model import DocumentFilter, DocumentState
from gateway.worker import LaneWorker

__all__ = ["measure_whole", "run_once"]


def measure_whole(workshop: Workshop, *, documents: int) -> dict[str, float]:
    """CPU and wall milliseconds a document, and the parts of both: accept, verify, deliver.

    Args:
        workshop: where to.
        documents: how many are sent.
    """
    requests = [workshop.request() for _ in range(documents + 1)]
    application = channel_application(workshop.gateway)
    worker = workshop.gateway.worker()
    lanes = [worker.lane_worker(lane, step) for lane, step in worker.lanes]
    _accept(application, requests[:1])
    _work(lanes)
    settle()
    parts = {
        "accept": _timed(lambda: _accept(application, requests[1:]), documents),
        "verify": _timed(lambda: _work(lanes[:1]), documents),
        "deliver": _timed(lambda: _work(lanes[1:]), documents),
    }
    _check(workshop, documents + 1)
    whole = {kind: round(sum(part[kind] for part in parts.values()), 3) for kind in ("cpu", "wall")}
    return {**whole, **{f"{name}_{kind}": part[kind] for name, part in parts.items() for kind in part}}


def run_once(workshop: Workshop, request: bytes) -> None:
    """Take one document all the way."""
    worker = workshop.gateway.worker()
    _accept(channel_application(workshop.gateway), [request])
    _work([worker.lane_worker(lane, step) for lane, step in worker.lanes])
    _check(workshop, 1)


def _accept(application: WSGIApplication, requests: Sequence[bytes]) -> None:
    for request in requests:
        statuses: list[str] = []
        application(wsgi_environ(request), lambda status, _headers, seen=statuses: seen.append(status))
        assert statuses == ["200 OK"], statuses


def _work(lanes: Sequence[LaneWorker]) -> None:
    for lane in lanes:
        while lane.work_once():
            pass


def _timed(action: Callable[[], None], documents: int) -> dict[str, float]:
    cpu, wall = process_time(), perf_counter()
    action()
    return {
        "cpu": round((process_time() - cpu) * 1000 / documents, 3),
        "wall": round((perf_counter() - wall) * 1000 / documents, 3),
    }


def _check(workshop: Workshop, documents: int) -> None:
    """What was measured must really have been done."""
    with workshop.gateway.store.read() as work:
        answered = work.documents.find(DocumentFilter(state=DocumentState.ANSWERED), limit=documents + 1)
    assert len(answered) == documents, len(answered)
