"""Databases for the simulators: SQLite as the gateway configures it, and PostgreSQL where one answers."""

import os
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from routing.tables import metadata

_DEFAULT_SERVER = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


def sqlite_engine(path: Path) -> Engine:
    """WAL, and every transaction of `begin()` takes the write lock at once."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA busy_timeout=30000")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """An empty database with the simulators' tables: what they do on PostgreSQL their own tests show."""
    engine = sqlite_engine(tmp_path / "other.db")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def simulator_postgres() -> Iterator[str]:
    """URL of a fresh database, dropped at the end."""
    server = make_url(os.environ.get("SISC_TEST_POSTGRES", _DEFAULT_SERVER))
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection = psycopg.connect(plain, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL server answers: {error}")
    name = f"sisc_routing_{uuid.uuid4().hex}"
    with connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with the simulators' tables."""
    if request.param == "sqlite":
        engine = sqlite_engine(tmp_path / "simulators.db")
    else:
        engine = create_engine(request.getfixturevalue("simulator_postgres"))
    metadata.drop_all(engine)
    metadata.create_all(engine)
    yield engine
    engine.dispose()
