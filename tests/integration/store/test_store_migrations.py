import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import column, insert, inspect, table, text

from gateway.errors import UnavailableError
from gateway.store import migrating
from gateway.store.model import DocumentFilter, KeyKind, MailboxFilter, NewDocument, NewReply
from gateway.store.owners import NumberOwners, OwnedKind
from gateway.store.schema import METADATA
from gateway.store.sql_store import SqlStore
from gateway.store.tables import work_items
from registry.history import Subject
from registry.model import Activity
from registry.repository import RegistryRepository
from routing.simulators.ledger import State, Wanted
from routing.simulators.sql_ledger import SqlLedger

_SCRIPTS = Path(migrating.__file__).parent / "migrations"
_MIGRATE = "import sys; from gateway.store.sql_store import SqlStore; SqlStore.open(sys.argv[1]).migrate()"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.sqlite3"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


def _indexes(store: SqlStore) -> set[tuple[object, ...]]:
    """Indexes with their conditions, which the comparison of Alembic leaves out."""
    sqlite = "SELECT tbl_name, name, replace(sql, '\"', '') FROM sqlite_master WHERE type = 'index'"
    postgres = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with store.engine.connect() as connection:
        rows = connection.execute(text(sqlite if store.engine.dialect.name == "sqlite" else postgres))
        return {tuple(row) for row in rows if row[0] != "alembic_version"}


def _is_no_index(_found: object, _name: object, kind: str, *_more: object) -> bool:
    return kind != "index"


def test_the_migrated_schema_is_the_one_the_code_expects(empty_url: str) -> None:
    store = SqlStore.open(empty_url)
    store.migrate()
    with store.engine.connect() as connection:
        opts = {"compare_server_default": True, "include_object": _is_no_index}  # those are compared below
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, METADATA) == []  # type: ignore[arg-type]  # several are allowed
    migrated = _indexes(store)
    with store.engine.begin() as connection:
        for metadata in METADATA:
            metadata.drop_all(connection)
            metadata.create_all(connection)
    assert _indexes(store) == migrated
    store.close()


def test_migrating_twice_changes_nothing(store: SqlStore) -> None:
    store.check()
    store.migrate()
    store.check()


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", _MIGRATE, empty_url]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    store = SqlStore.open(empty_url)
    store.check()
    store.close()


def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    store = SqlStore.open(empty_url)
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE nonces (x INTEGER)"))
    with pytest.raises(Exception, match="nonces"):
        store.migrate()
    assert inspect(store.engine).get_table_names() == ["nonces"]
    store.close()


def test_a_database_never_set_up_is_unavailable(empty_url: str) -> None:
    store = SqlStore.open(empty_url)
    with pytest.raises(UnavailableError, match="nothing"):
        store.check()
    store.close()


@contextmanager
def at_revision(store: SqlStore, revision: str) -> Iterator[None]:
    change = text("UPDATE alembic_version SET version_num = :revision")
    with store.engine.begin() as connection:
        known = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(change, {"revision": revision})
    try:
        yield
    finally:
        with store.engine.begin() as connection:
            connection.execute(change, {"revision": known})


@pytest.mark.parametrize("revision", ["0001_pre_initial", "none of ours"])
def test_a_database_of_an_older_version_is_unavailable(store: SqlStore, revision: str) -> None:
    with at_revision(store, revision), pytest.raises(UnavailableError, match=revision):
        store.check()


def test_a_database_of_a_newer_version_will_do_while_an_upgrade_rolls_through(store: SqlStore) -> None:
    with at_revision(store, "9999_future"):
        store.check()
        with pytest.raises(UnavailableError, match="newer version"):
            store.migrate()


