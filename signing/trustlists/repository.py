"""Trusted lists in a database."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from signing.tables import trusted_list_checks, trusted_lists
from signing.trustlists.keeping import HeldList, ListCheck, ListVersions

__all__ = ["SqlListRepository"]

_LISTS = trusted_lists.c
_CHECKS = trusted_list_checks.c
#: Oldest first. A list may be signed again under its number: then the one accepted last is the newer.
_ORDER = (_LISTS.sequence, _LISTS.issued_at, _LISTS.accepted_at, _LISTS.digest)


class SqlListRepository:
    """See ListRepository; the caller owns connection and transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def versions(self) -> ListVersions:
        """See ListRepository."""
        query = select(_LISTS.territory, _LISTS.digest).order_by(*_ORDER)
        return {row.territory: row.digest for row in self._connection.execute(query)}

    def newest(self, territory: str) -> HeldList | None:
        """See ListRepository."""
        query = (
            select(trusted_lists)
            .where(_LISTS.territory == territory)
            .order_by(*(column.desc() for column in _ORDER))
            .limit(1)
        )
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else HeldList(**row)

    def numbered(self, territory: str, sequence: int) -> Sequence[HeldList]:
        """The lists of a territory with this number: one, or several if it was signed again."""
        same = (_LISTS.territory == territory) & (_LISTS.sequence == sequence)
        rows = self._connection.execute(select(trusted_lists).where(same).order_by(*_ORDER)).mappings()
        return [HeldList(**row) for row in rows]

    def add(self, held: HeldList) -> None:
        """See ListRepository."""
        values = {column.name: getattr(held, column.name) for column in trusted_lists.columns}
        self._insert(trusted_lists, values)

    def purge(self, *, before: datetime) -> int:
        """Forget lists that a newer one replaced before then; how many."""
        replaced = select(_LISTS.territory, _LISTS.digest).order_by(_LISTS.territory, *_ORDER)
        rows = list(self._connection.execute(replaced.add_columns(_LISTS.accepted_at)))
        old = [
            row
            for row, newer in pairwise(rows)
            if row.territory == newer.territory and newer.accepted_at < before
        ]
        for row in old:
            same = (_LISTS.territory == row.territory) & (_LISTS.digest == row.digest)
            self._connection.execute(delete(trusted_lists).where(same))
        return len(old)

    def checks(self) -> Sequence[ListCheck]:
        """See ListRepository."""
        query = select(trusted_list_checks).order_by(_CHECKS.territory)
        return [ListCheck(**row) for row in self._connection.execute(query).mappings()]

    def record(self, check: ListCheck) -> None:
        """See ListRepository."""
        values = {column.name: getattr(check, column.name) for column in trusted_list_checks.columns}
        change = update(trusted_list_checks).where(_CHECKS.territory == check.territory).values(values)
        if self._connection.execute(change).rowcount == 0:
            self._insert(trusted_list_checks, values)

    def _insert(self, table: Table, values: Mapping[str, object]) -> None:
        """Leaves a row that is there: entered before, or by another process just now."""
        with suppress(IntegrityError), self._connection.begin_nested():
            self._connection.execute(insert(table).values(values))
