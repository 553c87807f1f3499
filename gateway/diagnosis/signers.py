"""Certificates of others: trusted lists, the trusted profile, revocation data."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from gateway.diagnosis.lines import Line, Page, failure, ok, warning
from gateway.observe import Observer
from gateway.settings import Settings
from gateway.store.ports import Store, UnitOfWork
from gateway.trust.lists import current_lists, list_signers
from gateway.trust.trusted_profile import read_seals
from signing.revocation.cache import Watched
from signing.revocation.names import issuer_id
from signing.revocation.sql import SqlRevocationCache
from signing.trustlists.repository import SqlListRepository
from signing.trustlists.service import ListsInForce

__all__ = ["look_at_lists", "look_at_revocation", "look_at_trusted_profile"]

_UPDATE: Final = "sisc trust update tells why; a worker must be able to reach the addresses of the lists"


def look_at_lists(settings: Settings, store: Store, observe: Observer, at: datetime) -> Iterator[Line]:
    """The trusted lists by which qualified certificates are accepted."""
    if settings.trust.list_of_lists_signers is None:
        yield ok("trusted lists", "not used: qualified certificates are not accepted")
        return
    list_signers(settings)
    in_force = current_lists(settings, store=store, observe=observe)()
    with store.read() as work:
        checks = SqlListRepository(work.connection).checks()
    late = at - 2 * timedelta(hours=settings.trust.refresh_hours)
    problems = [f"{check.territory}: {check.problem}" for check in checks if check.problem]
    forgotten = [check.territory for check in checks if check.checked_at < late]
    yield _in_force(in_force, at)
    if problems:
        found = f"{len(problems)} lists could not be renewed: {problems[0]}"
        yield warning("trusted lists renewed", found, _UPDATE, Page.SIGNERS)
    elif forgotten:
        found = f"nobody looked at {', '.join(forgotten)} since {late:%Y-%m-%d %H:%M} UTC"
        yield warning("trusted lists renewed", found, "run sisc worker, or sisc serve", Page.SIGNERS)


def _in_force(in_force: ListsInForce, at: datetime) -> Line:
    lists = in_force.all_lists()
    states = {each.territory: in_force.state_of(each, at) for each in lists}
    stale = [f"{territory} {state}" for territory, state in states.items() if state != "in force"]
    if not states:
        return failure("trusted lists", "none is held", _UPDATE, Page.SIGNERS)
    if stale:
        tell = failure if any("grace" in each for each in stale) else warning
        return tell("trusted lists", "; ".join(stale), _UPDATE, Page.SIGNERS)
    return ok("trusted lists", f"{len(states)} lists in force")


def look_at_trusted_profile(settings: Settings) -> Iterator[Line]:
    """The pinned seals of the trusted profile; their own validity does not matter."""
    seals = read_seals(settings)
    found = "seals and authorities can be read" if seals else "not used: its signatures are not accepted"
    yield ok("trusted profile", found)


def look_at_revocation(settings: Settings, work: UnitOfWork, at: datetime) -> Iterator[Line]:
    """Whether CRLs or OCSP responses about certificates in use are fresh."""
    cache = SqlRevocationCache(work.connection)
    watched = cache.watched(since=at - timedelta(days=settings.revocation.watch_days))
    stale = [one for one in watched if not _fresh(cache, one, at)]
    if stale:
        name = stale[0].certificate.issuer.rfc4514_string()
        found = f"nothing fresh about {len(stale)} of {len(watched)} certificates in use, e.g. of {name}"
        remedy = "let a worker reach their CRL and OCSP addresses; the log tells revocation_not_fetched"
        yield warning("revocation data", found, remedy, Page.SIGNERS)
    else:
        yield ok("revocation data", f"fresh for {len(watched)} certificates in use")


def _fresh(cache: SqlRevocationCache, one: Watched, at: datetime) -> bool:
    issuer = issuer_id(one.issuer)
    answer = cache.answer(issuer, one.certificate.serial_number)
    ends = [*(crl.next_update for crl in cache.crls(issuer)), answer.next_update if answer else None]
    return any(end is not None and end >= at for end in ends)
