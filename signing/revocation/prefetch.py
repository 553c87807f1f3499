"""Fetching revocation data in advance, so that verification never waits for another's server."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Final, Protocol

from cryptography import x509

from signing.kept import Kept
from signing.revocation.acceptance import accept_answer, accept_crl
from signing.revocation.cache import ReadData, RevocationCache, StoredAnswer, Watched
from signing.revocation.crl import MAX_CRL_BYTES, read_crl
from signing.revocation.errors import FetchError, Problem, RevocationDataError
from signing.revocation.model import DEFAULT_FRESHNESS, Freshness, RevocationState
from signing.revocation.names import crl_urls, delta_urls, issuer_id, ocsp_urls
from signing.revocation.ocsp import MAX_ANSWER_BYTES, make_request, read_answer
from signing.revocation.source import status_by_crls

__all__ = ["Fetch", "FetchRequest", "Outcome", "PrefetchOptions", "Prefetcher", "SourceKind", "WantedList"]

_NONCE_OCTETS: Final = 16
_WANTED_KEPT: Final = 10_000
_NOTED_AGAIN: Final = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchRequest:
    """What to ask a source for."""

    url: str  # http or https; named by a certificate of a trusted authority, never by a message
    body: bytes | None  # None: GET, else POST
    content_type: str | None
    timeout: timedelta  # for all of it
    max_bytes: int


class Fetch(Protocol):
    """Gets an answer over HTTP."""

    def __call__(self, request: FetchRequest) -> bytes:
        """The body of the answer.

        Raises:
            FetchError: no answer of status 200 in time, or one too long.
        """


class SourceKind(StrEnum):
    """What a source gives."""

    OCSP = "OCSP"
    CRL = "CRL"
    DELTA_CRL = "DELTA_CRL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one attempt, to be logged and counted."""

    kind: SourceKind
    url: str
    issuer: str  # RFC 4514
    refusal: str | None = None  # why nothing was taken; None: the cache has it


@dataclass(frozen=True, kw_only=True, slots=True)
class PrefetchOptions:
    """How eagerly data is fetched."""

    timeout: timedelta = timedelta(seconds=2)  # per source
    ocsp_interval: timedelta = timedelta(minutes=20)  # well below the age at which a response is stale
    crl_interval: timedelta = timedelta(hours=1)  # authorities publish before nextUpdate when they revoke
    watch: timedelta = timedelta(days=7)  # so long after a certificate was last seen
    first_pause: timedelta = timedelta(seconds=30)  # after a failure; doubles
    longest_pause: timedelta = timedelta(minutes=15)
    workers: int = 4  # sources asked at once


DEFAULT_OPTIONS: Final = PrefetchOptions()


