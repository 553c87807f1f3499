"""The simulated NCTS2 at the far side of each adapter, and ways to take it away."""

import hashlib
import itertools
import json
import os
import socket
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

import pytest
from lxml import etree
from sqlalchemy import Engine

from gateway.store.engine import open_engine
from routing.adapters.amqp import AmqpBackEnd
from routing.adapters.answers import write_sidecar
from routing.adapters.broker import Broker, BrokerError
from routing.adapters.directory import DirectoryBackEnd, drop
from routing.adapters.http import HttpBackEnd
from routing.adapters.settings import AmqpSettings, DirectorySettings, HttpSettings
from routing.backends import build_back_ends
from routing.model import Accepted, Answer, AttachedFile, BackEnd, Delivery, Health, Outcome, Rejected
from routing.routes import default_routes
from routing.simulators.remote.faults import Faults
from routing.simulators.remote.outbox import Outbox
from routing.simulators.remote.queues import QueueReader
from routing.simulators.remote.sending import Pump, by_message
from routing.simulators.remote.server import Takes, serving
from routing.tables import metadata
from schemas.catalogue import Catalogue, load_builtin
from tests.acceptance.running import PROJECT, until

__all__ = [
    "AMQP",
    "AT",
    "FarSide",
    "Proxy",
    "Spy",
    "amqp",
    "catalogue",
    "delivery",
    "directory",
    "http",
    "in_process",
    "need_rabbitmq",
    "queues",
    "types_of",
]

AT = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)
AMQP = os.environ.get("SISC_TEST_AMQP", "amqp://guest:guest@127.0.0.1:5672/%2F")
_EXAMPLE = (PROJECT / "examples/CC015C.xml").read_text(encoding="utf-8")
_LRN = "DEMO0000000000000001"
_NUMBERS = itertools.count(1)


def delivery(lrn: str | None = None, **changed: object) -> Delivery:
    """A declaration of transit under an LRN and a sysRef of its own."""
    assert _LRN in _EXAMPLE
    content = _EXAMPLE.replace(_LRN, lrn or f"CONF{next(_NUMBERS):016}").encode()
    facts: dict[str, object] = {
        "sys_ref": str(uuid.uuid4()),
        "system": "NCTS2",
        "type_code": "CC015C",
        "content": content,
        "sha256": hashlib.sha256(content).hexdigest(),
        "filename": "zgłoszenie.xml",
        "received_at": AT,
        "person": "PL80010112340",
        "middle": "PL525000838200000",
        "end": "PL526021308900000",
    }
    return Delivery(**(facts | changed))  # type: ignore[arg-type]  # fields of every type


def types_of(answers: Sequence[Answer]) -> list[str]:
    """Document elements of answers."""
    return [etree.QName(etree.fromstring(answer.content)).localname for answer in answers]


@cache
def catalogue() -> Catalogue:
    return load_builtin()


class Spy:
    """Hands documents on to a simulator and remembers them."""

    system = "NCTS2"

    def __init__(self, engine: Engine) -> None:
        metadata.create_all(engine)
        self._simulator = build_back_ends(default_routes(), engine, lambda: AT, catalogue())["NCTS2"]
        self.deliveries: list[Delivery] = []

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        self.deliveries.extend(batch)
        return self._simulator.deliver(batch)

    def health(self) -> Health:
        return self._simulator.health()


class _Source(Protocol):
    def collect(self, limit: int) -> Sequence[Answer]: ...

    def settle(self, answers: Sequence[Answer]) -> None: ...


