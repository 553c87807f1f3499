"""What `sisc doctor` says of databases: both kinds, old, read-only, with another clock."""

from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection

import pytest
from sqlalchemy import event, func, make_url, select

from gateway import clock
from gateway.diagnosis.database import look_at_database
from gateway.diagnosis.lines import Level, Line
from gateway.store.sql_store import SqlStore
from gateway.store.tables import nonces


def looked_at(store: SqlStore) -> dict[str, Line]:
    return {line.subject: line for line in look_at_database(store, skew_seconds=300)}


def test_a_database_that_is_well_is_left_as_it_was(store: SqlStore) -> None:
    lines = looked_at(store)

    assert {line.level for line in lines.values()} == {Level.OK}
    with store.read() as work:
        assert work.connection.scalar(select(func.count()).select_from(nonces)) == 0


@pytest.mark.postgres
def test_a_database_that_was_never_set_up_is_a_failure(empty_postgres_url: str) -> None:
    store = SqlStore.open(empty_postgres_url)
    try:
        (line,) = looked_at(store).values()
    finally:
        store.close()

    assert (line.level, "sisc migrate" in line.remedy) == (Level.FAILURE, True)


def test_a_database_that_is_read_only_is_a_failure(tmp_path: Path) -> None:
    store = SqlStore.open(f"sqlite:///{tmp_path / 'sisc.sqlite3'}")
    store.migrate()
    event.listen(store.engine, "checkout", _only_read)
    try:
        lines = looked_at(store)
    finally:
        store.close()

    assert lines["database"].level is Level.OK
    assert lines["database writes"].level is Level.FAILURE
    assert "readonly" in lines["database writes"].found


def _only_read(connection: Connection, *_: object) -> None:
    connection.execute("PRAGMA query_only = ON")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("apart", "level"), [(1, Level.OK), (-60, Level.WARNING), (60, Level.WARNING), (-600, Level.FAILURE)]
)
def test_a_host_whose_clock_is_wrong_is_told(apart: int, level: Level, postgres_url: str) -> None:
    store = SqlStore.open(postgres_url, clock=lambda: clock.now() + timedelta(seconds=apart))
    try:
        assert looked_at(store)["clock"].level is level
    finally:
        store.close()


@pytest.mark.postgres
def test_passwords_of_databases_are_not_told(postgres_url: str) -> None:
    url = make_url(postgres_url).set(password="hush").render_as_string(hide_password=False)
    store = SqlStore.open(url)
    try:
        lines = looked_at(store)
    finally:
        store.close()

    assert "hush" not in str(lines)
