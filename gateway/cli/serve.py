"""Commands that run a gateway: serve, web, worker, migrate.

What cannot work is told in one line before anything is started.
"""

import os
import sys
import threading

from gateway.cli.keys import told_by_setting
from gateway.cli.output import JsonFlag, tell
from gateway.errors import ConfigurationError
from gateway.listening import find_port
from gateway.observe import METRICS_VARIABLE, Observer, configure_logging, share_metrics
from gateway.settings import Settings, load_settings
from gateway.supervisor import Supervisor, command, end_with_supervisor, on_stop_signal
from gateway.tls import check_tls

__all__ = ["migrate", "serve", "web", "worker"]


def serve() -> None:
    """Serve the channel and work in the background: web server and worker under one roof."""
    settings = load_settings()
    configure_logging(settings.log_level)
    stop = threading.Event()
    on_stop_signal(stop)
    _check_web(settings)
    _check_worker(settings)
    Supervisor(
        commands={"web": command("web"), "worker": command("worker")},
        observe=Observer("serve"),
        environment=_shared_figures(settings),
        stop=stop,
    ).run()


def web() -> None:
    """Serve the channel over HTTP; needs a worker beside it."""
    settings = load_settings()
    _share_metrics_between_processes(settings)
    end_with_supervisor()
    _check_web(settings)
    _serve_http(settings)


def worker() -> None:
    """Verify and deliver documents in the background."""
    from gateway.bootstrap import open_gateway  # noqa: PLC0415 - see _check_web

    settings = load_settings()
    configure_logging(settings.log_level)
    with told_by_setting("keys.seal"):
        running = open_gateway(settings, component="worker").worker()
    on_stop_signal(running.stop)
    end_with_supervisor()
    running.run()


def migrate(as_json: JsonFlag = False) -> None:
    """Bring the database schema to this version."""
    from gateway.store.sql_store import SqlStore  # noqa: PLC0415 - see _check_web

    settings = load_settings()
    if not settings.store.url:  # SQLite in the data folder, which need not be there yet
        _make_data_folder(settings)
    store = SqlStore.open(settings.store_url)
    try:
        revision = store.migrate()
    finally:
        store.close()
    tell({"revision": revision}, f"the database is at revision {revision}", as_json=as_json)


def _make_data_folder(settings: Settings) -> None:
    folder = settings.path(settings.data)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(key="data", reason=f"cannot make {folder}: {error.strerror}") from error


def _check_web(settings: Settings) -> None:
    """Settings, port, database and keys of the web server.

    The server's processes are forked off this one and would only repeat, with tracebacks, what is wrong. For
    the same reason it costs nothing that everything is imported here; but wrong options are told at once.
    """
    check_tls(settings)
    find_port(settings.web.host, settings.web.port, option="web.port", patience_seconds=2.0)
    from gateway.bootstrap import open_gateway  # noqa: PLC0415 - see above
    from gateway.edge import channel_application  # noqa: PLC0415 - see above

    gateway = open_gateway(settings, component="web")
    try:
        channel_application(gateway)
        with told_by_setting("keys.seal"):
            gateway.callbacks()
    finally:
        gateway.store.close()


def _check_worker(settings: Settings) -> None:
    """Keys of the worker."""
    from gateway.bootstrap import open_gateway  # noqa: PLC0415 - see _check_web

    gateway = open_gateway(settings, component="worker")
    try:
        with told_by_setting("keys.seal"):
            gateway.worker()
    finally:
        gateway.store.close()


def _serve_http(settings: Settings) -> None:
    from granian.constants import Interfaces  # noqa: PLC0415 - see _check_web
    from granian.log import LogLevels  # noqa: PLC0415 - see _check_web
    from granian.server import Server  # noqa: PLC0415 - see _check_web

    import gateway.web  # noqa: F401, PLC0415 - before the fork: replaced server processes are there at once

    options = settings.web
    Server(
        "gateway.web:create",
        factory=True,
        interface=Interfaces.WSGI,
        address=options.host,
        port=options.port,
        workers=options.processes,
        blocking_threads=options.threads,
        backpressure=options.threads * 4,
        respawn_failed_workers=True,
        log_level=LogLevels.error,
        websockets=False,
        ssl_cert=settings.path(options.certificate) if options.certificate else None,
        ssl_key=settings.path(options.key) if options.key else None,
        ssl_ca=settings.path(options.client_ca) if options.client_ca else None,
        ssl_client_verify=options.demand_client_certificate,
    ).serve()


def _shared_figures(settings: Settings) -> dict[str, str]:
    folder = settings.path(settings.data) / "metrics"
    try:
        return share_metrics(folder)
    except OSError as error:
        raise ConfigurationError(key="data", reason=f"cannot use {folder}: {error.strerror}") from error


def _share_metrics_between_processes(settings: Settings) -> None:
    """Several server processes count together, also when this command was not started by `serve`.

    Whether figures are shared is decided when the library is imported: the command starts over, told so.
    """
    if settings.web.processes > 1 and METRICS_VARIABLE not in os.environ:
        environment = {**os.environ, **_shared_figures(settings)}
        os.execve(sys.executable, command("web"), environment)  # noqa: S606 - our own program, no shell
