"""EMCS PL2, how a movement begins: its ARC, the validated e-AD, and what comes of its own accord."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from routing.simulators.emcs_writing import (
    CONSIGNEE,
    DRAFT,
    UNKNOWN_DESTINATION,
    consignee_of,
    ead,
    to_consignee,
)
from routing.simulators.ledger import Movement, State
from routing.simulators.lifecycle import Case, Side, Tell
from routing.simulators.scenarios import Later, Point
from schemas.identifiers import make_arc

__all__ = ["begun", "validated", "what_comes", "what_the_scenario_has"]

#: Kind of movement, last character of an ARC's body: e-AD for duty-suspended goods.
_MOVEMENT_KIND: Final = "1"
_DESTINATION: Final = f"{DRAFT}/HeaderEadEsad/DestinationTypeCode"
_EXPORT: Final = "6"
#: How long after the end of the journey the system reminds of a missing report of receipt
#: (Council Directive (EU) 2020/262, Article 24: five working days).
_REPORT_WITHIN: Final = timedelta(days=5)
_HOURS_A_DAY: Final = 24


def begun(case: Case, movement: Movement) -> Case:
    """A movement with its ARC, as a case of its own."""

    def make(serial: str) -> str:
        return make_arc(case.local.year, "PL", serial + _MOVEMENT_KIND)

    arc = case.numbers.new_reference(movement, make, length=15)
    facts = {**movement.facts, "sequence": "1", "validated_at": case.timestamp}
    return replace(case, movement=replace(movement, state=State.RELEASED, reference=arc, facts=facts))


def validated(case: Case) -> tuple[Tell, ...]:
    """IE801 to the consignor, and to a consignee in Poland."""
    told = Tell(
        type_code="IE801", changes=ead(case), source=case.declaration, to=Side.ACTOR, movement=case.movement
    )
    return (told, *to_consignee(case, told, consignee_of(case)))


def what_comes(case: Case) -> tuple[Later, ...]:
    """What happens of its own accord with a movement that begins."""
    if case.declared(_DESTINATION) == _EXPORT:
        return what_the_scenario_has(case)
    remind = Later(event="remind", after=_journey(case) + _REPORT_WITHIN)
    return (*what_the_scenario_has(case), remind)


def what_the_scenario_has(case: Case) -> tuple[Later, ...]:
    """What others do with the goods, by where these go."""
    destination = case.declared(_DESTINATION)
    if destination == UNKNOWN_DESTINATION:
        return ()
    if destination == _EXPORT:
        return case.next(Point.VALIDATED_EXPORT)
    at_home = case.declared(CONSIGNEE).startswith("PL")
    return case.next(Point.VALIDATED if at_home else Point.VALIDATED_ABROAD)


def _journey(case: Case) -> timedelta:
    """Length of the journey as declared: D and days, or H and hours."""
    declared = case.declared(f"{DRAFT}/HeaderEadEsad/JourneyTime")
    number = int(declared[1:]) if declared[1:].isdecimal() else 0
    return timedelta(hours=number if declared[:1] == "H" else number * _HOURS_A_DAY)