@dataclass(kw_only=True)
class FarSide:
    """An adapter and what is behind it."""

    adapter: BackEnd
    spy: Spy
    away: Callable[[], object]  # nothing gets through from now on
    back: Callable[[], object]
    source: _Source | None = None  # where answers come from that are not in the response
    refuses_at_once: bool = True  # a refusal is told in the response

    def deliver(self, *batch: Delivery, at_least: int = 1) -> list[Answer]:
        """Deliver, and wait for so many answers to each document, at once or later."""
        outcomes = self.adapter.deliver(batch)
        return self.answers(outcomes, batch, at_least=at_least)

    def answers(
        self, outcomes: Sequence[Outcome], batch: Sequence[Delivery], *, at_least: int = 1
    ) -> list[Answer]:
        """What was answered at once and what comes later, until there is so much to each document."""
        found = [
            answer
            for outcome in outcomes
            if isinstance(outcome, Accepted | Rejected)
            for answer in outcome.answers
        ]

        def ask() -> list[Answer] | None:
            if self.source is not None:
                answers = self.source.collect(100)
                self.source.settle(answers)
                found.extend(answers)
            counted = Counter(answer.sys_ref for answer in found)
            return found if all(counted[each.sys_ref] >= at_least for each in batch) else None

        return until(ask)


