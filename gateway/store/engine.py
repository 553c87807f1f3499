"""Connections to SQLite and PostgreSQL that keep the store's promises."""

import json
from sqlite3 import Connection as SqliteConnection
from typing import Any, Final

from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.util import immutabledict

from gateway.errors import ConfigurationError

__all__ = ["COUNTED", "is_sqlite", "open_engine", "reading"]

#: Execution option of an INSERT that may meet a conflict: keep the number of rows it wrote.
COUNTED: Final = immutabledict({"preserve_rowcount": True})

#: How long a writer waits for the others before it gives up.
BUSY_SECONDS = 30

_SETTING = "store.url"
_BEGIN = "sisc_sqlite_begin"  # execution option: how a transaction starts on SQLite
_CONNECTIONS = 16  # kept open; more are opened under load and closed again

#: A commit survives a power cut (FULL); the page cache is 16 MiB.
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16384",
)


def open_engine(url: str) -> Engine:
    """An engine for the store; no connection is made yet.

    On SQLite `engine.begin()` takes the write lock at once (BEGIN IMMEDIATE), so that no transaction fails
    halfway because another one wrote first.

    Args:
        url: `sqlite:////folder/file.sqlite3` or `postgresql://user:password@host/database`.

    Raises:
        ConfigurationError: the URL cannot be read, or names another kind of database or one kept in memory.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError(key=_SETTING, reason="not a database URL") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql" | "postgres":
            return _postgresql(parsed)
        case other:
            raise ConfigurationError(key=_SETTING, reason=f"{other} is not supported")


def reading(engine: Engine) -> Engine:
    """The same connections for transactions that see one state and block nobody."""
    if is_sqlite(engine):
        return engine.execution_options(**{_BEGIN: "BEGIN"})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def is_sqlite(engine: Engine | Connection) -> bool:
    """Whether the database is SQLite; PostgreSQL otherwise."""
    return engine.dialect.name == "sqlite"


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:" or "mode" in url.query:
        raise ConfigurationError(key=_SETTING, reason="SQLite needs a file: memory is lost with the process")
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        connect_args={"check_same_thread": False, "cached_statements": 256},
        json_serializer=_json,
        hide_parameters=True,  # errors are logged; what people send is not
        pool_size=_CONNECTIONS,
        max_overflow=-1,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, never by the driver
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    # Kept in the file: only the very first connection changes it.
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE"))


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"application_name": "sisc-gateway"},
        isolation_level="READ COMMITTED",
        json_serializer=_json,
        hide_parameters=True,  # errors are logged; what people send is not
        pool_pre_ping=True,
        pool_size=_CONNECTIONS,
        max_overflow=-1,
    )
    event.listen(engine, "handle_error", _leave_read_only)
    return engine


def _leave_read_only(context: ExceptionContext) -> None:
    """Connect anew after a refusal to write: the session keeps its default, or leads to a standby."""
    if isinstance(context.original_exception, ReadOnlySqlTransaction):
        context.is_disconnect = True


def _json(value: Any) -> str:  # noqa: ANN401 - the signature SQLAlchemy asks for
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
