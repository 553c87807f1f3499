"""What is registered of everything a batch of records names, read with a handful of queries."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Column, Connection, RowMapping, Table, select

from registry import tables
from registry.model import NumberKind
from registry.pdr.drafts import AuthorisationDraft, Draft, EntityDraft, KeyDraft, PersonDraft
from registry.pdr.records import PdrKind

__all__ = ["Entered", "Known", "read_known"]

_Text: TypeAlias = Column[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entered:
    """A record of PDR that is entered already."""

    kind: PdrKind
    party: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is registered; grows while a batch is judged."""

    records: dict[str, Entered]  # by number in PDR
    sources: dict[str, str]  # number in PDR by party
    parties: dict[str, PdrKind]  # person or entity by ID SISC
    pesels: dict[str, str]  # ID SISC by PESEL
    numbers: dict[tuple[NumberKind, str], str]  # ID SISC by number; REGON left out, it may be shared


def read_known(connections: Sequence[Connection], drafts: Collection[Draft]) -> Known:
    """Read what a batch needs.

    Args:
        connections: each holds a part of what is registered; one, or two in a dry run.
        drafts: the batch.
    """
    rows = _Rows(connections)
    parties = set(_parties(drafts))
    known = Known(
        records={
            row["source"]: Entered(kind=PdrKind(row["kind"]), party=row["party"], digest=row["digest"])
            for row in rows.having(tables.migrated.c.source, set(_sources(drafts)))
        },
        sources={row["party"]: row["source"] for row in rows.having(tables.migrated.c.party, parties)},
        parties={},
        pesels={
            row["pesel"]: row["id_sisc"] for row in rows.having(tables.persons.c.pesel, set(_pesels(drafts)))
        },
        numbers={
            (NumberKind(row["kind"]), row["number"]): row["entity"]
            for row in rows.having(tables.numbers.c.number, set(_numbers(drafts)))
            if row["kind"] != NumberKind.REGON
        },
    )
    for column, kind in (
        (tables.persons.c.id_sisc, PdrKind.PERSON),
        (tables.entities.c.id_sisc, PdrKind.ENTITY),
    ):
        known.parties.update((row["id_sisc"], kind) for row in rows.having(column, parties))
    return known


class _Rows:
    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections

    def having(self, column: _Text, values: Collection[str]) -> Iterator[RowMapping]:
        """Rows whose column has one of these values."""
        table = column.table
        assert isinstance(table, Table)  # noqa: S101 - tells the type checker
        if not values:
            return
        for connection in self._connections:
            yield from connection.execute(select(table).where(column.in_(values))).mappings()


def _sources(drafts: Iterable[Draft]) -> Iterator[str]:
    for draft in drafts:
        yield draft.record.id
        match draft:
            case EntityDraft(owner=str(owner)):
                yield owner
            case AuthorisationDraft():
                yield draft.representative
                yield draft.represented
            case KeyDraft():
                yield draft.holder


def _parties(drafts: Iterable[Draft]) -> Iterator[str]:
    for draft in drafts:
        match draft:
            case PersonDraft():
                yield draft.person.id_sisc
            case EntityDraft():
                yield draft.entity.id_sisc
            case KeyDraft():
                yield draft.fingerprint


def _pesels(drafts: Iterable[Draft]) -> Iterator[str]:
    for draft in drafts:
        if isinstance(draft, PersonDraft) and draft.person.pesel is not None:
            yield draft.person.pesel


def _numbers(drafts: Iterable[Draft]) -> Iterator[str]:
    for draft in drafts:
        if isinstance(draft, EntityDraft):
            yield from (number for kind, number in draft.entity.numbers if kind is not NumberKind.REGON)
