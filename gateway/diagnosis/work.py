"""What waits: queues, pauses, documents given up, the quarantine."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from gateway.diagnosis.lines import Line, Page, failure, ok, warning
from gateway.flow.lanes import lane_of, system_of
from gateway.store.model import DocumentFilter, DocumentState, Lane
from gateway.store.ports import UnitOfWork
from gateway.store.quarantine import Quarantine
from gateway.store.queue_control import LaneState

__all__ = ["look_at_given_up", "look_at_house", "look_at_pauses", "look_at_quarantine", "look_at_queues"]

_PATIENCE: Final = timedelta(minutes=10)  # work that has waited longer is not being done
_RECENT: Final = timedelta(days=30)
_MANY: Final = 1000  # counted up to
_NOTHING: Final = LaneState(items=0, held=0, retried=0, oldest=None)


def look_at_queues(work: UnitOfWork, served: Collection[str], at: datetime) -> Iterator[Line]:
    """Depth of every queue and its oldest work."""
    paused = work.systems.all_paused()
    lanes = dict(work.control.lanes())
    yield _queue("verification", lanes.pop(Lane.VERIFY, _NOTHING), at)
    for system in sorted(served):
        state = lanes.pop(lane_of(system), _NOTHING)
        if system not in paused:  # told of itself
            yield _queue(system, state, at)
    for lane, state in lanes.items():
        remedy = "give the system a route, or sisc documents reroute SYSREF --to SYSTEM"
        found = f"{state.items} documents wait for {system_of(lane) or lane}, which has no route"
        yield failure(f"queue {system_of(lane) or lane}", found, remedy, Page.SETTINGS)


def _queue(name: str, state: LaneState, at: datetime) -> Line:
    subject = f"queue {name}"
    if not state.items or state.oldest is None:
        return ok(subject, "empty")
    age = timedelta(seconds=int((at - state.oldest).total_seconds()))
    found = f"{state.items} documents, the oldest since {age}; {state.retried} retried, {state.held} held"
    waiting = state.items - state.held - state.retried
    if age < _PATIENCE or state.items == state.held:
        return ok(subject, found)
    if state.retried:
        return warning(subject, found, "sisc systems health tells how the back end is", Page.BACK_END)
    if waiting:
        return failure(subject, found, "run sisc worker, or more of them", Page.BACKLOG)
    return ok(subject, found)


def look_at_pauses(work: UnitOfWork) -> Iterator[Line]:
    """What an operator has stopped."""
    paused = work.systems.all_paused()
    if not paused:
        yield ok("pauses", "nothing is paused")
    for subject, pause in paused.items():
        since = f"{pause.since:%Y-%m-%d %H:%M} UTC"
        found = f"{subject} is paused since {since} by {pause.operator}: {pause.reason}"
        yield warning("pauses", found, f"sisc systems resume {subject} --reason …", Page.BACK_END)


def look_at_given_up(work: UnitOfWork, at: datetime) -> Iterator[Line]:
    """Documents no back end took."""
    wanted = DocumentFilter(state=DocumentState.UNDELIVERABLE, received_from=at - _RECENT)
    count = len(work.documents.find(wanted, limit=_MANY))
    if count:
        found = f"{_counted(count)} documents of the last {_RECENT.days} days were given up"
        remedy = "sisc documents list --state undeliverable; sisc documents retry SYSREF --reason …"
        yield warning("given up", found, remedy, Page.BACK_END)
    else:
        yield ok("given up", f"no document of the last {_RECENT.days} days")


def look_at_quarantine(work: UnitOfWork) -> Iterator[Line]:
    """Answers nobody may be given without an operator's word."""
    waiting = Quarantine(work.connection).find(limit=_MANY)
    if waiting:
        oldest = waiting[0].arrived_at
        found = f"{_counted(len(waiting))} answers wait, the oldest since {oldest:%Y-%m-%d %H:%M} UTC"
        yield warning("quarantine", found, "sisc answers list; sisc answers release or drop", Page.CONNECT)
    else:
        yield ok("quarantine", "empty")


def look_at_house(work: UnitOfWork, at: datetime) -> Iterator[Line]:
    """Whether a worker keeps house: documents past their term lapse within minutes."""
    overdue = work.withheld.overdue(at=at - timedelta(hours=2), limit=1)
    if overdue:
        found = f"no PND was sent for a document due on {overdue[0].due_at:%Y-%m-%d %H:%M} UTC"
        yield failure("housekeeping", found, "run sisc worker, or sisc serve", Page.CRASH)
    else:
        yield ok("housekeeping", "no proof of delivery is overdue")


def _counted(count: int) -> str:
    return f"{count} or more" if count >= _MANY else str(count)
