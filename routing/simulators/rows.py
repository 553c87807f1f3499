"""Rows of the simulators' tables, and what they mean."""

import json
from datetime import UTC
from typing import Any

from sqlalchemy import Row

from routing.model import Answer, AnswerKind, Recipient
from routing.simulators.ledger import Due, Movement, NewDelivery, Number, State
from schemas.model import IdentifierKind

__all__ = [
    "answer_from",
    "answer_row",
    "delivery_row",
    "due_from",
    "due_row",
    "movement_from",
    "movement_row",
    "number_row",
    "outbox_row",
    "posted_from",
]

_Row = Row[*tuple[Any, ...]]


def delivery_row(system: str, new: NewDelivery) -> dict[str, Any]:
    """Of `simulator_deliveries`."""
    return {
        "system": system,
        "sys_ref": new.sys_ref,
        "type_code": new.type_code,
        "first_at": new.at.astimezone(UTC),
        "deliveries": 1,
        "refusal": new.refusal,
    }


def number_row(system: str, number: Number) -> dict[str, Any]:
    """Of `simulator_numbers`."""
    return {
        "system": system,
        "kind": number.kind.value,
        "principal": number.principal,
        "number": number.value,
        "sys_ref": number.sys_ref,
    }


def movement_row(system: str, movement: Movement) -> dict[str, Any]:
    """Of `simulator_movements`, one version on."""
    return {
        "system": system,
        "principal": movement.principal,
        "lrn": movement.lrn,
        "reference": movement.reference,
        "state": movement.state.value,
        "sys_ref": movement.sys_ref,
        "changed_at": movement.changed_at.astimezone(UTC),
        "scenario": movement.scenario,
        "version": movement.version + 1,
        "schema_version": movement.schema,
        "type_code": movement.type_code,
        "own_id": movement.own_id,
        "declaration": movement.declaration or None,
        "counterpart": movement.counterpart or None,
        "facts": json.dumps(dict(movement.facts), ensure_ascii=False),
    }


def movement_from(row: _Row) -> Movement:
    """What a row of `simulator_movements` tells."""
    return Movement(
        principal=row.principal,
        lrn=row.lrn,
        reference=row.reference,
        state=State(row.state),
        scenario=row.scenario,
        version=row.version,
        schema=row.schema_version,
        type_code=row.type_code,
        declaration=row.declaration or b"",
        counterpart=row.counterpart or b"",
        facts=json.loads(row.facts),
        sys_ref=row.sys_ref,
        own_id=row.own_id,
        changed_at=row.changed_at.replace(tzinfo=row.changed_at.tzinfo or UTC),
    )


def due_row(system: str, due: Due) -> dict[str, Any]:
    """Of `simulator_events`; the ledger numbers it."""
    return {
        "system": system,
        "due_at": due.at.astimezone(UTC),
        "event": due.event,
        "principal": due.principal,
        "lrn": due.lrn,
        "sys_ref": due.sys_ref,
    }


def due_from(row: _Row) -> Due:
    """What a row of `simulator_events` tells."""
    return Due(
        id=row.id,
        event=row.event,
        at=row.due_at.replace(tzinfo=row.due_at.tzinfo or UTC),
        principal=row.principal,
        lrn=row.lrn,
        sys_ref=row.sys_ref,
    )


def answer_row(system: str, sys_ref: str, ordinal: int, answer: Answer) -> dict[str, Any]:
    """Of `simulator_answers`."""
    return {"sys_ref": sys_ref, "ordinal": ordinal, **_common_row(system, answer)}


def answer_from(row: _Row) -> Answer:
    """What a row of `simulator_answers` tells."""
    return _answer(row, row.sys_ref, ())


def outbox_row(system: str, answer: Answer) -> dict[str, Any]:
    """Of `simulator_outbox`."""
    recipients = json.dumps([[each.kind.value, each.number] for each in answer.recipients])
    return {"answers": answer.sys_ref, "recipients": recipients, **_common_row(system, answer)}


def posted_from(row: _Row) -> Answer:
    """What a row of `simulator_outbox` tells."""
    named = json.loads(row.recipients)
    recipients = tuple(Recipient(kind=IdentifierKind(kind), number=number) for kind, number in named)
    return _answer(row, row.answers, recipients)


def _common_row(system: str, answer: Answer) -> dict[str, Any]:
    return {
        "system": system,
        "back_end_id": answer.back_end_id,
        "kind": answer.kind.value,
        "type_code": answer.type_code,
        "filename": answer.filename,
        "content": answer.content,
        "correlation": answer.correlation,
        "lrn": answer.lrn,
        "mrn": answer.mrn,
        "arc": answer.arc,
        "confirmed": answer.confirmed_delivery,
    }


def _answer(row: _Row, sys_ref: str | None, recipients: tuple[Recipient, ...]) -> Answer:
    return Answer(
        back_end_id=row.back_end_id,
        kind=AnswerKind(row.kind),
        type_code=row.type_code,
        filename=row.filename,
        content=row.content,
        sys_ref=sys_ref,
        correlation=row.correlation,
        lrn=row.lrn,
        mrn=row.mrn,
        arc=row.arc,
        recipients=recipients,
        confirmed_delivery=row.confirmed,
    )
