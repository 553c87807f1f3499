"""`sisc ca` on a register: suspend, unsuspend, revoke, list, history, expiring, publish, responder."""

import getpass
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from cryptography import x509

from gateway.cli import run
from signing.publication import PublishedCrl, SqlCrls
from tests.integration.pki.pki_world import World

Sisc = Callable[..., tuple[int, list[dict[str, object]], str]]


@pytest.fixture
def sisc(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sisc:
    """Runs `sisc ca … --json`: exit code, JSON lines, standard error."""
    monkeypatch.setenv("SISC_CONFIG", str(world.config))

    def call(*arguments: str) -> tuple[int, list[dict[str, object]], str]:
        code = run(["ca", *arguments, "--json"])
        told = capsys.readouterr()
        return code, [json.loads(line) for line in told.out.splitlines()], told.err

    return call


def last_crl(world: World) -> PublishedCrl:
    with world.gateway.store.read() as work:
        crl = SqlCrls(work.connection).find(world.authority.certificate)
    assert crl is not None
    return crl


def listed(world: World) -> set[str]:
    return {f"{entry.serial_number:x}" for entry in x509.load_der_x509_crl(last_crl(world).content)}


def test_every_change_of_status_is_published_at_once(world: World, sisc: Sisc) -> None:
    serial = world.issue().serial
    assert sisc("suspend", serial, "--reason", "lost token")[0] == 0
    assert (listed(world), last_crl(world).number) == ({serial}, 1)
    assert sisc("unsuspend", serial, "--reason", "found again")[0] == 0
    assert (listed(world), last_crl(world).number) == (set(), 2)
    assert sisc("revoke", serial, "--reason", "keyCompromise", "--note", "stolen")[0] == 0
    assert (listed(world), last_crl(world).number) == ({serial}, 3)
    _, entries, _ = sisc("history", serial)
    assert [(entry["act"], entry["reason"], entry["note"]) for entry in entries] == [
        ("issued", None, None),
        ("held", "certificateHold", "lost token"),
        ("released", None, "found again"),
        ("revoked", "keyCompromise", "stolen"),
    ]
    assert {entry["operator"] for entry in entries[1:]} == {f"operator:{getpass.getuser()}"}


def test_a_revocation_after_a_hold_shows_both_dates(world: World, sisc: Sisc) -> None:
    serial = world.issue().serial
    _, (suspended,), _ = sisc("suspend", serial, "--reason", "why")
    _, (revoked,), _ = sisc("revoke", serial, "--reason", "superseded")
    assert revoked["since"] == suspended["since"]
    assert str(revoked["decided"]) > str(revoked["since"])


def test_serial_numbers_are_taken_as_other_tools_write_them(world: World, sisc: Sisc) -> None:
    serial = world.issue().serial.upper()
    colons = ":".join(serial[place : place + 2] for place in range(0, len(serial), 2))
    assert sisc("suspend", colons, "--reason", "why")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("unsuspend", "{serial}", "--reason", "x"), "is active"),
        (("revoke", "abc123", "--reason", "superseded"), "no certificate abc123"),
        (("history", "abc123"), "no certificate abc123"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    world: World, sisc: Sisc, arguments: tuple[str, ...], words: str
) -> None:
    serial = world.issue().serial
    code, told, error = sisc(*(argument.format(serial=serial) for argument in arguments))
    assert (code, told, error.count("\n")) == (1, [], 1)
    assert words in error


def test_a_reason_outside_the_standard_is_wrong_usage(world: World, sisc: Sisc) -> None:
    assert sisc("revoke", world.issue().serial, "--reason", "bad mood")[0] == 2


def test_a_revocation_counts_although_its_publication_fails(world: World, sisc: Sisc) -> None:
    serial = world.issue().serial
    key = world.folder / "keys" / "ca.p12"
    content = key.read_bytes()
    key.unlink()
    code, told, error = sisc("revoke", serial, "--reason", "keyCompromise")
    assert (code, told[0]["status"]) == (1, "revoked")
    assert "the register is changed" in error
    key.write_bytes(content)
    assert sisc("publish")[0] == 0
    assert listed(world) == {serial}


def test_certificates_are_listed_by_status_and_person(world: World, sisc: Sisc) -> None:
    first, second = world.issue().serial, world.issue().serial
    sisc("suspend", first, "--reason", "why")
    assert {line["serial"] for line in sisc("list")[1]} == {first, second}
    assert [line["serial"] for line in sisc("list", "--status", "held")[1]] == [first]
    assert sisc("list", "--person", "nobody")[1] == []


def test_certificates_that_end_soon_are_listed_soonest_first(world: World, sisc: Sisc) -> None:
    later, soon = world.issue(days=20).serial, world.issue(days=5).serial
    world.issue(days=200)
    assert [line["serial"] for line in sisc("expiring", "--days", "30")[1]] == [soon, later]
    assert [line["serial"] for line in sisc("expiring", "--days", "6")[1]] == [soon]


def test_a_crl_can_be_published_on_demand(world: World, sisc: Sisc) -> None:
    assert [sisc("publish")[1][0]["number"] for _ in range(2)] == [1, 2]


def test_a_responder_can_be_renewed(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SISC_CONFIG", str(world.config))
    file = world.folder / "keys" / "ocsp.p12"
    before = file.read_bytes()
    assert run(["ca", "responder"]) == 0
    assert file.read_bytes() != before
    assert str(file) in capsys.readouterr().out


def test_a_watching_publisher_publishes_and_ends_when_told(world: World) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "ca", "publish", "--watch"],
        env={**os.environ, "SISC_CONFIG": str(world.config)},
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with world.gateway.store.read() as work:
                if SqlCrls(work.connection).find(world.authority.certificate):
                    break
            time.sleep(0.1)
        assert last_crl(world).number == 1
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert json.loads(log.splitlines()[0])["action"] == "crl_published"
