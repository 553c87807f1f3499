"""A fixed budget of CPU time for each process, as if each had a small host of its own.

Workers that share the cores of one machine show how many cores it has. With a budget each, well below what
the machine has to give, they show whether one stands in the other's way.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

__all__ = ["BUDGETS", "Budgeted", "best_budget", "cpu_seconds"]

#: Lets stopped processes run, each with a share of a core at most, all its threads together; stops them in
#: the end.
Budgeted = Callable[[Sequence[psutil.Process], float], AbstractContextManager[None]]

#: Version 1, version 2.
_PARENTS: Final = (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup"))
#: Microseconds. Short, so that a process never stands still for long with a lock in its hand.
_PERIOD: Final = 10_000
_TICK_SECONDS: Final = 0.005
_MOST_SAVED_SECONDS: Final = 0.02


def best_budget() -> str:
    """The kernel's own means where they may be used, else the one that needs no rights."""
    try:
        with _group(share=1.0):
            return "control groups"
    except OSError:
        return "stop and continue"


@contextmanager
def _by_control_groups(processes: Sequence[psutil.Process], share: float) -> Iterator[None]:
    with ExitStack() as groups:
        for process in processes:
            group = groups.enter_context(_group(share))
            (group / "cgroup.procs").write_text(str(process.pid))
        try:
            with _running(processes):
                yield
        finally:
            for process in processes:  # a group that holds a process cannot go
                (_parent() / "cgroup.procs").write_text(str(process.pid))


@contextmanager
def _group(share: float) -> Iterator[Path]:
    parent = _parent()
    group = parent / f"sisc-bench-{os.getpid()}-{time.monotonic_ns()}"
    group.mkdir()
    try:
        quota = int(share * _PERIOD)
        if parent is _PARENTS[0]:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
        yield group
    finally:
        group.rmdir()


def _parent() -> Path:
    try:
        return next(each for each in _PARENTS if (each / "cgroup.procs").exists())
    except StopIteration:
        raise FileNotFoundError(_PARENTS[-1]) from None


@contextmanager
def _by_stop_and_continue(processes: Sequence[psutil.Process], share: float) -> Iterator[None]:
    """Stops a process that has used up its share, and continues it once it has saved some."""
    over = threading.Event()
    governors = [threading.Thread(target=_govern, args=(each, share, over)) for each in processes]
    with _running(processes):
        for governor in governors:
            governor.start()
        try:
            yield
        finally:
            over.set()
            for governor in governors:
                governor.join()


def _govern(process: psutil.Process, share: float, over: threading.Event) -> None:
    spent, at, saved = cpu_seconds(process), time.monotonic(), 0.0
    with suppress(psutil.NoSuchProcess):
        while not over.wait(_TICK_SECONDS):
            before, spent = spent, cpu_seconds(process)
            since, at = at, time.monotonic()
            saved = min(saved + share * (at - since) - (spent - before), _MOST_SAVED_SECONDS)
            (process.suspend if saved < 0 else process.resume)()


@contextmanager
def _running(processes: Sequence[psutil.Process]) -> Iterator[None]:
    for process in processes:
        process.resume()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()


def cpu_seconds(process: psutil.Process) -> float:
    """What the process has used so far, all its threads together."""
    times = process.cpu_times()
    return float(times.user + times.system)


BUDGETS: Final[dict[str, Budgeted]] = {
    "control groups": _by_control_groups,
    "stop and continue": _by_stop_and_continue,
}
