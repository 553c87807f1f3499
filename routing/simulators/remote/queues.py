"""The back end at its queue: takes documents from RabbitMQ."""

import logging
import threading
from dataclasses import replace
from typing import Final

from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import BasicProperties

from routing.adapters.broker import Broker, BrokerError
from routing.adapters.documents import Body, read_delivery
from routing.errors import EnvelopeError
from routing.model import Accepted, BackEnd, Rejected, Unavailable
from routing.simulators.remote.outbox import Outbox

__all__ = ["QueueReader"]

_LOGGER: Final = logging.getLogger(__name__)
_PATIENCE_SECONDS: Final = 0.2
_PREFETCH: Final = 20
_PAUSE_SECONDS: Final = 1.0


class QueueReader:
    """Takes documents from the queue of a back end; all answers go into the outbox.

    Args:
        back_end: takes the documents.
        broker: where the queue is.
        outbox: for the answers.
    """

    def __init__(self, back_end: BackEnd, broker: Broker, outbox: Outbox) -> None:
        self._back_end = back_end
        self._broker = broker
        self._outbox = outbox

    def run(self, stop: threading.Event) -> None:
        """Take documents until `stop` is set; connect anew whenever RabbitMQ was away."""
        while not stop.is_set():
            try:
                self._broker.set_up()
                with self._broker.channel() as channel:
                    self._read(channel, stop)
            except BrokerError as error:
                _LOGGER.warning("%s: %s", self._back_end.system, error)
                stop.wait(_PAUSE_SECONDS)

    def _read(self, channel: BlockingChannel, stop: threading.Event) -> None:
        channel.basic_qos(prefetch_count=_PREFETCH)
        queue = self._broker.settings.queue
        for method, properties, body in channel.consume(queue, inactivity_timeout=_PATIENCE_SECONDS):
            if method is not None and method.delivery_tag is not None and properties and body is not None:
                self._take(channel, method.delivery_tag, properties, body)
            if stop.is_set():
                return

    def _take(self, channel: BlockingChannel, tag: int, properties: BasicProperties, body: bytes) -> None:
        """A document is acknowledged when it and its answers are stored."""
        headers = {str(name): str(value) for name, value in (properties.headers or {}).items()}
        returned = int(headers.get("x-delivery-count", "0"))  # told by quorum queues
        try:
            read = read_delivery(headers, Body(content_type=properties.content_type or "", content=body))
        except EnvelopeError as error:
            _LOGGER.warning("%s: no document: %s", self._back_end.system, error.reason)
            channel.basic_reject(tag, requeue=False)
            return
        [outcome] = self._back_end.deliver([replace(read, attempt=read.attempt + returned)])
        match outcome:
            case Accepted(answers=answers) | Rejected(answers=answers):
                self._outbox.put(answers)
                channel.basic_ack(tag)
            case Unavailable():
                channel.connection.sleep(_PATIENCE_SECONDS)
                channel.basic_nack(tag, requeue=True)
