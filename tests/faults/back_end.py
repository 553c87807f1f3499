"""A back end behind HTTP that fails in every way the contract allows, and knows every document once."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any

import httpx

from gateway import clock
from gateway.callbacks import PREFIX
from gateway.store.sql_store import SqlStore
from routing.adapters.answers import JSON, write_envelope
from routing.adapters.documents import Body, read_delivery
from routing.backends import build_back_ends
from routing.model import Accepted, Answer, Delivery
from routing.routes import default_routes
from schemas.catalogue import load_builtin

__all__ = ["FaultyBackEnd", "serve_back_end"]

SYSTEM = "NCTS2"
_HANGS_SECONDS = 3.0  # longer than the gateway waits
#: What is done with a request, and how often.
_MANNERS = {"well": 60, "answers 500": 10, "hangs": 2, "answers twice": 14, "answers late and backwards": 14}


class FaultyBackEnd:
    """Takes documents as the simulator of NCTS2 does; what it tells of them, and when, is left to chance.

    Args:
        store: a database of its own: its ledger.
        token: by which its callbacks are let in.
        seed: of its chance.
    """

    def __init__(self, store: SqlStore, *, token: str, seed: int) -> None:
        routes, catalogue = default_routes(), load_builtin()
        self._simulator = build_back_ends(routes, store.engine, clock.now, catalogue)[SYSTEM]
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._late: SimpleQueue[Answer] = SimpleQueue()
        self._saying = False
        self.callback_urls: Sequence[str] = ()
        self.manners: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()  # requests by sysRef
        self.ending = threading.Event()
        self._line = httpx.Client(
            timeout=5, headers={"Authorization": f"Bearer {token}", "Content-Type": JSON}
        )

    def take(self, delivery: Delivery) -> tuple[int, bytes]:
        """Status and body of the response."""
        with self._lock:
            manner = self._next_manner()
            self.manners[manner] += 1
            self.seen[delivery.sys_ref] += 1
            if manner == "answers 500":
                return 500, b""
            (outcome,) = self._simulator.deliver([delivery])
        if not isinstance(outcome, Accepted):
            return 503, b""
        answers = outcome.answers
        if manner == "hangs":
            time.sleep(_HANGS_SECONDS)  # it has the document, but nobody hears of it
        if manner == "answers late and backwards":
            for answer in reversed(answers):
                self._late.put(answer)
            return 202, b""
        if manner == "answers twice":
            for answer in answers:
                self._late.put(answer)
        return 200, write_envelope(answers)

    def _next_manner(self) -> str:
        """Each manner once, so that a short run has them all; then chance decides."""
        unseen = [manner for manner in _MANNERS if manner not in self.manners]
        return unseen[0] if unseen else self._chance.choices(list(_MANNERS), list(_MANNERS.values()))[0]

    def call_back(self) -> None:
        """Send late answers, each until it is taken; returns at the end, once none is left."""
        servers = 0
        while not (self.ending.is_set() and self._late.empty()):
            if self._late.empty():
                time.sleep(0.05)
                continue
            self._saying = True
            answer = self._late.get()
            while not self._called_back(answer, self.callback_urls[servers % len(self.callback_urls)]):
                servers += 1
                time.sleep(0.1)
            self._saying = False
        self._line.close()

    def has_more_to_say(self) -> bool:
        """Whether answers are still to be sent."""
        return self._saying or not self._late.empty()

    def _called_back(self, answer: Answer, server: str) -> bool:
        with suppress(httpx.HTTPError):
            return self._line.post(f"{server}{PREFIX}{SYSTEM}", content=write_envelope([answer])).is_success
        return False


@contextmanager
def serve_back_end(back_end: FaultyBackEnd) -> Iterator[str]:
    """Serve it while the block runs; yields the address for documents."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if len(content) < int(self.headers["Content-Length"]):  # the worker was killed while sending
                return
            body = Body(content_type=self.headers["Content-Type"], content=content)
            status, answer = back_end.take(read_delivery(dict(self.headers), body))
            with suppress(OSError):  # the gateway's worker was killed, or waits no longer
                self.send_response(status)
                self.send_header("Content-Type", JSON)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the signature is the library's
            """Nothing: the report counts."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threads = [
        threading.Thread(target=server.serve_forever, name="back-end"),
        threading.Thread(target=back_end.call_back, name="callbacks"),
    ]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/documents"
    finally:
        back_end.ending.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()
