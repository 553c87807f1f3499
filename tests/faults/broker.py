"""A second back end, behind RabbitMQ; process, broker and line can be taken away."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from gateway.store.engine import open_engine
from routing.adapters.broker import Broker, BrokerError
from routing.adapters.settings import AmqpSettings
from routing.tables import simulator_deliveries
from tests.faults.deployment import patience
from tests.faults.striking import Fault, interrupted
from tests.integration.adapters.far_side import AMQP, Proxy, queues
from tests.servers.rabbitmq import OwnRabbitMq, own_rabbitmq, rabbitmq_program

__all__ = ["BehindBroker", "behind_broker", "told"]

SYSTEM = "AES"


@dataclass(frozen=True, kw_only=True)
class BehindBroker:
    """AES, as `sisc simulate AES --amqp …` runs it."""

    settings: AmqpSettings  # of the gateway, through the line
    url: str  # of the broker itself
    line: Proxy
    node: OwnRabbitMq | None  # None: the broker is not ours to stop
    folder: Path

    @property
    def command(self) -> list[str]:
        """What runs the back end; it talks to the broker directly."""
        named = {
            "--amqp": self.url,
            "--queue": self.settings.queue,
            "--answers": self.settings.answers,
            "--dead-letters": self.settings.dead_letters,
            "--data": str(self.folder),
            "--fault": "twice=0.2",
        }
        return ["simulate", SYSTEM, *(word for pair in named.items() for word in pair)]

    @property
    def route(self) -> dict[str, str]:
        """How the gateway reaches it."""
        prefix = f"SISC_ROUTES__{SYSTEM}__"
        return {
            f"{prefix}ADAPTER": "amqp",
            f"{prefix}URL": self.line.url,
            f"{prefix}QUEUE": self.settings.queue,
            f"{prefix}ANSWERS": self.settings.answers,
            f"{prefix}DEAD_LETTERS": self.settings.dead_letters,
            f"{prefix}TIMEOUT_SECONDS": "3",
            **patience(SYSTEM),
        }

    @property
    def faults(self) -> Mapping[str, Fault]:
        """What can be done to the broker, by name."""
        line = {"line to the broker cut": interrupted(self.line.cut, self.line.mend)}
        if self.node is None:
            return line
        return line | {
            "broker stopped and started": interrupted(self.node.stop, self.node.start),
            "broker killed with -9 and started": interrupted(self.node.kill, self.node.start),
        }

    def deliveries(self) -> Counter[str]:
        """What the back end shows, by sysRef."""
        engine = open_engine(f"sqlite:///{self.folder / SYSTEM}.sqlite3")
        with engine.connect() as connection:
            found = Counter(connection.scalars(select(simulator_deliveries.c.sys_ref)))
        engine.dispose()
        return found


@contextmanager
def behind_broker(folder: Path) -> Iterator[BehindBroker | None]:
    """A back end behind a broker of this trial alone, where RabbitMQ is installed.

    Otherwise behind a running one, which is not stopped; None where there is none.
    """
    with ExitStack() as stack:
        node = stack.enter_context(own_rabbitmq(folder / "broker")) if rabbitmq_program() else None
        url = node.url if node else AMQP
        if node is None and not _answers(url):
            yield None
            return
        line = stack.enter_context(Proxy.to(url))
        settings = _settings(line.url) if node else stack.enter_context(queues(line.url))
        yield BehindBroker(settings=settings, url=url, line=line, node=node, folder=folder)


def told(broker: BehindBroker | None) -> str:
    """What a trial can do to its broker, for the report."""
    if broker is None:
        return "none: no RabbitMQ is installed and none answers"
    if broker.node is None:
        return (
            "a running RabbitMQ, whose line is cut; it is not stopped, since no rabbitmq-server is installed"
        )
    return "a RabbitMQ of the trial"


def _settings(url: str) -> AmqpSettings:
    """Of queues that end with their broker."""
    return AmqpSettings(url=url, queue="documents", answers="answers", dead_letters="dead")


def _answers(url: str) -> bool:
    settings = AmqpSettings(url=url, queue="", answers="", dead_letters="", timeout_seconds=3)
    try:
        with Broker(SYSTEM, settings).channel():
            return True
    except BrokerError:
        return False
