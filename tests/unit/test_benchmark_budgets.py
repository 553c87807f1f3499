import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from benchmarks.scale.budgets import BUDGETS, best_budget, cpu_seconds

_BUSY = "while True: pass"


@pytest.fixture
def stopped() -> Iterator[psutil.Popen]:
    """A process that computes whenever it is let run."""
    process = psutil.Popen([sys.executable, "-c", _BUSY])
    process.suspend()
    yield process
    process.kill()
    process.wait()


def _stands_still(process: psutil.Process) -> bool:
    """Whether the signal has reached it; waits a moment if not."""
    reached = process.status() == psutil.STATUS_STOPPED
    if not reached:
        time.sleep(0.01)
    return reached


@pytest.mark.parametrize("name", sorted(BUDGETS))
def test_a_process_runs_within_its_budget_and_stands_still_afterwards(
    name: str, stopped: subprocess.Popen[bytes]
) -> None:
    if name == "control groups" and best_budget() != name:
        pytest.skip("control groups may not be written here")
    process = psutil.Process(stopped.pid)
    before = cpu_seconds(process)
    with BUDGETS[name]([process], 0.5):
        while cpu_seconds(process) == before:
            pass
    assert any(_stands_still(process) for _ in range(500))
