"""Numbers of documents and of the answers to them in SQL."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, Insert, bindparam, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.model import DocumentState, Holder, Identifier, KeyKind
from gateway.store.tables import documents, identifiers

__all__ = ["REFUSED", "SqlIdentifiers"]

#: States of documents that go no further: what they say has no effect, and they may be sent again.
REFUSED: Final = frozenset({DocumentState.NOT_SUBMITTED, DocumentState.REJECTED, DocumentState.UNDELIVERABLE})

_INSERT: Mapping[str, Insert] = {
    "sqlite": sqlite.insert(identifiers).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(identifiers).on_conflict_do_nothing(),
}
_HOLDERS = (
    select(
        identifiers.c.sys_ref,
        identifiers.c.system,
        identifiers.c.account,
        identifiers.c.at,
        documents.c.state,
    )
    .join_from(identifiers, documents, identifiers.c.sys_ref == documents.c.sys_ref, isouter=True)
    .where(
        identifiers.c.kind == bindparam("kind"),
        identifiers.c.value == bindparam("value"),
        or_(documents.c.state.is_(None), documents.c.state.not_in(REFUSED)),
    )
    .order_by(identifiers.c.at.desc(), identifiers.c.sys_ref.desc())
    .limit(bindparam("limit"))
)
_IN_SYSTEM = _HOLDERS.where(identifiers.c.system == bindparam("system"))
_OF = (
    select(*identifiers.c)
    .where(identifiers.c.sys_ref == bindparam("sys_ref"))
    .order_by(identifiers.c.kind, identifiers.c.value)
)


class SqlIdentifiers:
    """Implements `gateway.store.ports.Identifiers` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, identifiers: Collection[Identifier]) -> None:
        """Record numbers; those already known of a document are skipped."""
        if identifiers:
            rows = [
                {
                    "kind": each.kind.value,
                    "value": each.value,
                    "at": each.at,
                    "sys_ref": each.sys_ref,
                    "system": each.system,
                    "account": each.account,
                }
                for each in identifiers
            ]
            self._connection.execute(_INSERT[self._connection.dialect.name], rows)

    def holders(
        self, kind: KeyKind, value: str, *, system: str | None = None, limit: int
    ) -> Sequence[Holder]:
        """Whom a number is tied to, newest first. Documents that were refused tie nothing.

        Args:
            kind: of the number.
            value: exactly as documents write it.
            system: only documents of this target system; None: any.
            limit: how many at most.
        """
        query = {"kind": kind.value, "value": value, "limit": limit}
        if system is None:
            rows = self._connection.execute(_HOLDERS, query)
        else:
            rows = self._connection.execute(_IN_SYSTEM, query | {"system": system})
        return [
            Holder(
                sys_ref=row.sys_ref,
                system=row.system,
                account=row.account,
                at=row.at,
                state=DocumentState(row.state) if row.state else None,
            )
            for row in rows
        ]

    def of(self, sys_ref: str) -> Sequence[Identifier]:
        """All numbers of a document, by kind and value."""
        rows = self._connection.execute(_OF, {"sys_ref": sys_ref}).mappings()
        return [Identifier(**{**row, "kind": KeyKind(row["kind"])}) for row in rows]