class WantedList:
    """Certificates that verification has asked about since the last look; shared by all threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pairs: dict[tuple[x509.Certificate, x509.Certificate], None] = {}

    def __call__(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        """Note a certificate; beyond ten thousand the newest are dropped and noted the next time."""
        with self._lock:
            if len(self._pairs) < _WANTED_KEPT:
                self._pairs[certificate, issuer] = None

    def take(self) -> list[Watched]:
        """What was noted, and begin anew."""
        with self._lock:
            pairs, self._pairs = self._pairs, {}
        return [Watched(certificate=certificate, issuer=issuer) for certificate, issuer in pairs]


Opened = Callable[[], AbstractContextManager[RevocationCache]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """Sources of one thing, to be tried in order."""

    kind: SourceKind
    urls: tuple[str, ...]
    certificate: x509.Certificate
    issuer: x509.Certificate


class Prefetcher:
    """Keeps the cache fresh for the certificates that were asked about lately.

    Args:
        fetch: gets answers over HTTP; called from several threads.
        reading: opens a transaction that reads the cache.
        writing: opens one that writes, and commits when it is left without an error.
        read: what this process has read already.
        wanted: filled by verification.
        clock: the present.
        random_bytes: source of nonces.
        freshness: as verification uses it.
        options: how eagerly.
    """

    def __init__(  # noqa: PLR0913 - its collaborators, all by name
        self,
        *,
        fetch: Fetch,
        reading: Opened,
        writing: Opened,
        read: ReadData,
        wanted: WantedList,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        freshness: Freshness = DEFAULT_FRESHNESS,
        options: PrefetchOptions = DEFAULT_OPTIONS,
    ) -> None:
        self._fetch = fetch
        self._reading = reading
        self._writing = writing
        self._read = read
        self._wanted = wanted
        self._clock = clock
        self._random_bytes = random_bytes
        self._freshness = freshness
        self._options = options
        self._noted: Kept[x509.Certificate, datetime] = Kept(_WANTED_KEPT)
        self._pauses: dict[str, tuple[datetime, timedelta]] = {}  # URL → until when, how long

    def run_once(self) -> Sequence[Outcome]:
        """Fetch what is due for all certificates asked about lately.

        OCSP where a certificate names a responder, CRLs where that gives nothing.
        """
        now = self._clock()
        self._note(self._wanted.take(), now)
        with self._writing() as cache:
            cache.forget(before=now - self._options.watch)
        with self._reading() as cache:
            watched = cache.watched(since=now - self._options.watch)
        return self._refresh(watched)

    def run_wanted(self) -> Sequence[Outcome]:
        """Fetch what is due for the certificates asked about since the last look: new senders wait little."""
        wanted = self._wanted.take()
        self._note(wanted, self._clock())
        return self._refresh(wanted)

    def _note(self, wanted: Sequence[Watched], now: datetime) -> None:
        """Remember for the next days; of a busy sender once an hour is enough."""
        new = [
            one
            for one in wanted
            if (noted := self._noted.get(one.certificate)) is None or noted + _NOTED_AGAIN <= now
        ]
        if not new:
            return
        with self._writing() as cache:
            cache.watch(new, at=now)
        for one in new:
            self._noted.put(one.certificate, now)

    def _refresh(self, watched: Sequence[Watched]) -> Sequence[Outcome]:
        outcomes = self._ask_all(self._answers_due(watched))
        by_crl = self._without_answer(watched)
        outcomes += self._ask_all(self._crls_due(by_crl))
        return outcomes + self._ask_all(self._deltas_due(by_crl))

    def _answers_due(self, watched: Sequence[Watched]) -> list[_Target]:
        since = self._clock() - self._options.ocsp_interval
        with self._reading() as cache:
            return [
                _target(SourceKind.OCSP, urls, one)
                for one in watched
                if (urls := ocsp_urls(one.certificate))
                and ((stored := _answer(cache, one)) is None or stored.fetched_at <= since)
            ]

    def _without_answer(self, watched: Sequence[Watched]) -> list[Watched]:
        now = self._clock()
        with self._reading() as cache:
            return [
                one
                for one in watched
                if (stored := _answer(cache, one)) is None
                or self._freshness.of_answer(stored.this_update, stored.next_update) < now
            ]

    def _crls_due(self, watched: Sequence[Watched]) -> list[_Target]:
        with self._reading() as cache:
            named = {
                (issuer_id(one.issuer), url): _target(SourceKind.CRL, (url,), one)
                for one in watched
                for url in crl_urls(one.certificate)
            }
            return [target for target in named.values() if self._is_due(cache, target)]

    def _deltas_due(self, watched: Sequence[Watched]) -> list[_Target]:
        with self._reading() as cache:
            named = {
                (issuer_id(one.issuer), url): _target(SourceKind.DELTA_CRL, (url,), one)
                for one in watched
                for url in self._delta_urls(cache, one)
            }
            return [target for target in named.values() if self._is_due(cache, target)]

    def _delta_urls(self, cache: RevocationCache, one: Watched) -> Iterator[str]:
        yield from delta_urls(one.certificate.extensions)
        for stored in cache.crls(issuer_id(one.issuer)):
            crl = None if stored.delta else self._read.crl(cache, stored, one.issuer)
            yield from crl.delta_urls if crl is not None else ()

    def _is_due(self, cache: RevocationCache, target: _Target) -> bool:
        now = self._clock()
        fetched = [item for item in cache.crls(issuer_id(target.issuer)) if item.url in target.urls]
        return all(
            item.fetched_at + self._options.crl_interval <= now or item.next_update <= now for item in fetched
        )

    def _ask_all(self, targets: Sequence[_Target]) -> list[Outcome]:
        if not targets:
            return []
        with ThreadPoolExecutor(max_workers=self._options.workers) as pool:
            return [outcome for outcomes in pool.map(self._ask, targets) for outcome in outcomes]

    def _ask(self, target: _Target) -> list[Outcome]:
        """Try one source after the other until one gives something good."""
        outcomes: list[Outcome] = []
        for url in target.urls:
            if url in self._pauses and self._clock() < self._pauses[url][0]:
                continue
            outcomes.append(self._try(target, url))
            if outcomes[-1].refusal is None:
                break
        return outcomes

    def _try(self, target: _Target, url: str) -> Outcome:
        refusal: str | None = None
        try:
            if target.kind is SourceKind.OCSP:
                self._take_answer(target, url)
            else:
                self._take_crl(target, url)
            self._pauses.pop(url, None)
        except (FetchError, RevocationDataError) as error:
            refusal = str(error)
            self._pause(url)
        name = target.issuer.subject.rfc4514_string()
        return Outcome(kind=target.kind, url=url, issuer=name, refusal=refusal)

    def _pause(self, url: str) -> None:
        """A source that fails is asked ever less often, so that it does not hold up the others."""
        known = self._pauses.get(url)
        pause = (
            min(known[1] * 2, self._options.longest_pause) if known is not None else self._options.first_pause
        )
        self._pauses[url] = (self._clock() + pause, pause)

    def _take_answer(self, target: _Target, url: str) -> None:
        nonce = self._random_bytes(_NONCE_OCTETS)
        request = make_request(target.certificate, target.issuer, nonce=nonce)
        content = self._get(url, MAX_ANSWER_BYTES, request)
        answer = read_answer(content, target.certificate, target.issuer)
        now = self._clock()
        with self._writing() as cache:
            accept_answer(
                answer,
                now=now,
                freshness=self._freshness,
                known=cache.answer(answer.issuer, answer.serial),
                nonce=nonce,
                is_responder_good=lambda responder: self._is_good(cache, responder, target.issuer),
            )
            cache.put_answer(answer, url=url, at=now)

    def _take_crl(self, target: _Target, url: str) -> None:
        crl = read_crl(self._get(url, MAX_CRL_BYTES, None), target.issuer)
        if (crl.base is not None) != (target.kind is SourceKind.DELTA_CRL):
            raise RevocationDataError(Problem.DELTA_BASE, "complete and delta CRL mixed up")
        now = self._clock()
        with self._writing() as cache:
            accept_crl(crl, now=now, freshness=self._freshness, known=cache.crls(crl.issuer))
            cache.put_crl(crl, url=url, at=now)

    def _is_good(self, cache: RevocationCache, responder: x509.Certificate, issuer: x509.Certificate) -> bool:
        """By CRL alone: asking a responder about itself proves nothing."""
        status = status_by_crls(cache, self._read, responder, issuer, self._clock(), self._freshness)
        return status.state is RevocationState.GOOD

    def _get(self, url: str, max_bytes: int, body: bytes | None) -> bytes:
        return self._fetch(
            FetchRequest(
                url=url,
                body=body,
                content_type=None if body is None else "application/ocsp-request",
                timeout=self._options.timeout,
                max_bytes=max_bytes,
            )
        )


def _target(kind: SourceKind, urls: tuple[str, ...], one: Watched) -> _Target:
    return _Target(kind=kind, urls=urls, certificate=one.certificate, issuer=one.issuer)


def _answer(cache: RevocationCache, one: Watched) -> StoredAnswer | None:
    return cache.answer(issuer_id(one.issuer), one.certificate.serial_number)
