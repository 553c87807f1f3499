"""The whole remote back end: its address, its queue, and what sends its answers."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from routing.adapters.broker import Broker
from routing.model import AnswerSource, BackEnd
from routing.simulators.remote.faults import Faults
from routing.simulators.remote.outbox import Outbox
from routing.simulators.remote.queues import QueueReader
from routing.simulators.remote.sending import Callbacks, Pump, Send, by_message
from routing.simulators.remote.server import Takes, serving

__all__ = ["RemoteBackEnd"]

Task = Callable[[threading.Event], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteBackEnd:
    """A back end that takes documents by HTTP, and from RabbitMQ if there is a broker.

    Answers go by message where there is a broker, else by callback where there is one, else into responses.
    """

    back_end: BackEnd
    outbox: Outbox
    host: str
    port: int  # 0: any free one
    token: str | None = None  # that the gateway must show
    callbacks: Callbacks | None = None
    broker: Broker | None = None
    faults: Faults = field(default_factory=Faults)

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """Run in the background as long as the block lasts.

        Yields:
            The URL to which documents are POSTed.

        Raises:
            OSError: the port cannot be listened on.
            BrokerError: RabbitMQ is away now; later it may come and go.
        """
        if self.broker is not None:
            self.broker.set_up()
        takes = Takes(back_end=self.back_end, outbox=self.outbox if self._send() else None, token=self.token)
        with (
            serving(takes, host=self.host, port=self.port, faults=self.faults) as url,
            _in_threads(self._tasks()),
        ):
            yield url

    def _send(self) -> Send | None:
        return by_message(self.broker) if self.broker is not None else self.callbacks

    def _tasks(self) -> list[Task]:
        tasks: list[Task] = []
        if self.broker is not None:
            tasks.append(QueueReader(self.back_end, self.broker, self.outbox).run)
        send = self._send()
        if send is not None:
            later = self.back_end if isinstance(self.back_end, AnswerSource) else None
            tasks.append(Pump(outbox=self.outbox, later=later, send=send, faults=self.faults).run)
        return tasks


@contextlib.contextmanager
def _in_threads(tasks: list[Task]) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=task, args=(stop,)) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
