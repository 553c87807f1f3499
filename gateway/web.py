"""The WSGI application: the channel, the authority's publications, the schemas, health and figures."""

from collections.abc import Callable, Iterable
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from gateway import callbacks
from gateway.bootstrap import Gateway, open_gateway, settle
from gateway.edge import channel_application, self_service_application
from gateway.errors import UnavailableError
from gateway.observe import configure_logging, render_metrics
from gateway.pki.web import PREFIX as PKI_PREFIX
from gateway.pki.web import pki_application
from gateway.schema_pages.web import PREFIX as SCHEMA_PREFIX
from gateway.schema_pages.web import SchemaApplication
from gateway.settings import load_settings
from gateway.soap.names import PATH, SELF_SERVICE_PATH
from gateway.supervisor import end_with_parent

__all__ = ["create"]

View = Callable[[], tuple[str, bytes]]

_TEXT: Final = "text/plain; charset=utf-8"


def create() -> WSGIApplication:
    """Build the application of one server process from the settings file named in the environment."""
    settings = load_settings()
    configure_logging(settings.log_level)
    end_with_parent()
    gateway = open_gateway(settings, component="web")
    mounted: dict[str, WSGIApplication] = {
        PKI_PREFIX.rstrip("/"): pki_application(gateway),
        SCHEMA_PREFIX: SchemaApplication(gateway.catalogue),
        SELF_SERVICE_PATH: self_service_application(gateway),
    }
    called_back = gateway.callbacks()
    if called_back is not None:
        mounted[callbacks.PREFIX.rstrip("/")] = called_back
    application = _mount(channel_application(gateway), mounted, _views(gateway))
    settle()
    return application


def _views(gateway: Gateway) -> dict[str, View]:
    views: dict[str, View] = {"/health/live": _live, "/health/ready": lambda: _ready(gateway)}
    if gateway.settings.web.metrics:
        views["/metrics"] = lambda: ("200 OK", render_metrics())
    return views


def _mount(
    channel: WSGIApplication, mounted: dict[str, WSGIApplication], views: dict[str, View]
) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO"))
        for prefix, one in mounted.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return one(environ, start_response)
        if path in {PATH, "/"}:  # clients whose settings hold only a host ask at its root
            return channel({**environ, "PATH_INFO": PATH}, start_response)
        status, body = views[path]() if path in views else ("404 Not Found", b"not found\n")
        start_response(status, [("Content-Type", _TEXT), ("Content-Length", str(len(body)))])
        return [body]

    return application


def _live() -> tuple[str, bytes]:
    return "200 OK", b"alive\n"


def _ready(gateway: Gateway) -> tuple[str, bytes]:
    try:
        gateway.store.check()
    except UnavailableError as error:
        return "503 Service Unavailable", f"not ready: {error.what}\n".encode()
    return "200 OK", b"ready\n"
