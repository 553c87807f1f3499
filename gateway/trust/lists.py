"""Trusted lists in the running gateway: fetching them, keeping them, telling who watches it how they are."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from gateway.actions import Action
from gateway.channel import Clock
from gateway.errors import ConfigurationError, UnavailableError
from gateway.keys import read_secret_file
from gateway.observe import Observer
from gateway.settings import Settings
from gateway.store.ports import Store
from signing.trustlists.errors import ListMismatchError, TrustListError
from signing.trustlists.keeping import ListCheck, ListVersions
from signing.trustlists.loading import (
    LIST_OF_LISTS,
    LoadedLists,
    hold,
    load_list_of_lists,
    load_lists,
    pointers_by_territory,
)
from signing.trustlists.model import Pointer
from signing.trustlists.names import LISTS_MEDIA_TYPE
from signing.trustlists.parsing import LIST_LIMITS
from signing.trustlists.repository import SqlListRepository
from signing.trustlists.service import ListsInForce
from signing.trustlists.verification import (
    VerifiedList,
    check_not_older,
    verify_list_of_lists,
    verify_pointed,
)

__all__ = [
    "CurrentLists",
    "ListFetcher",
    "ListRefresher",
    "ListUnreachableError",
    "ListUpdater",
    "current_lists",
    "list_signers",
    "list_updater",
]

#: After a failure the next look is taken sooner than `trust.refresh_hours` says.
_RETRY: Final = timedelta(minutes=30)
_LOOK_SECONDS: Final = 60.0
_MOST_REDIRECTS: Final = 5


class ListUnreachableError(UnavailableError):
    """A list cannot be fetched now."""

    def __init__(self, *, location: str, reason: str) -> None:
        super().__init__(what=location, reason=reason)
        self.location = location


class ListFetcher:
    """Fetches lists over HTTP. They are signed, so where they come from decides nothing.

    Args:
        timeout: longest silence of a server, seconds.
        max_bytes: longer answers are refused before they fill the memory.
        transport: None: the network.
    """

    def __init__(
        self,
        *,
        timeout: float,
        max_bytes: int = LIST_LIMITS.max_bytes,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._client = httpx.Client(
            timeout=timeout,
            follow_redirects=True,
            max_redirects=_MOST_REDIRECTS,
            headers={"accept": f"{LISTS_MEDIA_TYPE}, application/xml, text/xml, */*"},
            transport=transport,
        )

    def __call__(self, location: str) -> bytes:
        """The list at an address.

        Raises:
            ListUnreachableError: no answer, not 200, or too long.
        """
        try:
            with self._client.stream("GET", location) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise ListUnreachableError(location=location, reason=f"HTTP {answer.status_code}")
                return self._body(location, answer)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ListUnreachableError(
                location=location, reason=str(error) or type(error).__name__
            ) from error

    def _body(self, location: str, answer: httpx.Response) -> bytes:
        body = bytearray()
        for part in answer.iter_bytes():
            body += part
            if len(body) > self._max_bytes:
                raise ListUnreachableError(location=location, reason=f"longer than {self._max_bytes} bytes")
        return bytes(body)

    def close(self) -> None:
        """Release connections."""
        self._client.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class ListUpdater:
    """Fetches, verifies and keeps lists."""

    store: Store
    fetch: Callable[[str], bytes]
    location: str  # of the list of lists
    signers: Sequence[x509.Certificate]  # of the list of lists, pinned
    refresh: timedelta
    clock: Clock
    observe: Observer

    def update(self, *, all_lists: bool = False) -> Iterator[ListCheck]:
        """Look at every list that is due, the list of lists first, and keep what is newer.

        A list that cannot be fetched or verified leaves the one held in force. Yields after each list.

        Args:
            all_lists: whether to look at lists that are not due, too.

        Raises:
            UnavailableError: the store is out of reach.
        """
        due = self._due(all_lists=all_lists)
        if due(LIST_OF_LISTS):
            yield self._look(LIST_OF_LISTS, self.location, self._verify_list_of_lists)
        for territory, pointer in sorted(self._pointers().items()):
            if due(territory):
                yield self._look(territory, pointer.location, partial(_verify_national, pointer))

    def _due(self, *, all_lists: bool) -> Callable[[str], bool]:
        with self.store.read() as work:
            checks = {check.territory: check for check in SqlListRepository(work.connection).checks()}
        at = self.clock()

        def due(territory: str) -> bool:
            check = checks.get(territory)
            if all_lists or check is None:
                return True
            return check.checked_at + (self.refresh if check.problem is None else _RETRY) <= at

        return due

    def _pointers(self) -> Mapping[str, Pointer]:
        with self.store.read() as work:
            list_of_lists = load_list_of_lists(SqlListRepository(work.connection))
        return {} if list_of_lists is None else pointers_by_territory(list_of_lists)

    def _verify_list_of_lists(self, data: bytes, at: datetime) -> VerifiedList:
        verified = verify_list_of_lists(data, pinned=self.signers, fetch=self._fetch_pivot, at=at)
        if verified.territory != LIST_OF_LISTS:
            raise ListMismatchError(what="territory", expected=LIST_OF_LISTS, found=verified.territory)
        return verified

    def _fetch_pivot(self, location: str) -> bytes:
        """Pivots stand beside the list of lists; nothing else is fetched before its signature is verified."""
        ours, theirs = urlsplit(self.location), urlsplit(location)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise ListMismatchError(what="host of the pivot", expected=ours.netloc, found=theirs.netloc)
        return self.fetch(location)

    def _look(
        self, territory: str, location: str, verify: Callable[[bytes, datetime], VerifiedList]
    ) -> ListCheck:
        at = self.clock()
        problem: str | None = None
        try:
            self._keep(verify(self.fetch(location), at), location, at)
        except ListUnreachableError as error:
            problem = str(error)
            self.observe(Action.TRUST_LIST_UNREACHABLE, detail=territory, problem=problem)
        except TrustListError as error:
            problem = str(error)
            self.observe(Action.TRUST_LIST_REFUSED, detail=territory, location=location, problem=problem)
        check = ListCheck(territory=territory, location=location, checked_at=at, problem=problem)
        with self.store.begin() as work:
            SqlListRepository(work.connection).record(check)
            work.commit()
        return check

    def _keep(self, verified: VerifiedList, location: str, at: datetime) -> None:
        with self.store.begin() as work:
            repository = SqlListRepository(work.connection)
            newest = repository.newest(verified.territory)
            check_not_older(verified, newest)
            if newest is not None and newest.digest == verified.digest:
                return
            repository.add(hold(verified, location=location, accepted_at=at))
            work.commit()
        self.observe(
            Action.TRUST_LIST_ACCEPTED, detail=verified.territory, sequence=verified.list.scheme.sequence
        )


def _verify_national(pointer: Pointer, data: bytes, at: datetime) -> VerifiedList:
    return verify_pointed(data, pointer, at=at)


class CurrentLists:
    """The lists in force in this process; shared by all threads.

    Args:
        store: where lists are kept.
        grace: how long after its next update a list is still used.
        observe: told of lists that are left out.
    """

    def __init__(self, store: Store, *, grace: timedelta, observe: Observer) -> None:
        self._store = store
        self._grace = grace
        self._observe = observe
        self._lock = threading.Lock()
        self._versions: ListVersions | None = None
        self._in_force: ListsInForce | None = None

    def __call__(self) -> ListsInForce:
        """The lists in force, read on first use.

        Raises:
            UnavailableError: they are not read yet and the store is out of reach.
        """
        return self._in_force or self.refresh()

    def refresh(self) -> ListsInForce:
        """Read the lists anew if one of them has changed, by whichever process.

        Raises:
            UnavailableError: the store is out of reach.
        """
        with self._lock, self._store.read() as work:
            repository = SqlListRepository(work.connection)
            versions = repository.versions()
            if self._in_force is None or versions != self._versions:
                loaded = load_lists(repository, grace=self._grace)
                self._tell(loaded)
                self._versions, self._in_force = versions, loaded.in_force
            return self._in_force

    def _tell(self, loaded: LoadedLists) -> None:
        for territory, error in loaded.problems.items():
            self._observe(Action.TRUST_LIST_DROPPED, detail=territory, problem=str(error))


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRefresher:
    """The background: keeps the lists of this process current."""

    updater: ListUpdater
    current: CurrentLists
    observe: Observer

    def run(self, stop: threading.Event) -> None:
        """Look at lists as they become due, until `stop` is set."""
        while not stop.is_set():
            try:
                self.once(stop)
            except UnavailableError as error:
                self.observe(Action.STORE_UNAVAILABLE, detail=error.what, lane="trust")
            except Exception as error:  # noqa: BLE001 - tried again, and told, like any other work
                self.observe.failure(Action.WORK_FAILED, error, lane="trust")
            stop.wait(_LOOK_SECONDS)

    def once(self, stop: threading.Event) -> None:
        """Look at the lists that are due and put newer ones in force; alarm about those past their time.

        Raises:
            UnavailableError: the store is out of reach.
        """
        looked = False
        for _ in self.updater.update():
            looked = True
            if stop.is_set():
                return
        in_force = self.current.refresh()
        if looked:
            self._alarm(in_force)

    def _alarm(self, in_force: ListsInForce) -> None:
        for verified in in_force.all_lists():
            if in_force.is_stale(verified, self.updater.clock()):
                self.observe(
                    Action.TRUST_LIST_STALE,
                    detail=verified.territory,
                    next_update=str(verified.list.scheme.next_update),
                )


def list_signers(settings: Settings) -> list[x509.Certificate]:
    """The pinned signers of the list of lists.

    Raises:
        ConfigurationError: none are set, the file cannot be read or holds no certificate.
    """
    key = "trust.list_of_lists_signers"
    file = settings.trust.list_of_lists_signers
    if file is None:
        raise ConfigurationError(
            key=key, reason="name a PEM file with the certificates of the Official Journal"
        )
    try:
        return x509.load_pem_x509_certificates(read_secret_file(settings.path(file), key=key))
    except ValueError as error:
        raise ConfigurationError(key=key, reason=f"{file}: {error}") from error


def list_updater(settings: Settings, *, store: Store, clock: Clock, observe: Observer) -> ListUpdater:
    """The updater of the settings in force.

    Raises:
        ConfigurationError: the pinned signers are not there.
    """
    options = settings.trust
    return ListUpdater(
        store=store,
        fetch=ListFetcher(timeout=options.timeout_seconds),
        location=options.list_of_lists,
        signers=list_signers(settings),
        refresh=timedelta(hours=options.refresh_hours),
        clock=clock,
        observe=observe,
    )


def current_lists(settings: Settings, *, store: Store, observe: Observer) -> CurrentLists:
    """The lists in force, of the settings in force."""
    return CurrentLists(store, grace=timedelta(days=settings.trust.grace_days), observe=observe)
