"""What is read for every document is found by index, however large the register is."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, insert, text

from benchmarks.plans import plan_of, settle
from registry import tables
from registry.desk import decide_rights
from registry.errors import NotRegisteredError
from registry.model import (
    Account,
    AccountLevel,
    AccountStatus,
    Granted,
    NamedParty,
    NumberKind,
    Person,
    RightsDecision,
)
from registry.overview import Overview
from registry.ownership import NumberOwner, OwnerUnknown, decide_for_owners
from registry.repository import RegistryRepository

NOW = datetime(2026, 3, 10, tzinfo=UTC)
PERSONS, AGENCIES, FIRMS, RIGHTS = 1_000, 200, 4_000, 20_000


def _person(number: int) -> str:
    return f"P{number:016}"


def _entity(number: int) -> str:
    return f"E{number:016}"


def _fill(engine: Engine) -> None:
    person = {"given_names": "A", "surname": "B", "pesel": None, "active": True}
    account = {"level": "extended", "status": "active", "failed_logins": 0, "credential": b"-"}
    people, entities = range(PERSONS), range(AGENCIES + FIRMS)
    kinds = ("eori", "nip", "regon", "excise")
    with engine.begin() as connection:
        for table, rows in (
            (tables.persons, [{"id_sisc": _person(i), **person} for i in people]),
            (tables.accounts, [{"login": _login(i), "person_id": _person(i), **account} for i in people]),
            (
                tables.entities,
                [
                    {"id_sisc": _entity(i), "name": "N", "active": True, "owner_person": _owner(i)}
                    for i in entities
                ],
            ),
            (
                tables.numbers,
                [
                    {"kind": kind, "number": f"PL{i}", "entity": _entity(i)}
                    for i in entities
                    for kind in kinds
                ],
            ),
            (tables.representations, list(_rights())),
        ):
            connection.execute(insert(table), rows)


def _login(number: int) -> str:
    return f"a{number}@example.com"


def _owner(entity: int) -> str | None:
    return _person(entity) if entity < AGENCIES // 10 else None


def _rights() -> Iterator[dict[str, object]]:
    for i in range(RIGHTS):
        by_person = i < PERSONS
        yield {
            "id": f"{i:032x}",
            "representative": _person(i) if by_person else _entity(i % AGENCIES),
            "represented": _entity(i % AGENCIES if by_person else AGENCIES + i * 7 % FIRMS),
            "systems": ["AES"],
            "level": "basic",
            "valid_from": date(2020, 1, 1),
            "version": 1,
        }


#: A firm that agency 7 holds a right for; persons 7 and 207 work there, and 7 owns it.
_RIGHT = RIGHTS - AGENCIES + 7
_FIRM = AGENCIES + _RIGHT * 7 % FIRMS
_PERSON = Person(id_sisc=_person(7), given_names="A", surname="B")
_ACCOUNT = Account(
    login=_login(7), level=AccountLevel.EXTENDED, status=AccountStatus.ACTIVE, person_id=_person(7)
)
_READS: Sequence[Callable[[Overview], object]] = (
    lambda r: r.sender(_login(7)),
    lambda r: r.representations_for(_person(7), [_entity(_FIRM)]),
    lambda r: r.entity_by_number(NumberKind.EORI, "PL600"),
    lambda r: r.entity_by_number(NumberKind.ID_SISC, _entity(_FIRM)),
    lambda r: r.visible_entities(_person(7), NOW),
    lambda r: r.credentials(_login(7)),
    lambda r: r.links_page(_person(7), limit=200),
    lambda r: r.entities_page(_person(7), limit=200),
    lambda r: r.rights_page(_ACCOUNT, _PERSON, limit=200, at=NOW, after=("E", "E", "0")),
)


@pytest.fixture(params=["without statistics", "with statistics"])
def large_sqlite(request: pytest.FixtureRequest, sqlite_engine: Engine) -> Iterator[Connection]:
    _fill(sqlite_engine)
    if request.param == "with statistics":
        settle(sqlite_engine)
    with sqlite_engine.connect() as connection:
        yield connection


@pytest.fixture
def large_postgres(postgres_engine: Engine) -> Iterator[Connection]:
    with postgres_engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(tables.metadata.tables)}"))
    _fill(postgres_engine)
    settle(postgres_engine)
    with postgres_engine.connect() as connection:
        yield connection


def _question(
    number: str, kind: NumberKind, person: int = 207
) -> Callable[[RegistryRepository], RightsDecision]:
    return lambda repository: decide_rights(
        repository,
        login=_login(person),
        principals=[NamedParty(kind=kind, number=number)],
        representatives=[NamedParty(kind=NumberKind.EORI, number="PL7")],
        system="AES",
        at=NOW,
        needs_right=True,
    )


def _about_a_number(repository: RegistryRepository) -> RightsDecision:
    return decide_for_owners(
        repository,
        login=_login(207),
        number="26PL0000000000001X",
        owners=[NumberOwner(person=_person(3), entity=_entity(_FIRM))],
        system="AES",
        at=NOW,
        sender_suffices=False,
        unknown=OwnerUnknown.REFUSE,
    )


_DECISIONS: Sequence[Callable[[RegistryRepository], RightsDecision]] = (
    _question(f"PL{_FIRM}", NumberKind.EORI),
    _question(f"PL{_FIRM}", NumberKind.NIP),
    _question(f"PL{_FIRM}", NumberKind.REGON),
    _question(f"PL{_FIRM}", NumberKind.EXCISE),
    _question(_entity(_FIRM), NumberKind.ID_SISC),
    _question(f"PL{_FIRM}", NumberKind.EORI, person=7),  # through an agency of his own
    _question("PL7", NumberKind.EORI),  # a first link
    _question("PL7", NumberKind.EORI, person=7),  # an own business
    _about_a_number,
)
#: One row of each is found by its primary key (see registry/standing.py).
_BY_KEY_ON_SQLITE = ("registry_accounts", "registry_persons", "registry_entities")


def _uncovered(steps: Sequence[str]) -> list[str]:
    def is_covered(step: str) -> bool:
        by_key = any(
            step.startswith(f"SEARCH {table} USING INDEX sqlite_auto") for table in _BY_KEY_ON_SQLITE
        )
        return by_key or "USING COVERING INDEX" in step or step.startswith("Index Only Scan")

    return [step for step in steps if not is_covered(step)]


def _assert_reads_indexes_only(connection: Connection) -> None:
    repository = RegistryRepository(connection)
    for decide in _DECISIONS:
        steps = plan_of(connection, partial(decide, repository))
        assert isinstance(decide(repository), Granted)
        assert len(steps) > 1
        assert _uncovered(steps) == []


def test_a_decision_reads_of_rights_and_numbers_only_indexes(large_sqlite: Connection) -> None:
    _assert_reads_indexes_only(large_sqlite)


@pytest.mark.postgres
def test_on_postgresql_a_decision_reads_only_indexes(large_postgres: Connection) -> None:
    _assert_reads_indexes_only(large_postgres)


def test_no_read_about_a_sender_scans_a_table(large_sqlite: Connection) -> None:
    overview = Overview(large_sqlite)
    for read in _READS:
        steps = plan_of(large_sqlite, partial(read, overview))
        assert steps
        assert [step for step in steps if step.startswith("SCAN")] == []


def test_of_many_rights_only_those_in_question_are_read(large_sqlite: Connection) -> None:
    found = RegistryRepository(large_sqlite).representations_for(_person(207), [_entity(_FIRM)])
    assert {_person(207), _entity(7)} == {link.representative for link in found}
    assert {_entity(7), _entity(_FIRM)} == {link.represented for link in found}


@pytest.mark.postgres
def test_on_postgresql_every_read_about_a_sender_has_an_index(postgres_engine: Engine) -> None:
    """Of few rows its planner would read whole tables; kept from that, it shows the indexes it has."""
    with postgres_engine.connect() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        overview = Overview(connection)
        for read in _READS:
            steps = plan_of(connection, partial(_tried, overview, read))
            assert steps
            assert [step for step in steps if step.startswith("Seq Scan")] == []


def _tried(overview: Overview, read: Callable[[Overview], object]) -> None:
    with contextlib.suppress(NotRegisteredError):  # an empty register is asked in the same way
        read(overview)
