import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import cli
from tests.unit.cli.cli_kit import Outcome, Run


@pytest.fixture(autouse=True)
def own_signal_handlers() -> Iterator[None]:
    """Servers take over signals; the tests' own handlers come back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


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
