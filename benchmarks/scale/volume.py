"""What the operations of the channel cost with few and with many documents in the store."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from benchmarks.scale.stock import accounts, put_aside
from benchmarks.workshop import Workshop, measure
from gateway import clock
from gateway.channel import Caller, DocumentsQuery

__all__ = ["measure_volume"]

_SENDERS = 200
_FEW = 1_000
_OWN = 50
_TIMES = 200


def measure_volume(folder: Path, *, documents: int) -> dict[str, Any]:
    """Milliseconds of each operation with a thousand and with many documents, their ratio, and the plans.

    Args:
        folder: for the gateway.
        documents: how many are "many".
    """
    workshop = Workshop.open(folder)
    store = workshop.gateway.store
    owners = accounts(_SENDERS)
    put_aside(store, _OWN, owners=[workshop.login])  # as many are found each time
    put_aside(store, _FEW, owners=owners)
    few = _operations(workshop)
    put_aside(store, documents - _FEW, owners=owners)
    many = _operations(workshop)
    plans = _plans(workshop)
    workshop.close()
    ratios = {
        f"ratio_{kind}": {name: round(many[name][kind] / few[name][kind], 2) for name in few}
        for kind in ("cpu", "wall")
    }
    return {"documents": documents, "few_ms": few, "many_ms": many, **ratios, "plans": plans}


def _operations(workshop: Workshop) -> dict[str, dict[str, float]]:
    signed = iter([workshop.signed() for _ in range(_TIMES + 1)])
    told = {
        name: measure(ask, times=_TIMES) for name, ask in _questions(workshop, lambda: next(signed)).items()
    }
    _empty_queue(workshop)
    return told


def _questions(workshop: Workshop, content: Callable[[], bytes]) -> dict[str, Callable[[], object]]:
    channel = workshop.gateway.channel
    yesterday, tomorrow = (f"{clock.now() + timedelta(days=days):%Y-%m-%d}" for days in (-1, 1))
    window = DocumentsQuery(date_from=yesterday, date_to=tomorrow)
    return {
        "AcceptDocument": lambda: workshop.accept(content()),
        "GetNextDocument": lambda: channel.get_next_document(_caller(workshop), None),
        "GetDocuments": lambda: channel.get_documents(_caller(workshop), window),
    }


def _caller(workshop: Workshop) -> Caller:
    expires = clock.now() + timedelta(minutes=10)
    return Caller(login=workshop.login, nonce=clock.new_id(), nonce_expires=expires)


def _empty_queue(workshop: Workshop) -> None:
    with workshop.gateway.store.begin() as work:
        work.connection.exec_driver_sql("DELETE FROM work_items")
        work.commit()


def _plans(workshop: Workshop) -> dict[str, list[str]]:
    """How the database finds what each operation reads."""
    engine = workshop.gateway.store.engine
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    asked: list[tuple[str, Any]] = []

    def record(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith(("SELECT", "WITH", "UPDATE")):
            asked.append((statement, parameters))

    plans: dict[str, list[str]] = {}
    event.listen(engine, "before_cursor_execute", record)
    for name, ask in _questions(workshop, workshop.signed).items():
        asked.clear()
        ask()
        statements = list(asked)
        with engine.connect() as connection:
            plans[name] = [
                str(row[-1]).strip()
                for statement, parameters in statements
                for row in connection.exec_driver_sql(explain + statement, parameters)
            ]
    event.remove(engine, "before_cursor_execute", record)
    return plans
