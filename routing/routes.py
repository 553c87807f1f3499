"""Which adapter serves which target system: data, given by the settings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType, NoneType

from routing.adapters.settings import AmqpSettings, DirectorySettings, HttpSettings, RemoteSettings
from routing.breaker import BreakerPolicy
from routing.errors import DirectSystemError, RouteConfigurationError, UnknownSystemError
from routing.retry import RetryPolicy

__all__ = ["AdapterKind", "Route", "RouteTable", "SimulatorSettings", "default_routes"]


class AdapterKind(StrEnum):
    """How documents reach a back end."""

    SIMULATOR = "simulator"  # a life-like back end inside the process
    HTTP = "http"  # POST, answers by callback
    AMQP = "amqp"  # message broker
    DIRECTORY = "directory"  # atomic file drop and pick-up
    REGISTRY = "registry"  # the register of the gateway itself decides (SZPROT)
    DIRECT = "direct"  # legacy: not through this channel, refused with an explanation


#: What the route of a remote back end must say of it.
_REMOTE: Mapping[AdapterKind, type[RemoteSettings]] = MappingProxyType(
    {
        AdapterKind.HTTP: HttpSettings,
        AdapterKind.AMQP: AmqpSettings,
        AdapterKind.DIRECTORY: DirectorySettings,
    }
)
#: Where applications to the register go.
_REGISTER = "SZPROT"


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatorSettings:
    """How strict a simulated back end is."""

    #: Refuse a message number (messageIdentification) the same principal has used before, with code 26.
    #: Off, so that a sample can be sent again with nothing but its LRN changed.
    unique_message_numbers: bool = False
    #: How many times faster than real time simulated time runs: with 1440 a day takes a minute.
    time_factor: float = 1440.0
    #: Another seed gives other MRNs and ARCs; the same gives the same for the same LRNs.
    seed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """The way to one target system."""

    system: str  # target-system code of the channel, e.g. "NCTS2"
    adapter: AdapterKind
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    simulator: SimulatorSettings = field(default_factory=SimulatorSettings)
    remote: RemoteSettings | None = None  # where the back end is, of the kind that the adapter needs


class RouteTable:
    """Routes by target-system code.

    Args:
        routes: at most one per system.

    Raises:
        RouteConfigurationError: two routes for a system, or a route that does not say where its back end is.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        table: dict[str, Route] = {}
        for route in routes:
            if route.system in table:
                raise RouteConfigurationError(system=route.system, reason="has two routes")
            if not isinstance(route.remote, _REMOTE.get(route.adapter, NoneType)):
                reason = f"its settings are not those of adapter {route.adapter.value!r}"
                raise RouteConfigurationError(system=route.system, reason=reason)
            if route.adapter is AdapterKind.REGISTRY and route.system != _REGISTER:
                reason = f"adapter {AdapterKind.REGISTRY.value!r} serves {_REGISTER} only"
                raise RouteConfigurationError(system=route.system, reason=reason)
            table[route.system] = route
        self._routes = MappingProxyType(table)

    def __iter__(self) -> Iterator[Route]:
        """All routes, those of kind `direct` included."""
        return iter(self._routes.values())

    @property
    def served(self) -> tuple[str, ...]:
        """Codes of the systems that documents are passed on to, sorted."""
        return tuple(sorted(r.system for r in self if r.adapter is not AdapterKind.DIRECT))

    def find(self, system: str) -> Route:
        """The route to a system.

        Raises:
            UnknownSystemError: no route has this code.
            DirectSystemError: the system is served directly, outside this channel.
        """
        route = self._routes.get(system)
        if route is None:
            raise UnknownSystemError(system=system, served=self.served)
        if route.adapter is AdapterKind.DIRECT:
            raise DirectSystemError(system=system)
        return route


#: Systems that a sandbox simulates.
_SIMULATED = ("NCTS2", "AES", "AIS", "EMCSPL2")
#: Legacy systems with an entrance of their own.
_LEGACY = ("CELINA", "ECS", "ICS", "INTRASTAT")


def default_routes() -> RouteTable:
    """Simulators for NCTS2, AES, AIS and EMCSPL2, the register, the legacy systems refused as direct."""
    simulated = (Route(system=code, adapter=AdapterKind.SIMULATOR) for code in _SIMULATED)
    legacy = (Route(system=code, adapter=AdapterKind.DIRECT) for code in _LEGACY)
    register = Route(system=_REGISTER, adapter=AdapterKind.REGISTRY)
    return RouteTable((*simulated, register, *legacy))
