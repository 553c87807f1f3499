"""The database full, read-only, gone for a while: refused whole, and well again by itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import event, func, select, text

from gateway.errors import UnavailableError
from gateway.store.database_clock import DatabaseClock
from gateway.store.model import Event, NewDocument, NewWork
from gateway.store.sql_store import SqlStore
from gateway.store.tables import metadata

Build = Callable[..., NewDocument]
TABLES = ("documents", "payloads", "events", "work_items", "nonces")


def take_in(store: SqlStore, document: NewDocument) -> None:
    with store.begin() as work:
        work.nonces.use(document.sys_ref, expires=document.received_at)
        work.documents.add(document)
        received = Event(
            sys_ref=document.sys_ref, at=document.received_at, action="document_received", actor="gateway"
        )
        work.events.add([received])
        work.queue.put(
            "verify",
            NewWork(sys_ref=document.sys_ref, account=document.account),
            at=document.received_at,
        )
        work.commit()


def rows(store: SqlStore) -> dict[str, int]:
    with store.read() as work:
        return {
            name: work.connection.scalar(select(func.count()).select_from(metadata.tables[name])) or 0
            for name in TABLES
        }


@contextmanager
def read_only(store: SqlStore) -> Iterator[None]:
    """The database takes nothing, as a standby or one that ran out of transaction numbers."""
    if store.engine.dialect.name == "sqlite":
        with _pragmas(store, "PRAGMA query_only = ON", "PRAGMA query_only = OFF"):
            yield
        return
    name = store.engine.url.database
    _set_by_administrator(store, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    store.engine.dispose()  # the setting is for new connections
    yield
    _set_by_administrator(store, f'ALTER DATABASE "{name}" RESET default_transaction_read_only')


def _set_by_administrator(store: SqlStore, statement: str) -> None:
    """On a connection of its own: those of the store keep what held when they were made."""
    url = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(statement.encode())


@contextmanager
def _pragmas(store: SqlStore, before: str, after: str) -> Iterator[None]:
    """On every connection, new or pooled."""

    def checkout(connection: object, *_: object) -> None:
        connection.execute(current)  # type: ignore[attr-defined]  # sqlite3's

    current = before
    event.listen(store.engine, "checkout", checkout)
    yield
    current = after
    with store.engine.connect():
        pass
    event.remove(store.engine, "checkout", checkout)


def test_a_read_only_database_takes_nothing_and_recovers_by_itself(
    store: SqlStore, new_document: Build
) -> None:
    take_in(store, new_document(sys_ref="before"))
    with read_only(store):
        with pytest.raises(UnavailableError):
            take_in(store, new_document(sys_ref="lost"))
        assert rows(store) == dict.fromkeys(TABLES, 1)
        store.check()  # reading goes on
    take_in(store, new_document(sys_ref="after"))
    assert rows(store) == dict.fromkeys(TABLES, 2)


@pytest.mark.postgres
def test_connections_made_while_the_database_was_read_only_are_not_used_afterwards(
    postgres_url: str, new_document: Build
) -> None:
    """A session keeps the default it began with, and one that a proxy led to a standby stays there."""
    store = SqlStore.open(postgres_url)
    with read_only(store), pytest.raises(UnavailableError):
        take_in(store, new_document())
    take_in(store, new_document())
    store.close()


def test_a_full_disk_takes_nothing_half_and_recovers_when_there_is_room(
    sqlite_store: SqlStore, new_document: Build
) -> None:
    take_in(sqlite_store, new_document(sys_ref="before"))
    with sqlite_store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    large = b"<large>" + b"x" * 1_000_000 + b"</large>"
    with _pragmas(
        sqlite_store, f"PRAGMA max_page_count = {pages + 20}", "PRAGMA max_page_count = 1073741823"
    ):
        with pytest.raises(UnavailableError, match="full"):
            take_in(sqlite_store, new_document(sys_ref="large", content=large))
        assert rows(sqlite_store) == dict.fromkeys(TABLES, 1)
        take_in(sqlite_store, new_document(sys_ref="small"))  # what fits still goes in
    take_in(sqlite_store, new_document(sys_ref="large", content=large))
    assert rows(sqlite_store) == dict.fromkeys(TABLES, 3)


@pytest.mark.postgres
def test_connections_that_the_server_ended_are_replaced(postgres_url: str, new_document: Build) -> None:
    """As after a restart of the server: pooled connections are dead."""
    store = SqlStore.open(postgres_url)
    take_in(store, new_document(sys_ref="before"))
    assert store.wait_for_work("verify", timeout=30)
    killer = SqlStore.open(postgres_url)
    with killer.begin() as work:
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        work.connection.execute(text(f"{end} AND pid <> pg_backend_pid()"))
    killer.close()

    take_in(store, new_document(sys_ref="after"))
    assert rows(store) == dict.fromkeys(TABLES, 2)
    while not store.wait_for_work("verify", timeout=1):  # the listener comes back, too
        take_in(store, new_document())
    store.close()


@pytest.mark.postgres
def test_a_connection_lost_within_a_transaction_leaves_nothing_behind(
    postgres_url: str, new_document: Build
) -> None:
    store, killer = SqlStore.open(postgres_url), SqlStore.open(postgres_url)

    def lost() -> None:
        with store.begin() as work:
            work.documents.add(new_document())
            pid = work.connection.scalar(text("SELECT pg_backend_pid()"))
            with killer.begin() as other:
                other.connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            work.commit()

    with pytest.raises(UnavailableError):
        lost()
    assert rows(store) == dict.fromkeys(TABLES, 0)
    store.close()
    killer.close()


@pytest.mark.postgres
def test_a_host_with_a_wrong_clock_goes_by_the_databases(postgres_url: str) -> None:
    store = SqlStore.open(postgres_url)
    slow = timedelta(minutes=7)
    clock = DatabaseClock(store.engine, local=lambda: datetime.now(UTC) - slow)
    assert abs(clock() - datetime.now(UTC)) < timedelta(minutes=1)
    store.close()


@pytest.mark.postgres
def test_a_worker_on_a_host_that_is_an_hour_fast_leaves_leased_work_alone(
    postgres_url: str, new_document: Build
) -> None:
    store = SqlStore.open(postgres_url)
    take_in(store, new_document())

    def fast() -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)

    def claim(at: datetime) -> int:
        with store.begin() as work:
            items = work.queue.claim("verify", owner="one", at=at, lease=timedelta(minutes=5), limit=1)
            work.commit()
        return len(items)

    assert claim(store.clock()) == 1
    assert claim(DatabaseClock(store.engine, local=fast)()) == 0
    assert claim(fast()) == 1  # by its own clock it would have taken it
    store.close()


@pytest.mark.postgres
def test_the_difference_of_clocks_is_measured_now_and_then_and_kept_through_an_outage(
    postgres_url: str,
) -> None:
    store = SqlStore.open(postgres_url)
    wrong, passed = timedelta(hours=1), 0.0
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    event.listen(store.engine, "engine_connect", count)
    clock = DatabaseClock(store.engine, local=lambda: datetime.now(UTC) - wrong, monotonic=lambda: passed)
    for _ in range(5):
        clock()
    assert asked == 1
    passed = 60.0
    store.engine.dispose()
    unreachable = store.engine.url.set(port=1)
    event.listen(store.engine, "do_connect", lambda *_: _refuse(unreachable.port))
    assert abs(clock() - datetime.now(UTC)) < timedelta(minutes=1)
    store.close()


def _refuse(port: int | None) -> None:
    message = f"nobody listens at {port}"
    raise psycopg.OperationalError(message)
