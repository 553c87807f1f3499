import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text

from gateway.store.model import NewWork
from gateway.store.sql_store import SqlStore

_PUT = """
import sys
from datetime import datetime
from gateway.store.model import NewWork
from gateway.store.sql_store import SqlStore
store = SqlStore.open(sys.argv[1])
with store.begin() as work:
    work.queue.put("verify", NewWork(sys_ref="doc", account="anna"), at=datetime.fromisoformat(sys.argv[2]))
    work.commit()
store.close()
"""
LONG = 30.0  # far longer than any wake-up takes: a test that waits for the timeout fails by its outcome


def _settle(store: SqlStore, lane: str = "verify") -> None:
    """Hear everything there is to hear, so that the next wait is for something new."""
    while store.wait_for_work(lane, timeout=0.5):
        pass


def _put(store: SqlStore, at: datetime) -> None:
    with store.begin() as work:
        work.queue.put("verify", NewWork(sys_ref="doc", account="anna"), at=at)
        work.commit()


def test_the_first_wait_returns_at_once_and_the_next_one_when_its_time_is_over(store: SqlStore) -> None:
    assert store.wait_for_work("verify", timeout=LONG)
    _settle(store)
    assert not store.wait_for_work("verify", timeout=0.05)


def test_work_of_another_process_wakes_every_waiting_thread(
    store: SqlStore, store_url: str, at: datetime
) -> None:
    woken: list[bool] = []
    waiting = threading.Barrier(4)

    def wait() -> None:
        _settle(store)
        waiting.wait()
        woken.append(store.wait_for_work("verify", timeout=LONG))

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    waiting.wait()
    subprocess.run([sys.executable, "-c", _PUT, store_url, at.isoformat()], check=True)
    for thread in threads:
        thread.join()
    assert woken == [True, True, True]


def test_work_of_the_same_process_wakes(store: SqlStore, at: datetime) -> None:
    _settle(store)
    _put(store, at)
    assert store.wait_for_work("verify", timeout=LONG)


def test_work_of_one_lane_wakes_nobody_who_works_another(store: SqlStore, at: datetime) -> None:
    _settle(store)
    _settle(store, "deliver:AES")
    _put(store, at)
    assert not store.wait_for_work("deliver:AES", timeout=0.5)
    assert store.wait_for_work("verify", timeout=LONG)


def test_what_an_operator_changed_wakes_every_lane(store: SqlStore) -> None:
    _settle(store)
    _settle(store, "deliver:AES")
    with store.begin() as work:
        work.queue.wake()
        work.commit()
    assert store.wait_for_work("deliver:AES", timeout=LONG)
    assert store.wait_for_work("verify", timeout=LONG)


def test_finished_work_wakes_the_lane_of_what_had_to_wait_for_it(store: SqlStore, at: datetime) -> None:
    with store.begin() as work:
        for position in (1, 2):
            ordered = NewWork(sys_ref="doc", account="anna", order_key="key", position=position)
            work.queue.put("deliver:AES", ordered, at=at)
        work.commit()
    with store.begin() as work:
        (first,) = work.queue.claim("deliver:AES", owner="me", at=at, lease=timedelta(minutes=1), limit=2)
        work.commit()
    _settle(store)
    _settle(store, "deliver:AES")
    with store.begin() as work:
        work.queue.done(first)
        work.commit()
    assert store.wait_for_work("deliver:AES", timeout=LONG)
    assert not store.wait_for_work("verify", timeout=0.05)


@pytest.mark.postgres
def test_a_notification_of_an_older_version_wakes_every_lane(postgres_url: str) -> None:
    store = SqlStore.open(postgres_url)
    _settle(store, "deliver:AES")
    with store.begin() as work:
        work.connection.execute(text("SELECT pg_notify('sisc_work', '')"))
        work.commit()
    assert store.wait_for_work("deliver:AES", timeout=LONG)
    store.close()


def test_work_added_between_a_claim_and_the_wait_is_not_missed(store: SqlStore, at: datetime) -> None:
    _settle(store)
    _put(store, at)
    time.sleep(0.1)
    assert store.wait_for_work("verify", timeout=LONG)


def test_work_rolled_back_and_other_commits_wake_nobody(store: SqlStore, at: datetime) -> None:
    _settle(store)
    with store.begin() as work:
        work.queue.put("verify", NewWork(sys_ref="doc", account="anna"), at=at)
    with store.begin() as work:
        work.nonces.use("n", expires=at)
        work.commit()
    assert not store.wait_for_work("verify", timeout=0.5)


def test_closing_lets_waiting_threads_go(store_url: str) -> None:
    store = SqlStore.open(store_url)
    _settle(store)
    outcome: list[bool] = []
    thread = threading.Thread(
        target=lambda: outcome.extend([store.wait_for_work("verify", timeout=LONG)] * 1)
    )
    thread.start()
    store.close()
    thread.join()
    assert len(outcome) == 1


@pytest.mark.postgres
def test_the_listener_comes_back_after_the_server_cut_its_connections_and_tells_it_once(
    postgres_url: str, at: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqlStore.open(postgres_url)
    _settle(store)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert store.wait_for_work("verify", timeout=LONG)  # rung once it listens again
    _settle(store)
    _put(store, at)
    assert store.wait_for_work("verify", timeout=LONG)
    store.close()
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("gateway.store.wakeup", "watching for work is interrupted: OperationalError"),
        ("gateway.store.wakeup", "watching for work again"),
    ]
