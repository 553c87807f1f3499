"""Answers that are not passed on until an operator has decided."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Insert, Row, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.tables import quarantined_answers as _table
from routing.model import Answer, AnswerKind, Recipient
from schemas.model import IdentifierKind

__all__ = ["NewQuarantined", "Quarantine", "QuarantineReason", "QuarantineState", "Quarantined"]


class QuarantineReason(StrEnum):
    """Why an answer is not passed on."""

    MALFORMED = "malformed"  # no XML that may be read
    UNKNOWN_TYPE = "unknown_type"  # no active message type has this document element
    WRONG_TYPE = "wrong_type"  # not a message that this system sends
    INVALID = "invalid"  # against its schema
    CONTRADICTION = "contradiction"  # it names another document than it was sent for
    UNCORRELATED = "uncorrelated"  # no document has a number that it names
    AMBIGUOUS = "ambiguous"  # several senders' documents have its number


class QuarantineState(StrEnum):
    """What has become of it."""

    WAITING = "waiting"  # an operator must decide
    RELEASED = "released"  # passed on
    DROPPED = "dropped"  # never passed on


@dataclass(frozen=True, kw_only=True, slots=True)
class NewQuarantined:
    """An answer on its way into the quarantine."""

    system: str
    answer: Answer  # as it came
    reason: QuarantineReason
    detail: str
    arrived_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarantined:
    """An answer in the quarantine."""

    id: int
    system: str
    answer: Answer  # as it came; without its content in lists
    size: int  # bytes of the content
    reason: QuarantineReason
    detail: str
    arrived_at: datetime
    state: QuarantineState
    decided_at: datetime | None
    decided_by: str | None
    note: str | None  # the operator's reason


_INSERT: Final[Mapping[str, Insert]] = {
    "sqlite": sqlite.insert(_table).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(_table).on_conflict_do_nothing(),
}
_KNOWN: Final = select(_table.c.back_end_id).where(
    _table.c.system == bindparam("of_system"), _table.c.back_end_id.in_(bindparam("ids", expanding=True))
)
_SETTLED: Final = (
    select(_table.c.id)
    .where(_table.c.decided_at < bindparam("before"))
    .order_by(_table.c.decided_at)
    .limit(bindparam("most"))
)
_DELETE: Final = (
    delete(_table)
    .where(_table.c.id.in_(bindparam("ids", expanding=True)), _table.c.decided_at < bindparam("before"))
    .returning(_table.c.id)
)
_LISTED: Final = select(*(column for column in _table.c if column.name != "content"))


class Quarantine:
    """The quarantine on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Sequence[NewQuarantined]) -> None:
        """Keep answers; those kept before are skipped."""
        if new:
            statement = _INSERT[self._connection.dialect.name]
            self._connection.execute(statement, [_row(each) for each in new])

    def known(self, system: str, back_end_ids: Collection[str]) -> frozenset[str]:
        """Which of these numbers are, or were, in the quarantine."""
        rows = self._connection.scalars(_KNOWN, {"of_system": system, "ids": list(back_end_ids)})
        return frozenset(rows)

    def find(
        self,
        *,
        state: QuarantineState | None = QuarantineState.WAITING,
        system: str | None = None,
        limit: int,
    ) -> Sequence[Quarantined]:
        """Answers without their contents, oldest first.

        Args:
            state: None: any.
            system: None: any.
            limit: at most so many.
        """
        query = _LISTED.order_by(_table.c.id).limit(limit)
        if state is not None:
            query = query.where(_table.c.state == state.value)
        if system is not None:
            query = query.where(_table.c.system == system)
        return [_quarantined(row, b"") for row in self._connection.execute(query)]

    def get(self, number: int) -> Quarantined | None:
        """One with its content."""
        row = self._connection.execute(select(_table).where(_table.c.id == number)).one_or_none()
        return None if row is None else _quarantined(row, row.content)

    def decide(self, number: int, state: QuarantineState, *, at: datetime, by: str, note: str) -> bool:
        """Write down what an operator has decided; False where somebody was faster."""
        statement = (
            update(_table)
            .where(_table.c.id == number, _table.c.state == QuarantineState.WAITING.value)
            .values(state=state.value, decided_at=at, decided_by=by, note=note)
        )
        return self._connection.execute(statement).rowcount == 1

    def settled(self, *, before: datetime, limit: int) -> Sequence[int]:
        """Numbers of answers that were decided upon before a moment, the oldest decisions first."""
        return self._connection.scalars(_SETTLED, {"before": before, "most": limit}).all()

    def delete(self, numbers: Collection[int], *, before: datetime) -> frozenset[int]:
        """Delete answers that were decided upon before a moment; returns those gone."""
        return frozenset(self._connection.scalars(_DELETE, {"ids": list(numbers), "before": before}))


_TOLD: Final = ("filename", "sys_ref", "correlation", "lrn", "mrn", "arc")


def _row(new: NewQuarantined) -> dict[str, Any]:
    answer = new.answer
    told = {name: getattr(answer, name) for name in _TOLD}
    recipients = [{"kind": each.kind.value, "number": each.number} for each in answer.recipients]
    return {
        "system": new.system,
        "back_end_id": answer.back_end_id,
        "kind": answer.kind.value,
        "type_code": answer.type_code,
        "told": {**told, "recipients": recipients, "confirmed_delivery": answer.confirmed_delivery},
        "content": answer.content,
        "size": len(answer.content),
        "reason": new.reason.value,
        "detail": new.detail,
        "arrived_at": new.arrived_at,
        "state": QuarantineState.WAITING.value,
    }


def _quarantined(row: Row[Any], content: bytes) -> Quarantined:
    told = dict(row.told)
    recipients = tuple(
        Recipient(kind=IdentifierKind(each["kind"]), number=each["number"]) for each in told.pop("recipients")
    )
    return Quarantined(
        id=row.id,
        system=row.system,
        answer=Answer(
            back_end_id=row.back_end_id,
            kind=AnswerKind(row.kind),
            type_code=row.type_code,
            content=content,
            recipients=recipients,
            **told,
        ),
        size=row.size,
        reason=QuarantineReason(row.reason),
        detail=row.detail,
        arrived_at=row.arrived_at,
        state=QuarantineState(row.state),
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        note=row.note,
    )
