"""Foreign signers registered as persons: bound once, from a moment to a moment, and told in the history."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine, event
from typer.testing import CliRunner, Result

import gateway.cli.registry_signer as commands
from registry.credentials import CredentialVault
from registry.errors import AlreadyRegisteredError, InvalidRecordError, NotRegisteredError
from registry.history import Subject
from registry.model import Person, SignerBinding, SignerKind
from registry.repository import RegistryRepository
from registry.session import RegistrySession
from signing.certificates import read_certificate
from tests.unit.signing.signing_samples import p256_key

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GRETA = Person(id_sisc="GRETA000000000001", given_names="Greta", surname="Groß")
JAN = Person(id_sisc="JAN00000000000001", given_names="Jan", surname="Żuk")
IDENTIFIER = "PNODE-1234567890"
FINGERPRINT = read_certificate(p256_key().certificate.public_bytes(Encoding.DER)).fingerprint


class By(TypedDict):
    operator: str
    at: datetime


BY = By(operator="operator:ola", at=NOW)


@pytest.fixture
def filled(repository: RegistryRepository) -> RegistryRepository:
    for person in (GRETA, JAN):
        repository.add_person(person, **BY)
    return repository


def bound(
    repository: RegistryRepository,
    person: Person = GRETA,
    *,
    certificate: str = "0" * 64,
    identifiers: tuple[str, ...] = (),
    at: datetime = NOW,
) -> SignerBinding | None:
    return repository.signer_binding(person.id_sisc, certificate=certificate, identifiers=identifiers, at=at)


def test_a_certificate_or_an_identifier_is_its_persons_and_nobody_elses(filled: RegistryRepository) -> None:
    by_certificate = filled.add_signer(GRETA.id_sisc, SignerKind.CERTIFICATE, FINGERPRINT, **BY)
    by_identifier = filled.add_signer(GRETA.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, **BY)

    assert bound(filled, certificate=FINGERPRINT) == by_certificate
    assert bound(filled, identifiers=("77", IDENTIFIER)) == by_identifier
    assert filled.signers_of(GRETA.id_sisc) == [by_certificate, by_identifier]
    assert bound(filled, JAN, certificate=FINGERPRINT, identifiers=(IDENTIFIER,)) is None
    assert bound(filled, certificate=IDENTIFIER, identifiers=(FINGERPRINT,)) is None
    assert bound(filled) is None


def test_a_binding_counts_from_its_moment_to_its_end(filled: RegistryRepository) -> None:
    filled.add_signer(GRETA.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, **BY)
    filled.remove_signer(
        GRETA.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, operator="operator:ola", at=NOW + 2 * MINUTE
    )

    counts = [
        minute
        for minute in range(-1, 4)
        if bound(filled, identifiers=(IDENTIFIER,), at=NOW + minute * MINUTE) is not None
    ]
    assert counts == [0, 1]
    assert filled.signers_of(GRETA.id_sisc) == []


def test_what_is_bound_is_bound_once_until_it_is_free_again(filled: RegistryRepository) -> None:
    filled.add_signer(GRETA.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, **BY)
    for person in (GRETA, JAN):
        with pytest.raises(AlreadyRegisteredError):
            filled.add_signer(person.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, **BY)
    with pytest.raises(NotRegisteredError):
        filled.remove_signer(JAN.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, **BY)
    filled.remove_signer(GRETA.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, **BY)
    assert filled.add_signer(JAN.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, **BY).person_id == JAN.id_sisc


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SignerKind.CERTIFICATE, "AB" * 32),
        (SignerKind.CERTIFICATE, "ab" * 32 + "c"),
        (SignerKind.IDENTIFIER, "1234567890"),  # whose country's?
        (SignerKind.IDENTIFIER, "PNODE"),
        (SignerKind.IDENTIFIER, "PNOPL-44051401359"),
        (SignerKind.IDENTIFIER, "PNODE-" + "1" * 200),
    ],
)
def test_values_that_identify_nobody_for_sure_are_refused(
    filled: RegistryRepository, kind: SignerKind, value: str
) -> None:
    with pytest.raises(InvalidRecordError):
        filled.add_signer(GRETA.id_sisc, kind, value, **BY)
    assert filled.signers_of(GRETA.id_sisc) == []


@pytest.mark.parametrize("value", ["IDCCZ-1", "PASUA-FE123456", "TINSK-9", "DK:DK-CPR1"])
def test_every_form_of_the_standard_is_taken(filled: RegistryRepository, value: str) -> None:
    assert filled.add_signer(GRETA.id_sisc, SignerKind.IDENTIFIER, value, **BY).value == value


def test_nobody_is_bound_who_is_not_registered(filled: RegistryRepository) -> None:
    with pytest.raises(NotRegisteredError):
        filled.add_signer("NOBODY00000000001", SignerKind.IDENTIFIER, IDENTIFIER, **BY)


def test_bindings_stand_in_the_history_of_the_person(filled: RegistryRepository) -> None:
    filled.add_signer(GRETA.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, **BY)
    filled.remove_signer(GRETA.id_sisc, SignerKind.IDENTIFIER, IDENTIFIER, **BY)

    told = filled.history(Subject.PERSON, GRETA.id_sisc)
    assert [(change.action, change.operator) for change in told[1:]] == [
        ("signer added", "operator:ola"),
        ("signer removed", "operator:ola"),
    ]
    assert told[1].after == {"kind": "identifier", "value": IDENTIFIER}


def test_a_binding_is_found_by_index(sqlite_engine: Engine) -> None:
    statements: list[tuple[str, tuple[object, ...]]] = []
    with sqlite_engine.begin() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: statements.append((call[2], call[3])))
        bound(RegistryRepository(connection), identifiers=(IDENTIFIER,))
        (statement,) = list(statements)
        plan = [
            row.detail
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1])
        ]
    assert any("USING INDEX" in line for line in plan), plan
    assert not any(line.startswith("SCAN") for line in plan), plan


# the command

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `sisc registry signer …` on a register that knows Greta."""
    with sqlite_engine.begin() as connection:
        RegistryRepository(connection).add_person(GRETA, **BY)

    @contextmanager
    def open_registry(reason: str | None = None) -> Iterator[RegistrySession]:
        with sqlite_engine.begin() as connection:
            yield RegistrySession(
                repository=RegistryRepository(connection, reason=reason),
                vault=CredentialVault([CredentialVault.new_key()]),
                now=NOW,
                operator="operator:ola",
            )

    monkeypatch.setattr(commands, "open_registry", open_registry)
    return lambda *arguments: CliRunner().invoke(commands.app, arguments)


