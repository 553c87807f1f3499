"""Sends answers to the gateway until it has them: by callback or by message."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx
import pika

from routing.adapters.answers import JSON, write_envelope
from routing.adapters.broker import Broker, BrokerError
from routing.adapters.callbacks import CallbackKeys
from routing.errors import AnswersUnavailableError
from routing.model import Answer, AnswerSource
from routing.simulators.remote.faults import Faults
from routing.simulators.remote.outbox import Outbox

__all__ = ["Callbacks", "NotSentError", "Pump", "by_message"]

_LOGGER: Final = logging.getLogger(__name__)
_BATCH: Final = 50
_IDLE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 10.0

#: Returns once the gateway has the answers for good; raises NotSentError.
Send = Callable[[Sequence[Answer]], None]


class NotSentError(Exception):
    """The gateway does not have the answers; send them again."""


class Callbacks:
    """Sends answers by POST.

    Args:
        url: of the gateway, `https://…/backend/answers/SYSTEM`.
        keys: what the gateway knows us by.
        verify: authorities of the gateway's certificate, PEM file; None: those of the machine.
    """

    def __init__(self, url: str, keys: CallbackKeys, *, verify: str | None = None) -> None:
        self._url = url
        self._keys = keys
        self._client = httpx.Client(verify=verify or True, trust_env=False, timeout=30.0)

    def __call__(self, answers: Sequence[Answer]) -> None:
        """Send an envelope.

        Raises:
            NotSentError: the gateway does not have it.
        """
        body = write_envelope(answers)
        headers = {"Content-Type": JSON, **self._keys.headers(body, time.time())}
        try:
            response = self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise NotSentError(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            raise NotSentError(f"{response.status_code} {response.text.strip()[:300]}")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def by_message(broker: Broker) -> Send:
    """Sends answers to the queue of answers, each batch one persistent, confirmed message."""

    def send(answers: Sequence[Answer]) -> None:
        properties = pika.BasicProperties(content_type=JSON, delivery_mode=pika.DeliveryMode.Persistent)
        try:
            with broker.channel() as channel:
                channel.confirm_delivery()
                channel.basic_publish(
                    "", broker.settings.answers, write_envelope(answers), properties, mandatory=True
                )
        except BrokerError as error:
            raise NotSentError(str(error) or type(error).__name__) from error

    return send


@dataclass(frozen=True, kw_only=True, slots=True)
class Pump:
    """Moves answers from the outbox, and those the simulator gives later, to the gateway."""

    outbox: Outbox
    later: AnswerSource | None
    send: Send
    faults: Faults

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set; longer and longer pauses while the gateway does not take them."""
        pause = _IDLE_SECONDS
        while not stop.is_set():
            try:
                busy = self.once()
                pause = _IDLE_SECONDS
            except (NotSentError, AnswersUnavailableError) as error:
                _LOGGER.warning("answers not sent: %s", error)
                busy, pause = False, min(pause * 2, _LONGEST_PAUSE_SECONDS)
            if not busy:
                stop.wait(pause)

    def once(self) -> bool:
        """Send what waits now; whether there was anything.

        Raises:
            NotSentError: the gateway does not take it.
            AnswersUnavailableError: the simulator's database does not give it.
        """
        waiting = self.outbox.oldest(_BATCH)
        if waiting:
            self.send(self.faults.on_the_way(waiting))
            self.outbox.remove(waiting)
        due = self.later.collect(_BATCH) if self.later else ()
        if due and self.later:
            self.send(self.faults.on_the_way(due))
            self.later.settle(due)
        return bool(waiting or due)