@contextmanager
def _engine(folder: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{folder / 'back-end.sqlite3'}")
    yield engine
    engine.dispose()


@contextmanager
def in_process(folder: Path) -> Iterator[FarSide]:
    """The simulator itself."""
    database, hidden = folder / "back-end.sqlite3", folder / "hidden"
    with _engine(folder) as engine:
        spy = Spy(engine)

        def away() -> None:
            engine.dispose()
            database.rename(hidden)
            database.mkdir()

        def back() -> None:
            engine.dispose()
            database.rmdir()
            hidden.rename(database)

        yield FarSide(adapter=spy, spy=spy, away=away, back=back)


@contextmanager
def http(folder: Path) -> Iterator[FarSide]:
    """Behind an HTTP server."""
    with ExitStack() as stack:
        spy = Spy(stack.enter_context(_engine(folder)))
        takes = Takes(back_end=spy, outbox=None, token="let me in")
        server = stack.enter_context(ExitStack())
        url = server.enter_context(serving(takes, host="127.0.0.1", port=0, faults=Faults()))
        port = int(url.split(":")[2].partition("/")[0])

        def back() -> None:
            server.enter_context(serving(takes, host="127.0.0.1", port=port, faults=Faults()))

        adapter = HttpBackEnd(
            "NCTS2", HttpSettings(url=url, token="let me in", timeout_seconds=60, batch_seconds=120)
        )
        stack.callback(adapter.close)
        yield FarSide(adapter=adapter, spy=spy, away=server.close, back=back)


def need_rabbitmq() -> None:
    """Skip the test where no RabbitMQ answers."""
    settings = AmqpSettings(url=AMQP, queue="", answers="", dead_letters="", timeout_seconds=10)
    try:
        with Broker("NCTS2", settings).channel():
            pass
    except BrokerError as error:
        pytest.skip(f"no RabbitMQ answers: {error}")


@contextmanager
def queues(url: str = AMQP, **changed: object) -> Iterator[AmqpSettings]:
    """Settings with queues of this test alone, removed afterwards."""
    name = f"sisc-test-{uuid.uuid4().hex[:12]}"
    settings = AmqpSettings(
        url=url, queue=name, answers=f"{name}-answers", dead_letters=f"{name}-dead", timeout_seconds=60
    )
    yield replace(settings, **changed)  # type: ignore[arg-type]  # fields of every type
    with Broker("NCTS2", replace(settings, url=AMQP)).channel() as channel:
        for queue in (settings.queue, settings.answers, settings.dead_letters):
            channel.queue_delete(queue)
        channel.exchange_delete(settings.dead_letters)


@contextmanager
def amqp(folder: Path) -> Iterator[FarSide]:
    """Behind RabbitMQ, which the adapter reaches through a line that can be cut."""
    need_rabbitmq()
    with ExitStack() as stack:
        engine = stack.enter_context(_engine(folder))
        spy, outbox = Spy(engine), Outbox(engine)
        line = stack.enter_context(Proxy.to(AMQP))
        settings = stack.enter_context(queues(line.url))
        direct = Broker("NCTS2", replace(settings, url=AMQP))
        direct.set_up()
        pump = Pump(outbox=outbox, later=None, send=by_message(direct), faults=Faults())
        stop = threading.Event()
        for run in (QueueReader(spy, direct, outbox).run, pump.run):
            thread = threading.Thread(target=run, args=(stop,))
            thread.start()
            stack.callback(thread.join)
        stack.callback(stop.set)
        adapter = AmqpBackEnd("NCTS2", settings)
        stack.callback(adapter.close)
        yield FarSide(
            adapter=adapter,
            spy=spy,
            away=line.cut,
            back=line.mend,
            source=adapter,
            refuses_at_once=False,
        )


@contextmanager
def directory(folder: Path) -> Iterator[FarSide]:
    """Behind two folders, with a batch system that looks into them whenever answers are asked for."""
    settings = DirectorySettings(outbox=folder / "out", inbox=folder / "in")
    for each in (settings.outbox, settings.inbox):
        each.mkdir()
    hidden = folder / "hidden"
    with _engine(folder) as engine:
        spy = Spy(engine)
        adapter = DirectoryBackEnd("NCTS2", settings)
        yield FarSide(
            adapter=adapter,
            spy=spy,
            away=lambda: settings.outbox.rename(hidden),
            back=lambda: hidden.rename(settings.outbox),
            source=_BatchSystem(adapter, spy, settings),
            refuses_at_once=False,
        )


class _BatchSystem:
    """Works off the folder of documents before answers are looked for."""

    def __init__(self, adapter: DirectoryBackEnd, spy: Spy, settings: DirectorySettings) -> None:
        self._adapter, self._spy, self._settings = adapter, spy, settings

    def collect(self, limit: int) -> Sequence[Answer]:
        for sidecar in sorted(self._settings.outbox.glob("*.json"), key=lambda path: path.stat().st_mtime_ns):
            self._work(sidecar)
        return self._adapter.collect(limit)

    def settle(self, answers: Sequence[Answer]) -> None:
        self._adapter.settle(answers)

    def _work(self, sidecar: Path) -> None:
        told = json.loads(sidecar.read_bytes())
        document = _from_files(told, self._settings.outbox)
        [outcome] = self._spy.deliver([document])
        assert isinstance(outcome, Accepted | Rejected)
        for answer in outcome.answers:
            name = f"{answer.back_end_id}.xml"
            drop(self._settings.inbox, name, answer.content)
            drop(self._settings.inbox, f"{answer.back_end_id}.json", write_sidecar(answer, name))
        sidecar.unlink()


def _from_files(told: dict[str, object], folder: Path) -> Delivery:
    attachments = told["attachments"]
    assert isinstance(attachments, list)
    content = (folder / str(told["file"])).read_bytes()
    return delivery(
        sys_ref=told["sysRef"],
        content=content,
        sha256=told["sha256"],
        filename=told["fileName"],
        attachments=tuple(
            AttachedFile(
                content=(folder / each["file"]).read_bytes(), filename=each["fileName"], mime=each["mime"]
            )
            for each in attachments
        ),
        type_code=told["messageType"],
        person=told["person"],
        middle=told.get("agency"),
        end=told.get("firm"),
    )


class Proxy:
    """A line to a server that can be cut and mended."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._whole = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = ""
        self._listen()

    @classmethod
    @contextmanager
    def to(cls, url: str) -> Iterator["Proxy"]:
        """A line to the server of a URL; `url` of the line leads through it."""
        head, _, rest = url.rpartition("@")
        address, slash, path = rest.partition("/")
        host, _, port = address.partition(":")
        proxy = cls((host, int(port or 5672)))
        proxy.url = f"{head}@127.0.0.1:{proxy.port}{slash}{path}"
        yield proxy
        proxy.cut()

    def cut(self) -> None:
        """End all connections and let no new ones in."""
        with self._lock:
            self._whole = False
            _end(self._listener)  # whoever waits for connections would keep the port
            for each in self._open:
                _end(each)
            self._open.clear()

    def mend(self) -> None:
        """Let connections in again, on the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._whole = True
        self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:  # cut
                return
            self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target)
        except OSError:  # the server itself is away
            _end(near)
            return
        with self._lock:
            if not self._whole:
                _end(near)
                _end(far)
                return
            self._open += [near, far]
        for pair in ((near, far), (far, near)):
            threading.Thread(target=_forward, args=pair, daemon=True).start()


def _end(connection: socket.socket) -> None:
    with suppress(OSError):  # ended already
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _forward(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # cut
        return