def test_a_signer_is_added_listed_and_removed_on_the_command_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "greta.pem"
    file.write_bytes(p256_key().certificate.public_bytes(Encoding.PEM))
    assert run("add", GRETA.id_sisc, "--certificate", str(file)).exit_code == 0
    assert run("add", GRETA.id_sisc, "--identifier", IDENTIFIER).exit_code == 0

    listed = run("list", GRETA.id_sisc, "--json")
    found = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(one["kind"], one["value"]) for one in found] == [
        ("certificate", FINGERPRINT),
        ("identifier", IDENTIFIER),
    ]

    assert run("remove", GRETA.id_sisc, "--fingerprint", FINGERPRINT).exit_code == 0
    assert run("remove", GRETA.id_sisc, "--identifier", IDENTIFIER).exit_code == 0
    assert run("list", GRETA.id_sisc, "--json").stdout == ""


@pytest.mark.parametrize("options", [[], ["--identifier", "a", "--fingerprint", "b"]])
def test_one_thing_is_named_at_a_time(run: Run, options: list[str]) -> None:
    assert run("remove", GRETA.id_sisc, *options).exit_code == 2


def test_a_file_without_a_certificate_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("hello")
    done = run("add", GRETA.id_sisc, "--certificate", str(file))
    assert "holds no certificate" in str(done.exception)
