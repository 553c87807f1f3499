"""Which target systems operators have paused, in SQL: one truth for all processes, and its history."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select

from gateway.store.model import Pause
from gateway.store.tables import system_changes

__all__ = ["GATEWAY", "SqlSystems"]

#: The subject whose pause closes the gateway's own intake. Codes of target systems are in capitals.
GATEWAY: Final = "gateway"

_FIELDS = (
    system_changes.c.subject,
    system_changes.c.paused,
    system_changes.c.at,
    system_changes.c.operator,
    system_changes.c.reason,
)
_LAST = (
    select(*_FIELDS)
    .where(system_changes.c.subject == bindparam("subject"))
    .order_by(system_changes.c.id.desc())
    .limit(1)
)
_LAST_OF_EACH = select(func.max(system_changes.c.id)).group_by(system_changes.c.subject)
_ALL = select(*_FIELDS).where(system_changes.c.id.in_(_LAST_OF_EACH), system_changes.c.paused)
_HISTORY = (
    select(*_FIELDS)
    .where(system_changes.c.subject == bindparam("subject"))
    .order_by(system_changes.c.id.desc())
    .limit(bindparam("limit"))
)


class SqlSystems:
    """Implements `gateway.store.ports.Systems` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def paused(self, subject: str) -> Pause | None:
        """The pause in force, if there is one."""
        row = self._connection.execute(_LAST, {"subject": subject}).one_or_none()
        return _pause(row) if row is not None and row.paused else None

    def all_paused(self) -> Mapping[str, Pause]:
        """The pauses in force, by subject."""
        return {row.subject: _pause(row) for row in self._connection.execute(_ALL)}

    def change(self, change: Pause, *, paused: bool) -> None:
        """Record that an operator paused or resumed a subject."""
        self._connection.execute(
            insert(system_changes),
            {
                "subject": change.subject,
                "paused": paused,
                "at": change.since,
                "operator": change.operator,
                "reason": change.reason,
            },
        )

    def history(self, subject: str, *, limit: int) -> Sequence[tuple[bool, datetime, str, str]]:
        """Pauses (True) and resumptions with time, operator and reason, newest first."""
        rows = self._connection.execute(_HISTORY, {"subject": subject, "limit": limit})
        return [(row.paused, row.at, row.operator, row.reason) for row in rows]


def _pause(row: Any) -> Pause:  # noqa: ANN401 - a Row of _FIELDS
    return Pause(subject=row.subject, since=row.at, operator=row.operator, reason=row.reason)
