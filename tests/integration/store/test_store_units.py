import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.errors import ConfigurationError, NotFoundError, SecurityError, SecurityReason, UnavailableError
from gateway.store.errors import ReadOnlyError
from gateway.store.model import Event, JsonValue, NewDocument, NewReply, NewWork
from gateway.store.sql_store import SqlStore


def test_leaving_a_unit_without_commit_rolls_everything_back(
    store: SqlStore,
    new_document: Callable[..., NewDocument],
    new_reply: Callable[..., NewReply],
    at: datetime,
) -> None:
    with store.begin() as work:
        work.nonces.use("nonce", expires=at)
        work.documents.add(new_document(sys_ref="doc"))
        work.events.add([Event(sys_ref="doc", at=at, action="document_received", actor="gateway")])
        work.queue.put("verify", NewWork(sys_ref="doc", account="anna"), at=at)
        work.mailbox.add([new_reply()])
    with store.begin() as work:
        with pytest.raises(NotFoundError):
            work.documents.get("doc")
        assert not work.events.of("doc")
        assert not work.queue.depth()
        assert work.connection.scalar(text("SELECT count(*) FROM replies")) == 0
        work.nonces.use("nonce", expires=at)


def test_an_error_in_a_unit_rolls_back_and_passes_through(store: SqlStore, at: datetime) -> None:
    with pytest.raises(ZeroDivisionError):
        _put_and_fail(store, at)
    with store.read() as work:
        assert not work.queue.depth()


def _put_and_fail(store: SqlStore, at: datetime) -> None:
    with store.begin() as work:
        work.queue.put("verify", NewWork(sys_ref="doc", account="anna"), at=at)
        raise ZeroDivisionError


def test_a_reader_cannot_commit(store: SqlStore) -> None:
    with store.read() as work, pytest.raises(ReadOnlyError):
        work.commit()


def test_a_reader_sees_one_state_and_does_not_stop_a_writer(store: SqlStore, at: datetime) -> None:
    with store.read() as reader:
        assert not reader.queue.depth()
        with store.begin() as writer:
            writer.queue.put("verify", NewWork(sys_ref="doc", account="anna"), at=at)
            writer.commit()
        assert not reader.queue.depth()
    with store.read() as reader:
        assert reader.queue.depth() == {"verify": 1}


def test_other_repositories_take_part_in_the_transaction(store: SqlStore) -> None:
    with store.begin() as work:
        work.connection.execute(text("INSERT INTO nonces VALUES ('kept', 1)" if _is_sqlite(store) else _PG))
        work.commit()
    with store.begin() as work, pytest.raises(SecurityError):
        work.nonces.use("kept", expires=datetime.fromisoformat("2026-01-01T00:00:00Z"))


_PG = "INSERT INTO nonces VALUES ('kept', now())"


def _is_sqlite(store: SqlStore) -> bool:
    return store.engine.dialect.name == "sqlite"


def test_events_are_read_oldest_first_with_their_facts(store: SqlStore, at: datetime) -> None:
    facts: dict[str, JsonValue] = {
        "total": 2,
        "reason": "zła wartość",
        "nested": [{"a": None, "b": 1.5}],
        "yes": True,
    }
    late = Event(
        sys_ref="doc", at=at + timedelta(microseconds=1), action="b", actor="system:AES", facts=facts
    )
    early = Event(sys_ref="doc", at=at, action="a", actor="account:anna")
    with store.begin() as work:
        work.events.add([late, early, Event(sys_ref="other", at=at, action="a", actor="gateway")])
        work.events.add([])
        work.commit()
    with store.read() as work:
        assert work.events.of("doc") == [early, late]


def test_a_nonce_is_good_once(store: SqlStore, at: datetime) -> None:
    with store.begin() as work:
        work.nonces.use("n", expires=at)
        work.commit()
    with store.begin() as work, pytest.raises(SecurityError) as caught:
        work.nonces.use("n", expires=at)
    assert caught.value.reason is SecurityReason.REPLAYED_NONCE


def test_expired_nonces_are_forgotten(store: SqlStore, at: datetime) -> None:
    with store.begin() as work:
        work.nonces.use("old", expires=at - timedelta(microseconds=1))
        work.nonces.use("current", expires=at)
        assert work.nonces.purge(before=at) == 1
        work.nonces.use("old", expires=at)
        with pytest.raises(SecurityError):
            work.nonces.use("current", expires=at)


def test_of_racing_requests_with_one_nonce_one_passes(store: SqlStore, at: datetime) -> None:
    ready = threading.Barrier(3)
    outcomes: list[str] = []

    def use() -> None:
        ready.wait()
        try:
            with store.begin() as work:
                work.nonces.use("n", expires=at)
                work.commit()
            outcomes.append("passed")
        except SecurityError:
            outcomes.append("refused")

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["passed", "refused", "refused"]


def test_sqlite_writers_in_the_engine_lock_at_once(sqlite_store: SqlStore) -> None:
    """Simulators read and then write through `engine.begin()`: a deferred lock would fail in between."""
    total = 0

    def count() -> None:
        for _ in range(20):
            with sqlite_store.engine.begin() as connection:
                seen = connection.scalar(text("SELECT count(*) FROM nonces"))
                connection.execute(text("INSERT INTO nonces VALUES (:nonce, 0)"), {"nonce": f"{seen}"})

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sqlite_store.read() as work:
        total = work.connection.scalar(text("SELECT count(*) FROM nonces")) or 0
    assert total == 60


@pytest.mark.parametrize(
    ("pragma", "expected"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_sqlite_connections_are_durable(sqlite_store: SqlStore, pragma: str, expected: object) -> None:
    with sqlite_store.read() as work:
        assert work.connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == expected


@pytest.mark.parametrize("opening", ["begin", "read", "check", "migrate"])
def test_a_database_out_of_reach_is_unavailable(tmp_path: Path, opening: str) -> None:
    for url in (f"sqlite:///{tmp_path}/no/such/folder/file", "postgresql://nobody@127.0.0.1:1/nothing"):
        store = SqlStore.open(url)
        with pytest.raises(UnavailableError) as caught:
            _enter(store, opening)
        assert caught.value.what == "store"
        store.close()


def _enter(store: SqlStore, opening: str) -> None:
    if opening in {"check", "migrate"}:
        getattr(store, opening)()
        return
    with getattr(store, opening)():
        pass


def test_a_full_or_broken_database_is_unavailable_and_keeps_nothing(
    sqlite_store: SqlStore, new_document: Callable[..., NewDocument]
) -> None:
    with pytest.raises(UnavailableError, match="full"):
        _fill(sqlite_store, new_document(sys_ref="large", content=b"x" * 2**20))
    with sqlite_store.read() as work:
        assert not work.documents.get_many(["large"])


def _fill(store: SqlStore, document: NewDocument) -> None:
    with store.begin() as work:
        work.connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as it is, not a page more
        work.documents.add(document)
        work.commit()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_an_unusable_url_is_a_matter_of_configuration(url: str) -> None:
    with pytest.raises(ConfigurationError):
        SqlStore.open(url)
