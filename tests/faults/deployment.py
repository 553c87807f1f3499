"""Web servers and workers as processes of their own on one database, started again when they die."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from gateway.listening import find_port
from gateway.sandbox.serving import prepare_sandbox
from tests.acceptance.running import PROJECT, until

__all__ = ["Deployment", "deployed", "patience", "tended"]

_TEND_SECONDS = 0.2


@dataclass(kw_only=True)
class Deployment:
    """What `systemd` would run on two hosts, and a way to do it harm."""

    folder: Path
    environment: dict[str, str]
    ports: Sequence[int]
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by kind, where it is not its name
    code: Mapping[str, Path] = field(default_factory=dict)  # by name: where its program is; else this project
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "sisc.toml"

    @property
    def urls(self) -> list[str]:
        """Where the channel is served."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def start(self, name: str) -> None:
        """Start a process, e.g. "web-0" or "worker-2"."""
        kind, _, number = name.partition("-")
        command = self.commands.get(kind, [kind])
        code = self.code.get(name, PROJECT)
        environment = {**os.environ, **self.environment, "PYTHONPATH": str(code)}
        if kind == "web":
            environment["SISC_WEB__PORT"] = str(self.ports[int(number)])
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", "--config", str(self.config), *command],
                cwd=code,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def wait_until_ready(self) -> None:
        """Wait until all web servers that are to run answer and see the database."""
        for number, url in enumerate(self.urls):
            if f"web-{number}" in self.processes:
                until(lambda url=url: _is_ready(url), seconds=180)  # type: ignore[misc]  # has a default

    def tend(self) -> None:
        """Start again what has ended, until the end."""
        while not self.ending.wait(_TEND_SECONDS):
            for name, process in list(self.processes.items()):
                if process.poll() is not None:
                    self.start(name)

    def kill(self, kind: str, chance: random.Random) -> int:
        """Kill -9 one process of a kind, or one that it has started; 0 when it has just ended by itself."""
        name = chance.choice([name for name in self.processes if name.startswith(kind)])
        try:
            process = psutil.Process(self.processes[name].pid)
            chance.choice([process, *process.children(recursive=True)]).kill()
        except psutil.NoSuchProcess:
            return 0
        return 1

    def stop(self, *names: str) -> list[int]:
        """End processes in good order, all by default; their exit codes. They are not started again."""
        ended = [self.processes.pop(name) for name in names or list(self.processes)]
        for process in ended:
            process.terminate()
        return [process.wait(timeout=120) for process in ended]


def patience(system: str) -> dict[str, str]:
    """Settings by which a back end is tried again soon: it is away for seconds, not for hours."""
    prefix = f"SISC_ROUTES__{system}__"
    return {f"{prefix}LONGEST_PAUSE_SECONDS": "10", f"{prefix}CIRCUIT_SECONDS": "2"}


def _is_ready(url: str) -> bool | None:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/health/ready", timeout=5).is_success or None
    return None


@contextmanager
def deployed(
    folder: Path,
    database: str,
    *,
    web: int,
    workers: int,
    environment: dict[str, str],
    others: Mapping[str, Sequence[str]],
) -> Iterator[Deployment]:
    """A gateway of many processes while the block runs; entered once it is ready.

    Args:
        folder: for settings, keys and logs.
        database: URL of an empty PostgreSQL database.
        web: web servers, each on a port of its own.
        workers: worker processes.
        environment: more settings.
        others: commands that run beside them, by name.
    """
    settings = {"SISC_STORE__URL": database, **environment}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        prepare_sandbox(folder, port=0)
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
    ports = [find_port("127.0.0.1", 0, option="port", patience_seconds=1) for _ in range(web)]
    deployment = Deployment(folder=folder, environment=settings, ports=ports, commands=others)
    for number in range(web):
        deployment.start(f"web-{number}")
    for number in range(workers):
        deployment.start(f"worker-{number}")
    for name in others:
        deployment.start(f"{name}-0")
    with tended(deployment):
        yield deployment


@contextmanager
def tended(deployment: Deployment) -> Iterator[None]:
    """Start again what ends while the block runs; entered once the web servers are ready."""
    tending = threading.Thread(target=deployment.tend)
    tending.start()
    try:
        deployment.wait_until_ready()
        yield
    finally:
        deployment.ending.set()
        tending.join()
        for process in deployment.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
