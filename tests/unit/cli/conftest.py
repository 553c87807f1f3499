import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import cli
from gateway.sandbox.serving import prepare_sandbox
from tests.unit.cli.cli_kit import Outcome, Run


@pytest.fixture(autouse=True)
def own_signal_handlers() -> Iterator[None]:
    """Servers take over signals; the tests' own handlers come back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def made_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox that was made once; tests work on copies."""
    folder = tmp_path_factory.mktemp("sandbox")
    prepare_sandbox(folder, port=0)
    return folder


@pytest.fixture
def installed(made_sandbox: Path, tmp_path: Path) -> Path:
    """The folder in which `run` works, with a gateway set up in it; not started."""
    shutil.copytree(made_sandbox, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run `sisc` in an empty folder and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SISC_CONFIG", "")  # --config sets it; undone with the other changes
    for name in [name for name in os.environ if name.startswith("SISC_")]:
        monkeypatch.delenv(name)

    def invoke(*arguments: object) -> Outcome:
        capsysbinary.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        captured = capsysbinary.readouterr()
        return Outcome(code=code, out=captured.out.decode(), err=captured.err.decode())

    return invoke
