import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

import gateway.cli.registry as commands
from registry.credentials import CredentialVault, password_hash
from registry.errors import AlreadyRegisteredError, InvalidNumberError, NotRegisteredError
from registry.repository import RegistryRepository
from registry.session import RegistrySession

NOW = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)  # already the next day in Poland
PERSON = "00000044051401458"
FIRM = "PL856734621500000"
Run = Callable[..., Result]


@pytest.fixture
def vault() -> CredentialVault:
    return CredentialVault([CredentialVault.new_key()])


@pytest.fixture
def run(sqlite_engine: Engine, vault: CredentialVault, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `sisc registry …` on a real registry; what is given as `typed` is piped in."""

    @contextmanager
    def open_registry(reason: str | None = None) -> Iterator[RegistrySession]:
        with sqlite_engine.begin() as connection:
            repository = RegistryRepository(connection, reason=reason)
            yield RegistrySession(repository=repository, vault=vault, now=NOW, operator="operator:ola")

    monkeypatch.setattr(commands, "open_registry", open_registry)

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(commands.app, arguments, input=typed)

    return invoke


def _json(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def filled(run: Run) -> Run:
    """Anna with an account, and a firm."""
    person = ("person", "add", "--given-names", "Anna", "--surname", "Lis", "--pesel", "44051401458")
    assert run(*person).exit_code == 0
    assert run("account", "add", "Anna@Example.com", "--person", PERSON, typed="secret\n").exit_code == 0
    firm = ("entity", "add", "--name", "Firma", "--eori", FIRM, "--nip", "856-734-62-15")
    assert run(*firm).exit_code == 0
    return run


def test_a_person_gets_an_id_sisc_from_the_pesel(filled: Run) -> None:
    (person,) = _json(filled("person", "show", PERSON, "--json"))
    assert (person["surname"], person["accounts"]) == ("Lis", ["anna@example.com"])


def test_a_person_needs_a_pesel_or_an_id(run: Run) -> None:
    assert run("person", "add", "--given-names", "A", "--surname", "B").exit_code == 2


def test_the_password_is_kept_encrypted_and_never_shown(
    filled: Run, sqlite_engine: Engine, vault: CredentialVault
) -> None:
    with sqlite_engine.connect() as connection:
        stored = RegistryRepository(connection).credentials("anna@example.com")
    assert stored is not None
    assert password_hash("secret") == vault.decrypt(stored.ciphertext)
    assert "secret" not in filled("account", "show", "anna@example.com").output


def test_the_password_can_come_from_a_file(
    filled: Run, tmp_path: Path, sqlite_engine: Engine, vault: CredentialVault
) -> None:
    file = tmp_path / "password"
    file.write_text("Zażółć-1\n", "utf-8")
    assert filled("account", "password", "anna@example.com", "--password-file", str(file)).exit_code == 0
    with sqlite_engine.connect() as connection:
        stored = RegistryRepository(connection).credentials("anna@example.com")
    assert stored is not None
    assert password_hash("Zażółć-1") == vault.decrypt(stored.ciphertext)


def test_an_empty_password_is_a_mistake_of_usage(filled: Run) -> None:
    assert filled("account", "password", "anna@example.com", typed="\n").exit_code == 2


def test_a_firm_is_shown_with_its_numbers(filled: Run) -> None:
    (firm,) = _json(filled("entity", "show", FIRM, "--json"))
    assert [f"eori:{FIRM}", "nip:8567346215"] == firm["numbers"]


def test_a_right_begins_today_in_poland_and_ends_at_once(filled: Run) -> None:
    sides = ("--representative", PERSON, "--represented", FIRM, "--system", "AES", "--system", "AIS")
    (right,) = _json(filled("representation", "add", *sides, "--json"))
    assert (
        right["valid_from"],
        right["valid_to"],
        right["systems"],
    ) == ("2026-03-11", None, ["AES", "AIS"])
    (ended,) = _json(filled("representation", "end", str(right["id"]), "--json"))
    assert ended["version"] == 2
    assert [ended] == _json(filled("representation", "list", "--party", FIRM, "--json"))


def test_lists_are_tables_for_people(filled: Run) -> None:
    for group, expected in (("person", "Lis"), ("account", "anna@"), ("entity", "Firma")):
        result = filled(group, "list")
        assert result.exit_code == 0
        assert expected in result.stdout


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("person", "show", "NOBODY0000000000"), NotRegisteredError),
        (("person", "add", "--given-names", "A", "--surname", "B", "--pesel", "1"), InvalidNumberError),
        (("entity", "add", "--name", "Copy", "--eori", FIRM), AlreadyRegisteredError),
        (("representation", "end", "none"), NotRegisteredError),
    ],
)
def test_a_refusal_exits_with_one(filled: Run, arguments: tuple[str, ...], error: type[Exception]) -> None:
    result = filled(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, error)