def _migrate_to(store: SqlStore, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_documents_taken_in_before_the_table_of_numbers_are_found_by_them(
    empty_url: str, new_document: Callable[..., NewDocument]
) -> None:
    store = SqlStore.open(empty_url)
    _migrate_to(store, "0008_pre_cbtd")
    with store.begin() as work:
        work.documents.add(new_document(sys_ref="old"))
        work.documents.add(new_document(sys_ref="none"))
        work.documents.update(replace(work.documents.get("old"), own_id="O", lrn="L", mrn="M", arc="A"))
        work.commit()

    _migrate_to(store, "0009_pre_identifiers")

    with store.read() as work:
        numbers = (
            DocumentFilter(own_id="O"),
            DocumentFilter(lrn="L"),
            DocumentFilter(mrn="M"),
            DocumentFilter(arc="A"),
        )
        found = [document for number in numbers for document in work.documents.find(number, limit=10)]
        (holder,) = work.identifiers.holders(KeyKind.LRN, "L", limit=10)
    assert [document.sys_ref for document in found] == ["old"] * len(numbers)
    assert (holder.account, holder.system, holder.at) == (
        found[0].account,
        found[0].system,
        found[0].received_at,
    )
    store.close()


def test_work_queued_before_the_order_of_movements_is_still_done(empty_url: str, at: datetime) -> None:
    store = SqlStore.open(empty_url)
    _migrate_to(store, "0014_pre_withheld")
    old = insert(work_items).values(lane="verify", account="anna", turn=0, ready=True, attempt=0)
    with store.engine.begin() as connection:  # as an older process does, also once the columns are there
        connection.execute(old.values(sys_ref="before", due_at=at))
    _migrate_to(store, "0015_pre_order_and_pauses")
    with store.engine.begin() as connection:
        connection.execute(old.values(sys_ref="beside", due_at=at))

    with store.begin() as work:
        items = work.queue.claim("verify", owner="me", at=at, lease=timedelta(minutes=1), limit=10)
        assert [item.sys_ref for item in items] == ["before", "beside"]
        assert len(work.queue.done_many(items)) == 2
    store.close()


def test_rights_and_history_from_before_the_scopes_hold_as_they_were(empty_url: str) -> None:
    store = SqlStore.open(empty_url)
    _migrate_to(store, "0010_pre_number_owners")
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO registry_persons (id_sisc, given_names, surname, active) "
                "VALUES (:p, 'A', 'B', :y)"
            ),
            {"p": "PERSON-0001", "y": True},
        )
        connection.execute(
            text("INSERT INTO registry_entities (id_sisc, name, active) VALUES (:f, 'F', :y)"),
            {"f": "FIRM-000001", "y": True},
        )
        connection.execute(
            text(
                "INSERT INTO registry_representations "
                "(id, representative, represented, systems, level, valid_from, version) "
                "VALUES ('r', 'PERSON-0001', 'FIRM-000001', '[\"AES\"]', 'basic', '2026-01-01', 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO registry_history (at, operator, subject, key, action) "
                "VALUES ('2026-03-30 09:00:00', 'o', 'person', 'PERSON-0001', 'added')"
            )
        )

    _migrate_to(store, "head")

    with store.read() as work:
        registry = RegistryRepository(work.connection)
        right = registry.get_representation("r")
        (change,) = registry.history(Subject.PERSON, "PERSON-0001")
        assert registry.get_person("PERSON-0001").only_system is None
    assert right.allows("AES", Activity.SEND)
    assert (right.privileges, right.substitution, right.basis) == (frozenset(), False, None)
    assert (change.document, change.reason, change.version) == (None, None, 1)
    store.close()


def test_rights_and_owners_from_before_the_covering_indexes_are_found_by_them(empty_url: str) -> None:
    store = SqlStore.open(empty_url)
    _migrate_to(store, "0021_pre_simulated_proofs")
    rows: dict[str, dict[str, object]] = {
        "registry_persons": {"id_sisc": "P", "given_names": "A", "surname": "B", "active": True},
        "registry_entities": {"id_sisc": "AGENCY", "name": "A", "active": True, "owner_person": "P"},
        "registry_representations": {
            "id": "r",
            "representative": "AGENCY",
            "represented": "AGENCY",
            "systems": '["AES"]',
            "level": "basic",
            "valid_from": "2026-01-01",
            "version": 1,
        },
        "number_owners": {
            "system": "AES",
            "kind": "mrn",
            "number": "M",
            "owner": "",
            "person": "P",
            "sys_ref": "s",
        },
    }
    with store.engine.begin() as connection:
        for name, row in rows.items():
            connection.execute(insert(table(name, *map(column, row))).values(row))
        before = connection.execute(text("SELECT id, systems FROM registry_representations")).all()

    _migrate_to(store, "0022_pre_covering_indexes")

    with store.read() as work:
        assert (
            work.connection.execute(text("SELECT id, systems FROM registry_representations")).all() == before
        )
        [right] = RegistryRepository(work.connection).representations_for("P", ["AGENCY"])
        [owner] = NumberOwners(work.connection).of("AES", OwnedKind.MRN, "M")
    assert (right.id, right.systems, right.representative_owner) == ("r", frozenset({"AES"}), "P")
    assert (owner.person, owner.entity, owner.sys_ref) == ("P", None, "s")
    store.close()


def test_movements_simulated_before_their_whole_lives_were_are_closed(empty_url: str) -> None:
    store = SqlStore.open(empty_url)
    _migrate_to(store, "0019_pre_applications")
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO simulator_movements (system, principal, lrn, state, sys_ref, changed_at) "
                "VALUES ('NCTS2', 'PL1', 'L1', 'released', 's1', '2026-11-20 12:00:00')"
            )
        )
    _migrate_to(store, "0020_pre_simulator_lives")
    [movement] = SqlLedger(store.engine, "NCTS2").look(Wanted(keys=[("PL1", "L1")])).movements
    assert (movement.state, movement.version, movement.declaration) == (State.CLOSED, 1, b"")
    store.close()


def test_what_waited_in_mailboxes_before_their_order_by_age_is_handed_out(
    empty_url: str, at: datetime, new_reply: Callable[..., NewReply]
) -> None:
    store = SqlStore.open(empty_url)
    _migrate_to(store, "0023_pre_retention")
    with store.begin() as work:
        work.mailbox.add([new_reply(sys_ref="before", created_at=at)])
        work.commit()
    _migrate_to(store, "0024_pre_waiting_by_age")
    with store.begin() as work:
        work.mailbox.add([new_reply(sys_ref="older", created_at=at - timedelta(days=1))])
        anna = MailboxFilter(account="anna@example.pl")
        taken = [work.mailbox.take_next(anna, at=at)[0] for _ in range(3)]
        assert [reply and reply.sys_ref for reply in taken] == ["older", "before", None]
    store.close()
