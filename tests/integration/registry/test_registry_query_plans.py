"""What is read for every document is found by index, however large the register is."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, Engine, event, insert, text

from registry import tables
from registry.model import NumberKind
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


def _plan(connection: Connection, read: Callable[[RegistryRepository], object]) -> list[str]:
    statements: list[tuple[str, tuple[object, ...]]] = []

    def note(*call: object) -> None:
        _, _, statement, parameters, _, _ = call
        assert isinstance(statement, str)
        assert isinstance(parameters, tuple)
        statements.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    read(RegistryRepository(connection))
    event.remove(connection, "before_cursor_execute", note)
    return [
        row.detail
        for statement, parameters in statements
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]


@pytest.fixture(params=["without statistics", "with statistics"])
def large(request: pytest.FixtureRequest, sqlite_engine: Engine) -> Iterator[Connection]:
    with sqlite_engine.begin() as connection:
        _fill(connection)
        if request.param == "with statistics":
            connection.execute(text("ANALYZE"))
    with sqlite_engine.connect() as connection:
        yield connection


def test_the_rights_decision_scans_no_table(large: Connection) -> None:
    agency_firm = f"E{AGENCIES + 49 % FIRMS:016}"
    reads: list[Callable[[RegistryRepository], object]] = [
        lambda r: r.representations_for(f"P{7:016}", [agency_firm]),
        lambda r: r.entity_by_number(NumberKind.EORI, "PL600"),
        lambda r: r.entity_by_number(NumberKind.ID_SISC, agency_firm),
        lambda r: r.visible_entities(f"P{7:016}", NOW),
        lambda r: r.credentials("a@example.com"),
    ]
    for read in reads:
        plan = _plan(large, read)
        assert any("USING" in step and "INDEX" in step for step in plan), plan
        assert [step for step in plan if step.startswith("SCAN") and step != "SCAN second"] == []


def test_of_a_hundred_thousand_rights_only_those_in_question_are_read(large: Connection) -> None:
    right = next(right for right in _rights() if right["representative"] == f"E{7:016}")
    found = RegistryRepository(large).representations_for(f"P{7:016}", [str(right["represented"])])
    assert {f"P{7:016}", f"E{7:016}"} == {link.representative for link in found}
    assert {f"E{7:016}", right["represented"]} == {link.represented for link in found}
