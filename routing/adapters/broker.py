"""RabbitMQ as a place: how to get there, and the queues that are needed there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError
from pika.exchange_type import ExchangeType

from routing.adapters.settings import AmqpSettings
from routing.adapters.tls import tls_context
from routing.errors import RouteConfigurationError

__all__ = ["FAILURES", "Broker", "BrokerError", "told"]

#: What the client library raises when RabbitMQ is away or refuses; a slow handshake is no AMQPError.
FAILURES: Final = (AMQPError, AMQPConnectorException, OSError)

_HEARTBEAT_SECONDS: Final = 30
#: How often a message may be given back before the broker takes it for poison. Whoever reads tells poison by
#: itself; what is given back has met an outage.
_DELIVERY_LIMIT: Final = 100_000


class BrokerError(Exception):
    """RabbitMQ is away or refuses; the sentence holds no secret."""


class Broker:
    """The queues of one back end.

    Args:
        system: target-system code it serves.
        settings: of the route.

    Raises:
        RouteConfigurationError: the address or a TLS file cannot be used.
    """

    def __init__(self, system: str, settings: AmqpSettings) -> None:
        self.settings = settings
        self.parameters = self._parameters(system)

    @contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        """A channel on a connection of its own, both closed at the end.

        Raises:
            BrokerError: RabbitMQ is away or refuses, now or within the block.
        """
        try:
            connection = pika.BlockingConnection(self.parameters)
            try:
                yield connection.channel()
            finally:
                if connection.is_open:
                    connection.close()
        except FAILURES as error:
            raise BrokerError(told(error)) from error

    def set_up(self) -> None:
        """Make sure that the queues are there: declared, or looked for where somebody else declares them.

        Raises:
            BrokerError: RabbitMQ is away, a queue is missing or of another kind.
        """
        with self.channel() as channel:
            if self.settings.declare:
                self._declare(channel)
            else:
                self._look_for(channel)

    def look(self) -> str:
        """What is in the queues, for operators; they are set up as before a delivery.

        Raises:
            BrokerError: RabbitMQ is away, a queue is missing or of another kind.
        """
        with self.channel() as channel:
            if self.settings.declare:
                self._declare(channel)
            return self._look_for(channel)

    def _declare(self, channel: BlockingChannel) -> None:
        settings = self.settings
        quorum = {"x-queue-type": "quorum"}
        kept = {"x-dead-letter-exchange": settings.dead_letters, "x-delivery-limit": _DELIVERY_LIMIT}
        channel.exchange_declare(settings.dead_letters, ExchangeType.fanout, durable=True)
        channel.queue_declare(settings.dead_letters, durable=True, arguments=quorum)
        channel.queue_bind(settings.dead_letters, settings.dead_letters)
        for name in (settings.queue, settings.answers):
            channel.queue_declare(name, durable=True, arguments={**quorum, **kept})

    def _look_for(self, channel: BlockingChannel) -> str:
        names = (self.settings.queue, self.settings.answers)
        counts = [channel.queue_declare(name, passive=True).method.message_count for name in names]
        return ", ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True))

    def _parameters(self, system: str) -> pika.URLParameters:
        settings = self.settings
        parameters = _read(settings.url)
        if parameters is None:
            reason = "the url is none of the form amqp://user:password@host:port/vhost"
            raise RouteConfigurationError(system=system, reason=reason)
        parameters.heartbeat = _HEARTBEAT_SECONDS
        parameters.connection_attempts = 1
        parameters.socket_timeout = settings.timeout_seconds
        parameters.stack_timeout = settings.timeout_seconds
        parameters.blocked_connection_timeout = settings.timeout_seconds
        parameters.client_properties = {"connection_name": f"sisc {system}"}
        if settings.url.startswith("amqps:"):
            context = tls_context(settings.tls, system=system)
            parameters.ssl_options = pika.SSLOptions(context, parameters.host)
        return parameters


def _read(url: str) -> pika.URLParameters | None:
    """What an address says; None where it is none. The library takes any scheme."""
    if not url.startswith(("amqp://", "amqps://")):
        return None
    try:
        return pika.URLParameters(url)
    except (ValueError, TypeError):
        return None


def told(error: BaseException) -> str:
    """An error of the client library in one line."""
    words = str(error) or " ".join(map(repr, error.args))
    return f"{type(error).__name__}: {' '.join(words.split())}".rstrip(": ")[:300]
