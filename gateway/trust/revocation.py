"""Revocation data of other authorities in the running gateway, fetched in the background."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx
from cryptography import x509

from gateway.actions import Action
from gateway.channel import Clock
from gateway.errors import UnavailableError
from gateway.observe import Observer
from gateway.settings import RevocationOptions
from gateway.store.ports import Store, UnitOfWork
from signing.certificates import serial_hex
from signing.revocation.cache import ReadData
from signing.revocation.errors import FetchError
from signing.revocation.model import Freshness, RevocationSource, RevocationStatus
from signing.revocation.prefetch import Fetch, FetchRequest, Prefetcher, PrefetchOptions, WantedList
from signing.revocation.source import CachedRevocation
from signing.revocation.sql import SqlRevocationCache

__all__ = ["HttpFetch", "Revocation", "RevocationRefresher"]

_LOOK_SECONDS: Final = 60.0
_WANTED_SECONDS: Final = 1.0


class HttpFetch:
    """Gets CRLs and OCSP responses. They are signed, so where they come from decides nothing.

    Redirects are not followed: over plain HTTP anyone on the way could send the gateway anywhere.
    """

    def __init__(self) -> None:
        self._client = httpx.Client(follow_redirects=False, headers={"accept-encoding": "identity"})

    def __call__(self, request: FetchRequest) -> bytes:
        """See Fetch."""
        seconds = request.timeout.total_seconds()
        deadline = time.monotonic() + seconds
        headers = {"content-type": request.content_type} if request.content_type else {}
        method = "GET" if request.body is None else "POST"
        try:
            with self._client.stream(
                method, request.url, content=request.body, headers=headers, timeout=seconds
            ) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise FetchError(url=request.url, reason=f"HTTP {answer.status_code}")
                return _body(answer, request, deadline)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchError(url=request.url, reason=str(error) or type(error).__name__) from error

    def close(self) -> None:
        """Release connections."""
        self._client.close()


def _body(answer: httpx.Response, request: FetchRequest, deadline: float) -> bytes:
    """All of it, unless it is too long or comes in too slowly."""
    body = bytearray()
    for part in answer.iter_raw():
        body += part
        if len(body) > request.max_bytes:
            raise FetchError(url=request.url, reason=f"longer than {request.max_bytes} bytes")
        if time.monotonic() > deadline:
            raise FetchError(url=request.url, reason="not complete in time")
    return bytes(body)


class Revocation:
    """What all threads of a process share to tell the status of other authorities' certificates."""

    def __init__(self, options: RevocationOptions, *, store: Store, clock: Clock, observe: Observer) -> None:
        self._options = options
        self._store = store
        self._clock = clock
        self._observe = observe
        self._read = ReadData()
        self._wanted = WantedList()
        self._freshness = Freshness(
            ocsp_age=timedelta(minutes=options.ocsp_minutes),
            stale_grace=timedelta(hours=options.stale_grace_hours),
        )

    def source(self, work: UnitOfWork) -> RevocationSource:
        """The status of certificates, from the cache as this transaction sees it."""
        return CachedRevocation(
            SqlRevocationCache(work.connection),
            self._read,
            freshness=self._freshness,
            wanted=self._wanted,
            on_stale=self._tell_stale,
        )

    def prefetcher(self, fetch: Fetch) -> Prefetcher:
        """What keeps the cache fresh."""
        options = self._options
        return Prefetcher(
            fetch=fetch,
            reading=self._reading,
            writing=self._writing,
            read=self._read,
            wanted=self._wanted,
            clock=self._clock,
            random_bytes=secrets.token_bytes,
            freshness=self._freshness,
            options=PrefetchOptions(
                timeout=timedelta(seconds=options.source_seconds),
                ocsp_interval=timedelta(minutes=options.ocsp_minutes) / 3,
                crl_interval=timedelta(minutes=options.crl_minutes),
                watch=timedelta(days=options.watch_days),
            ),
        )

    @contextmanager
    def _reading(self) -> Iterator[SqlRevocationCache]:
        with self._store.read() as work:
            yield SqlRevocationCache(work.connection)

    @contextmanager
    def _writing(self) -> Iterator[SqlRevocationCache]:
        with self._store.begin() as work:
            yield SqlRevocationCache(work.connection)
            work.commit()

    def _tell_stale(self, certificate: x509.Certificate, _status: RevocationStatus) -> None:
        self._observe(
            Action.REVOCATION_STALE_ACCEPTED,
            serial=serial_hex(certificate),
            issuer=certificate.issuer.rfc4514_string(),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class RevocationRefresher:
    """The background: fetches what is due."""

    prefetcher: Prefetcher
    observe: Observer

    def run(self, stop: threading.Event) -> None:
        """Fetch what becomes due, until `stop` is set; at once what verification lacks."""
        next_look = 0.0
        while not stop.is_set():
            all_of_it = time.monotonic() >= next_look
            if all_of_it:
                next_look = time.monotonic() + _LOOK_SECONDS
            try:
                self.once(all_of_it=all_of_it)
            except UnavailableError as error:
                self.observe(Action.STORE_UNAVAILABLE, detail=error.what, lane="revocation")
            except Exception as error:  # noqa: BLE001 - tried again, and told, like any other work
                self.observe.failure(Action.WORK_FAILED, error, lane="revocation")
            stop.wait(_WANTED_SECONDS)

    def once(self, *, all_of_it: bool) -> None:
        """Fetch what is due now and tell what became of it.

        Args:
            all_of_it: for all certificates watched, or only for those asked about since the last look.

        Raises:
            UnavailableError: the store is out of reach.
        """
        outcomes = self.prefetcher.run_once() if all_of_it else self.prefetcher.run_wanted()
        for outcome in outcomes:
            action = Action.REVOCATION_FETCHED if outcome.refusal is None else Action.REVOCATION_NOT_FETCHED
            self.observe(
                action,
                detail=outcome.kind.value,
                url=outcome.url,
                issuer=outcome.issuer,
                problem=outcome.refusal,
            )
