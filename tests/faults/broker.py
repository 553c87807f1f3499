"""A second back end, behind RabbitMQ, on a line that can be cut, in a process that can be killed."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from gateway.store.engine import open_engine
from routing.adapters.broker import Broker, BrokerError
from routing.adapters.settings import AmqpSettings
from routing.tables import simulator_deliveries
from tests.integration.adapters.far_side import AMQP, Proxy, queues

__all__ = ["BehindBroker", "behind_broker"]

SYSTEM = "AES"
_CUT_SECONDS = 1.0


@dataclass(kw_only=True)
class BehindBroker:
    """AES, as `sisc simulate AES --amqp …` runs it."""

    settings: AmqpSettings
    line: Proxy
    folder: Path
    cuts: int = 0

    @property
    def command(self) -> list[str]:
        """What runs the back end; it talks to the broker directly."""
        named = {
            "--amqp": AMQP,
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
        }

    def cut(self) -> None:
        """End the gateway's connections to the broker; new ones get through a moment later."""
        self.line.cut()
        threading.Event().wait(_CUT_SECONDS)
        self.line.mend()
        self.cuts += 1

    def deliveries(self) -> Counter[str]:
        """What the back end shows, by sysRef."""
        engine = open_engine(f"sqlite:///{self.folder / SYSTEM}.sqlite3")
        with engine.connect() as connection:
            found = Counter(connection.scalars(select(simulator_deliveries.c.sys_ref)))
        engine.dispose()
        return found


@contextmanager
def behind_broker(folder: Path) -> Iterator[BehindBroker | None]:
    """Queues and a line of this trial alone; None where no RabbitMQ answers."""
    if not _answers():
        yield None
        return
    with Proxy.to(AMQP) as line, queues(line.url) as settings:
        yield BehindBroker(settings=settings, line=line, folder=folder)


def _answers() -> bool:
    settings = AmqpSettings(url=AMQP, queue="", answers="", dead_letters="", timeout_seconds=3)
    try:
        with Broker(SYSTEM, settings).channel():
            return True
    except BrokerError:
        return False
