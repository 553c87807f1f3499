"""The simulators' memory in SQL: the same statements on SQLite and PostgreSQL."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from routing.errors import LedgerUnavailableError
from routing.model import Answer
from routing.simulators.ledger import (
    Due,
    Earlier,
    LedgerUnit,
    Movement,
    NewDelivery,
    Number,
    Snapshot,
    Wanted,
)
from routing.simulators.portions import at_most
from routing.simulators.rows import (
    answer_from,
    answer_row,
    delivery_row,
    due_from,
    due_row,
    movement_from,
    movement_row,
    number_row,
    outbox_row,
    posted_from,
)
from routing.tables import (
    simulator_answers,
    simulator_choices,
    simulator_deliveries,
    simulator_events,
    simulator_movements,
    simulator_numbers,
    simulator_outbox,
)

__all__ = ["SqlLedger"]

_Insert = sqlite.Insert | postgresql.Insert
_Row = Row[*tuple[Any, ...]]


class SqlLedger:
    """The ledger of one simulated back end in a database.

    Args:
        engine: gives writing transactions by `begin()`; on SQLite it must start them with BEGIN IMMEDIATE.
        system: target-system code whose rows are meant.
        reading: the same database for transactions that only read; None: `engine`.
    """

    def __init__(self, engine: Engine, system: str, *, reading: Engine | None = None) -> None:
        self._engine = engine
        self._reading = reading or engine
        self._system = system

    def look(self, wanted: Wanted) -> Snapshot:
        """See `Ledger.look`."""
        with _translated(), self._reading.begin() as connection:
            return _Look(connection, self._system).at(wanted)

    def due(self, at: datetime, limit: int) -> Sequence[Due]:
        """See `Ledger.due`."""
        events = simulator_events
        query = (
            select(events)
            .where(events.c.system == self._system, events.c.due_at <= at.astimezone(UTC))
            .order_by(events.c.due_at, events.c.id)
            .limit(limit)
        )
        with _translated(), self._reading.begin() as connection:
            return [due_from(row) for row in connection.execute(query)]

    def posted(self, limit: int) -> Sequence[Answer]:
        """See `Ledger.posted`."""
        outbox = simulator_outbox
        query = select(outbox).where(outbox.c.system == self._system).order_by(outbox.c.id).limit(limit)
        few = {"stream_results": True, "max_row_buffer": 8}  # else PostgreSQL sends them all
        with (
            _translated(),
            self._reading.begin() as connection,
            connection.execute(query, execution_options=few) as found,
        ):
            rows = at_most(found, lambda row: len(row.content))
        return [posted_from(row) for row in rows]

    def settle(self, back_end_ids: Collection[str]) -> None:
        """See `Ledger.settle`."""
        outbox = simulator_outbox
        mine = (outbox.c.system == self._system, outbox.c.back_end_id.in_(sorted(back_end_ids)))
        with _translated(), self._engine.begin() as connection:
            connection.execute(delete(outbox).where(*mine))

    def choose(self, principal: str, scenario: str | None) -> None:
        """See `Ledger.choose`."""
        choices = simulator_choices
        key = {"system": self._system, "principal": principal}
        mine = (choices.c.system == self._system, choices.c.principal == principal)
        with _translated(), self._engine.begin() as connection:
            connection.execute(delete(choices).where(*mine))
            if scenario is not None:
                connection.execute(insert(choices), {**key, "scenario": scenario})

    def choices(self) -> Mapping[str, str]:
        """See `Ledger.choices`."""
        query = select(simulator_choices).where(simulator_choices.c.system == self._system)
        with _translated(), self._reading.begin() as connection:
            return {row.principal: row.scenario for row in connection.execute(query)}

    @contextmanager
    def begin(self) -> Iterator[LedgerUnit]:
        """See `Ledger.begin`."""
        with _translated(), self._engine.begin() as connection:
            yield _SqlUnit(connection, self._system)


class _Look:
    """Reads what a batch needs, with a query a table."""

    def __init__(self, connection: Connection, system: str) -> None:
        self._connection = connection
        self._system = system

    def at(self, wanted: Wanted) -> Snapshot:
        return Snapshot(
            earlier=self._earlier(wanted.sys_refs),
            movements=self._movements(wanted),
            choices=self._choices(wanted.principals),
        )

    def _earlier(self, sys_refs: Collection[str]) -> Mapping[str, Earlier]:
        found = self._rows(_of(simulator_deliveries, "sys_ref", self._system, sys_refs), sys_refs)
        known = [row.sys_ref for row in found]
        query = _of(simulator_answers, "sys_ref", self._system, known)
        answers: dict[str, list[Answer]] = defaultdict(list)
        for row in self._rows(query.order_by(simulator_answers.c.ordinal), known):
            answers[row.sys_ref].append(answer_from(row))
        return {
            row.sys_ref: Earlier(refusal=row.refusal, answers=tuple(answers[row.sys_ref])) for row in found
        }

    def _movements(self, wanted: Wanted) -> Sequence[Movement]:
        table = simulator_movements
        # Not by pairs: for these PostgreSQL would look through all movements of a principal.
        principals, lrns = ({key[part] for key in wanted.keys} for part in (0, 1))
        by_key = select(table).where(
            table.c.system == self._system,
            table.c.principal.in_(sorted(principals)),
            table.c.lrn.in_(sorted(lrns)),
        )
        by_reference = _of(table, "reference", self._system, wanted.references)
        asked = [row for row in self._rows(by_key, wanted.keys) if (row.principal, row.lrn) in wanted.keys]
        rows = [*asked, *self._rows(by_reference, wanted.references)]
        return list({(row.principal, row.lrn): movement_from(row) for row in rows}.values())

    def _choices(self, principals: Collection[str]) -> Mapping[str, str]:
        rows = self._rows(_of(simulator_choices, "principal", self._system, principals), principals)
        return {row.principal: row.scenario for row in rows}

    def _rows(self, query: Select[*tuple[Any, ...]], wanted: Collection[object]) -> Sequence[_Row]:
        return self._connection.execute(query).all() if wanted else ()


class _SqlUnit:
    def __init__(self, connection: Connection, system: str) -> None:
        self._connection = connection
        self._system = system

    def claim(self, deliveries: Sequence[NewDelivery]) -> frozenset[str]:
        # Sorted, here and below: transactions with common keys wait for each other, never in a ring.
        rows = [
            delivery_row(self._system, each) for each in sorted(deliveries, key=lambda each: each.sys_ref)
        ]
        return frozenset(row.sys_ref for row in self._insert_new(simulator_deliveries, rows))

    def repeated(self, sys_refs: Collection[str]) -> None:
        table = simulator_deliveries
        if sys_refs:
            mine = (table.c.system == self._system, table.c.sys_ref.in_(sorted(sys_refs)))
            self._connection.execute(update(table).where(*mine).values(deliveries=table.c.deliveries + 1))

    def take(self, numbers: Sequence[Number]) -> frozenset[Number]:
        by_key = {each.key: each for each in reversed(numbers)}
        rows = [number_row(self._system, by_key[key]) for key in sorted(by_key)]
        taken = self._insert_new(simulator_numbers, rows)
        return frozenset(by_key[row.kind, row.principal, row.number] for row in taken)

    def keep(self, movements: Sequence[Movement]) -> bool:
        ordered = sorted(movements, key=lambda each: each.key)
        new = [movement_row(self._system, each) for each in ordered if not each.version]
        if len(self._insert_new(simulator_movements, new)) < len(new):
            return False
        return all(self._change(each) for each in ordered if each.version)

    def _change(self, movement: Movement) -> bool:
        table = simulator_movements
        row = movement_row(self._system, movement)
        unchanged = (
            table.c.system == self._system,
            table.c.principal == movement.principal,
            table.c.lrn == movement.lrn,
            table.c.version == movement.version,
        )
        return self._connection.execute(update(table).where(*unchanged).values(row)).rowcount == 1

    def finish(self, due: Sequence[Due]) -> bool:
        if not due:
            return True
        gone = delete(simulator_events).where(simulator_events.c.id.in_(sorted(each.id for each in due)))
        return self._connection.execute(gone).rowcount == len(due)

    def schedule(self, due: Sequence[Due]) -> None:
        if due:
            self._connection.execute(insert(simulator_events), [due_row(self._system, each) for each in due])

    def record(self, answers: Mapping[str, Sequence[Answer]]) -> None:
        rows = [
            answer_row(self._system, sys_ref, ordinal, answer)
            for sys_ref, given in answers.items()
            for ordinal, answer in enumerate(given)
        ]
        if rows:
            self._connection.execute(insert(simulator_answers), rows)

    def post(self, answers: Sequence[Answer]) -> None:
        if answers:
            rows = [outbox_row(self._system, each) for each in answers]
            self._connection.execute(insert(simulator_outbox), rows)

    def _insert_new(self, table: Table, rows: list[dict[str, Any]]) -> Sequence[_Row]:
        if not rows:
            return ()
        statement = (
            _insert_for(self._connection, table).on_conflict_do_nothing().returning(*table.primary_key)
        )
        return self._connection.execute(statement, rows).all()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise LedgerUnavailableError(reason=str(error.orig)) from error


def _of(table: Table, column: str, system: str, values: Collection[str]) -> Select[*tuple[Any, ...]]:
    """Rows of a system with one of the values."""
    return select(table).where(table.c.system == system, table.c[column].in_(sorted(values)))


def _insert_for(connection: Connection, table: Table) -> _Insert:
    """The dialect's INSERT: both spell ON CONFLICT alike, the core INSERT does not have it."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
