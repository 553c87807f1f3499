"""`sisc sandbox` as a process: what it prints, how it ends, what a kill leaves."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.acceptance.running import PROJECT, RunningSandbox, start, until

SISC = (sys.executable, "-m", "gateway.cli")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A sandbox of this test alone; whatever is left of it is ended."""
    sandbox = start(tmp_path / "sandbox")
    family = processes(sandbox)
    yield sandbox
    for process in family:
        if process.is_running():
            process.kill()
    with sandbox.process:
        sandbox.process.wait(timeout=30)


def processes(sandbox: RunningSandbox) -> list[psutil.Process]:
    """The sandbox and all it has started, once a server process is among them."""
    main = psutil.Process(sandbox.process.pid)
    children = until(lambda: found if len(found := main.children(recursive=True)) >= 3 else None)
    return [main, *children]


def nobody_left(family: list[psutil.Process]) -> bool | None:
    return None if any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family) else True


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything_and_the_exit_code_is_good(
    ending: signal.Signals, running: RunningSandbox
) -> None:
    family = processes(running)

    running.process.send_signal(ending)

    assert running.process.wait(timeout=30) == 0
    assert nobody_left(family)
    assert running.process.stdout is not None
    assert running.process.stdout.read() == b""  # one JSON line was all


def test_a_killed_sandbox_takes_its_processes_along_and_can_be_started_again(
    running: RunningSandbox, tmp_path: Path
) -> None:
    family = processes(running)
    with running.client() as client:
        sys_ref = client.send((PROJECT / "examples" / "CC015C.xml").read_bytes())

    running.process.kill()

    until(lambda: nobody_left(family), seconds=30)
    again = start(tmp_path / "sandbox")
    with again.client() as client:
        assert until(lambda: client.replies(sys_ref).documents)
    assert running.account == again.account
    assert again.stop() == 0


def test_a_kill_and_a_start_on_the_same_port_right_after_it(running: RunningSandbox) -> None:
    port = running.url.rsplit(":", 1)[1]
    running.process.kill()

    again = subprocess.Popen(
        [*SISC, "sandbox", "--dir", str(running.folder), "--port", port, "--json"],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    )
    with again:
        assert again.stdout is not None
        assert running.url == json.loads(again.stdout.readline())["url"]
        assert httpx.get(f"{running.url}/health/ready", timeout=10).is_success
        again.terminate()
        assert again.wait(timeout=30) == 0


def test_a_taken_port_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = str(occupied.getsockname()[1])
        refused = subprocess.run(
            [*SISC, "sandbox", "--dir", str(tmp_path / "new"), "--port", port],
            capture_output=True,
            text=True,
            check=False,
        )

    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "choose another port" in refused.stderr


def test_a_signal_before_it_is_ready_ends_it_too(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*SISC, "sandbox", "--dir", str(tmp_path / "new"), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    )
    with process:
        until(lambda: (tmp_path / "new" / "sisc.toml").exists() or None)
        family = [psutil.Process(process.pid)]
        process.terminate()
        assert process.wait(timeout=60) == 0
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert nobody_left(family)


def test_what_it_prints_for_people_works_as_printed(tmp_path: Path) -> None:
    """The command it suggests is the one a newcomer copies."""
    process = subprocess.Popen(
        [*SISC, "sandbox", "--dir", str(tmp_path / "sandbox"), "--port", "0"],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    with process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line.strip())
            if line.startswith("Ctrl-C"):
                break
        command = next(line for line in told if " send " in line)
        sent = subprocess.run(
            [sys.executable, "-m", "gateway.cli", *command.split()[1:]],
            capture_output=True,
            text=True,
            check=False,
            cwd=PROJECT,
        )
        process.terminate()
        assert process.wait(timeout=30) == 0
    assert sent.returncode == 0, sent.stderr
    assert sent.stdout.splitlines()[-1].startswith("CC029C")
