"""Consuming answers from RabbitMQ: acknowledged when they are stored."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import pika
from pika.adapters.blocking_connection import BlockingChannel

from routing.adapters.answers import read_envelope
from routing.adapters.broker import FAILURES, Broker, BrokerError, told
from routing.errors import EnvelopeError
from routing.model import Answer

__all__ = ["Consumer"]

_LOGGER: Final = logging.getLogger(__name__)
_PREFETCH: Final = 200  # messages the broker hands out ahead
_PATIENCE_SECONDS: Final = 0.5  # how long an empty queue is watched


class Consumer:
    """Takes answers from one queue. For one thread at a time.

    Args:
        system: target-system code, for the log.
        broker: where, and which queues must be there.
    """

    def __init__(self, system: str, broker: Broker) -> None:
        self._system = system
        self._broker = broker
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._unsettled: dict[int, list[Answer]] = {}  # by delivery tag, in order

    def collect(self, limit: int) -> Sequence[Answer]:
        """Answers that wait, at most `limit`, the same again until they are settled.

        Raises:
            BrokerError: RabbitMQ is away; what is not settled comes again.
        """
        with self._translated():
            channel = self._open()
            if not self._unsettled:
                self._consume(channel, limit)
            elif self._connection is not None:
                self._connection.process_data_events(0)  # the heart beats while the answers cannot be stored
        return [answer for answers in self._unsettled.values() for answer in answers][:limit]

    def settle(self, answers: Sequence[Answer]) -> None:
        """Acknowledge the messages all of whose answers are stored.

        Raises:
            BrokerError: the connection was lost; they come again.
        """
        stored = {answer.back_end_id for answer in answers}
        with self._translated():
            for tag, waiting in list(self._unsettled.items()):
                left = [answer for answer in waiting if answer.back_end_id not in stored]
                self._unsettled[tag] = left
                if not left and self._channel is not None:
                    del self._unsettled[tag]
                    self._channel.basic_ack(tag)

    def close(self) -> None:
        """Close the connection; what is not settled comes again."""
        connection, self._connection, self._channel = self._connection, None, None
        self._unsettled.clear()
        if connection is not None and connection.is_open:
            connection.close()

    def _open(self) -> BlockingChannel:
        if self._channel is None or not self._channel.is_open:
            self.close()
            self._broker.set_up()
            self._connection = pika.BlockingConnection(self._broker.parameters)
            self._channel = self._connection.channel()
            self._channel.basic_qos(prefetch_count=_PREFETCH)
        return self._channel

    def _consume(self, channel: BlockingChannel, limit: int) -> None:
        """Messages as long as some are at hand; waits for the first one only."""
        messages = channel.consume(self._broker.settings.answers, inactivity_timeout=_PATIENCE_SECONDS)
        for method, _, body in messages:
            if method is None or method.delivery_tag is None or body is None:  # nothing came
                return
            self._take(channel, method.delivery_tag, body)
            if len(self._unsettled) >= limit or not channel.get_waiting_message_count():
                return

    def _take(self, channel: BlockingChannel, tag: int, body: bytes) -> None:
        try:
            answers = _read(body, self._broker.settings.message_bytes)
        except EnvelopeError as error:
            _LOGGER.warning("%s: message refused, to the dead letters: %s", self._system, error.reason)
            channel.basic_reject(tag, requeue=False)
            return
        if answers:
            self._unsettled[tag] = list(answers)
        else:
            channel.basic_ack(tag)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FAILURES as error:
            self._channel = None  # the next call starts anew
            raise BrokerError(told(error)) from error


def _read(body: bytes, limit: int) -> Sequence[Answer]:
    if len(body) > limit:
        raise EnvelopeError(reason=f"longer than {limit} bytes")
    return read_envelope(body)
