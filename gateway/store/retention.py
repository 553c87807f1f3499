"""Which documents are old enough to go, and their going, in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, exists, select

from gateway.store.model import DocumentState
from gateway.store.tables import documents, events, identifiers, replies, withheld

__all__ = ["FINISHED", "SqlRetention"]

#: States in which nothing is left to be done; documents in others are never let go.
FINISHED: Final = frozenset(
    {
        DocumentState.NOT_SUBMITTED,
        DocumentState.UNDELIVERABLE,
        DocumentState.CONFIRMED,
        DocumentState.REJECTED,
        DocumentState.ANSWERED,
    }
)

_answered_since = exists().where(
    replies.c.correlation_sys_ref == documents.c.sys_ref, replies.c.created_at >= bindparam("before")
)
_waits_for_proof = exists().where(
    withheld.c.correlation_sys_ref == documents.c.sys_ref, withheld.c.outcome.is_(None)
)
_ripe = and_(
    documents.c.state == bindparam("state"),
    documents.c.received_at < bindparam("before"),
    ~_answered_since,
    ~_waits_for_proof,
)
_RIPE = select(documents.c.sys_ref).where(_ripe).order_by(documents.c.received_at).limit(bindparam("most"))
_these: BindParameter[str] = bindparam("sys_refs", expanding=True)
_DELETE = delete(documents).where(documents.c.sys_ref.in_(_these), _ripe).returning(documents.c.sys_ref)
_DEPENDENT = (
    delete(replies).where(replies.c.correlation_sys_ref.in_(_these)),
    delete(events).where(events.c.sys_ref.in_(_these)),
    delete(identifiers).where(identifiers.c.sys_ref.in_(_these)),
)


class SqlRetention:
    """Implements `gateway.store.ports.Retention` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ripe(self, state: DocumentState, *, before: datetime, limit: int) -> Sequence[str]:
        """The oldest documents in a state, received and last answered before a moment.

        Args:
            state: one of FINISHED.
            before: younger ones stay.
            limit: how many at most.
        """
        query = {"state": state.value, "before": before, "most": limit}
        return self._connection.scalars(_RIPE, query).all()

    def delete(self, sys_refs: Collection[str], state: DocumentState, *, before: datetime) -> frozenset[str]:
        """Delete documents with all that belongs to them, unless they have changed since they were ripe.

        Returns:
            Those that are gone.
        """
        query = {"sys_refs": list(sys_refs), "state": state.value, "before": before}
        gone = frozenset(self._connection.scalars(_DELETE, query))
        if gone:
            for statement in _DEPENDENT:
                self._connection.execute(statement, {"sys_refs": list(gone)})
        return gone
