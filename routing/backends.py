"""Builds the back ends that a table of routes asks for."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Engine

from routing.adapters.amqp import AmqpBackEnd
from routing.adapters.directory import DirectoryBackEnd
from routing.adapters.http import HttpBackEnd
from routing.adapters.settings import AmqpSettings, DirectorySettings, HttpSettings
from routing.errors import RouteConfigurationError
from routing.model import BackEnd
from routing.routes import AdapterKind, Route, RouteTable
from routing.simulators.aes import AES
from routing.simulators.ais import AIS
from routing.simulators.emcs import EMCSPL2
from routing.simulators.ncts import NCTS2
from routing.simulators.simulator import Simulator
from routing.simulators.sql_ledger import SqlLedger
from schemas.catalogue import Catalogue

__all__ = ["build_back_ends"]

#: Systems that can be simulated.
_SYSTEMS = MappingProxyType({system.code: system for system in (NCTS2, AES, AIS, EMCSPL2)})


def build_back_ends(
    routes: RouteTable,
    engine: Engine,
    clock: Callable[[], datetime],
    catalogue: Catalogue,
    *,
    reading: Engine | None = None,
) -> Mapping[str, BackEnd]:
    """One back end per system that documents are passed on to.

    Args:
        routes: which adapter serves which system.
        engine: database of the simulators (tables of `routing.tables`); `begin()` must give a writing
            transaction, on SQLite one that starts with BEGIN IMMEDIATE.
        clock: current time, aware.
        catalogue: message types.
        reading: the same database for transactions that only read and block nobody; None: `engine`.

    Returns:
        Back ends by target-system code; the register and systems served directly have none.

    Raises:
        RouteConfigurationError: a simulator is wanted for a system that cannot be simulated, or the address
            or a TLS file of a back end cannot be used.
    """
    elsewhere = {AdapterKind.DIRECT, AdapterKind.REGISTRY}
    served = (route for route in routes if route.adapter not in elsewhere)
    return MappingProxyType(
        {r.system: _remote(r) or _simulator(r, (engine, reading), clock, catalogue) for r in served}
    )


def _remote(route: Route) -> BackEnd | None:
    """The adapter of a back end outside this process."""
    match route.remote:
        case HttpSettings():
            return HttpBackEnd(route.system, route.remote)
        case AmqpSettings():
            return AmqpBackEnd(route.system, route.remote)
        case DirectorySettings():
            return DirectoryBackEnd(route.system, route.remote)
        case None:
            return None


def _simulator(
    route: Route,
    engines: tuple[Engine, Engine | None],
    clock: Callable[[], datetime],
    catalogue: Catalogue,
) -> Simulator:
    system = _SYSTEMS.get(route.system)
    if system is None:
        known = ", ".join(sorted(_SYSTEMS))
        raise RouteConfigurationError(system=route.system, reason=f"no simulator; there is one for {known}")
    ledger = SqlLedger(engines[0], route.system, reading=engines[1])
    return Simulator(system, ledger=ledger, catalogue=catalogue, clock=clock, settings=route.simulator)
