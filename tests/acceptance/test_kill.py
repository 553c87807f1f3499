"""kill -9 of anything at any moment: nothing promised is lost, nothing is visible twice."""

import contextlib
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

import routing.tables
from gateway.client.channel_client import FaultError
from gateway.errors import UnavailableError
from gateway.settings import load_settings
from gateway.store import tables
from gateway.store.sql_store import SqlStore
from tests.acceptance.enrolment import Enrolled, enrol_many
from tests.acceptance.messages import FIRST_ANSWERS, signed_example
from tests.acceptance.running import RunningSandbox, start, until

_MESSAGES = 500
_SENDERS = 5
_PAUSE_BETWEEN_KILLS = (0.5, 5.0)  # a killed web server is back after some two seconds


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A sandbox whose leases end soon, so that the work of killed workers comes back soon."""
    running = start(tmp_path / "sandbox", environment={"SISC_WORKER__LEASE_SECONDS": "5"})
    yield running
    running.stop()


@pytest.mark.slow
@pytest.mark.timeout(900)  # servers are killed and started again all the time
def test_every_sysref_ever_returned_reaches_its_receipt_and_its_back_end_once(
    fragile: RunningSandbox,
) -> None:
    senders = enrol_many(fragile, _SENDERS)
    promised: list[str] = []
    sending = [threading.Thread(target=send_all, args=(fragile, sender, promised)) for sender in senders]
    killing = threading.Event()
    killer = threading.Thread(target=kill_at_random, args=(fragile, killing))
    for thread in [*sending, killer]:
        thread.start()
    for thread in sending:
        thread.join()
    killing.set()
    killer.join()

    store = SqlStore.open(load_settings(fragile.config).store_url)
    until(lambda: is_drained(store), seconds=120)
    replies, deliveries = what_is_visible(store)
    store.close()

    assert len(promised) == _MESSAGES
    expected = Counter(FIRST_ANSWERS["CC015C"][1])
    assert dict.fromkeys(promised, expected) == {ref: replies[ref] for ref in promised}
    assert all(counted == expected for counted in replies.values())
    assert deliveries == dict.fromkeys(replies, 1)


def send_all(sandbox: RunningSandbox, sender: Enrolled, promised: list[str]) -> None:
    """Send until every message has its sysRef; a broken connection means sending it anew."""
    for _ in range(_MESSAGES // _SENDERS):
        while not send_one(sandbox, sender, promised):
            time.sleep(0.1)


def send_one(sandbox: RunningSandbox, sender: Enrolled, promised: list[str]) -> bool:
    with contextlib.suppress(UnavailableError), sandbox.client(sender.account) as client:
        promised.append(client.send(signed_example("CC015C", sender.key)))
        return True
    return False


def kill_at_random(sandbox: RunningSandbox, stop: threading.Event) -> None:
    """Kill web, its server processes and the worker with -9 until told to stop; they are started again."""
    chance = random.Random(20261121)
    while not stop.wait(chance.uniform(*_PAUSE_BETWEEN_KILLS)):
        victims = psutil.Process(sandbox.process.pid).children(recursive=True)
        if victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                chance.choice(victims).kill()


def is_drained(store: SqlStore) -> bool | None:
    with store.read() as work:
        return None if work.queue.depth() else True


def what_is_visible(store: SqlStore) -> tuple[dict[str, Counter[str]], dict[str, int]]:
    """Mailbox documents by sysRef and kind; deliveries in the back end's ledger by sysRef."""
    replies: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with store.read() as work:
        for row in work.connection.execute(
            select(tables.replies.c.correlation_sys_ref, tables.replies.c.type_code)
        ):
            replies[row.correlation_sys_ref][row.type_code] += 1
        ledger = routing.tables.simulator_deliveries
        deliveries = Counter(work.connection.scalars(select(ledger.c.sys_ref)))
    return dict(replies), dict(deliveries)


def test_a_refusal_is_no_promise(fragile: RunningSandbox) -> None:
    with fragile.client() as client, pytest.raises(FaultError):
        client.send(b"<unknown/>")

    store = SqlStore.open(load_settings(fragile.config).store_url)
    with store.read() as work:
        assert not list(work.connection.scalars(select(tables.documents.c.sys_ref)))
    store.close()
