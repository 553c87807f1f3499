"""Back ends behind RabbitMQ: documents go to a quorum queue, answers come from another.

A document counts as delivered when the broker has confirmed it: a majority of the queue's replicas has it on
disk. Answers are acknowledged when they are stored; what cannot be read goes to the dead-letter exchange.
"""

from collections.abc import Sequence
from threading import Lock
from typing import Final

import pika

from routing.adapters.broker import Broker, BrokerError
from routing.adapters.consuming import Consumer
from routing.adapters.documents import body_of, headers_of
from routing.adapters.publishing import Message, Publisher
from routing.adapters.settings import AmqpSettings
from routing.errors import AnswersUnavailableError
from routing.model import Accepted, Answer, Delivery, Health, Outcome, Unavailable

__all__ = ["AmqpBackEnd"]

_PERSISTENT: Final = pika.DeliveryMode.Persistent


class AmqpBackEnd:
    """Implements `routing.model.BackEnd` and `routing.model.AnswerSource` by RabbitMQ.

    Args:
        system: target-system code it serves.
        settings: where the queues are.

    Raises:
        RouteConfigurationError: its address or its TLS files cannot be used.
    """

    def __init__(self, system: str, settings: AmqpSettings) -> None:
        self._system = system
        self._broker = Broker(system, settings)
        self._publisher = Publisher(self._broker)
        self._consumer = Consumer(system, self._broker)
        self._publishing, self._consuming = Lock(), Lock()

    @property
    def system(self) -> str:
        """Target-system code it serves."""
        return self._system

    def close(self) -> None:
        """Close the connections."""
        with self._publishing:
            self._publisher.close()
        with self._consuming:
            self._consumer.close()

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """See `BackEnd.deliver`. Accepted means: confirmed by the broker."""
        try:
            with self._publishing:
                failures = self._publisher.publish([_message(delivery) for delivery in batch])
        except BrokerError as error:
            return [Unavailable(reason=str(error))] * len(batch)
        return [Unavailable(reason=failure) if failure else Accepted() for failure in failures]

    def health(self) -> Health:
        """See `BackEnd.health`: well when both queues are there."""
        try:
            return Health(well=True, detail=f"messages in {self._broker.look()}")
        except BrokerError as error:
            return Health(well=False, detail=str(error))

    def collect(self, limit: int) -> Sequence[Answer]:
        """See `AnswerSource.collect`. Waits half a second where there are none."""
        try:
            with self._consuming:
                return self._consumer.collect(limit)
        except BrokerError as error:
            raise AnswersUnavailableError(system=self._system, reason=str(error)) from error

    def settle(self, answers: Sequence[Answer]) -> None:
        """See `AnswerSource.settle`: their messages are acknowledged."""
        try:
            with self._consuming:
                self._consumer.settle(answers)
        except BrokerError as error:
            raise AnswersUnavailableError(system=self._system, reason=str(error)) from error


def _message(delivery: Delivery) -> Message:
    body = body_of(delivery)
    properties = pika.BasicProperties(
        message_id=delivery.sys_ref,
        type=delivery.type_code,
        content_type=body.content_type,
        delivery_mode=_PERSISTENT,
        app_id="sisc-gateway",
        timestamp=int(delivery.received_at.timestamp()),
        headers=headers_of(delivery),
    )
    return Message(id=delivery.sys_ref, body=body.content, properties=properties)
