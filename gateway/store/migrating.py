"""Bringing the database to the schema this version expects, and telling whether it is there."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, func, select

from gateway.errors import UnavailableError
from gateway.store.engine import is_sqlite

__all__ = ["check_revision", "migrate"]

_LOCK = 0x51_5C  # names the lock under which one process at a time migrates


def migrate(engine: Engine) -> str | None:
    """Apply the migrations that are missing, all or none, in one transaction.

    Safe from several processes at once: the first one migrates, the others wait and find nothing to do.

    Returns:
        The revision it is at now.

    Raises:
        UnavailableError: the schema in the database is one that this version does not know.
    """
    config = _config()
    with engine.begin() as connection:  # on SQLite this is the lock already
        if not is_sqlite(engine):
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:  # its revision is none of ours: a newer version was here
            raise UnavailableError(what="store", reason=f"a newer version was here ({error})") from error
        return _revision(connection)


def check_revision(connection: Connection) -> None:
    """Compare the schema in the database with the one expected.

    A newer one will do: migrations only add, so that processes of two versions can work side by side while
    an upgrade rolls through.

    Raises:
        UnavailableError: the schema is older than expected, or the database was never set up.
    """
    found = _revision(connection)
    expected = _head()
    if found != expected and _number(found) <= _number(expected):
        reason = f"its schema is at {found or 'nothing'}, expected {expected}"
        raise UnavailableError(what="store", reason=reason)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _number(revision: str | None) -> int:
    """Revisions begin with their number."""
    return int(revision[:4]) if revision and revision[:4].isdecimal() else 0


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
