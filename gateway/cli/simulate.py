"""`sisc simulate`: a simulated back end as a program of its own, for trying the ways to real ones."""

import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from sqlalchemy import Engine

from gateway import clock
from gateway.cli.files import read_input
from gateway.cli.keys import load_key
from gateway.cli.output import JsonFlag, tell
from gateway.errors import ConfigurationError, UnavailableError
from gateway.listening import find_port
from gateway.observe import configure_logging
from gateway.store.engine import open_engine, reading
from gateway.supervisor import on_stop_signal
from routing.adapters.broker import Broker, BrokerError
from routing.adapters.callbacks import CallbackKeys
from routing.adapters.settings import AmqpSettings
from routing.backends import build_back_ends
from routing.model import BackEnd
from routing.routes import AdapterKind, Route, RouteTable
from routing.simulators.remote.faults import Fault, Faults
from routing.simulators.remote.outbox import Outbox
from routing.simulators.remote.program import RemoteBackEnd
from routing.simulators.remote.sending import Callbacks
from routing.tables import metadata
from schemas.catalogue import load_builtin
from signing.sign import Sealer

__all__ = ["simulate"]

_HOST = "127.0.0.1"


def simulate(
    system: Annotated[str, typer.Argument(help="Target system, e.g. NCTS2.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0: any free one.")] = 0,
    token_file: Annotated[Path | None, typer.Option(help="Token that the gateway must show.")] = None,
    callback: Annotated[
        str | None,
        typer.Option(help="Answer later, by POST to this URL: …/backend/answers/SYSTEM of the gateway."),
    ] = None,
    callback_token_file: Annotated[Path | None, typer.Option(help="Token for callbacks.")] = None,
    callback_secret_file: Annotated[Path | None, typer.Option(help="Secret that signs callbacks.")] = None,
    amqp: Annotated[
        str | None, typer.Option(help="Take documents from RabbitMQ too, and answer there: amqp://….")
    ] = None,
    queue: Annotated[str | None, typer.Option(help="Queue of documents; else SYSTEM.documents.")] = None,
    answers: Annotated[str | None, typer.Option(help="Queue of answers; else SYSTEM.answers.")] = None,
    dead_letters: Annotated[
        str, typer.Option(help="Exchange and queue for what is no message.")
    ] = "sisc.dead",
    data: Annotated[
        Path | None, typer.Option(help="Folder for its memory; else it forgets all at the end.")
    ] = None,
    seal: Annotated[
        Path | None,
        typer.Option(
            help="PKCS#12 file with the key that signs UPO and OdrzucenieKomunikatu; else unsigned."
        ),
    ] = None,
    seal_password_file: Annotated[
        Path | None,
        typer.Option(help="File whose first line is the password of --seal; else SISC_KEY_PASSWORD."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="Misbehave so often, e.g. error=0.1: " + ", ".join(Fault) + "."),
    ] = None,
    hang_seconds: Annotated[float, typer.Option(min=0, help="How long a hanging response takes.")] = 30,
    seed: Annotated[int | None, typer.Option(help="Misbehave alike every time.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a simulated back end that speaks the contract of real ones, until Ctrl-C or SIGTERM."""
    stop = threading.Event()
    on_stop_signal(stop)
    configure_logging("warning")
    code = system.upper()
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sisc-simulate-")))
        engine = open_engine(f"sqlite:///{_made(folder) / f'{code}.sqlite3'}")
        stack.callback(engine.dispose)
        metadata.create_all(engine)
        remote = RemoteBackEnd(
            back_end=_simulator(code, engine, _sealer(seal, seal_password_file)),
            outbox=Outbox(engine),
            host=_HOST,
            port=find_port(_HOST, port, option="--port"),
            token=_token(token_file),
            callbacks=_callbacks(callback, callback_token_file, callback_secret_file, stack),
            broker=_broker(code, amqp, queue, answers, dead_letters),
            faults=_faults(fault or (), hang_seconds, seed),
        )
        _run(remote, code, stop, as_json=as_json)


def _run(remote: RemoteBackEnd, system: str, stop: threading.Event, *, as_json: bool) -> None:
    try:
        with remote.running() as url:
            text = f"{system} takes documents at {url}\nCtrl-C stops it."
            tell({"system": system, "url": url}, text, as_json=as_json)
            stop.wait()
    except BrokerError as error:
        raise UnavailableError(what="RabbitMQ", reason=str(error)) from error


def _simulator(system: str, engine: Engine, seal: Sealer | None) -> BackEnd:
    routes = RouteTable([Route(system=system, adapter=AdapterKind.SIMULATOR)])
    catalogue = load_builtin()
    return build_back_ends(routes, engine, clock.now, catalogue, reading=reading(engine), seal=seal)[system]


def _sealer(file: Path | None, password_file: Path | None) -> Sealer | None:
    return Sealer(load_key(file, password_file, option="--seal")) if file else None


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(key="--data", reason=f"cannot make {folder}: {error.strerror}") from error
    return folder.absolute()


def _token(file: Path | None) -> str | None:
    return read_input(file).decode("ascii", "replace").strip() if file else None


def _callbacks(
    url: str | None, token_file: Path | None, secret_file: Path | None, stack: ExitStack
) -> Callbacks | None:
    if url is None:
        return None
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(key="--callback", reason="no http:// or https:// address")
    keys = CallbackKeys(
        token=read_input(token_file).strip() if token_file else None,
        secret=read_input(secret_file).strip() if secret_file else None,
    )
    callbacks = Callbacks(url, keys)
    stack.callback(callbacks.close)
    return callbacks


def _broker(
    system: str, url: str | None, queue: str | None, answers: str | None, dead_letters: str
) -> Broker | None:
    if url is None:
        return None
    settings = AmqpSettings(
        url=url,
        queue=queue or f"{system}.documents",
        answers=answers or f"{system}.answers",
        dead_letters=dead_letters,
    )
    return Broker(system, settings)


def _faults(told: Sequence[str], hang_seconds: float, seed: int | None) -> Faults:
    chance = Random(seed)  # noqa: S311 - accidents, repeatable on purpose
    return Faults(rates=dict(map(_rate, told)), hang_seconds=hang_seconds, chance=chance)


def _rate(told: str) -> tuple[Fault, float]:
    name, _, rate = told.partition("=")
    try:
        chance = float(rate)
    except ValueError:
        chance = -1.0
    if name not in set(Fault) or not 0 <= chance <= 1:
        known = ", ".join(Fault)
        raise ConfigurationError(key="--fault", reason=f"{told!r} is none of {known} with =0 to =1")
    return Fault(name), chance
