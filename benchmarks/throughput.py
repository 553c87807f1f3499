"""Documents a second from AcceptDocument to the back end, through real processes over HTTP."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from benchmarks.workshop import Workshop
from gateway.sandbox.serving import prepare_sandbox, serve_sandbox
from gateway.soap.names import PATH

__all__ = ["measure_throughput"]

_CLIENTS = 4
_DRAIN_SECONDS = 120.0


def measure_throughput(folder: Path, *, documents: int) -> dict[str, float]:
    """Documents a second: accepted, and accepted to delivered; web and worker share the machine's cores.

    Args:
        folder: for the sandbox.
        documents: how many are sent.
    """
    workshop = Workshop.open(folder)
    requests = [workshop.request() for _ in range(documents)]
    sandbox = prepare_sandbox(folder, port=0)
    with serve_sandbox(sandbox, threading.Event()):
        started = time.perf_counter()
        _send_all(sandbox.profile.url + PATH, requests)
        accepted = time.perf_counter() - started
        _wait_until_drained(workshop)
        delivered = time.perf_counter() - started
    workshop.close()
    return {
        "clients": _CLIENTS,
        "accepted_per_second": round(documents / accepted, 1),
        "accepted_to_delivered_per_second": round(documents / delivered, 1),
    }


def _send_all(url: str, requests: Sequence[bytes]) -> None:
    def send(some: Sequence[bytes]) -> None:
        with httpx.Client(headers={"Content-Type": "text/xml"}, timeout=60) as client:
            for request in some:
                client.post(url, content=request).raise_for_status()

    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(send, [requests[start::_CLIENTS] for start in range(_CLIENTS)]))


def _wait_until_drained(workshop: Workshop) -> None:
    deadline = time.monotonic() + _DRAIN_SECONDS
    while True:
        with workshop.gateway.store.read() as work:
            if not work.queue.depth():
                return
        assert time.monotonic() < deadline, "the queue was not drained in time"
        time.sleep(0.02)
