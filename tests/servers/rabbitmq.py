"""A RabbitMQ node of its own: own ports, own files, own cookie; a broker that runs already is not touched."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pika
import psutil

from gateway.listening import find_port
from routing.adapters.broker import FAILURES
from tests.acceptance.running import until

__all__ = ["OwnRabbitMq", "own_rabbitmq", "rabbitmq_program"]

_START_SECONDS = 180.0  # on a machine that has much else to do
_STOP_SECONDS = 60.0
#: Debian's /usr/sbin/rabbitmq-server lets only root and its own user in; what it calls lets everybody.
_DEBIAN = Path("/usr/lib/rabbitmq/lib")


def rabbitmq_program() -> Path | None:
    """What starts a node, where RabbitMQ is installed; what it needs beside it is looked for, too."""
    found = sorted(_DEBIAN.glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    named = shutil.which("rabbitmq-server")
    if not (found or named) or not (shutil.which("erl") and shutil.which("epmd")):
        return None
    return found[-1] if found else Path(str(named))


@dataclass(kw_only=True)
class OwnRabbitMq:
    """One node, which keeps what is durable through every stop and every kill."""

    program: Path
    folder: Path
    port: int
    environment: Mapping[str, str]
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where it is reached, unless it is reached by TLS alone."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "rabbitmq.log"

    def start(self) -> None:
        """Start it and wait until it lets somebody in."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, "-noinput"],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._answers, seconds=_START_SECONDS)

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it with -9."""
        self._end(signal.SIGKILL)

    def _end(self, sign: signal.Signals) -> None:
        """The Erlang machine has taken the place of the script that started it; helpers end with it."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        helpers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(sign)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _, alive = psutil.wait_procs(helpers, timeout=5)
        for each in alive:
            with suppress(psutil.NoSuchProcess):
                each.kill()

    def _answers(self) -> bool | None:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text("utf-8")
        try:
            pika.BlockingConnection(pika.URLParameters(f"{self.url}?socket_timeout=5")).close()
        except FAILURES:
            time.sleep(0.2)
            return None
        return True


@contextmanager
def own_rabbitmq(folder: Path, *, more: str = "") -> Iterator[OwnRabbitMq]:
    """A running node as long as the block lasts. Ask `rabbitmq_program` first whether there can be one.

    Args:
        folder: for all its files; must not be there yet.
        more: lines for its `rabbitmq.conf`.
    """
    program = rabbitmq_program()
    assert program is not None
    folder.mkdir(parents=True)
    (folder / "rabbitmq.conf").write_text(f"loopback_users = none\n{more}", "utf-8")
    port, distribution, names = (find_port("127.0.0.1", 0, option="port") for _ in range(3))
    node = OwnRabbitMq(
        program=program,
        folder=folder,
        port=port,
        environment=_environment(folder, port=port, distribution=distribution, names=names),
    )
    # The daemon that knows the ports of nodes; a node would start one that outlives it.
    with subprocess.Popen(["epmd", "-port", str(names), "-address", "127.0.0.1"]) as directory:
        try:
            node.start()
            yield node
        finally:
            node.kill()
            directory.terminate()


def _environment(folder: Path, *, port: int, distribution: int, names: int) -> dict[str, str]:
    return {
        "HOME": str(folder),  # the cookie lies there
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none.config"),
        "RABBITMQ_ALLOW_INPUT": "1",  # the program takes the place of the script
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_NODENAME": f"sisc-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }
