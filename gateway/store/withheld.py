"""Documents for clients that wait for a signed proof of delivery, in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Insert, Row, bindparam, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.model import NewReply, Withheld, WithheldOutcome
from gateway.store.tables import withheld

__all__ = ["SqlWithheld"]

_REPLY: Final = tuple(NewReply.__dataclass_fields__)
_INSERT: Mapping[str, Insert] = {
    "sqlite": sqlite.insert(withheld).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(withheld).on_conflict_do_nothing(),
}
_STORED = select(withheld.c.proof_id).where(withheld.c.proof_id.in_(bindparam("ids", expanding=True)))
_FIND = select(withheld).where(
    withheld.c.proof_id == bindparam("proof_id"), withheld.c.account == bindparam("account")
)
_ABOUT = (
    select(withheld)
    .where(withheld.c.correlation_sys_ref == bindparam("sys_ref"))
    .order_by(withheld.c.due_at, withheld.c.proof_id)
)
_OVERDUE = (
    select(withheld)
    .where(withheld.c.outcome.is_(None), withheld.c.due_at < bindparam("at"))
    .order_by(withheld.c.due_at)
    .limit(bindparam("limit"))
)
_SETTLE = (
    update(withheld)
    .where(withheld.c.proof_id == bindparam("key"), withheld.c.outcome.is_(None))
    .values(outcome=bindparam("how"), settled_at=bindparam("at"))
)
_DROP_CONTENT = update(withheld).where(withheld.c.proof_id == bindparam("key")).values(content=null())


class SqlWithheld:
    """Implements `gateway.store.ports.WithheldReplies` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, waiting: Sequence[Withheld]) -> frozenset[str]:
        """Store documents that wait; skip those whose (system, back_end_id) waits or waited already.

        Returns:
            The proof identifiers of those that are new.
        """
        if not waiting:
            return frozenset()
        rows = [
            {name: getattr(each.reply, name) for name in _REPLY}
            | {"proof_id": each.proof_id, "proof": each.proof, "due_at": each.due_at}
            for each in waiting
        ]
        self._connection.execute(_INSERT[self._connection.dialect.name], rows)
        ids = [each.proof_id for each in waiting]
        return frozenset(self._connection.scalars(_STORED, {"ids": ids}))

    def find(self, proof_id: str, *, account: str) -> Withheld | None:
        """The document that this account's proof is about, waiting or settled."""
        row = self._connection.execute(_FIND, {"proof_id": proof_id, "account": account}).one_or_none()
        return None if row is None else _withheld(row)

    def overdue(self, *, at: datetime, limit: int) -> Sequence[Withheld]:
        """Documents whose proof should have been back before `at`, the longest overdue first."""
        return [_withheld(row) for row in self._connection.execute(_OVERDUE, {"at": at, "limit": limit})]

    def about(self, sys_ref: str) -> Sequence[Withheld]:
        """Everything that answers a document and waits, or waited, for proof; the first due first."""
        return [_withheld(row) for row in self._connection.execute(_ABOUT, {"sys_ref": sys_ref})]

    def settle(self, proof_ids: Collection[str], outcome: WithheldOutcome, *, at: datetime) -> frozenset[str]:
        """End the waiting; of those that have ended already nothing changes.

        Returns:
            The proof identifiers of those whose waiting ended just now.
        """
        return frozenset(proof_id for proof_id in sorted(proof_ids) if self._settle(proof_id, outcome, at))

    def _settle(self, proof_id: str, outcome: WithheldOutcome, at: datetime) -> bool:
        values = {"key": proof_id, "how": outcome.value, "at": at}
        if not self._connection.execute(_SETTLE, values).rowcount:
            return False
        if outcome is WithheldOutcome.DELIVERED:  # it is in the mailbox from now on
            self._connection.execute(_DROP_CONTENT, {"key": proof_id})
        return True


def _withheld(row: Row[Any]) -> Withheld:
    reply = {name: getattr(row, name) for name in _REPLY} | {"content": row.content or b""}
    return Withheld(
        proof_id=row.proof_id,
        proof=row.proof,
        due_at=row.due_at,
        reply=NewReply(**reply),
        outcome=WithheldOutcome(row.outcome) if row.outcome else None,
    )
