"""`sisc doctor`: a deployment looked at from its settings to what waits in its queues."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from gateway import clock
from gateway.back_end_health import ask_all
from gateway.bootstrap import Gateway, open_catalogue, open_packs
from gateway.codelists import read_folder
from gateway.diagnosis.certificates import (
    look_at_authority,
    look_at_credentials,
    look_at_key_files,
    look_at_publication,
    look_at_seal,
    look_at_tls,
)
from gateway.diagnosis.choices import look_at_choices
from gateway.diagnosis.database import look_at_database
from gateway.diagnosis.host import look_at_disks, look_at_folders, look_at_port, look_at_time_zones
from gateway.diagnosis.lines import Level, Line, Page, failure, looked, ok
from gateway.diagnosis.signers import look_at_lists, look_at_revocation, look_at_trusted_profile
from gateway.diagnosis.work import (
    look_at_given_up,
    look_at_house,
    look_at_pauses,
    look_at_quarantine,
    look_at_queues,
)
from gateway.errors import ConfigurationError
from gateway.observe import Observer
from gateway.settings import Settings, load_settings, settings_file
from gateway.store.ports import UnitOfWork
from gateway.store.sql_store import SqlStore
from schemas.errors import CatalogueError

__all__ = ["examine"]

_FOLDERS: Final = "let the user this command runs as look into it"
_SEAL: Final = "sisc ca init makes what is missing; its password is SISC_KEYS__SEAL_PASSWORD"
_INIT: Final = "sisc ca init makes what is missing; other hosts need a copy"
_CREDENTIALS: Final = "copy keys/credentials.key from the host where accounts are added"
_LISTS: Final = "name the signers of the list of lists, then sisc trust update"
_READ: Final = "the database was there a moment ago: look again"
_BACK_END: Final = "see its [routes] entry; sisc systems pause SYSTEM --reason … keeps documents meanwhile"


def examine(file: Path | None = None) -> Iterator[Line]:
    """Look at a deployment; nothing in it changes.

    Args:
        file: sisc.toml; None: the one in force.

    Yields:
        What was found, subject by subject, as soon as it is known.
    """
    try:
        settings, read = load_settings(file), settings_file(file)
    except ConfigurationError as error:
        yield failure("settings", str(error), "mend the setting", Page.SETTINGS)
        return
    yield ok("settings", f"{read} can be used" if read.is_file() else f"there is no {read}: defaults count")
    yield from _on_this_host(settings)
    yield from _in_the_store(settings)


def _on_this_host(settings: Settings) -> Iterator[Line]:
    at = clock.now()
    yield from look_at_time_zones()
    yield from looked("folders", lambda: look_at_folders(settings), _FOLDERS, Page.SETTINGS)
    yield from looked("disk", lambda: look_at_disks(settings), _FOLDERS, Page.DISK)
    yield from looked("seal", lambda: look_at_seal(settings, at), _SEAL, Page.RUN)
    yield from looked("authority", lambda: look_at_authority(settings, at), _INIT, Page.AUTHORITY)
    yield from looked("key files", lambda: look_at_key_files(settings), _FOLDERS, Page.RUN)
    yield from looked("TLS", lambda: look_at_tls(settings, at), "mend [web]", Page.RUN)
    yield from look_at_port(settings)
    yield from looked("schemas", lambda: _schemas(settings), "sisc schemas packs, rollback", Page.PACKS)
    yield from looked("code lists", lambda: _code_lists(settings), "sisc codelists install", Page.CODE_LISTS)
    yield from looked(
        "trusted profile", lambda: look_at_trusted_profile(settings), "mend [trust]", Page.SIGNERS
    )


def _schemas(settings: Settings) -> Iterator[Line]:
    def fail(error: CatalogueError) -> None:
        raise error

    types = open_catalogue(settings, fail).types()
    packs = [line for line in open_packs(settings).lines() if line.until is None]
    yield ok("schemas", f"{len(types)} message types, {len(packs)} installed packs")


def _code_lists(settings: Settings) -> Iterator[Line]:
    lists = read_folder(settings.path(settings.plausibility.code_lists))
    yield ok("code lists", f"{len(lists)} installed")


def _in_the_store(settings: Settings) -> Iterator[Line]:
    try:
        store = SqlStore.open(settings.store_url)
    except ConfigurationError as error:
        yield failure("database", str(error), "mend store.url", Page.SETTINGS)
        return
    try:
        lines = list(look_at_database(store, skew_seconds=settings.edge.clock_skew_seconds))
        yield from lines
        if all(line.level is not Level.FAILURE for line in lines):
            gateway = Gateway(settings=settings, store=store, observe=Observer("doctor"))
            yield from _in_the_database(gateway)
            yield from looked("routes", lambda: _routes(gateway), "mend [routes]", Page.CONNECT)
    finally:
        store.close()


def _in_the_database(gateway: Gateway) -> Iterator[Line]:
    settings, store, at = gateway.settings, gateway.store, gateway.store.clock()
    lists = looked(
        "trusted lists", lambda: look_at_lists(settings, store, gateway.observe, at), _LISTS, Page.SIGNERS
    )
    looks: tuple[tuple[str, Callable[[UnitOfWork], Iterable[Line]], str, Page], ...] = (
        ("credentials", partial(look_at_credentials, settings), _CREDENTIALS, Page.RUN),
        ("CRL", partial(look_at_publication, settings, at=at), "sisc ca publish", Page.AUTHORITY),
        ("revocation data", partial(look_at_revocation, settings, at=at), _READ, Page.SIGNERS),
        ("pauses", look_at_pauses, _READ, Page.DATABASE),
        ("given up", partial(look_at_given_up, at=at), _READ, Page.DATABASE),
        ("quarantine", look_at_quarantine, _READ, Page.DATABASE),
        ("housekeeping", partial(look_at_house, at=at), _READ, Page.DATABASE),
    )
    yield from lists
    for subject, look, remedy, page in looks:
        yield from looked(subject, partial(_read, store, look), remedy, page)


def _read(store: SqlStore, look: Callable[[UnitOfWork], Iterable[Line]]) -> list[Line]:
    with store.read() as work:
        return list(look(work))


def _routes(gateway: Gateway) -> Iterator[Line]:
    """What depends on where documents go: queues, back ends, and settings that name systems."""
    served = gateway.routes.served
    yield from look_at_choices(gateway.settings, gateway.routes)
    with gateway.store.read() as work:
        yield from look_at_queues(work, served, gateway.store.clock())
    for system, health in ask_all(gateway.back_ends).items():
        adapter = gateway.routes.find(system).adapter.value
        subject, found = f"back end {system}", f"{adapter}: {health.detail}"
        yield ok(subject, found) if health.well else failure(subject, found, _BACK_END, Page.BACK_END)
