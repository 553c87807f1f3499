"""`sisc helpdesk` on a whole gateway: what it shows, keeps and moves."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import func, select
from typer.testing import CliRunner, Result

from gateway.cli import helpdesk, registry
from gateway.flow.checks import Case
from gateway.flow.lanes import lane_of
from gateway.migration import PdrImport
from gateway.store import tables
from gateway.store.accounts import MOVED
from registry import tables as registry_tables
from registry.credentials import CredentialVault, password_hash
from registry.errors import InvalidRecordError, NotRegisteredError
from registry.history import Subject
from registry.model import AccountLevel
from registry.repository import RegistryRepository
from routing.model import BackEnd, Delivery, Health, Outcome
from schemas.findings import Finding
from tests.integration.gateway.world import EORI, FIRM, World

Run = Callable[..., Result]


@pytest.fixture
def run(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `sisc helpdesk …` on the store of the test; what is given as `typed` is piped in."""
    return _runner(helpdesk.app, world, tmp_path, monkeypatch)


@pytest.fixture
def run_registry(small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Likewise `sisc registry …`."""
    return _runner(registry.app, small_world, tmp_path, monkeypatch)


def _runner(app: typer.Typer, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    key = folder / "credentials.key"
    key.write_bytes(CredentialVault.new_key())
    key.chmod(0o600)
    monkeypatch.setenv("SISC_CONFIG", "")
    monkeypatch.setenv("SISC_STORE__URL", world.store.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SISC_KEYS__CREDENTIALS", str(key))
    monkeypatch.chdir(folder)

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, arguments, input=typed)

    return invoke


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, (result.output, result.exception)
    (line,) = result.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def ask(run: Run, login: str) -> int:
    sides = ("--category", "service", "--service", "Konto", "--channel", "portal", "--system", "SZPROT")
    number = told(run("request", "add", *sides, "--login", login, "--text", "Proszę", "--json"))["number"]
    assert isinstance(number, int)
    return number


def test_an_account_with_a_new_email_keeps_its_documents_answers_and_waiting_work(
    world: World, run: Run
) -> None:
    anna, bogdan = world.enrol("anna", "NCTS2"), world.enrol("bogdan", "NCTS2")
    done = world.send(anna)
    world.work()
    waiting, other = world.send(anna), world.send(bogdan)
    answers = world.documents(anna, correlation_sys_ref=done).count
    number = ask(run, anna.login)

    moved = told(
        run(
            "change-email",
            anna.login,
            "Anna.Nowa@example.pl",
            "--reason",
            "password lost, identity shown",
            "--request",
            str(number),
            "--json",
            typed="new secret\n",
        )
    )

    renamed = replace(anna, login=moved["login"])
    assert renamed.login == "anna.nowa@example.pl"
    assert world.documents(renamed, correlation_sys_ref=done).count == answers > 0
    assert {key.partition("|")[0] for key in order_keys(world)} == {renamed.login, bogdan.login}
    world.work()
    assert world.documents(renamed, correlation_sys_ref=waiting).count > 0
    assert world.document(other).account == bogdan.login
    with world.store.read() as work:
        assert {table for table in tables.metadata.sorted_tables if "account" in table.c} == set(MOVED)
        for table in MOVED:
            left = select(func.count()).select_from(table).where(table.c.account == anna.login)
            assert work.connection.scalar(left) == 0, table.name
        change = RegistryRepository(work.connection).history(Subject.ACCOUNT, renamed.login)[-1]
    assert (change.action, change.reason) == ("e-mail changed", "password lost, identity shown")
    assert change.operator.startswith("operator:")
    said = told(run("request", "show", str(number), "--json"))["messages"]
    assert said[-1]["kind"] == "action"
    assert said[-1]["text"].endswith("password lost, identity shown")


def test_what_workers_hold_while_an_email_changes_goes_to_the_new_login(world: World, run: Run) -> None:
    """The login changes when the document is being judged, and again when the back end has it."""
    anna = world.enrol("anna", "NCTS2")
    logins = [anna.login, "anna.first@example.pl", "anna.second@example.pl"]

    def change(before: str, after: str) -> None:
        told(run("change-email", before, after, "--reason", "lost", "--json", typed="secret\n"))

    def change_meanwhile(_case: Case) -> Sequence[Finding]:
        change(*logins[:2])
        return ()

    world.more_checks = (change_meanwhile,)
    sys_ref = world.send(anna)
    assert world.verifier().work_once()
    assert {key.partition("|")[0] for key in order_keys(world)} == {logins[1]}

    step = world.delivery()
    change_at_the_back_end = Interposed(step.back_end, lambda: change(*logins[1:]))
    assert world.worker(lane_of("NCTS2"), replace(step, back_end=change_at_the_back_end)).work_once()

    first, second = (
        world.documents(replace(anna, login=login), correlation_sys_ref=sys_ref).count for login in logins[1:]
    )
    assert (first, second) == (0, sum(world.replies(sys_ref).values()))
    assert second > 1
    with world.store.read() as work:
        found = select(tables.identifiers.c.account).where(tables.identifiers.c.sys_ref == sys_ref)
        assert set(work.connection.scalars(found)) == {logins[2]}


@dataclass(frozen=True)
class Interposed:
    """A back end before which something happens."""

    real: BackEnd
    happens: Callable[[], None]

    @property
    def system(self) -> str:
        return self.real.system

    def health(self) -> Health:
        return self.real.health()

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        self.happens()
        return self.real.deliver(batch)


def order_keys(world: World) -> list[str]:
    """Of the work that waits."""
    with world.store.read() as work:
        found = work.connection.scalars(select(tables.work_items.c.order_key))
        return [key for key in found if key is not None]


def test_the_new_password_opens_the_account(world: World, run: Run, tmp_path: Path) -> None:
    anna = world.enrol("anna")
    run("change-email", anna.login, "a@example.pl", "--reason", "lost", typed="Zażółć-1\n")
    vault = CredentialVault([(tmp_path / "credentials.key").read_bytes()])
    with world.store.read() as work:
        stored = RegistryRepository(work.connection).credentials("a@example.pl")
    assert stored is not None
    assert vault.decrypt(stored.ciphertext) == password_hash("Zażółć-1")


def test_a_locked_account_is_unlocked_after_three_wrong_logins(world: World, run: Run) -> None:
    anna = world.enrol("anna")
    with world.store.begin() as work:
        registry = RegistryRepository(work.connection)
        for _ in range(3):
            registry.count_wrong_digest(anna.login, limit=3, at=world.clock())
        work.commit()
    assert run("unlock", anna.login).exit_code == 2
    assert isinstance(run("unlock", anna.login, "--reason", " ").exception, InvalidRecordError)
    assert told(run("unlock", anna.login, "--reason", "called", "--json"))["status"] == "active"
    assert isinstance(run("unlock", anna.login, "--reason", "again").exception, InvalidRecordError)


def test_an_account_is_created_for_a_pesel_in_the_system(world: World, run: Run) -> None:
    anna = world.enrol("anna")
    command = ("create-account", "new@example.pl", "--pesel", str(anna.person.pesel), "--reason", "moved")
    assert isinstance(run(*command, typed="secret\n").exception, InvalidRecordError)
    account = told(run(*command, "--close-others", "--level", "extended", "--json", typed="secret\n"))
    assert account == {
        "login": "new@example.pl",
        "level": "extended",
        "status": "active",
        "person": anna.person.id_sisc,
    }


@pytest.fixture
def migrated(world: World) -> str:
    """ID SISC of a person from PDR with one right; nobody has an account for it."""
    file = (
        "record,id,pesel,surname,name,eori,representative,represented,systems\n"
        "person,P1,44051401458,Lis,,,,,\n"
        f"entity,E1,,,Firma,{EORI},,,\n"
        "authorisation,A1,,,,,P1,E1,ECS\n"
    )
    run = PdrImport(
        store=world.store,
        operator="test",
        at=world.clock(),
        new_id=lambda: "right-1",
        on_problem=lambda problem: pytest.fail(str(problem)),
        on_progress=lambda _records: None,
    )
    run.run(io.BytesIO(file.encode()))
    return "00000044051401458"


def test_a_one_time_password_is_shown_once_and_kept_nowhere(world: World, run: Run, migrated: str) -> None:
    darek = world.enrol("darek", level=AccountLevel.BASIC)
    with world.store.begin() as work:
        registry = RegistryRepository(work.connection)
        registry.link_account(darek.login, None, operator="test", at=world.clock())
        work.commit()
    number = ask(run, darek.login)
    command = ("one-time-password", darek.login, "--person", migrated, "--reason", "identity shown")

    issued = told(run(*command, "--request", str(number), "--json"))["one_time_password"]
    plain = run(*command).output

    assert len(issued) == len("AAAA-AAAA-AAAA-AAAA")
    assert "sisc my-account link" in plain
    shown = run("request", "show", str(number)).output
    assert "one-time password issued" in shown
    assert issued not in shown


def test_rights_from_pdr_are_listed_and_reviewed(run: Run, migrated: str) -> None:
    (link,) = [json.loads(line) for line in run("link", "list", "--unreviewed", "--json").stdout.splitlines()]
    assert (link["source"], link["representative"], link["represented"]) == ("A1", migrated, FIRM)
    assert run("link", "review", "right-1", "disputed", "--reason", "ended in 2014").exit_code == 0
    (link,) = [
        json.loads(line) for line in run("link", "list", "--review", "disputed", "--json").stdout.splitlines()
    ]
    assert (link["note"], link["review"]) == ("ended in 2014", "disputed")
    assert run("link", "list", "--unreviewed", "--json").stdout == ""


def test_a_request_lives_on_the_command_line(run: Run, world: World) -> None:
    number = str(ask(run, world.enrol("anna").login))
    assert told(run("request", "answer", number, "--json", typed="Zrobione.\nPozdrawiamy\n"))["status"] == (
        "answered"
    )
    assert told(run("request", "complain", number, "--text", "Nie", "--json"))["status"] == "complaint"
    run("request", "answer", number, "--text", "Teraz tak")
    assert told(run("request", "close", number, "--json"))["status"] == "closed"
    (found,) = run("request", "list", "--text", "zrobione", "--json").stdout.splitlines()
    assert json.loads(found)["number"] == int(number)
    table = run("request", "show", number).output
    assert "Pozdrawiamy" in table
    assert run("request", "list", "--category", "information", "--json").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("unlock", "nobody@example.pl", "--reason", "x"), NotRegisteredError),
        (("request", "show", "99"), NotRegisteredError),
        (("link", "review", "none", "confirmed", "--reason", "x"), NotRegisteredError),
    ],
)
def test_what_is_not_there_is_told(run: Run, arguments: tuple[str, ...], error: type[Exception]) -> None:
    assert isinstance(run(*arguments).exception, error)


def test_an_act_for_a_request_that_is_not_there_is_not_done(world: World, run: Run) -> None:
    anna = world.enrol("anna")
    refused = run(
        "change-email", anna.login, "a@example.pl", "--reason", "x", "--request", "99", typed="secret\n"
    )
    assert isinstance(refused.exception, NotRegisteredError)
    with world.store.read() as work:
        assert RegistryRepository(work.connection).get_account(anna.login).login == anna.login


def test_every_change_by_hand_may_say_why(small_world: World, run_registry: Run) -> None:
    anna = small_world.enrol("anna")
    person, login, why = anna.person.id_sisc, anna.login, ("--reason", "found in the paper archive")
    changes: Sequence[tuple[Subject, Sequence[str]]] = (
        (Subject.PERSON, ("person", "add", "--surname", "A", "--given-names", "B", "--id-sisc", "N" * 17)),
        (Subject.ENTITY, ("entity", "add", "--name", "Firma", "--id-sisc", "F" * 17)),
        (Subject.ACCOUNT, ("account", "add", "b@example.pl")),
        (Subject.ACCOUNT, ("account", "link", login, person)),
        (Subject.ACCOUNT, ("account", "password", login)),
        (
            Subject.REPRESENTATION,
            ("representation", "add", "--representative", person, "--represented", FIRM, "--system", "AES"),
        ),
        (Subject.PERSON, ("signer", "add", person, "--identifier", "PNODE-1234567")),
        (Subject.PERSON, ("signer", "remove", person, "--identifier", "PNODE-1234567")),
    )
    for subject, change in changes:
        done = run_registry(*change, *why, typed="secret\n")
        assert done.exit_code == 0, (done.output, done.exception)
        assert newest(small_world) == (subject, why[1])
    refused = run_registry("account", "link", login, person, "--reason", " ")
    assert isinstance(refused.exception, InvalidRecordError)


def newest(world: World) -> tuple[Subject, str]:
    with world.store.read() as work:
        history = registry_tables.history
        wanted = select(history.c.subject, history.c.reason).order_by(history.c.id.desc()).limit(1)
        row = work.connection.execute(wanted).one()
    return Subject(row.subject), row.reason
