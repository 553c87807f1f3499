"""serve, web and worker: what cannot work is one line, before anything is started."""

import socket
import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli.cli_kit import Run

SECRETS = {"SISC_KEYS__AUTHORITY_PASSWORD": "tajne-ca", "SISC_KEYS__SEAL_PASSWORD": "tajne-pieczec"}
SERVERS = ("serve", "web", "worker")


@pytest.fixture
def ready(run: Run, tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """An installation that would run."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sisc.sqlite3").write_bytes(sqlite_template.read_bytes())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "sisc.toml").write_text(f'data = "data"\n[web]\nport = {port}\n')
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert run("ca", "init", "--key-type", "P-256").code == 0
    return run


@pytest.mark.parametrize("server", SERVERS)
def test_a_missing_database_is_told_with_the_command_that_makes_it(
    server: str, ready: Run, tmp_path: Path
) -> None:
    (tmp_path / "data" / "sisc.sqlite3").unlink()

    refused = ready(server)

    assert refused.code == 1
    assert "sisc migrate" in refused.told


@pytest.mark.parametrize("server", [*SERVERS, "migrate"])
def test_a_file_that_is_no_database_is_told(server: str, ready: Run, tmp_path: Path) -> None:
    (tmp_path / "data" / "sisc.sqlite3").write_bytes(b"no database at all" * 100)

    refused = ready(server)

    assert refused.code == 1
    assert "not a database" in refused.told


def test_a_newer_database_is_not_migrated_back(ready: Run, tmp_path: Path) -> None:
    """Servers work on beside a newer version; what the newer one has added stays."""
    with sqlite3.connect(tmp_path / "data" / "sisc.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_post'")
    connection.close()

    refused = ready("migrate")

    assert refused.code == 1
    assert "9999_post" in refused.told


@pytest.mark.parametrize("server", ["serve", "worker"])
@pytest.mark.parametrize("key", ["seal.p12", "ca.pem"])
def test_a_missing_key_is_told_with_the_command_that_makes_it(
    server: str, key: str, ready: Run, tmp_path: Path
) -> None:
    (tmp_path / "keys" / key).unlink()

    refused = ready(server)

    assert refused.code == 2
    assert key in refused.told
    assert "sisc ca init" in refused.told


@pytest.mark.parametrize("server", ["serve", "worker"])
def test_a_wrong_password_of_the_seal_is_told_by_its_setting(
    server: str, ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SISC_KEYS__SEAL_PASSWORD", "nie-to")

    refused = ready(server)

    assert refused.code == 2
    assert refused.told.startswith("error: keys.seal: wrong password")
    assert "nie-to" not in refused.err


@pytest.mark.parametrize("server", ["serve", "web"])
@pytest.mark.parametrize("shared", [False, True])
def test_a_taken_port_is_told_also_where_the_system_would_share_it(
    server: str, ready: Run, monkeypatch: pytest.MonkeyPatch, *, shared: bool
) -> None:
    with socket.socket() as other:
        if shared:  # as another of our own servers does
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("SISC_WEB__PORT", str(other.getsockname()[1]))

        refused = ready(server)

    assert refused.code == 2
    assert "choose another port" in refused.told


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"HOST": "nosuch.invalid"}, "nosuch.invalid"),
        ({"HOST": "203.0.113.7"}, "203.0.113.7"),
        ({"CERTIFICATE": "a.pem"}, "goes with web.key"),
        ({"CERTIFICATE": "a.pem", "KEY": "b.pem"}, "No such file"),
        ({"CERTIFICATE": "sisc.toml", "KEY": "sisc.toml"}, "web.certificate"),
        ({"DEMAND_CLIENT_CERTIFICATE": "true"}, "needs web.client_ca"),
        ({"CLIENT_CA": "none.pem"}, "web.client_ca"),
        ({"CLIENT_CA": "sisc.toml"}, "web.client_ca"),
    ],
)
def test_wrong_settings_of_the_web_server_are_told(
    settings: dict[str, str], word: str, ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in settings.items():
        monkeypatch.setenv(f"SISC_WEB__{key}", value)

    refused = ready("web")

    assert refused.code == 2
    assert word in refused.told


def test_migrating_makes_the_data_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sisc.toml").write_text('data = "deep/data"\n')

    assert run("migrate").code == 0

    assert (tmp_path / "deep" / "data" / "sisc.sqlite3").is_file()


def test_a_data_folder_that_cannot_be_made_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sisc.toml").write_text('data = "sisc.toml/data"\n')

    assert run("migrate").code == 2
    assert "data:" in run("migrate").told


@pytest.mark.parametrize("server", SERVERS)
def test_a_database_out_of_reach_is_told_without_its_password(
    server: str, ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SISC_STORE__URL", "postgresql://sisc:tajne-haslo@127.0.0.1:1/sisc")

    refused = ready(server)

    assert refused.code == 1
    assert "store is unavailable" in refused.told
    assert "tajne-haslo" not in refused.err


def test_a_missing_secret_of_a_callback_is_told_before_the_web_server_starts(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SISC_ROUTES__NCTS2__ADAPTER", "http")
    monkeypatch.setenv("SISC_ROUTES__NCTS2__URL", "https://back-end.example/documents")
    monkeypatch.setenv("SISC_ROUTES__NCTS2__CALLBACK_SECRET_FILE", "missing")

    refused = ready("web")

    assert refused.code == 2
    assert "routes.NCTS2.callback_secret_file" in refused.told


def test_a_missing_certificate_of_a_route_is_told_before_the_worker_starts(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SISC_ROUTES__NCTS2__ADAPTER", "http")
    monkeypatch.setenv("SISC_ROUTES__NCTS2__URL", "https://back-end.example/documents")
    monkeypatch.setenv("SISC_ROUTES__NCTS2__CA", "missing.pem")

    refused = ready("serve")

    assert refused.code == 2
    assert "[routes.NCTS2]" in refused.told
    assert "TLS files" in refused.told
