"""`sisc scenarios`: what testers can ask of simulated back ends, and asking it for a whole party."""

from datetime import timedelta
from typing import Annotated, Final

import typer

from gateway.bootstrap import Gateway
from gateway.cli.context import open_configured
from gateway.cli.groups import group
from gateway.cli.output import AnySystem, JsonFlag, print_rows, tell
from gateway.errors import ConfigurationError
from routing.routes import AdapterKind
from routing.simulators.scenarios import DEFAULT, SCENARIOS, Scenario
from routing.simulators.sql_ledger import SqlLedger

__all__ = ["app"]

app = group("Tell what simulated back ends can be asked for, and ask it for a party.")

_HOUR: Final = timedelta(hours=1)

System = Annotated[str, typer.Argument(help="Target system, e.g. NCTS2.")]
Party = Annotated[str, typer.Argument(help="EORI or excise number whose declarations are meant.")]
Prefix = Annotated[str, typer.Argument(help="Scenario, e.g. CTRL.")]


@app.command("list")
def list_scenarios(
    system: AnySystem = None,
    as_json: JsonFlag = False,
) -> None:
    """List the scenarios; an LRN that begins with the prefix asks for one."""
    rows = [
        (one.prefix or "any other", " ".join(sorted(one.systems)), one.title)
        for one in (*SCENARIOS, DEFAULT)
        if system is None or system in one.systems
    ]
    print_rows("Scenarios", ("LRN begins with", "systems", "what happens"), rows, as_json=as_json)


@app.command("show")
def show(prefix: Prefix, as_json: JsonFlag = False) -> None:
    """Show what the system does of its own accord at each turning point, and when."""
    rows = [
        (point, later.event, f"{later.after / _HOUR:g}")
        for point, events in _scenario(prefix).plan.items()
        for later in events
    ]
    print_rows(f"Scenario {prefix.upper()}", ("after", "event", "hours"), rows, as_json=as_json)


@app.command("set")
def set_scenario(system: System, party: Party, prefix: Prefix, as_json: JsonFlag = False) -> None:
    """Let all new declarations of a party go as a scenario says, unless their LRN asks for another."""
    scenario = _scenario(prefix)
    with open_configured() as gateway:
        ledger, code = _ledger(gateway, system), system.upper()
        if code not in scenario.systems:
            known = ", ".join(sorted(scenario.systems))
            raise ConfigurationError(key="PREFIX", reason=f"{scenario.prefix} is a scenario of {known}")
        ledger.choose(party, scenario.prefix)
    record = {"system": code, "party": party, "scenario": scenario.prefix}
    tell(record, f"{code}: declarations of {party} go as {scenario.prefix} says", as_json=as_json)


@app.command("clear")
def clear(system: System, party: Party, as_json: JsonFlag = False) -> None:
    """Let the declarations of a party go as their LRNs ask."""
    with open_configured() as gateway:
        _ledger(gateway, system).choose(party, None)
    code = system.upper()
    record = {"system": code, "party": party, "scenario": None}
    tell(record, f"{code}: declarations of {party} go as their LRNs ask", as_json=as_json)


@app.command("parties")
def parties(system: System, as_json: JsonFlag = False) -> None:
    """List the parties for which a scenario is set."""
    with open_configured() as gateway:
        rows = sorted(_ledger(gateway, system).choices().items())
    print_rows("Parties", ("party", "scenario"), rows, as_json=as_json)


def _scenario(prefix: str) -> Scenario:
    found = next((one for one in SCENARIOS if one.prefix == prefix.upper()), None)
    if found is None:
        raise ConfigurationError(key="PREFIX", reason=f"no scenario {prefix}; `sisc scenarios list` has them")
    return found


def _ledger(gateway: Gateway, system: str) -> SqlLedger:
    """The memory of a system that is simulated in this gateway."""
    simulated = [route.system for route in gateway.routes if route.adapter is AdapterKind.SIMULATOR]
    if system.upper() not in simulated:
        raise ConfigurationError(
            key="SYSTEM",
            reason=f"{system} is not simulated here; these are: {', '.join(sorted(simulated)) or 'none'}",
        )
    return SqlLedger(gateway.store.engine, system.upper())
