"""The life of documents in SQL."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select

from gateway.store.model import Event
from gateway.store.tables import events

__all__ = ["SqlEvents"]

_INSERT = insert(events).inline()  # nobody asks for the numbers given out
_OF = (
    select(events.c.sys_ref, events.c.at, events.c.action, events.c.actor, events.c.facts)
    .where(events.c.sys_ref == bindparam("sys_ref"))
    .order_by(events.c.at, events.c.id)
)


class SqlEvents:
    """Implements `gateway.store.ports.Events` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, events: Sequence[Event]) -> None:
        """Append."""
        if events:
            self._connection.execute(
                _INSERT,
                [
                    {
                        "sys_ref": event.sys_ref,
                        "at": event.at,
                        "action": str(event.action),
                        "actor": event.actor,
                        "facts": dict(event.facts),
                    }
                    for event in events
                ],
            )

    def of(self, sys_ref: str) -> Sequence[Event]:
        """Oldest first."""
        rows = self._connection.execute(_OF, {"sys_ref": sys_ref})
        return [
            Event(sys_ref=row.sys_ref, at=row.at, action=row.action, actor=row.actor, facts=row.facts)
            for row in rows
        ]
