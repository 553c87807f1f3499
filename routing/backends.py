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
from routing.simulators.lifecycle import System
from routing.simulators.ncts import NCTS2
from routing.simulators.receipts import Seal
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
    seal: Seal | None = None,
) -> Mapping[str, BackEnd]:
    """One back end per system that documents are passed on to.

    Args:
        routes: which adapter serves which system.
        engine: database of the simulators (tables of `routing.tables`); `begin()` must give a writing
            transaction, on SQLite one that starts with BEGIN IMMEDIATE.
        clock: current time, aware.
        catalogue: message types.
        reading: the same database for transactions that only read and block nobody; None: `engine`.
        seal: signs the UPO and OdrzucenieKomunikatu of simulators; None: they go without.

    Returns:
        Back ends by target-system code; the register and systems served directly have none.

    Raises:
        RouteConfigurationError: a simulator is wanted for a system that cannot be simulated, or the address
            or a TLS file of a back end cannot be used.
    """
    elsewhere = {AdapterKind.DIRECT, AdapterKind.REGISTRY}
    served = (route for route in routes if route.adapter not in elsewhere)

    def simulated(route: Route) -> Simulator:
        return Simulator(
            _system(route),
            ledger=SqlLedger(engine, route.system, reading=reading),
            catalogue=catalogue,
            clock=clock,
            settings=route.simulator,
            seal=seal,
        )

    return MappingProxyType({route.system: _remote(route) or simulated(route) for route in served})


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


def _system(route: Route) -> System:
    system = _SYSTEMS.get(route.system)
    if system is None:
        known = ", ".join(sorted(_SYSTEMS))
        raise RouteConfigurationError(system=route.system, reason=f"no simulator; there is one for {known}")
    return system
