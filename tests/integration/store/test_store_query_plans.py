"""No look-up may read a whole table: its cost would grow with what is stored."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from benchmarks.plans import plan_of, settle
from gateway.store.model import DocumentFilter, DocumentState, KeyKind, MailboxFilter, NewWork
from gateway.store.owners import GivenNumber, NumberOwners, OwnedKind
from gateway.store.ports import UnitOfWork
from gateway.store.quarantine import Quarantine
from gateway.store.sql_store import SqlStore

ANNA = MailboxFilter(account="anna@example.pl")
ENTITIES = replace(ANNA, entities={"FIRM": frozenset({"AES"}), "OTHER": frozenset({"*"})})
NOW = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


class Recorder:
    """Statements as they went to the database."""

    def __init__(self, store: SqlStore) -> None:
        self.statements: list[tuple[str, object]] = []
        event.listen(store.engine, "before_cursor_execute", self._record)

    def _record(
        self, _connection: object, _cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        self.statements.append((statement, parameters))


@pytest.fixture
def recorder(store: SqlStore) -> Recorder:
    return Recorder(store)


def _value(name: str) -> object:
    if name == "state":
        return DocumentState.DELIVERED
    if name == "collected":
        return False
    return NOW if name.endswith(("_from", "_to")) else "x"


def _document_filters() -> Iterator[DocumentFilter]:
    yield DocumentFilter()
    names = [field.name for field in fields(DocumentFilter)]
    for name in names:
        yield DocumentFilter(**{name: _value(name)})  # type: ignore[arg-type]
        yield replace(DocumentFilter(account="a"), **{name: _value(name)})  # type: ignore[arg-type]
    yield DocumentFilter(**{name: _value(name) for name in names})  # type: ignore[arg-type]


def _mailbox_filters() -> Iterator[MailboxFilter]:
    names = [field.name for field in fields(MailboxFilter) if field.name not in {"account", "entities"}]
    for base in (ANNA, ENTITIES):
        yield base
        for name in names:
            yield replace(base, **{name: _value(name)})  # type: ignore[arg-type]
        yield replace(base, **{name: _value(name) for name in names})  # type: ignore[arg-type]


def _plan(connection: Connection, statement: str, parameters: Any) -> str:  # noqa: ANN401 - as recorded
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    rows = connection.exec_driver_sql(explain + statement, parameters)
    return "\n".join(str(row[-1]) for row in rows)


def _assert_no_full_scan(store: SqlStore, recorder: Recorder) -> list[str]:
    statements = [
        each for each in recorder.statements if each[0].startswith(("SELECT", "WITH", "UPDATE", "DELETE"))
    ]
    assert statements
    plans = []
    with store.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "SET enable_seqscan = off"
            )  # tables are empty: a scan would be cheapest
        for statement, parameters in statements:
            plan = _plan(connection, statement, parameters)
            scans = [line for line in plan.splitlines() if _reads_all(line)]
            assert not scans, f"{statement}\n{plan}"
            plans.append(plan)
    return plans


def _reads_all(line: str) -> bool:
    """Whether a line of a plan reads all rows; walking an index in order until a limit is fine."""
    line = line.strip(" ->")
    if line.startswith("SCAN "):
        table = line.split()[1]
        return "INDEX" not in line and table.partition(".")[0] in _TABLES
    return line.startswith("Seq Scan")


def _knows_no_statistics(store: SqlStore) -> bool:
    """SQLite always takes the same index; PostgreSQL decides by what it knows of the rows, here none."""
    return store.engine.dialect.name == "sqlite"


_TABLES = {
    "documents",
    "identifiers",
    "payloads",
    "attachments",
    "events",
    "replies",
    "reply_contents",
    "work_items",
    "nonces",
    "system_changes",
    "withheld",
    "quarantined_answers",
}


@pytest.mark.parametrize("wanted", list(_document_filters()), ids=repr)
def test_documents_are_found_by_an_index(store: SqlStore, recorder: Recorder, wanted: DocumentFilter) -> None:
    with store.read() as work:
        work.documents.find(wanted, limit=100)
    (plan,) = _assert_no_full_scan(store, recorder)
    by_hash = wanted.sha256 or wanted.sha1
    if by_hash:
        expected = "ix_documents_sha256" if wanted.sha256 else "ix_documents_sha1"
    elif any(getattr(wanted, kind.value) for kind in KeyKind):
        expected = "SEARCH identifiers USING PRIMARY KEY (kind=? AND value=?"
    else:
        return
    if _knows_no_statistics(store):
        assert expected in plan
        assert by_hash or "TEMP B-TREE" not in plan  # few share a hash


@pytest.mark.parametrize("wanted", list(_mailbox_filters()), ids=repr)
def test_mailboxes_are_searched_by_an_index(
    store: SqlStore, recorder: Recorder, wanted: MailboxFilter
) -> None:
    with store.begin() as work:
        work.mailbox.page(wanted, limit=100, max_bytes=1)
        work.mailbox.take_next(wanted, at=NOW)
    plans = _assert_no_full_scan(store, recorder)
    keys = {
        "sys_ref": "sys_ref",
        "correlation_sys_ref": "ix_replies_correlation_sys_ref",
        "own_id": "ix_replies_own_id",
        "case_id": "ix_replies_case_id",
    }
    key = next((index for name, index in keys.items() if getattr(wanted, name)), None)
    if key is not None and _knows_no_statistics(store):
        assert all(key in plan for plan in plans)


def test_the_next_document_is_found_among_the_waiting_ones_only(store: SqlStore, recorder: Recorder) -> None:
    with store.begin() as work:
        recent = replace(ANNA, created_from=NOW)
        for wanted in (ANNA, recent, replace(recent, system="AES"), ENTITIES):
            work.mailbox.take_next(wanted, at=NOW)
    for plan in _assert_no_full_scan(store, recorder):
        assert "ix_replies_waiting_" in plan


def _work(work: UnitOfWork) -> None:
    work.queue.put("verify", NewWork(sys_ref="doc", account="anna"), at=NOW)
    for position in (1, 2):
        behind = NewWork(sys_ref="doc", account="anna", order_key="key", position=position)
        work.queue.put("deliver:AES", behind, at=NOW)
    (first,) = work.queue.claim("deliver:AES", owner="me", at=NOW, lease=timedelta(seconds=1), limit=10)
    work.queue.done(first)
    work.systems.paused("AES")
    work.retention.ripe(DocumentState.ANSWERED, before=NOW, limit=10)
    work.retention.delete(["a"], DocumentState.ANSWERED, before=NOW)
    work.retention.ripe_unsolicited(before=NOW, limit=10)
    work.retention.delete_unsolicited(["a"], before=NOW)
    quarantine = Quarantine(work.connection)
    quarantine.settled(before=NOW, limit=10)
    quarantine.delete([1], before=NOW)
    quarantine.find(limit=10)
    quarantine.known("AES", ["a"])
    work.mailbox.about("a")
    work.withheld.about("a")
    work.withheld.overdue(at=NOW, limit=10)
    work.queue.put("verify", NewWork(sys_ref="doc", account="anna"), at=NOW + timedelta(days=1))
    items = work.queue.claim("verify", owner="me", at=NOW, lease=timedelta(seconds=1), limit=10)
    work.queue.retry(items[0], at=NOW)
    work.queue.done(work.queue.claim("verify", owner="me", at=NOW, lease=timedelta(seconds=1), limit=10)[0])
    work.documents.get_many(["a", "b"])
    work.documents.contents(["a", "b"])
    work.documents.attachments(["a"])
    work.identifiers.of("a")
    work.identifiers.holders(KeyKind.MRN, "m", limit=10)
    work.identifiers.holders(KeyKind.MRN, "m", system="AES", limit=10)
    work.events.of("a")
    work.nonces.purge(before=NOW)


def test_the_queue_and_the_small_look_ups_use_indexes(store: SqlStore, recorder: Recorder) -> None:
    with store.begin() as work:
        _work(work)
    _assert_no_full_scan(store, recorder)


def test_adding_work_reads_one_entry_of_an_index_each(sqlite_store: SqlStore) -> None:
    recorder = Recorder(sqlite_store)
    with sqlite_store.begin() as work:
        work.queue.put("verify", NewWork(sys_ref="doc", account="anna"), at=NOW)
    (statement, parameters) = recorder.statements[-1]
    with sqlite_store.engine.connect() as connection:
        plan = _plan(connection, statement, parameters)
    assert "ix_work_items_lane_account_turn (lane=? AND account=?)" in plan
    assert "ix_work_items_ready (lane=?)" in plan
    assert "SCAN other" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("kind", OwnedKind)
def test_the_owner_of_a_number_is_found_by_the_key_that_holds_the_row(
    store: SqlStore, kind: OwnedKind
) -> None:
    given = [
        GivenNumber(
            system="NCTS2",
            kind=each,
            number=f"26PL{number:014}",
            person=f"PERSON-{number % 500}",
            entity=f"FIRM-{number % 700}",
            sys_ref=f"doc-{number}",
        )
        for number in range(10_000)
        for each in OwnedKind
    ]
    with store.begin() as work:
        NumberOwners(work.connection).add(given)
        work.commit()
    settle(store.engine)
    with store.read() as work:
        owners = NumberOwners(work.connection)
        [step] = plan_of(work.connection, lambda: owners.of("NCTS2", kind, "26PL00000000004711"))
        [owner] = owners.of("NCTS2", kind, "26PL00000000004711")
    assert (owner.person, owner.entity) == ("PERSON-211", "FIRM-511")
    assert step in {
        "SEARCH number_owners USING PRIMARY KEY (system=? AND kind=? AND number=?)",
        "Index Only Scan using pk_number_owners on number_owners",
    }
