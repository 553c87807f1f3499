"""A register of many rights: what a decision costs in the database, and how fast PDR records come in.

    python -m benchmarks.registry [--rights 1000000] [--records 100000] [--url postgresql+psycopg://…]

Prints one JSON object. Not a part of `make bench`: filling takes its time. Without --url a SQLite file is
made and thrown away; a database named must be empty.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import Connection, Engine, Table, event, insert

from benchmarks.pdr_records import nip, pesel, write_pdr
from benchmarks.plans import plan_of, settle
from benchmarks.workshop import resident_peak_mib
from gateway import clock
from gateway.migration import PdrImport
from gateway.store.sql_store import SqlStore
from registry import tables
from registry.desk import decide_rights
from registry.model import Granted, NamedParty, NumberKind
from registry.numbers import person_id_sisc
from registry.repository import RegistryRepository

__all__ = ["main"]

_CHUNK = 20_000
_DECISIONS = 2_000
_AGENCIES = 1_000
_ENDED = 500
_Row = dict[str, object]


class _Size:
    """How many of what: a fifth as many firms as rights, a twentieth as many persons."""

    def __init__(self, rights: int) -> None:
        self.rights = rights
        self.firms = max(rights // 5, 2 * _AGENCIES)
        self.persons = max(rights // 20, _AGENCIES)


def _person(number: int) -> str:
    return person_id_sisc(pesel(number))


def _entity(number: int) -> str:
    return f"PL{nip(number)}00000"


def _rows(size: _Size) -> Iterator[tuple[Table, Iterator[_Row]]]:
    person = {"given_names": "A", "surname": "B", "active": True}
    account = {"level": "extended", "status": "active", "failed_logins": 0, "credential": b"-"}
    people, firms = range(size.persons), range(size.firms)
    yield tables.persons, ({"id_sisc": _person(i), **person} for i in people)
    yield tables.accounts, ({"login": _login(i), "person_id": _person(i), **account} for i in people)
    yield tables.entities, ({"id_sisc": _entity(i), "name": "N", "active": True} for i in firms)
    yield tables.numbers, ({"kind": "eori", "number": _entity(i), "entity": _entity(i)} for i in firms)
    yield tables.representations, _rights(size)


def _login(number: int) -> str:
    return f"a{number}@example.pl"


def _rights(size: _Size) -> Iterator[_Row]:
    """Each person works for one agency; agencies hold the other rights for firms."""
    entities = [_entity(i) for i in range(size.firms)]
    for i in range(size.rights):
        by_person = i < size.persons
        representative = _person(i) if by_person else entities[i % _AGENCIES]
        represented = i % _AGENCIES if by_person else _AGENCIES + i * 7 % (size.firms - _AGENCIES)
        yield {
            "id": f"{i:032x}",
            "representative": representative,
            "represented": entities[represented],
            "systems": ["AES", "AIS"],
            "level": "basic",
            "valid_from": date(2020, 1, 1),
            "version": 1,
        }


def _fill(engine: Engine, size: _Size) -> None:
    for table, rows in _rows(size):
        while chunk := list(islice(rows, _CHUNK)):
            with engine.begin() as connection:
                connection.execute(insert(table), chunk)
    settle(engine)


@contextmanager
def _timed_database(connection: Connection) -> Iterator[list[float]]:
    """Seconds spent in the database, statement by statement."""
    spent: list[float] = []
    begun = [0.0]

    def before(*_call: object) -> None:
        begun[0] = perf_counter()

    def after(*_call: object) -> None:
        spent.append(perf_counter() - begun[0])

    event.listen(connection, "before_cursor_execute", before)
    event.listen(connection, "after_cursor_execute", after)
    yield spent
    event.remove(connection, "before_cursor_execute", before)
    event.remove(connection, "after_cursor_execute", after)


def _decisions(store: SqlStore, size: _Size) -> dict[str, float]:
    """Milliseconds of second-link decisions, each for another person and firm."""
    database, whole = [], []
    with store.read() as work, _timed_database(work.connection) as spent:
        registry = RegistryRepository(work.connection)
        for login, firm in _questions(size):
            spent.clear()
            begun = perf_counter()
            _question(registry, login, firm)
            whole.append(perf_counter() - begun)
            database.append(sum(spent))
    return {
        "database_median_ms": _ms(statistics.median(database)),
        "database_p99_ms": _ms(statistics.quantiles(database, n=100)[98]),
        "whole_median_ms": _ms(statistics.median(whole)),
    }


def _question(registry: RegistryRepository, login: str, firm: str) -> Granted:
    decision = decide_rights(
        registry,
        login=login,
        principals=[NamedParty(kind=NumberKind.EORI, number=firm)],
        representatives=[],
        system="AES",
        at=clock.now(),
        needs_right=True,
    )
    assert isinstance(decision, Granted), decision
    return decision


def _plan(store: SqlStore, size: _Size) -> Sequence[str]:
    """How the database finds the facts of one such decision."""
    login, firm = next(_questions(size))
    with store.read() as work:
        registry = RegistryRepository(work.connection)
        return plan_of(work.connection, lambda: _question(registry, login, firm))


def _endings(store: SqlStore, size: _Size) -> dict[str, float]:
    """Milliseconds to end a right with its history: what the indexes cost is in there."""
    seconds = []
    with store.begin() as work:
        registry = RegistryRepository(work.connection)
        for i in range(size.rights - 1, size.rights - 1 - _ENDED, -1):
            begun = perf_counter()
            registry.end_representation(f"{i:032x}", operator="benchmark", at=clock.now())
            seconds.append(perf_counter() - begun)
        work.commit()
    return {"median_ms": _ms(statistics.median(seconds))}


def _questions(size: _Size) -> Iterator[tuple[str, str]]:
    """Persons and firms that an agency stands between."""
    step = max((size.rights - size.persons) // _DECISIONS, 1)
    for i in range(size.persons, size.rights, step):
        person = i % _AGENCIES  # works for the agency that holds right i
        yield _login(person), _entity(_AGENCIES + i * 7 % (size.firms - _AGENCIES))


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 4)


def _import(store: SqlStore, folder: Path, records: int, size: _Size) -> dict[str, float]:
    """Records a second, of files with a half rights and a half parties, into the filled register."""
    file = folder / "pdr.csv"
    written = write_pdr(file, persons=records // 10, authorisations=records // 2, first=size.firms)
    run = PdrImport(
        store=store,
        operator="benchmark",
        at=clock.now(),
        new_id=clock.new_id,
        on_problem=lambda problem: sys.exit(str(problem)),
        on_progress=lambda _records: None,
    )
    before = resident_peak_mib()
    cpu, wall = process_time(), perf_counter()
    with file.open("rb") as opened:
        outcomes = run.run(opened)
    seconds = {"cpu": process_time() - cpu, "wall": perf_counter() - wall}
    assert outcomes.total() == written
    return {
        "records": written,
        "per_second_wall": round(written / seconds["wall"]),
        "per_second_cpu": round(written / seconds["cpu"]),
        "memory_grew_mib": round(resident_peak_mib() - before, 1),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.registry")
    parser.add_argument("--rights", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--url", help="of an empty database")
    options = parser.parse_args(arguments)
    size = _Size(options.rights)
    with tempfile.TemporaryDirectory(prefix="sisc-bench-") as folder:
        store = SqlStore.open(options.url or f"sqlite:///{folder}/registry.sqlite3")
        store.migrate()
        begun = perf_counter()
        _fill(store.engine, size)
        result = {
            "rights": size.rights,
            "database": store.engine.dialect.name,
            "fill_seconds": round(perf_counter() - begun, 1),
            "decision": _decisions(store, size),
            "plan": _plan(store, size),
            "end_a_right": _endings(store, size),
            "import": _import(store, Path(folder), options.records, size),
        }
        store.close()
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
