"""`sisc serve`: a web server and a worker under one roof, restarted when they die."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import BinaryIO, Final

from gateway.actions import Action
from gateway.observe import Observer

__all__ = [
    "SIGNAL_SECONDS",
    "Supervisor",
    "command",
    "end_with_parent",
    "end_with_supervisor",
    "on_stop_signal",
    "wait_for_stop",
]

#: Tells a command the process that supervises it.
SUPERVISOR_VARIABLE: Final = "SISC_SUPERVISOR"

_CHECK_SECONDS: Final = 0.1
_PARENT_CHECK_SECONDS: Final = 0.5
_RESTART_PAUSE_SECONDS: Final = 0.5  # doubled with every start that ends within _STABLE_SECONDS
_LONGEST_PAUSE_SECONDS: Final = 10.0
_STABLE_SECONDS: Final = 2.0
_STOP_SECONDS: Final = 30.0
#: How soon a signal is noticed that met another thread.
SIGNAL_SECONDS: Final = 0.5


def command(*arguments: str) -> list[str]:
    """The command line that runs `sisc` with this very Python."""
    return [sys.executable, "-m", "gateway.cli", *arguments]


def on_stop_signal(stop: threading.Event) -> None:
    """Set `stop` on SIGTERM and SIGINT. Call from the main thread."""

    def handler(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handler)
    signal.signal(signal.SIGINT, handler)


def wait_for_stop(stop: threading.Event) -> None:
    """Wait in the main thread until `stop` is set, by a signal handler too.

    The kernel may give a signal to any thread; the handler runs when the main thread next does something.
    """
    while not stop.wait(SIGNAL_SECONDS):
        pass


def end_with_supervisor() -> None:
    """End in good order once the supervisor is gone, however it died; nothing without one.

    Otherwise a supervisor started anew would find the port taken and the work done by strangers.
    """
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor is not None:
        _watch(int(supervisor), lambda: os.kill(os.getpid(), signal.SIGTERM))


def end_with_parent() -> None:
    """End at once when the process that started this one is gone, so that its port is free again."""
    _watch(os.getppid(), lambda: os._exit(1))


def _watch(parent: int, end: Callable[[], None]) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_CHECK_SECONDS)
        end()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


@dataclass(kw_only=True, slots=True)
class _Child:
    """A command that runs, or waits to be started again."""

    process: subprocess.Popen[bytes]
    started: float  # monotonic seconds
    failures: int = 0  # starts in a row that ended soon
    due: float | None = None  # when it is started again; None: it runs


@dataclass(kw_only=True, slots=True)
class Supervisor:
    """Runs commands until told to stop."""

    commands: Mapping[str, Sequence[str]]  # name → command line
    observe: Observer
    environment: Mapping[str, str] = field(default_factory=dict)  # beside this process's own
    log: BinaryIO | None = None  # where the commands' output goes; None: to this process's own
    stop: threading.Event = field(default_factory=threading.Event)
    children: dict[str, _Child] = field(default_factory=dict)

    def run(self) -> None:
        """Start every command, start again what ends, and end all when `stop` is set."""
        try:
            for name in self.commands:
                if not self.stop.is_set():
                    self.children[name] = self._start(name)
            while not self.stop.wait(_CHECK_SECONDS):
                self._replace_ended()
        finally:
            self._end_all()

    def _start(self, name: str, *, failures: int = 0) -> _Child:
        environment = {**os.environ, **self.environment, SUPERVISOR_VARIABLE: str(os.getpid())}
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            self.commands[name], env=environment, stdout=self.log, stderr=self.log, start_new_session=True
        )
        self.observe(Action.PROCESS_STARTED, detail=name, pid=process.pid)
        return _Child(process=process, started=time.monotonic(), failures=failures)

    def _replace_ended(self) -> None:
        for name, child in self.children.items():
            if child.due is None:
                self._look_after(name, child)
            elif time.monotonic() >= child.due:
                self.children[name] = self._start(name, failures=child.failures)

    def _look_after(self, name: str, child: _Child) -> None:
        """Put a start off when the command has ended; one that cannot run is not tried all the time."""
        if (code := child.process.poll()) is None:
            return
        self._tell_end(name, child, code)
        now = time.monotonic()
        if now - child.started >= _STABLE_SECONDS:
            child.failures = 0
        child.due = now + min(_RESTART_PAUSE_SECONDS * 2 ** min(child.failures, 16), _LONGEST_PAUSE_SECONDS)
        child.failures += 1

    def _end_all(self) -> None:
        running = {name: child for name, child in self.children.items() if child.due is None}
        for child in running.values():
            child.process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for name, child in running.items():
            try:
                code = child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                code = child.process.wait()
            self._tell_end(name, child, code)

    def _tell_end(self, name: str, child: _Child, code: int) -> None:
        self.observe(Action.PROCESS_ENDED, detail=name, pid=child.process.pid, exit_code=code)
