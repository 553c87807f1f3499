"""`sisc documents` and `sisc systems` as an operator calls them."""

import json
import zipfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.store.model import DocumentState
from tests.integration.gateway.world import World

Sisc = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sisc(
    small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Sisc:
    """Runs a command on the world's store; returns exit code, output and errors."""
    config = tmp_path / "sisc.toml"
    url = small_world.store.engine.url.render_as_string(hide_password=False)
    config.write_text(f'[store]\nurl = "{url}"\n\n[retention]\ndays = {{ answered = 30 }}\n')
    monkeypatch.setenv("SISC_CONFIG", str(config))

    def called(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = run(arguments)
        told = capfd.readouterr()
        return code, told.out, told.err

    return called


@pytest.fixture
def sys_ref(small_world: World) -> str:
    """A document with its UPP, waiting for delivery."""
    found = small_world.send(small_world.enrol("anna", "NCTS2"))
    small_world.verifier().work_once()
    return found


def test_a_document_is_held_released_and_retried_with_a_reason(
    sisc: Sisc, small_world: World, sys_ref: str
) -> None:
    assert sisc("documents", "hold", sys_ref, "--reason", "asked by AES")[:2] == (0, f"{sys_ref} is held\n")
    assert json.loads(sisc("documents", "show", sys_ref, "--json")[1])["waits"] == (
        "held by an operator (deliver:NCTS2)"
    )
    small_world.clock.pass_by(days=500)
    assert not small_world.deliverer().work_once()
    code, _, errors = sisc("documents", "retry", sys_ref, "--reason", "x")
    assert (code, errors) == (1, f"error: {sys_ref} is held; release it first\n")
    assert sisc("documents", "release", sys_ref, "--reason", "ok")[0] == 0
    assert sisc("documents", "retry", sys_ref, "--reason", "hurry")[0] == 0
    waits = json.loads(sisc("documents", "show", sys_ref, "--json")[1])["waits"]
    assert waits.startswith("deliver:NCTS2, attempt 1, not before 20")
    small_world.work()
    assert json.loads(sisc("documents", "show", sys_ref, "--json")[1])["waits"] is None

    events = json.loads(sisc("documents", "show", sys_ref, "--json")[1])["events"]
    by_operator = [
        (each["action"], each["facts"]["reason"]) for each in events if "operator" in each["actor"]
    ]
    assert sorted(by_operator) == [
        ("document_held", "asked by AES"),
        ("document_released", "ok"),
        ("document_retried", "hurry"),
    ]
    assert small_world.document(sys_ref).state is DocumentState.ANSWERED


def test_a_document_is_found_by_its_hash_however_it_is_written(
    sisc: Sisc, small_world: World, sys_ref: str
) -> None:
    document = small_world.document(sys_ref)
    for digest in (document.sha256, document.sha1):
        for text in (digest, digest.upper(), b64encode(bytes.fromhex(digest)).decode()):
            [line] = sisc("documents", "list", "--hash", text, "--json")[1].splitlines()
            assert json.loads(line)["sysRef"] == sys_ref
    assert sisc("documents", "list", "--hash", "0" * 40, "--json")[:2] == (0, "")
    code, _, errors = sisc("documents", "list", "--hash", "0" * 39)
    assert (code, "no SHA-256 or SHA-1" in errors) == (2, True)


def test_a_reason_is_asked_for(sisc: Sisc, sys_ref: str) -> None:
    code, _, errors = sisc("documents", "hold", sys_ref)
    assert code == 2
    assert "--reason" in errors


def test_a_document_is_rerouted_only_where_a_route_leads(
    sisc: Sisc, small_world: World, sys_ref: str
) -> None:
    code, _, errors = sisc("documents", "reroute", sys_ref, "--to", "moon", "--reason", "x")
    assert (code, "'MOON' is not served" in errors) == (1, True)
    assert sisc("documents", "reroute", sys_ref, "--to", "aes", "--reason", "x")[0] == 0
    assert small_world.document(sys_ref).system == "AES"


def test_the_state_of_systems_is_told(sisc: Sisc, small_world: World, sys_ref: str) -> None:
    assert sys_ref
    assert sisc("systems", "pause", "ncts2", "--reason", "maintenance")[:2] == (0, "NCTS2 is paused\n")
    assert sisc("systems", "pause", "gateway", "--reason", "emergency")[0] == 0
    rows = {
        row["system"]: row for row in map(json.loads, sisc("systems", "status", "--json")[1].splitlines())
    }
    assert rows["NCTS2"].items() >= {"state": "paused", "waiting": 1, "reason": "maintenance"}.items()
    assert rows["gateway"].items() >= {"state": "paused", "waiting": 0, "reason": "emergency"}.items()
    assert rows["AES"].items() >= {"state": "open", "waiting": 0, "reason": None}.items()

    assert sisc("systems", "resume", "NCTS2", "--reason", "done")[:2] == (0, "NCTS2 is open\n")
    history = [json.loads(line) for line in sisc("systems", "history", "NCTS2", "--json")[1].splitlines()]
    assert [(each["change"], each["reason"]) for each in history] == [
        ("resumed", "done"),
        ("paused", "maintenance"),
    ]
    code, _, errors = sisc("systems", "resume", "NCTS2", "--reason", "again")
    assert (code, errors) == (1, "error: NCTS2 is not paused\n")
    assert small_world.deliverer().work_once()


def test_documents_are_found_by_numbers_and_dates(sisc: Sisc, small_world: World, sys_ref: str) -> None:
    document = small_world.document(sys_ref)

    def found(*options: str) -> list[str]:
        lines = sisc("documents", "list", "--json", *options)[1].splitlines()
        return [json.loads(line)["sysRef"] for line in lines]

    assert found("--lrn", str(document.lrn)) == [sys_ref]
    assert found("--since", "2026-03-30", "--until", "2026-03-30") == [sys_ref]
    assert found("--until", "2026-03-29") == []
    assert found("--eori", "PL000000000000000") == []


def test_documents_are_exported_and_purged(
    sisc: Sisc, small_world: World, sys_ref: str, tmp_path: Path
) -> None:
    small_world.work()
    code, output, _ = sisc("documents", "export", sys_ref, "--to", str(tmp_path / "out"), "--json")
    assert code == 0
    with zipfile.ZipFile(json.loads(output)["file"]) as exported:
        assert exported.testzip() is None
    assert "answered" in sisc("documents", "purge", "--dry-run")[1]
    assert small_world.replies(sys_ref)
    assert sisc("documents", "purge")[:2] == (0, "1 documents are gone\n")
    assert sisc("documents", "show", sys_ref)[0] == 1


def test_every_back_end_is_asked_how_it_is(
    sisc: Sisc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for key in ("SEAL", "AUTHORITY"):
        monkeypatch.setenv(f"SISC_KEYS__{key}_PASSWORD", "of the test")
    assert sisc("ca", "init", "--key-type", "P-256")[0] == 0  # back ends of this process seal their answers
    monkeypatch.setenv("SISC_ROUTES__AES__ADAPTER", "simulator")
    code, told, _ = sisc("systems", "health")
    assert code == 0
    assert "simulated in this process" in told
    monkeypatch.setenv("SISC_ROUTES__NCTS2__ADAPTER", "directory")
    monkeypatch.setenv("SISC_ROUTES__NCTS2__OUTBOX", str(tmp_path))
    monkeypatch.setenv("SISC_ROUTES__NCTS2__INBOX", str(tmp_path / "missing"))

    code, told, _ = sisc("systems", "health", "--json")

    assert code == 1
    by_system = {line["system"]: line for line in map(json.loads, told.splitlines())}
    assert by_system["AES"]["well"] is True
    assert (by_system["NCTS2"]["adapter"], by_system["NCTS2"]["well"]) == ("directory", False)
    assert "missing" in by_system["NCTS2"]["detail"]
