"""The folder of a sandbox: made once, kept, begun anew after an interruption, nobody else's touched."""

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.listening import find_port
from gateway.sandbox import serving as sandbox
from gateway.sandbox.serving import only_sandbox, prepare_sandbox


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


@pytest.fixture
def folder(made_sandbox: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_sandbox, tmp_path / "sandbox"))


def test_a_second_start_keeps_account_keys_and_data_and_takes_the_new_port(folder: Path) -> None:
    key, database = folder / "client.p12", folder / "data" / "sisc.sqlite3"
    before = key.read_bytes(), database.stat().st_ino

    first = prepare_sandbox(folder, port=0)
    second = prepare_sandbox(folder, port=find_port("127.0.0.1", 0, option="test"))

    assert first.profile.password == second.profile.password
    assert before == (key.read_bytes(), database.stat().st_ino)
    assert second.profile.url.endswith(f":{second.port}")
    assert f"port = {second.port}" in (folder / "sisc.toml").read_text()


def test_what_holds_secrets_is_readable_by_its_owner_only(folder: Path) -> None:
    secrets = [folder / name for name in ("client.toml", "client.p12", "stranger.toml", "sisc.toml")]
    prepare_sandbox(folder, port=0)

    assert {0o600} == {file.stat().st_mode & 0o777 for file in [*secrets, *(folder / "keys").iterdir()]}


STEPS = ("_write_settings", "_migrate", "init_authority", "init_seal", "enrol", "_write_profile")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupted_making_is_begun_anew(
    step: str, when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sandbox"
    original: Callable[..., object] = getattr(sandbox, step)

    def killed(*arguments: object, **options: object) -> object:
        if when == "after":
            original(*arguments, **options)
        raise Killed

    monkeypatch.setattr(sandbox, step, killed)
    with pytest.raises(Killed):
        prepare_sandbox(folder, port=0)
    monkeypatch.undo()

    prepared = prepare_sandbox(folder, port=0)

    assert prepared.profile.key is not None
    assert prepared.profile.key.is_file()
    assert (folder / "stranger.p12").is_file()


@pytest.mark.parametrize("name", ["client.toml", "sisc.toml", "data", "keys"])
def test_files_of_somebody_else_are_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("theirs")

    with pytest.raises(ConfigurationError, match="which no sandbox has made"):
        prepare_sandbox(tmp_path, port=0)

    assert (tmp_path / name).read_text() == "theirs"


def test_other_files_do_not_hinder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    prepare_sandbox(tmp_path, port=0)

    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["file", "file/below", "/proc/none"])
def test_a_folder_that_cannot_be_made_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError) as caught:
        prepare_sandbox(tmp_path / name, port=0)
    with pytest.raises(ConfigurationError), only_sandbox(tmp_path / name):
        pass

    assert caught.value.key == "--dir"


def test_a_folder_serves_one_sandbox_at_a_time(tmp_path: Path) -> None:
    with only_sandbox(tmp_path):
        second = subprocess.run(
            [sys.executable, "-m", "gateway.cli", "sandbox", "--dir", str(tmp_path), "--port", "0"],
            capture_output=True,
            text=True,
            check=False,
        )
    with only_sandbox(tmp_path):
        pass

    assert second.returncode == 2
    assert "running in" in second.stderr
    assert second.stderr.count("\n") == 1
    assert not (tmp_path / "sisc.toml").exists()


def test_a_port_that_is_freed_soon_is_waited_for() -> None:
    """A sandbox that was killed leaves its port within seconds."""
    occupied = socket.create_server(("127.0.0.1", 0))
    port = occupied.getsockname()[1]
    leaving = threading.Timer(0.3, occupied.close)
    leaving.start()

    assert find_port("127.0.0.1", port, option="--port", patience_seconds=30) == port

    leaving.join()


def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}: Address already in use"):
            find_port("127.0.0.1", port, option="--port")


def test_leftovers_of_a_write_are_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".client.toml.0123abcd").write_text("half a secret")

    prepare_sandbox(tmp_path, port=0)

    assert not list(tmp_path.glob(".client.toml.*"))
