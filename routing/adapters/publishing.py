"""Publishing to RabbitMQ: a batch at a time, and only the broker's confirmation counts.

The connection has a thread of its own, which keeps its heartbeat while no documents come.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from pika.exceptions import AMQPError, ChannelWrongStateError
from pika.frame import Method
from pika.spec import Basic, BasicProperties, Confirm

from routing.adapters.broker import Broker, BrokerError, told

__all__ = ["Message", "Publisher"]

_UNCONFIRMED: Final = "the broker has not confirmed it in time"
_UNROUTED: Final = "the broker has no queue for it"
_CLOSING_SECONDS: Final = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is published."""

    id: str  # tells it from others of the batch
    body: bytes
    properties: BasicProperties


@dataclass(frozen=True, kw_only=True, slots=True)
class _Batch:
    """Messages under way and what the broker says to each."""

    messages: Sequence[Message]
    failures: dict[int, str]  # by position; gone: confirmed
    settled: threading.Event = field(default_factory=threading.Event)
    open: set[int] = field(default_factory=set)

    def settle(self, position: int, failure: str | None) -> None:
        self.open.discard(position)
        if failure is None:
            self.failures.pop(position, None)
        else:
            self.failures[position] = failure
        if not self.open:
            self.settled.set()

    def fail(self, failure: str) -> None:
        for position in list(self.open):
            self.settle(position, failure)


class Publisher:
    """Publishes to one queue. For one thread at a time.

    Args:
        broker: where, and which queues must be there.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._session: _Session | None = None

    def publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
        """Publish persistent messages and wait until the broker has them.

        Returns:
            For each why it is not safely there, or None: it is.

        Raises:
            BrokerError: RabbitMQ cannot be reached; nothing has been published.
        """
        if not messages:
            return ()
        session = self._connected()
        batch = _Batch(
            messages=messages,
            failures=dict.fromkeys(range(len(messages)), _UNCONFIRMED),
            open=set(range(len(messages))),
        )
        session.publish(batch)
        batch.settled.wait(self._broker.settings.timeout_seconds)
        failures = dict(batch.failures)
        if failures:  # a new connection looks for the queues again, and hears of no late confirmation
            self.close()
        return [failures.get(position) for position in range(len(messages))]

    def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _connected(self) -> "_Session":
        if self._session is None or self._session.failure is not None:
            self.close()
            self._broker.set_up()
            self._session = _Session(self._broker)
        self._session.wait_until_ready(self._broker.settings.timeout_seconds)
        return self._session


class _Session:
    """A connection that lives in its own thread until it is lost or closed. Only that thread touches it."""

    def __init__(self, broker: Broker) -> None:
        self.failure: str | None = None  # why it has ended; set once
        self._queue = broker.settings.queue
        self._ready = threading.Event()
        self._lock = threading.Lock()  # over `failure` and `_coming`
        self._coming: list[_Batch] = []
        self._tag = 0
        self._waiting: dict[int, tuple[_Batch, int]] = {}  # by delivery tag
        self._unrouted: set[str] = set()
        self._channel: Channel | None = None
        self._connection = SelectConnection(
            broker.parameters,
            on_open_callback=self._connected,
            on_open_error_callback=self._lost,
            on_close_callback=self._lost,
        )
        self._thread = threading.Thread(target=self._run, name="amqp-publisher", daemon=True)
        self._thread.start()

    # -- for the publishing thread

    def wait_until_ready(self, seconds: float) -> None:
        if not self._ready.wait(seconds):
            raise BrokerError("the broker does not answer")
        if self.failure is not None:
            raise BrokerError(self.failure)

    def publish(self, batch: _Batch) -> None:
        self._do(batch, self._publish_coming)

    def close(self) -> None:
        self._do(None, self._close)
        self._thread.join(_CLOSING_SECONDS)

    def _do(self, batch: _Batch | None, work: Callable[[], None]) -> None:
        """Have work done by the session's thread, unless it has ended."""
        with self._lock:
            if self.failure is None:
                self._coming += [batch] if batch else []
                self._connection.ioloop.add_callback_threadsafe(work)
            elif batch is not None:
                batch.fail(self.failure)

    # -- in the session's own thread

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        finally:
            self._end("the connection was lost")
            self._connection.ioloop.close()

    def _end(self, failure: str) -> None:
        with self._lock:
            self.failure = self.failure or failure
            for batch in (*self._coming, *(batch for batch, _ in self._waiting.values())):
                batch.fail(self.failure)
        self._ready.set()

    def _close(self) -> None:
        if self._connection.is_open:
            self._connection.close()
        else:
            self._connection.ioloop.stop()

    def _connected(self, connection: SelectConnection) -> None:
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=self._confirming)

    def _confirming(self, _frame: Method[Confirm.SelectOk]) -> None:
        self._ready.set()

    def _publish_coming(self) -> None:
        with self._lock:
            coming, self._coming = self._coming, []
        for batch in coming:
            self._publish(batch)

    def _publish(self, batch: _Batch) -> None:
        for position, message in enumerate(batch.messages):
            try:
                self._publish_one(batch, position, message)
            except AMQPError as error:
                batch.settle(position, told(error))

    def _publish_one(self, batch: _Batch, position: int, message: Message) -> None:
        if self._channel is None:
            raise ChannelWrongStateError
        self._channel.basic_publish(
            "", self._queue, message.body, properties=message.properties, mandatory=True
        )
        self._tag += 1
        self._waiting[self._tag] = (batch, position)

    def _returned(
        self, _channel: Channel, _method: Basic.Return, properties: BasicProperties, _body: bytes
    ) -> None:
        """Told before the confirmation of the same message."""
        self._unrouted.add(str(properties.message_id))

    def _confirmed(self, frame: Method[Basic.Ack | Basic.Nack]) -> None:
        method = frame.method
        last = method.delivery_tag
        tags = [tag for tag in self._waiting if tag <= last] if method.multiple else [last]
        refusal = None if isinstance(method, Basic.Ack) else "the broker refuses it"
        for tag in tags:
            batch, position = self._waiting.pop(tag)
            unrouted = batch.messages[position].id in self._unrouted
            batch.settle(position, _UNROUTED if unrouted else refusal)

    def _channel_closed(self, _channel: Channel, reason: Exception) -> None:
        if self._connection.is_open:
            self._connection.close(320, told(reason)[:200])

    def _lost(self, _connection: SelectConnection, reason: BaseException | str) -> None:
        self._end(told(reason) if isinstance(reason, BaseException) else reason)
        self._connection.ioloop.stop()
