"""Worker processes: the program itself, as operators run it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from benchmarks.scale.budgets import cpu_seconds
from benchmarks.workshop import resident_peak_mib

__all__ = ["peak_mib", "resident_mib", "wait_until_idle", "worker"]

#: Idle lanes look for due work now and then.
_IDLE_PERCENT: Final = 20.0
_STARTED_SECONDS: Final = 1.0  # CPU time that starting takes at least
_LOOKS: Final = 120


@contextmanager
def worker(folder: Path) -> Iterator[psutil.Process]:
    """`sisc worker` for the gateway in a folder; it ends with the block."""
    command = [sys.executable, "-m", "gateway.cli", "--config", str(folder / "sisc.toml"), "worker"]
    process = psutil.Popen(command, stderr=subprocess.DEVNULL)  # our own program
    try:
        yield process
    finally:
        process.resume()
        process.terminate()
        process.wait()


def wait_until_idle(process: psutil.Process) -> None:
    """Starting took a second or two of its time; what is measured is work."""
    for _ in range(_LOOKS):
        idle = process.cpu_percent(interval=1.0) < _IDLE_PERCENT
        if idle and cpu_seconds(process) > _STARTED_SECONDS:
            return
    raise SystemExit("a worker did not come to rest")


def peak_mib(process: psutil.Process) -> float:
    """The most it has had so far."""
    return round(resident_peak_mib(process.pid), 1)


def resident_mib(process: psutil.Process) -> float:
    """What it has now."""
    return round(process.memory_info().rss / 2**20, 1)
