"""Which documents are old enough to go, and their going, in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, Connection, Delete, and_, bindparam, delete, exists, select

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
    delete(withheld).where(withheld.c.correlation_sys_ref.in_(_these)),
    delete(replies).where(replies.c.correlation_sys_ref.in_(_these)),
    delete(events).where(events.c.sys_ref.in_(_these)),
    delete(identifiers).where(identifiers.c.sys_ref.in_(_these)),
)
_unsolicited = and_(replies.c.correlation_sys_ref.is_(None), replies.c.collected_at < bindparam("before"))
_UNSOLICITED = (
    select(replies.c.sys_ref).where(_unsolicited).order_by(replies.c.collected_at).limit(bindparam("most"))
)
_DELETE_UNSOLICITED = (
    delete(replies).where(replies.c.sys_ref.in_(_these), _unsolicited).returning(replies.c.sys_ref)
)
_DEPENDENT_ON_UNSOLICITED = (
    delete(withheld).where(withheld.c.sys_ref.in_(_these)),
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
        return self._with(_DEPENDENT, gone)

    def ripe_unsolicited(self, *, before: datetime, limit: int) -> Sequence[str]:
        """Mailbox documents that answer none, read before a moment; those nobody has read stay.

        Args:
            before: read later, they stay.
            limit: how many at most.
        """
        return self._connection.scalars(_UNSOLICITED, {"before": before, "most": limit}).all()

    def delete_unsolicited(self, sys_refs: Collection[str], *, before: datetime) -> frozenset[str]:
        """Delete mailbox documents that answer none, with all that belongs to them; returns those gone."""
        query = {"sys_refs": list(sys_refs), "before": before}
        gone = frozenset(self._connection.scalars(_DELETE_UNSOLICITED, query))
        return self._with(_DEPENDENT_ON_UNSOLICITED, gone)

    def _with(self, dependent: Sequence[Delete], gone: frozenset[str]) -> frozenset[str]:
        """Delete what belongs to what is gone."""
        if gone:
            for statement in dependent:
                self._connection.execute(statement, {"sys_refs": list(gone)})
        return gone
