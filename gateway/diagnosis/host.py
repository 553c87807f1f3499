"""This machine: folders, disks, time zones, the port."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx

from gateway.clock import WARSAW
from gateway.diagnosis.lines import Line, Page, failure, ok, warning
from gateway.errors import ConfigurationError
from gateway.listening import find_port
from gateway.route_options import DirectoryRoute
from gateway.settings import Settings

__all__ = ["look_at_disks", "look_at_folders", "look_at_port", "look_at_time_zones"]

_TIGHT: Final = 2 * 2**30  # bytes free that call for a look
_FULL: Final = 256 * 2**20
_SUMMER: Final = datetime(2026, 7, 1, tzinfo=UTC)
_LIVE: Final = "alive"
_SECONDS: Final = 5.0


def look_at_time_zones() -> Iterator[Line]:
    """Polish time decides which schema and which right is valid."""
    if _SUMMER.astimezone(WARSAW).utcoffset() == timedelta(hours=2):
        yield ok("time zones", "Europe/Warsaw is known, with summer time")
    else:
        remedy = "install tzdata anew: the time zone data of this machine is wrong"
        yield failure("time zones", "Europe/Warsaw has no summer time here", remedy, Page.RUN)


def look_at_folders(settings: Settings) -> Iterator[Line]:
    """Folders that are written to."""
    for setting, folder in _written(settings).items():
        there = _existing(folder)
        try:
            with tempfile.TemporaryFile(dir=there):
                yield ok(f"folder {setting}", f"{folder} can be written to")
        except OSError as error:
            remedy = f"let the user this command runs as write into {there}, or set {setting}"
            yield failure(f"folder {setting}", f"{folder}: {error.strerror}", remedy, Page.SETTINGS)


def look_at_disks(settings: Settings) -> Iterator[Line]:
    """Room on every file system that is written to."""
    seen: set[int] = set()
    for folder in map(_existing, _written(settings).values()):
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        usage = shutil.disk_usage(folder)
        found = f"{_gib(usage.free)} of {_gib(usage.total)} free around {folder}"
        if usage.free >= _TIGHT:
            yield ok("disk", found)
        else:
            tell = failure if usage.free < _FULL else warning
            yield tell("disk", found, "make room: sisc documents purge lets old documents go", Page.DISK)


def _written(settings: Settings) -> dict[str, Path]:
    """Folders by the setting that names them."""
    folders = {"data": settings.data}
    if settings.retention.export:
        folders["retention.export"] = settings.retention.export
    for system, route in settings.routes.items():
        if isinstance(route, DirectoryRoute):
            folders[f"routes.{system}.outbox"] = route.outbox
            folders[f"routes.{system}.inbox"] = route.inbox
    return {setting: settings.path(folder) for setting, folder in folders.items()}


def _existing(folder: Path) -> Path:
    """The folder, or where it would be made."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def look_at_port(settings: Settings) -> Iterator[Line]:
    """The port of the web server: free, or a gateway answers there."""
    web = settings.web
    place = f"{web.host}:{web.port}"
    try:
        find_port(web.host, web.port, option="web.port")
    except ConfigurationError as error:
        yield _who_listens(settings, error.reason)
    else:
        yield ok("port", f"{place} is free: no web server runs on this host")


def _who_listens(settings: Settings, why: str) -> Line:
    web = settings.web
    scheme = "https" if web.certificate else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(web.host, web.host)  # noqa: S104 - looked up, not listened on
    url = f"{scheme}://{host}:{web.port}/health"
    try:
        # Who it is is not asked: nothing is told but the path.
        with httpx.Client(verify=False, timeout=_SECONDS, trust_env=False) as client:  # noqa: S501
            live, ready = client.get(f"{url}/live"), client.get(f"{url}/ready")
    except httpx.HTTPError as error:
        found = f"{why}; asked for /health/live it fails: {type(error).__name__}"
        return _taken(found, demanding=web.demand_client_certificate)
    if live.text.strip() != _LIVE:
        return _taken(f"{why}; what answers there is no gateway", demanding=False)
    if ready.is_success:
        return ok("port", f"a gateway answers at {url}/ready and is ready")
    return failure(
        "port", f"a gateway answers at {url}/ready: {ready.text.strip()}", "see database", Page.DATABASE
    )


def _taken(found: str, *, demanding: bool) -> Line:
    if demanding:
        return warning("port", found, "ask with a client certificate, as your clients do", Page.RUN)
    remedy = f"end what listens there, or set web.port; this process is {os.getpid()}"
    return failure("port", found, remedy, Page.SETTINGS)
