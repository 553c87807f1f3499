"""What packs of schemas on trial have made of live documents: sums, so that they never grow with traffic."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.tables import schema_trials

__all__ = ["SqlTrials", "TrialSum"]

_INSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_KEY: Final = ("pack", "type_code", "code", "xpath")
_ADDED: Final = ("documents", "refused", "accepted")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialSum:
    """A row, see `gateway.store.tables.schema_trials`."""

    pack: str
    type_code: str
    code: str
    xpath: str
    documents: int
    refused: int
    accepted: int
    message: str
    example: str
    last_at: datetime


class SqlTrials:
    """Sums of trials.

    Args:
        connection: in a transaction of the caller's.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, sums: Iterable[TrialSum]) -> None:
        """Add to what is there; several processes may do so at once."""
        ordered = sorted(sums, key=lambda one: (one.pack, one.type_code, one.code, one.xpath))
        if not ordered:
            return
        insert = _INSERT[self._connection.dialect.name](schema_trials)
        new = insert.excluded
        changed = {
            **{name: schema_trials.c[name] + new[name] for name in _ADDED},
            **{name: new[name] for name in ("message", "example", "last_at")},
        }
        statement = insert.on_conflict_do_update(index_elements=_KEY, set_=changed)
        self._connection.execute(statement, [asdict(one) for one in ordered])

    def sums(self, pack: str | None = None) -> Sequence[TrialSum]:
        """All sums, by pack and type; what concerns most documents first.

        Args:
            pack: of this pack alone.
        """
        table = schema_trials.c
        wanted = select(schema_trials).order_by(
            table.pack, table.type_code, table.documents.desc(), table.code, table.xpath
        )
        if pack is not None:
            wanted = wanted.where(table.pack == pack)
        return [TrialSum(**row) for row in self._connection.execute(wanted).mappings()]
