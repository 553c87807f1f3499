"""Documents for clients in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from gateway.errors import NotFoundError
from gateway.store.mailbox_search import first_waiting, matching
from gateway.store.model import MailboxFilter, NewReply, Reply
from gateway.store.tables import replies, reply_contents

__all__ = ["SqlMailbox", "that_fit"]

_NEW_FIELDS = tuple(name for name in NewReply.__dataclass_fields__ if name != "content")
_KNOWN = replies.c.back_end_id.is_not(None)  # the index behind the de-duplication is a partial one
_INSERT: Mapping[str, ReturningInsert[Any]] = {
    "sqlite": sqlite.insert(replies)
    .on_conflict_do_nothing(index_elements=["system", "back_end_id"], index_where=_KNOWN)
    .returning(replies.c.seq, replies.c.sys_ref),
    "postgresql": postgresql.insert(replies)
    .on_conflict_do_nothing(index_elements=["system", "back_end_id"], index_where=_KNOWN)
    .returning(replies.c.seq, replies.c.sys_ref),
}
_COLLECT = (
    update(replies)
    .where(replies.c.seq == bindparam("key"), replies.c.collected_at.is_(None))
    .values(collected_at=bindparam("at"))
)
_FULL = (
    select(
        *(column for column in replies.c if column.name not in {"size", "back_end_id"}),
        reply_contents.c.content,
    )
    .join_from(replies, reply_contents, replies.c.seq == reply_contents.c.seq)
    .where(replies.c.seq.in_(bindparam("seqs", expanding=True)))
    .order_by(replies.c.created_at, replies.c.seq)
)
_ABOUT = (
    select(replies.c.seq).where(replies.c.correlation_sys_ref == bindparam("sys_ref")).order_by(replies.c.seq)
)
_BY_SYS_REF = select(replies.c.seq).where(replies.c.sys_ref == bindparam("sys_ref"))
_LAST_READER = (
    select(replies.c.account)
    .where(replies.c.end == bindparam("entity"))
    .order_by(replies.c.seq.desc())
    .limit(1)
)


class SqlMailbox:
    """Implements `gateway.store.ports.Mailbox` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Sequence[NewReply]) -> frozenset[str]:
        """Store replies; skip those whose (system, back_end_id) is known already.

        Returns:
            The sysRefs of those that are new.
        """
        if not new:
            return frozenset()
        statement = _INSERT[self._connection.dialect.name]
        stored = self._connection.execute(statement, [_row(reply) for reply in new]).all()
        contents = {reply.sys_ref: reply.content for reply in new}
        if stored:
            self._connection.execute(
                insert(reply_contents),
                [{"seq": row.seq, "content": contents[row.sys_ref]} for row in stored],
            )
        return frozenset(row.sys_ref for row in stored)

    def take_next(self, wanted: MailboxFilter, *, at: datetime) -> tuple[Reply | None, bool]:
        """Mark the oldest waiting match as collected and return it, with whether more are waiting.

        Two callers at the same time never get the same document: the second waits until the first has
        committed, and takes the next one.

        Args:
            wanted: which documents; `collected` does not matter.
            at: when it is collected.
        """
        oldest = first_waiting(wanted)
        while (seq := self._connection.scalar(oldest)) is not None:
            if self._connection.execute(_COLLECT, {"key": seq, "at": at}).rowcount == 1:
                return self._load([seq])[0], self._connection.scalar(oldest) is not None
        return None, False

    def page(self, wanted: MailboxFilter, *, limit: int, max_bytes: int) -> tuple[int, Sequence[Reply]]:
        """How many match in all, and the oldest of them.

        Args:
            wanted: which documents.
            limit: how many are returned at most.
            max_bytes: how much content at most; one document is returned even if it is larger.
        """
        match = matching(wanted).subquery()
        count = self._connection.execute(select(func.count()).select_from(match)).scalar_one()
        oldest = self._connection.execute(
            select(match).order_by(match.c.created_at, match.c.seq).limit(limit)
        )
        seqs = that_fit([(row.seq, row.size) for row in oldest], max_bytes)
        return count, self._load(seqs) if seqs else []

    def get(self, sys_ref: str) -> Reply:
        """One by its own sysRef.

        Raises:
            NotFoundError: there is none.
        """
        found = self._load(self._connection.scalars(_BY_SYS_REF, {"sys_ref": sys_ref}).all())
        if not found:
            raise NotFoundError(what="mailbox document", key=sys_ref)
        return found[0]

    def about(self, sys_ref: str) -> Sequence[Reply]:
        """Everything that answers a document, whoever it is for, oldest first."""
        return self._load(self._connection.scalars(_ABOUT, {"sys_ref": sys_ref}).all())

    def last_reader(self, entity: str) -> str | None:
        """The account that got the last document in this firm's context (ID SISC); None: there is none."""
        return self._connection.scalar(_LAST_READER, {"entity": entity})

    def _load(self, seqs: Sequence[int]) -> Sequence[Reply]:
        rows = self._connection.execute(_FULL, {"seqs": list(seqs)})
        return [_reply(row) for row in rows.mappings()]


def that_fit(oldest: Sequence[tuple[int, int]], max_bytes: int) -> Sequence[int]:
    """The first ones whose sizes together stay within `max_bytes`, at least one."""
    fitting: list[int] = []
    total = 0
    for seq, size in oldest:
        total += size
        if fitting and total > max_bytes:
            break
        fitting.append(seq)
    return fitting


def _row(reply: NewReply) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in _NEW_FIELDS} | {"size": len(reply.content)}


def _reply(row: RowMapping) -> Reply:
    return Reply(**row)
