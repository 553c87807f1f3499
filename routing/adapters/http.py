"""Back ends behind HTTP: a POST a document, answers in the response or later by callback."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from itertools import chain, repeat
from types import MappingProxyType
from typing import Final

import httpx

from routing.adapters.answers import PROBLEM, read_envelope, read_problem
from routing.adapters.documents import body_of, headers_of
from routing.adapters.settings import HttpSettings
from routing.adapters.tls import tls_context
from routing.errors import EnvelopeError
from routing.model import Accepted, Answer, Delivery, Health, Outcome, Rejected, Unavailable

__all__ = ["STATUSES", "HttpBackEnd", "Meaning"]


class Meaning(Enum):
    """What a status says of the document."""

    TAKEN = "taken"  # the back end has it, perhaps since an earlier attempt
    REFUSED = "refused"  # it will never take it, provided that it says so itself, with a problem object
    LATER = "later"  # it could not take it now


#: Any other status means LATER: it tells of the way to the back end, not of the document.
STATUSES: Final[Mapping[int, Meaning]] = MappingProxyType(
    {
        200: Meaning.TAKEN,
        201: Meaning.TAKEN,
        202: Meaning.TAKEN,
        204: Meaning.TAKEN,
        400: Meaning.REFUSED,
        413: Meaning.REFUSED,
        422: Meaning.REFUSED,
    }
)
_LONGEST_WISH_SECONDS: Final = 3600.0  # a back end may ask to be left alone so long
_HEALTH_SECONDS: Final = 5.0
_PIECE_BYTES: Final = 64 * 1024
_UNHEALTHY: Final = frozenset({401, 403, 404, 407, 410})  # nothing would get through


class _TooLongError(Exception):
    """The response exceeds what is read, or the request the time it may take."""


class HttpBackEnd:
    """Implements `routing.model.BackEnd` by HTTP.

    Documents of different order keys travel at the same time, those of one key one after the other; when one
    of them does not get through, those behind it wait with it.

    Args:
        system: target-system code it serves.
        settings: where the back end is and how long it is waited for.
        clock: monotonic seconds.

    Raises:
        RouteConfigurationError: its TLS files or its address cannot be used.
    """

    def __init__(
        self, system: str, settings: HttpSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._system = system
        self._settings = settings
        self._clock = clock
        bearer = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
        self._client = httpx.Client(
            verify=tls_context(settings.tls, system=system),
            headers={"User-Agent": "sisc-gateway", "Accept-Encoding": "identity", **bearer},
            limits=httpx.Limits(max_connections=settings.connections),
            follow_redirects=False,  # a document goes where the operator said, nowhere else
            trust_env=False,  # nor through a proxy that a variable names
        )
        self._pool = ThreadPoolExecutor(settings.connections, thread_name_prefix=f"http:{system}")

    @property
    def system(self) -> str:
        """Target-system code it serves."""
        return self._system

    def close(self) -> None:
        """Close the connections."""
        self._pool.shutdown()
        self._client.close()

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """See `BackEnd.deliver`."""
        end = self._clock() + self._settings.batch_seconds
        queues: dict[str, list[Delivery]] = {}
        for delivery in batch:
            queues.setdefault(delivery.order_key or delivery.sys_ref, []).append(delivery)
        told = self._pool.map(self._deliver_in_order, queues.values(), repeat(end))
        outcomes = dict(chain.from_iterable(told))
        return [outcomes[id(delivery)] for delivery in batch]

    def health(self) -> Health:
        """See `BackEnd.health`: a GET of the address for documents; any answer but an error is well."""
        try:
            with self._client.stream("GET", self._settings.url, timeout=_HEALTH_SECONDS) as response:
                status = response.status_code
        except httpx.HTTPError as error:
            return Health(well=False, detail=_failure(error))
        well = status < httpx.codes.INTERNAL_SERVER_ERROR and status not in _UNHEALTHY
        return Health(well=well, detail=f"GET is answered with {status}")

    def _deliver_in_order(self, queue: Sequence[Delivery], end: float) -> list[tuple[int, Outcome]]:
        outcomes: list[tuple[int, Outcome]] = []
        stuck: Delivery | None = None
        for delivery in queue:
            outcome = self._deliver_one(delivery, end) if stuck is None else _behind(stuck)
            outcomes.append((id(delivery), outcome))
            if stuck is None and isinstance(outcome, Unavailable):
                stuck = delivery
        return outcomes

    def _deliver_one(self, delivery: Delivery, end: float) -> Outcome:
        left = min(self._settings.timeout_seconds, end - self._clock())
        if left <= 0:
            return Unavailable(reason="the back end is so slow that the batch ended before this document")
        try:
            return self._post(delivery, left)
        except httpx.HTTPError as error:
            return Unavailable(reason=_failure(error))
        except (_TooLongError, EnvelopeError) as error:
            return Unavailable(reason=str(error))

    def _post(self, delivery: Delivery, seconds: float) -> Outcome:
        end = self._clock() + seconds
        body = body_of(delivery)
        headers = {
            **headers_of(delivery),
            "Content-Type": body.content_type,
            "Content-Length": str(len(body.content)),
            "Idempotency-Key": delivery.sys_ref,
        }
        content = self._in_pieces(body.content, end)
        with self._client.stream(
            "POST", self._settings.url, content=content, headers=headers, timeout=seconds
        ) as response:
            return _outcome(delivery, response, self._read(response, end))

    def _in_pieces(self, content: bytes, end: float) -> Iterator[bytes]:
        """The body, as long as there is time: a back end may read it byte by byte."""
        for start in range(0, len(content), _PIECE_BYTES):
            if self._clock() > end:
                raise _TooLongError("sending took too long")
            yield content[start : start + _PIECE_BYTES]

    def _read(self, response: httpx.Response, end: float) -> bytes:
        """The body within limits of size and time: a back end may drip, or never stop."""
        chunks = bytearray()
        for chunk in response.iter_raw():
            chunks += chunk
            if len(chunks) > self._settings.response_bytes:
                raise _TooLongError(f"the response is longer than {self._settings.response_bytes} bytes")
            if self._clock() > end:
                raise _TooLongError("the response took too long")
        return bytes(chunks)


def _outcome(delivery: Delivery, response: httpx.Response, body: bytes) -> Outcome:
    meaning = STATUSES.get(response.status_code, Meaning.LATER)
    if meaning is Meaning.TAKEN:
        return Accepted(answers=_to(delivery, read_envelope(body)) if body else ())
    if meaning is Meaning.REFUSED and _media_type(response) == PROBLEM:
        reason, answers = read_problem(body)
        return Rejected(
            reason=f"{response.status_code} {reason}".strip()[:300], answers=_to(delivery, answers)
        )
    return Unavailable(
        reason=f"answered with {response.status_code}",
        retry_after=_retry_after(response.headers.get("Retry-After")),
    )


def _to(delivery: Delivery, answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Answers in the response are to its document, whatever they leave out."""
    return tuple(replace(answer, sys_ref=answer.sys_ref or delivery.sys_ref) for answer in answers)


def _behind(stuck: Delivery) -> Unavailable:
    return Unavailable(reason=f"waits behind {stuck.sys_ref}, which is about the same declaration")


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _failure(error: httpx.HTTPError) -> str:
    """What happened, without the address: it may hold a password."""
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _retry_after(told: str | None) -> float | None:
    """Seconds from a Retry-After header (RFC 9110 section 10.2.3); None where it says nothing usable."""
    if told is None:
        return None
    if told.isascii() and told.isdigit():
        seconds = float(told[:9])
    else:
        try:
            moment = parsedate_to_datetime(told)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WISH_SECONDS)
