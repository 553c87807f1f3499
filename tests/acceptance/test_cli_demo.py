"""`sisc demo` leaves nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.acceptance.running import PROJECT, until


def demo(folder: Path) -> subprocess.Popen[str]:
    """The demo, with a temporary folder of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(folder)},
    )


@pytest.mark.slow
def test_the_tour_comes_out_as_expected_and_nothing_is_left(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        out, err = process.communicate(timeout=200)

    assert process.returncode == 0, out + err
    assert err == ""
    assert out.count("│ yes ") == 8
    assert not list(tmp_path.iterdir())


def as_a_shell_tells(returncode: int) -> int:
    """The exit status a shell shows: 128 and the signal, when a signal ended the process.

    CPython ends by SIGINT itself, instead of with the program's status, when the interrupt met code
    that runs by `exec` (a dataclass being made, say): both are the 130 of Ctrl-C.
    """
    return returncode if returncode >= 0 else 128 - returncode


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("late", [False, True])
def test_an_interrupted_tour_leaves_nothing(tmp_path: Path, *, ending: signal.Signals, late: bool) -> None:
    """Interrupted while the sandbox is being made, and while it is running."""
    process = demo(tmp_path)
    with process:
        until(lambda: list(tmp_path.glob("sisc-demo-*")) or None)
        main = psutil.Process(process.pid)
        family = [main]
        if late:
            family += until(lambda: found if len(found := main.children(recursive=True)) >= 2 else None)
        process.send_signal(ending)
        out, err = process.communicate(timeout=60)

    assert (as_a_shell_tells(process.returncode), out, err) == (130, "", "")
    assert not [one for one in family if one.is_running()]
    assert not list(tmp_path.iterdir())
