"""The database: reachable, of the right schema, writable, its clock near ours."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from gateway import clock
from gateway.diagnosis.lines import Line, Page, failure, looked, ok, warning
from gateway.store.engine import is_sqlite
from gateway.store.sql_store import SqlStore

__all__ = ["look_at_database"]

_NOTICED: Final = timedelta(seconds=5)
_MIGRATE: Final = "sisc migrate sets a database up or upgrades it; where it cannot be reached see [store]"
_WRITE: Final = "make the database writable: a standby, a full disk or missing rights refuse"


def look_at_database(store: SqlStore, *, skew_seconds: int) -> Iterator[Line]:
    """Tell how the database is; nothing is left behind in it.

    Args:
        store: just opened.
        skew_seconds: by how much a sender's clock may differ, `edge.clock_skew_seconds`.
    """
    lines = looked("database", lambda: _schema(store), _MIGRATE, Page.DATABASE)
    if all(line.remedy == "" for line in lines):
        lines += looked("database writes", lambda: _writes(store), _WRITE, Page.DATABASE)
        lines += _clock(store, timedelta(seconds=skew_seconds))
    yield from lines


def _schema(store: SqlStore) -> Iterator[Line]:
    store.check()
    yield ok("database", f"{store.engine.url.render_as_string(hide_password=True)} has the schema expected")


def _writes(store: SqlStore) -> Iterator[Line]:
    """A row is written and taken back."""
    with store.begin() as work:
        work.nonces.use(f"doctor {clock.new_id()}", expires=clock.now())
    yield ok("database writes", "a transaction was begun, written and rolled back")


def _clock(store: SqlStore, most: timedelta) -> list[Line]:
    if is_sqlite(store.engine):
        return []
    skew = abs(store.clock() - clock.now())
    found = f"this host's clock and that of the database differ by {skew.total_seconds():.1f} s"
    if skew < _NOTICED:
        return [ok("clock", found)]
    remedy = "set both by NTP: tokens of senders are refused by the database's clock"
    tell = warning if skew < most else failure
    return [tell("clock", found, remedy, Page.HOSTS)]
