"""What is read for every document is found by index, however large the register is."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, Engine, event, insert, text

from registry import tables
from registry.errors import NotRegisteredError
from registry.model import Account, AccountLevel, AccountStatus, NumberKind, Person
from registry.overview import Overview
from registry.repository import RegistryRepository

NOW = datetime(2026, 3, 10, tzinfo=UTC)
PERSONS, AGENCIES, FIRMS, RIGHTS = 5_000, 500, 20_000, 100_000


def _fill(connection: Connection) -> None:
    connection.execute(
        insert(tables.persons),
        [
            {"id_sisc": f"P{i:016}", "given_names": "A", "surname": "B", "pesel": None, "active": True}
            for i in range(PERSONS)
        ],
    )
    connection.execute(
        insert(tables.entities),
        [
            {"id_sisc": f"E{i:016}", "name": "N", "active": True, "owner_person": None}
            for i in range(AGENCIES + FIRMS)
        ],
    )
    connection.execute(
        insert(tables.numbers),
        [{"kind": "eori", "number": f"PL{i}", "entity": f"E{i:016}"} for i in range(AGENCIES + FIRMS)],
    )
    connection.execute(insert(tables.representations), list(_rights()))


def _rights() -> Iterator[dict[str, object]]:
    for i in range(RIGHTS):
        by_person = i < PERSONS
        representative = f"P{i:016}" if by_person else f"E{i % AGENCIES:016}"
        represented = f"E{i % AGENCIES:016}" if by_person else f"E{AGENCIES + i * 7 % FIRMS:016}"
        yield {
            "id": f"{i:032x}",
            "representative": representative,
            "represented": represented,
            "systems": ["AES"],
            "level": "basic",
            "valid_from": date(2020, 1, 1),
            "valid_to": None,
            "ended_at": None,
            "version": 1,
        }


def _plan(connection: Connection, read: Callable[[Overview], object]) -> list[str]:
    statements: list[tuple[str, tuple[object, ...]]] = []

    def note(*call: object) -> None:
        _, _, statement, parameters, _, _ = call
        assert isinstance(statement, str)
        assert isinstance(parameters, tuple)
        statements.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    with contextlib.suppress(NotRegisteredError):  # whoever is not there is looked for in the same way
        read(Overview(connection))
    event.remove(connection, "before_cursor_execute", note)
    return [
        row.detail
        for statement, parameters in statements
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]


_FIRM = f"E{AGENCIES + 49 % FIRMS:016}"
_PERSON = Person(id_sisc=f"P{7:016}", given_names="A", surname="B")
_ACCOUNT = Account(
    login="a@example.com",
    level=AccountLevel.EXTENDED,
    status=AccountStatus.ACTIVE,
    person_id=_PERSON.id_sisc,
)
_READS: Sequence[Callable[[Overview], object]] = (
    lambda r: r.sender("a@example.com"),
    lambda r: r.representations_for(f"P{7:016}", [_FIRM]),
    lambda r: r.entity_by_number(NumberKind.EORI, "PL600"),
    lambda r: r.entity_by_number(NumberKind.ID_SISC, _FIRM),
    lambda r: r.visible_entities(f"P{7:016}", NOW),
    lambda r: r.credentials("a@example.com"),
    lambda r: r.links_page(f"P{7:016}", limit=200),
    lambda r: r.entities_page(f"P{7:016}", limit=200),
    lambda r: r.rights_page(_ACCOUNT, _PERSON, limit=200, at=NOW, after=("E", "E", "0")),
)


@pytest.fixture(params=["without statistics", "with statistics"])
def large(request: pytest.FixtureRequest, sqlite_engine: Engine) -> Iterator[Connection]:
    with sqlite_engine.begin() as connection:
        _fill(connection)
        if request.param == "with statistics":
            connection.execute(text("ANALYZE"))
    with sqlite_engine.connect() as connection:
        yield connection


def test_the_rights_decision_scans_no_table(large: Connection) -> None:
    for read in _READS:
        plan = _plan(large, read)
        assert any("USING" in step and "INDEX" in step for step in plan), plan
        assert [step for step in plan if step.startswith("SCAN") and not _is_made(step)] == []


def _is_made(step: str) -> bool:
    """Whether what is scanned is no table but what the query itself has found."""
    return step == "SCAN second" or step.startswith("SCAN (")


def test_of_a_hundred_thousand_rights_only_those_in_question_are_read(large: Connection) -> None:
    right = next(right for right in _rights() if right["representative"] == f"E{7:016}")
    found = RegistryRepository(large).representations_for(f"P{7:016}", [str(right["represented"])])
    assert {f"P{7:016}", f"E{7:016}"} == {link.representative for link in found}
    assert {f"E{7:016}", right["represented"]} == {link.represented for link in found}


@pytest.mark.postgres
def test_on_postgresql_every_read_of_the_rights_decision_has_an_index(postgres_engine: Engine) -> None:
    """Of few rows its planner would read whole tables; kept from that, it shows the indexes it has."""
    with postgres_engine.connect() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        for read in _READS:
            plan = _postgres_plan(connection, read)
            assert any("Index" in step for step in plan), plan
            assert [step for step in plan if "Seq Scan" in step] == []


def _postgres_plan(connection: Connection, read: Callable[[Overview], object]) -> list[str]:
    statements: list[tuple[str, Mapping[str, object]]] = []

    def note(*call: object) -> None:
        assert isinstance(call[3], Mapping)
        statements.append((str(call[2]), call[3]))

    event.listen(connection, "before_cursor_execute", note)
    with contextlib.suppress(NotRegisteredError):  # an empty register is asked in the same way
        read(Overview(connection))
    event.remove(connection, "before_cursor_execute", note)
    plan: list[str] = []
    for statement, parameters in statements:
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plan += [str(row[0]) for row in cursor.fetchall()]
        cursor.close()
    return plan
