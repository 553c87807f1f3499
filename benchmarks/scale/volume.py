"""What the operations of the channel cost with few and with many documents in the store."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import event

from benchmarks.scale.servers import database, gateway_on
from benchmarks.scale.stock import SYSTEM, Past, accounts, put_aside
from benchmarks.workshop import Workshop
from gateway import clock
from gateway.bootstrap import settle
from gateway.channel import Caller, DocumentsQuery
from gateway.store.engine import is_sqlite
from gateway.store.model import DocumentFilter
from gateway.store.sql_store import SqlStore

__all__ = ["fill", "measure_volume", "operations", "plans_of"]

_SENDERS: Final = 200
_FEW: Final = 1_000
_OWN: Final = 300
_TIMES: Final = 150
_MINUTE: Final = timedelta(minutes=1)
#: Never fetches anything; what it has is too old for GetNextDocument.
_ABSENT: Final = "absent@example.pl"
#: Fetches less than it gets.
_SLOW: Final = "slow@example.pl"
#: Of all documents, each of those two has one in so many.
_HOARDED: Final = 20

Operation = Callable[[Workshop], object]


def measure_volume(folder: Path, server: str | None, *, documents: int) -> dict[str, Any]:
    """Milliseconds of each operation with a thousand and with many documents, their ratio, and the plans.

    Every operation is done on both stores in turns, so that whatever else the machine does meets both.

    Args:
        folder: for the gateways.
        server: URL of a PostgreSQL server where databases may be made; None: SQLite.
        documents: how many are "many".
    """
    with _stored(folder / "few", server, _FEW) as few, _stored(folder / "many", server, documents) as many:
        settle()
        told = {name: _compared(operation, few, many) for name, operation in operations().items()}
        plans = plans_of(many)
    return {"documents": documents, "operations": told, "plans": plans}


def fill(store: SqlStore, documents: int, *, own: str) -> None:
    """Put documents aside: of many senders, of two who leave theirs uncollected, and a few of one's own.

    Args:
        store: where to.
        documents: how many of others.
        own: login of whose mailbox holds the same however many others store.
    """
    now, hoarded = store.clock(), documents // _HOARDED
    old = Past(until=now - timedelta(days=40), apart=_MINUTE)
    put_aside(store, documents - 2 * hoarded, owners=accounts(_SENDERS), past=Past(until=now, apart=_MINUTE))
    put_aside(store, hoarded, owners=[_ABSENT], past=old, collected=False)
    recent = Past(until=now, apart=timedelta(days=7) / hoarded)
    put_aside(store, hoarded, owners=[_SLOW], past=recent, collected=False)
    for owner in (own, _ABSENT):
        put_aside(store, _OWN, owners=[owner], past=Past(until=now, apart=_MINUTE), collected=False)
    put_aside(store, _OWN, owners=[own], past=Past(until=now, apart=_MINUTE))


def operations() -> Mapping[str, Operation]:
    """What is asked, by name."""
    today = DocumentsQuery(date_from=_day(-1), date_to=_day(1))
    days = DocumentsQuery(date_from=_day(-8), date_to=_day(1))
    return {
        "AcceptDocument": _accept,
        "GetNextDocument": lambda workshop: _next(workshop, workshop.login),
        "GetNextDocument of a system": lambda workshop: _next(workshop, workshop.login, SYSTEM),
        "GetNextDocument, many too old": lambda workshop: _next(workshop, _ABSENT),
        "GetNextDocument, many waiting": lambda workshop: _next(workshop, _SLOW),
        "GetDocuments of a day": lambda workshop: _find(workshop, today),
        "GetDocuments of ten days": lambda workshop: _find(workshop, days),
        "GetDocuments not collected": lambda workshop: _find(workshop, replace(days, collected="0")),
        "GetDocuments of a system": lambda workshop: _find(workshop, replace(days, target_system=SYSTEM)),
        "GetDocuments about a document": _find_about,
        "GetDocuments by own id": lambda workshop: _find(workshop, replace(days, own_id="none")),
        "GetDocuments, all of many counted": lambda workshop: _find(workshop, days, _SLOW),
    }


def plans_of(workshop: Workshop) -> dict[str, list[str]]:
    """How the database finds what each operation reads."""
    return {
        name: [line for statement, plan in _explained(workshop, operation) for line in (statement, *plan)]
        for name, operation in operations().items()
    }


def _compared(operation: Operation, few: Workshop, many: Workshop) -> dict[str, dict[str, float]]:
    taken = [(_timed(operation, few), _timed(operation, many)) for _ in range(_TIMES)]
    told = {}
    for kind in ("cpu", "wall"):
        small, large = median(one[kind] for one, _ in taken), median(one[kind] for _, one in taken)
        told[kind] = {"few_ms": round(small, 3), "many_ms": round(large, 3), "ratio": round(large / small, 2)}
    return told


def _timed(operation: Operation, workshop: Workshop) -> dict[str, float]:
    content = workshop.signed() if operation is _accept else b""
    cpu, wall = time.thread_time(), time.perf_counter()
    if content:
        workshop.accept(content)
    else:
        operation(workshop)
    return {"cpu": (time.thread_time() - cpu) * 1000, "wall": (time.perf_counter() - wall) * 1000}


def _accept(workshop: Workshop) -> str:
    return workshop.accept(workshop.signed())


def _next(workshop: Workshop, login: str, system: str | None = None) -> object:
    found = workshop.gateway.channel.get_next_document(_caller(login), system)
    assert found.document is not None, login
    return found


def _find(workshop: Workshop, query: DocumentsQuery, login: str | None = None) -> object:
    return workshop.gateway.channel.get_documents(_caller(login or workshop.login), query)


def _find_about(workshop: Workshop) -> object:
    with workshop.gateway.store.read() as work:
        (newest,) = work.documents.find(DocumentFilter(account=workshop.login), limit=1)
    return _find(workshop, DocumentsQuery(correlation_sys_ref=newest.sys_ref))


def _caller(login: str) -> Caller:
    return Caller(login=login, nonce=clock.new_id(), nonce_expires=clock.now() + timedelta(minutes=10))


def _day(away: int) -> str:
    return f"{clock.now() + timedelta(days=away):%Y-%m-%d}"


@contextmanager
def _stored(folder: Path, server: str | None, documents: int) -> Iterator[Workshop]:
    with ExitStack() as stack:
        url = stack.enter_context(database(server)) if server else None
        workshop = stack.enter_context(gateway_on(folder, url))
        fill(workshop.gateway.store, documents, own=workshop.login)
        _tidy(workshop)
        yield workshop


def _tidy(workshop: Workshop) -> None:
    """What autovacuum does in its time."""
    engine = workshop.gateway.store.engine
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _explained(workshop: Workshop, operation: Operation) -> Iterator[tuple[str, list[str]]]:
    engine = workshop.gateway.store.engine
    explain = "EXPLAIN QUERY PLAN " if is_sqlite(engine) else "EXPLAIN "
    asked: list[tuple[str, Any]] = []

    def record(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("UPDATE") or "FROM" in statement:
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", record)
    operation(workshop)
    event.remove(engine, "before_cursor_execute", record)
    with engine.connect() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(explain + statement, parameters)
            yield " ".join(statement.split()), [str(row[-1]) for row in plan]
