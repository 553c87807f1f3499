"""`sisc systems`: emergency mode of back ends and of the gateway itself."""

from datetime import datetime
from typing import Annotated

import typer

from gateway.back_end_health import ask_all
from gateway.bootstrap import Gateway
from gateway.cli.context import open_configured, operations
from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_rows, tell
from gateway.cli.progress import counting_bar
from gateway.flow.lanes import lane_of, system_of
from gateway.store.model import Lane
from gateway.store.queue_control import LaneState
from gateway.store.systems import GATEWAY

__all__ = ["app"]

app = group("Pause and resume deliveries to a target system, or the intake.")

_COLUMNS = ("system", "state", "waiting", "retried", "held", "oldest", "since", "by", "reason")
_NOTHING = LaneState(items=0, held=0, retried=0, oldest=None)

Subject = Annotated[str, typer.Argument(help="Target system, e.g. NCTS2; 'gateway' for the intake.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]


@app.command("pause")
def pause(system: Subject, reason: Reason, as_json: JsonFlag = False) -> None:
    """Let documents for a system wait; with 'gateway' refuse AcceptDocument with B010."""
    with open_configured() as gateway:
        operations(gateway).pause(_subject(system), reason)
    _tell_state(_subject(system), "paused", as_json=as_json)


@app.command("resume")
def resume(system: Subject, reason: Reason, as_json: JsonFlag = False) -> None:
    """End a pause; what waits goes on at once."""
    with open_configured() as gateway:
        operations(gateway).resume(_subject(system), reason)
    _tell_state(_subject(system), "open", as_json=as_json)


@app.command("status")
def status(as_json: JsonFlag = False) -> None:
    """Tell which systems are paused and what waits for each."""
    with open_configured() as gateway:
        print_rows("Systems", _COLUMNS, _rows(gateway), as_json=as_json)


@app.command("health")
def health(as_json: JsonFlag = False) -> None:
    """Ask every back end how it is; exits 1 when one is not well."""
    with open_configured() as gateway:
        back_ends = gateway.back_ends
        with counting_bar(len(back_ends), "back ends") as count:
            asked = ask_all(back_ends, count)
        rows = [
            (system, gateway.routes.find(system).adapter.value, told.well, told.detail)
            for system, told in asked.items()
        ]
    print_rows("Back ends", ("system", "adapter", "well", "detail"), rows, as_json=as_json)
    if not all(told.well for told in asked.values()):
        raise typer.Exit(1)


@app.command("history")
def history(
    system: Subject,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """Tell who paused and resumed a system when and why."""
    with open_configured() as gateway, gateway.store.read() as work:
        changes = work.systems.history(_subject(system), limit=limit)
    rows = [(at, "paused" if paused else "resumed", by, reason) for paused, at, by, reason in changes]
    print_rows("History", ("time", "change", "by", "reason"), rows, as_json=as_json)


def _tell_state(subject: str, state: str, *, as_json: bool) -> None:
    tell({"system": subject, "state": state}, f"{subject} is {state}", as_json=as_json)


def _subject(system: str) -> str:
    return GATEWAY if system.lower() == GATEWAY else system.upper()


def _rows(gateway: Gateway) -> list[tuple[object, ...]]:
    with gateway.store.read() as work:
        pauses, lanes = work.systems.all_paused(), work.control.lanes()
    known = {*gateway.routes.served, *filter(None, map(system_of, lanes))}
    subjects = {GATEWAY: str(Lane.VERIFY)} | {system: lane_of(system) for system in sorted(known)}
    rows: list[tuple[object, ...]] = []
    for subject, lane in subjects.items():
        held_up, waits = pauses.get(subject), lanes.get(lane, _NOTHING)
        told: tuple[datetime | str | None, ...] = (None, None, None)
        if held_up is not None:
            told = (held_up.since, held_up.operator, held_up.reason)
        state = "paused" if held_up else "open"
        rows.append((subject, state, waits.items, waits.retried, waits.held, waits.oldest, *told))
    return rows
