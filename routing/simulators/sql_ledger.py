"""The simulators' memory in SQL: the same statements on SQLite and PostgreSQL."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from routing.errors import LedgerUnavailableError
from routing.model import Answer, AnswerKind
from routing.simulators.ledger import Earlier, LedgerUnit, Movement, NewDelivery, Number
from routing.tables import simulator_answers, simulator_deliveries, simulator_movements, simulator_numbers

__all__ = ["SqlLedger"]

_Insert = sqlite.Insert | postgresql.Insert

_EARLIER = select(simulator_deliveries.c.sys_ref, simulator_deliveries.c.refusal).where(
    simulator_deliveries.c.system == bindparam("of_system"),
    simulator_deliveries.c.sys_ref.in_(bindparam("sys_refs", expanding=True)),
)
_COUNT = (
    update(simulator_deliveries)
    .where(
        simulator_deliveries.c.system == bindparam("of_system"),
        simulator_deliveries.c.sys_ref.in_(bindparam("sys_refs", expanding=True)),
    )
    .values(deliveries=simulator_deliveries.c.deliveries + 1)
)
_ANSWERS = (
    select(simulator_answers)
    .where(
        simulator_answers.c.system == bindparam("of_system"),
        simulator_answers.c.sys_ref.in_(bindparam("sys_refs", expanding=True)),
    )
    .order_by(simulator_answers.c.sys_ref, simulator_answers.c.ordinal)
)
_GIVE_BACK = delete(simulator_numbers).where(
    simulator_numbers.c.system == bindparam("of_system"),
    simulator_numbers.c.kind == bindparam("of_kind"),
    simulator_numbers.c.principal == bindparam("of_principal"),
    simulator_numbers.c.number == bindparam("of_number"),
    simulator_numbers.c.sys_ref == bindparam("of_sys_ref"),
)


class SqlLedger:
    """The ledger of one simulated back end in a database.

    Args:
        engine: gives writing transactions by `begin()`; on SQLite it must start them with BEGIN IMMEDIATE.
        system: target-system code whose rows are meant.
    """

    def __init__(self, engine: Engine, system: str) -> None:
        self._engine = engine
        self._system = system

    @contextmanager
    def begin(self) -> Iterator[LedgerUnit]:
        """See `Ledger.begin`."""
        try:
            with self._engine.begin() as connection:
                yield _SqlUnit(connection, self._system)
        except DBAPIError as error:
            raise LedgerUnavailableError(reason=str(error.orig)) from error


class _SqlUnit:
    def __init__(self, connection: Connection, system: str) -> None:
        self._connection = connection
        self._system = system

    def claim(self, deliveries: Sequence[NewDelivery]) -> frozenset[str]:
        # Sorted, here and in `take`: transactions with common keys wait for each other, never in a ring.
        rows = [self._delivery_row(each) for each in sorted(deliveries, key=lambda each: each.sys_ref)]
        return frozenset(row.sys_ref for row in self._insert_new(simulator_deliveries, rows))

    def earlier(self, sys_refs: Collection[str]) -> Mapping[str, Earlier]:
        if not sys_refs:
            return {}
        wanted = {"of_system": self._system, "sys_refs": sorted(sys_refs)}
        self._connection.execute(_COUNT, wanted)
        answers: dict[str, list[Answer]] = defaultdict(list)
        for row in self._connection.execute(_ANSWERS, wanted):
            answers[row.sys_ref].append(_answer(row))
        found = self._connection.execute(_EARLIER, wanted)
        return {
            row.sys_ref: Earlier(refusal=row.refusal, answers=tuple(answers[row.sys_ref])) for row in found
        }

    def take(self, numbers: Sequence[Number]) -> frozenset[Number]:
        by_key = {(each.kind.value, each.principal, each.value): each for each in reversed(numbers)}
        rows = [self._number_row(by_key[key]) for key in sorted(by_key)]
        taken = self._insert_new(simulator_numbers, rows)
        return frozenset(by_key[row.kind, row.principal, row.number] for row in taken)

    def give_back(self, numbers: Sequence[Number]) -> None:
        if numbers:
            rows = [{f"of_{k}": v for k, v in self._number_row(each).items()} for each in numbers]
            self._connection.execute(_GIVE_BACK, rows)

    def save(self, movements: Sequence[Movement], answers: Mapping[str, Sequence[Answer]]) -> None:
        if movements:
            rows = [self._movement_row(each) for each in movements]
            self._connection.execute(insert(simulator_movements), rows)
        answer_rows = [
            self._answer_row(sys_ref, ordinal, answer)
            for sys_ref, given in answers.items()
            for ordinal, answer in enumerate(given)
        ]
        if answer_rows:
            self._connection.execute(insert(simulator_answers), answer_rows)

    def _insert_new(self, table: Table, rows: list[dict[str, Any]]) -> Sequence[Row[*tuple[Any, ...]]]:
        if not rows:
            return ()
        statement = (
            _insert_for(self._connection, table).on_conflict_do_nothing().returning(*table.primary_key)
        )
        return self._connection.execute(statement, rows).all()

    def _delivery_row(self, new: NewDelivery) -> dict[str, Any]:
        return {
            "system": self._system,
            "sys_ref": new.sys_ref,
            "type_code": new.type_code,
            "first_at": new.at,
            "deliveries": 1,
            "refusal": new.refusal,
        }

    def _number_row(self, number: Number) -> dict[str, Any]:
        return {
            "system": self._system,
            "kind": number.kind.value,
            "principal": number.principal,
            "number": number.value,
            "sys_ref": number.sys_ref,
        }

    def _movement_row(self, movement: Movement) -> dict[str, Any]:
        return {
            "system": self._system,
            "principal": movement.principal,
            "lrn": movement.lrn,
            "reference": movement.reference,
            "state": movement.state.value,
            "sys_ref": movement.sys_ref,
            "changed_at": movement.changed_at,
        }

    def _answer_row(self, sys_ref: str, ordinal: int, answer: Answer) -> dict[str, Any]:
        return {
            "system": self._system,
            "sys_ref": sys_ref,
            "ordinal": ordinal,
            "back_end_id": answer.back_end_id,
            "kind": answer.kind.value,
            "type_code": answer.type_code,
            "filename": answer.filename,
            "content": answer.content,
            "correlation": answer.correlation,
            "lrn": answer.lrn,
            "mrn": answer.mrn,
            "arc": answer.arc,
        }


def _insert_for(connection: Connection, table: Table) -> _Insert:
    """The dialect's INSERT: both spell ON CONFLICT alike, the core INSERT does not have it."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _answer(row: Row[*tuple[Any, ...]]) -> Answer:
    return Answer(
        back_end_id=row.back_end_id,
        kind=AnswerKind(row.kind),
        type_code=row.type_code,
        filename=row.filename,
        content=row.content,
        sys_ref=row.sys_ref,
        correlation=row.correlation,
        lrn=row.lrn,
        mrn=row.mrn,
        arc=row.arc,
    )
