"""Processes under one roof: started again when they die, ended together, gone with their supervisor."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from gateway.actions import Action
from gateway.observe import Observer
from gateway.supervisor import Supervisor

PROJECT = Path(__file__).parents[3]
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


class Ears(Observer):
    def __init__(self) -> None:
        super().__init__("test")
        self.told: list[tuple[Action, dict[str, object]]] = []

    def __call__(self, action: Action, *, detail: str = "", **facts: object) -> None:
        self.told.append((action, {"detail": detail, **facts}))

    def pids(self, name: str) -> list[int]:
        return [
            int(str(facts["pid"]))
            for action, facts in list(self.told)
            if action is Action.PROCESS_STARTED and facts["detail"] == name
        ]


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def running(**commands: list[str]) -> Iterator[tuple[Supervisor, Ears]]:
    ears = Ears()
    supervisor = Supervisor(commands=commands, observe=ears, environment={"SISC_TEST_MARK": "1"})
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        yield supervisor, ears
    finally:
        supervisor.stop.set()
        thread.join()


def test_what_is_killed_is_started_again_and_only_that() -> None:
    with running(web=SLEEP, worker=SLEEP) as (_, ears):
        until(lambda: ears.pids("web") and ears.pids("worker"))
        os.kill(ears.pids("web")[0], signal.SIGKILL)
        until(lambda: len(ears.pids("web")) == 2)

        assert len(ears.pids("worker")) == 1
        ended = [facts for action, facts in ears.told if action is Action.PROCESS_ENDED]
        assert [(each["detail"], each["exit_code"]) for each in ended] == [("web", -signal.SIGKILL)]


def test_stopping_ends_every_process() -> None:
    with running(web=SLEEP, worker=SLEEP) as (_, ears):
        until(lambda: ears.pids("web") and ears.pids("worker"))
        pids = ears.pids("web") + ears.pids("worker")

    assert not any(psutil.pid_exists(pid) for pid in pids)
    codes = [facts["exit_code"] for action, facts in ears.told if action is Action.PROCESS_ENDED]
    assert codes == [-signal.SIGTERM] * 2


def test_a_command_that_cannot_run_is_tried_ever_less_often() -> None:
    with running(web=[sys.executable, "-c", "raise SystemExit(3)"]) as (supervisor, ears):
        until(lambda: len(ears.pids("web")) == 3)
        child = supervisor.children["web"]
        until(lambda: child.due is not None)

        assert child.failures == 3
        ended = [facts["exit_code"] for action, facts in ears.told if action is Action.PROCESS_ENDED]
        assert ended == [3] * 3


SUPERVISED = """
import threading
from gateway.supervisor import end_with_supervisor, on_stop_signal
stop = threading.Event()
on_stop_signal(stop)
end_with_supervisor()
stop.wait(60)
"""
SUPERVISING = """
import sys
from gateway.observe import Observer
from gateway.supervisor import Supervisor
Supervisor(commands={"child": [sys.executable, "-c", sys.argv[1]]}, observe=Observer("test")).run()
"""


def test_processes_end_by_themselves_when_their_supervisor_is_killed() -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISING, SUPERVISED], cwd=PROJECT, stdout=subprocess.DEVNULL
    )
    with supervisor:
        process = psutil.Process(supervisor.pid)
        until(process.children)
        (child,) = process.children()
        until(lambda: child.num_threads() > 1)  # it watches
        supervisor.kill()

    gone, alive = psutil.wait_procs([child], timeout=30)
    assert (gone, alive) == ([child], [])


def test_a_process_without_supervisor_does_not_watch_for_one() -> None:
    program = SUPERVISED.replace("stop.wait(60)", "print(threading.active_count())")
    environment = {key: value for key, value in os.environ.items() if key != "SISC_SUPERVISOR"}

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, check=True
    )

    assert done.stdout == b"1\n"
