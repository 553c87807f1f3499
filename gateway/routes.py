"""Routes as the settings describe them, with their secrets read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from gateway.errors import ConfigurationError
from gateway.keys import read_secret_file
from gateway.route_options import (
    AmqpRoute,
    AnyRoute,
    DeliveringRoute,
    DirectoryRoute,
    HttpRoute,
    NoRoute,
    SimulatorRoute,
)
from gateway.settings import Settings
from routing.adapters.callbacks import CallbackKeys
from routing.adapters.settings import AmqpSettings, DirectorySettings, HttpSettings, RemoteSettings, Tls
from routing.breaker import BreakerPolicy
from routing.retry import RetryPolicy
from routing.routes import AdapterKind, Route, RouteTable, SimulatorSettings, default_routes

__all__ = ["CallbackGate", "read_callback_gates", "read_routes", "simulated_unasked"]

#: Part of a lease that the delivery of a batch may take. What is left is for recording it; and a worker that
#: is told to stop while a back end hangs has ended before its supervisor loses patience.
_PART_OF_LEASE: Final = 1 / 3
_SHORTEST_SECRET: Final = 16  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackGate:
    """Who may call back for a system, and how much at once."""

    keys: CallbackKeys
    largest: int  # bytes of an envelope


def read_routes(settings: Settings) -> RouteTable:
    """The built-in table with the routes of the settings in place of its own, system by system.

    Raises:
        ConfigurationError: a file with a secret cannot be read.
        RouteConfigurationError: a route cannot be used.
    """
    named = settings.routes
    built_in = (route for route in default_routes() if route.system not in named)
    served = (each for each in named.items() if not isinstance(each[1], NoRoute))
    return RouteTable((*built_in, *(_route(settings, system, options) for system, options in served)))


def simulated_unasked(settings: Settings, routes: RouteTable) -> list[str]:
    """Systems that are simulated though nobody named them, where other back ends are real; sorted."""
    if all(route.remote is None for route in routes):
        return []
    simulated = (route.system for route in routes if route.adapter is AdapterKind.SIMULATOR)
    return sorted(system for system in simulated if system not in settings.routes)


def _route(settings: Settings, system: str, options: AnyRoute) -> Route:
    return Route(
        system=system,
        adapter=AdapterKind(options.adapter),
        simulator=_simulator(options),
        remote=_remote(settings, options, f"routes.{system}"),
        retry=_retry(options),
        breaker=_breaker(options),
    )


def _retry(options: AnyRoute) -> RetryPolicy:
    if not isinstance(options, DeliveringRoute):
        return RetryPolicy()
    patience = None if options.give_up_days is None else timedelta(days=options.give_up_days)
    return RetryPolicy(cap=timedelta(seconds=options.longest_pause_seconds), patience=patience)


def _breaker(options: AnyRoute) -> BreakerPolicy:
    if not isinstance(options, DeliveringRoute):
        return BreakerPolicy()
    pause = timedelta(seconds=options.circuit_seconds)
    return BreakerPolicy(failures=options.circuit_failures, pause=pause)


def _simulator(options: AnyRoute) -> SimulatorSettings:
    if not isinstance(options, SimulatorRoute):
        return SimulatorSettings()
    return SimulatorSettings(
        unique_message_numbers=options.unique_message_numbers,
        time_factor=options.time_factor,
        seed=options.seed,
    )


def read_callback_gates(settings: Settings) -> Mapping[str, CallbackGate]:
    """Who may call back, by system; systems whose back ends may not are left out.

    Raises:
        ConfigurationError: a file with a secret cannot be read, or is too short to be one.
    """
    gates = {
        system: CallbackGate(keys=_callback_keys(settings, options, system), largest=options.answer_bytes)
        for system, options in settings.routes.items()
        if isinstance(options, HttpRoute)
    }
    return {system: gate for system, gate in gates.items() if gate.keys.token or gate.keys.secret}


def _callback_keys(settings: Settings, options: HttpRoute, system: str) -> CallbackKeys:
    key = f"routes.{system}"
    return CallbackKeys(
        token=_secret(settings, options.callback_token_file, f"{key}.callback_token_file"),
        secret=_secret(settings, options.callback_secret_file, f"{key}.callback_secret_file"),
    )


def _remote(settings: Settings, options: AnyRoute, key: str) -> RemoteSettings | None:
    match options:
        case HttpRoute():
            token = _secret(settings, options.token_file, f"{key}.token_file")
            return HttpSettings(
                url=options.url,
                tls=_tls(settings, options),
                token=token.decode("ascii") if token else None,
                timeout_seconds=options.timeout_seconds,
                batch_seconds=settings.worker.lease_seconds * _PART_OF_LEASE,
                connections=options.connections,
                response_bytes=options.answer_bytes,
            )
        case AmqpRoute():
            return AmqpSettings(
                url=_with_password(settings, options, key),
                queue=options.queue,
                answers=options.answers,
                dead_letters=options.dead_letters,
                declare=options.declare,
                tls=_tls(settings, options),
                timeout_seconds=options.timeout_seconds,
                message_bytes=options.answer_bytes,
            )
        case DirectoryRoute():
            return DirectorySettings(
                outbox=settings.path(options.outbox),
                inbox=settings.path(options.inbox),
                settle_seconds=options.settle_seconds,
                answer_bytes=options.answer_bytes,
            )
        case _:
            return None


def _tls(settings: Settings, options: HttpRoute | AmqpRoute) -> Tls:
    def path(file: Path | None) -> Path | None:
        return settings.path(file) if file else None

    return Tls(ca=path(options.ca), certificate=path(options.certificate), key=path(options.key))


def _with_password(settings: Settings, options: AmqpRoute, key: str) -> str:
    """The address with the password of the file put into it."""
    if options.password_file is None:
        return options.url
    name = f"{key}.password_file"
    password = read_secret_file(settings.path(options.password_file), key=name).decode().strip()
    parts = urlsplit(options.url)
    if not parts.username or parts.password:
        raise ConfigurationError(key=name, reason="the url must name a user and no password")
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()


def _secret(settings: Settings, file: Path | None, key: str) -> bytes | None:
    """A shared secret: visible ASCII, the white space around it left out."""
    if file is None:
        return None
    secret = read_secret_file(settings.path(file), key=key).strip()
    if len(secret) < _SHORTEST_SECRET or not (secret.isascii() and secret.decode("ascii").isprintable()):
        reason = f"{file} must hold at least {_SHORTEST_SECRET} visible ASCII characters"
        raise ConfigurationError(key=key, reason=reason)
    return secret
