"""Whose an MRN, ARC or LRN is: kept where it is given, asked where a message names no party."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, Insert, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.tables import number_owners

__all__ = ["GivenNumber", "NumberOwners", "OwnedKind"]

#: An LRN may be used by many declarants; no more of its owners are looked at.
_MOST_OWNERS: Final = 25


class OwnedKind(StrEnum):
    """Numbers that have an owner."""

    ARC = "arc"
    MRN = "mrn"
    LRN = "lrn"  # unique for its declarant only


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenNumber:
    """A number with the document that got it."""

    system: str
    kind: OwnedKind
    number: str
    person: str  # ID SISC of who sent the document
    entity: str | None  # ID SISC of the firm it was sent for
    sys_ref: str

    @property
    def key(self) -> str:
        """What tells owners of the same number apart; an MRN or ARC has only one."""
        return (self.entity or self.person) if self.kind is OwnedKind.LRN else ""


_BY_NUMBER = (
    select(number_owners)
    .where(
        number_owners.c.system == bindparam("of_system"),
        number_owners.c.kind == bindparam("of_kind"),
        number_owners.c.number == bindparam("of_number"),
    )
    .order_by(number_owners.c.owner)
    .limit(_MOST_OWNERS)
)
_INSERT: Mapping[str, Insert] = {
    "sqlite": sqlite.insert(number_owners).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(number_owners).on_conflict_do_nothing(),
}


class NumberOwners:
    """The owners of numbers, on a connection; takes part in its transaction.

    Args:
        connection: open connection to the store's database.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, given: Sequence[GivenNumber]) -> None:
        """Keep whose numbers these are. Who got an MRN or ARC first stays its owner."""
        rows = sorted(map(_row, given), key=_order)  # transactions with common keys wait, never in a ring
        if rows:
            self._connection.execute(_INSERT[self._connection.dialect.name], rows)

    def of(self, system: str, kind: OwnedKind, number: str) -> Sequence[GivenNumber]:
        """Who owns a number of a system; empty when no document here got it."""
        asked = {"of_system": system, "of_kind": kind.value, "of_number": number}
        return [
            GivenNumber(
                system=row["system"],
                kind=OwnedKind(row["kind"]),
                number=row["number"],
                person=row["person"],
                entity=row["entity"],
                sys_ref=row["sys_ref"],
            )
            for row in self._connection.execute(_BY_NUMBER, asked).mappings()
        ]


def _order(row: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("system", "kind", "number", "owner"))


def _row(given: GivenNumber) -> dict[str, str | None]:
    return {
        "system": given.system,
        "kind": given.kind.value,
        "number": given.number,
        "owner": given.key,
        "person": given.person,
        "entity": given.entity,
        "sys_ref": given.sys_ref,
    }
