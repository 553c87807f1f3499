"""AES, at the office of exit and afterwards: arrival, exit, enquiry (EU DDNXA)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from routing.simulators.ledger import State
from routing.simulators.lifecycle import Case, Reaction, Side, Step, Tell, find_at, text_at
from routing.simulators.scenarios import Point
from routing.simulators.shaping import Told

__all__ = ["AT_EXIT", "STEPS", "invalidation"]

#: Messages to the office of exit.
AT_EXIT: Final = frozenset({"CC507C", "CC590C"})
_ANSWER_WITHIN: Final = timedelta(days=60)
_EXIT_OFFICE: Final = "CustomsOfficeOfExitActual/referenceNumber"


def _arrive(case: Case) -> Reaction:
    """CC507C: the goods are at the office of exit, which lets them leave (CC525C)."""
    root = case.asked.root
    office = text_at(root, f"Body/{_EXIT_OFFICE}") or ""
    changes: dict[str, Told] = {
        "ExportOperation": {"MRN": case.reference, "releaseDate": case.today},
        "CustomsOfficeOfExitActual": {"referenceNumber": office},
    }
    told = Tell(type_code="CC525C", changes=changes, to=Side.ACTOR)
    return Reaction(tell=(told,), movement=case.answered(State.ARRIVED, exit_office=office))


def _leave(case: Case) -> Reaction:
    """CC590C: the carrier has taken the goods out. The exporter gets CC599C, the carrier the UPO."""
    root = case.asked.root
    office = text_at(root, _EXIT_OFFICE) or ""
    told = _confirmation(case, office, text_at(root, "ExportOperation/exitDate") or case.today)
    return Reaction(tell=(told,), movement=case.moved(State.CLOSED))


def _finish_abroad(case: Case) -> Reaction:
    """The office of exit declared has seen the goods leave."""
    told = _confirmation(case, case.declared("CustomsOfficeOfExitDeclared/referenceNumber"), case.today)
    return Reaction(tell=(told,), movement=case.moved(State.CLOSED))


def _confirmation(case: Case, office: str, exit_date: str, to: Side = Side.OWNER) -> Tell:
    """CC599C: the declaration again, as the exporter's proof of exit."""
    operation = {
        "LRN": case.movement.lrn,
        "MRN": case.reference,
        "declarationAcceptanceDate": case.fact("accepted_on"),
        "releaseDate": case.fact("released_on"),
        "exitDate": exit_date,
    }
    changes: dict[str, Told] = {
        "ExportOperation": operation,
        "CustomsOfficeOfExitActual": {"referenceNumber": office},
    }
    return Tell(type_code="CC599C", changes=changes, source=case.declaration, to=to)


def _enquire(case: Case) -> Reaction:
    """CC582C: nobody saw the goods leave."""
    request: Mapping[str, Told] = {
        "MRN": case.reference,
        "requestOnNonExitedExportDate": case.today,
        "limitForResponseDate": case.day(_ANSWER_WITHIN),
    }
    told = Tell(type_code="CC582C", changes={"ExportOperation": request}, to=Side.OWNER)
    return Reaction(tell=(told,), movement=case.moved(State.ENQUIRED), later=case.next(Point.ENQUIRED))


def _inform(case: Case) -> Reaction:
    """CC583C: with a date of exit or other evidence the exit is confirmed, else the export invalidated."""
    root = case.asked.root
    exit_date = text_at(root, "ExportOperation/exitDate")
    if exit_date is None and find_at(root, "AlternativeEvidence") is None:
        told = invalidation(case, "Brak dowodu wyprowadzenia towarów.")
        return Reaction(tell=(told,), movement=case.moved(State.INVALIDATED))
    declared = case.declared("CustomsOfficeOfExitDeclared/referenceNumber")
    office = text_at(root, _EXIT_OFFICE) or declared
    told = _confirmation(case, office, exit_date or case.today, Side.ACTOR)
    return Reaction(tell=(told,), movement=case.moved(State.CLOSED))


def _close_enquiry(case: Case) -> Reaction:
    """No answer in time."""
    told = invalidation(case, "Brak odpowiedzi na zapytanie o wyprowadzenie towarów.")
    return Reaction(tell=(told,), movement=case.moved(State.INVALIDATED))


def invalidation(case: Case, why: str) -> Tell:
    """CC509C of customs' own accord."""
    decision: dict[str, Told] = {
        "requestDateAndTime": None,
        "decisionDateAndTime": case.timestamp,
        "decision": "1",
        "initiatedByCustoms": "1",
        "justification": why,
    }
    numbers = {"LRN": case.movement.lrn, "MRN": case.movement.reference}
    changes: dict[str, Told] = {"ExportOperation": numbers, "Invalidation": decision}
    return Tell(type_code="CC509C", changes=changes, source=case.declaration, to=case.declarant)


#: What happens after the release.
STEPS: Final = {
    "CC507C": Step(does=_arrive, within=frozenset({State.RELEASED})),
    "CC590C": Step(does=_leave, within=frozenset({State.ARRIVED})),
    "CC583C": Step(does=_inform, within=frozenset({State.ENQUIRED})),
    "finish_abroad": Step(does=_finish_abroad, within=frozenset({State.RELEASED, State.ARRIVED})),
    "miss": Step(does=_enquire, within=frozenset({State.RELEASED})),
    "close_enquiry": Step(does=_close_enquiry, within=frozenset({State.ENQUIRED})),
}
