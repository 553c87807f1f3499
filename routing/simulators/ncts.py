"""NCTS2, at departure: declaration, amendment, invalidation, presentation, release (EU DDNTA phase 5)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from routing.simulators import ncts_arrival
from routing.simulators.common_domain import (
    about_declaration,
    amendment,
    control_result,
    control_types,
    functional_errors,
    functional_fault,
    head,
    invalidation_asked_for,
    new_mrn,
    rejection,
    xml_fault,
)
from routing.simulators.ledger import State
from routing.simulators.lifecycle import (
    Case,
    FunctionalError,
    Reaction,
    Step,
    System,
    Tell,
    texts_at,
)
from routing.simulators.rules import COMMON_TRANSIT_COUNTRIES, mass_adds_up, office_is_in
from routing.simulators.scenarios import Behaviour, Later, Point
from routing.simulators.shaping import Told
from schemas.identifiers import is_valid_mrn
from schemas.wording import Text

__all__ = ["NCTS2"]

_DEPARTURE: Final = "CustomsOfficeOfDeparture/referenceNumber"
_DESTINATION: Final = "CustomsOfficeOfDestinationDeclared/referenceNumber"
#: Procedure letter of the MRN by TransitOperation/security: none, entry, exit, both summary declarations.
_PROCEDURE_LETTERS: Final = {"0": "J", "1": "L", "2": "K", "3": "M"}
_PRELODGED: Final = "D"
#: Covers a declaration that states no amount (Implementing Regulation (EU) 2015/2447, Article 155).
_PRESUMED_AMOUNT: Final = "10000.00"
_COMPREHENSIVE: Final = "1"
#: Guarantee exists, but is not valid in the countries of the movement.
_INVALID_GUARANTEE: Final = "G03"
_NO_RELEASE: Final = "Z1"

_RELEASE: Final = (Later(event="release"),)
_BEFORE_DECISION: Final = frozenset({State.ACCEPTED, State.AMENDMENT_WANTED})
_BEFORE_RELEASE: Final = _BEFORE_DECISION | {State.PRELODGED}

_tell = partial(about_declaration, "TransitOperation")


def _check(case: Case) -> Iterator[FunctionalError]:
    request = case.asked
    yield from office_is_in(request, _DEPARTURE, COMMON_TRANSIT_COUNTRIES)
    yield from office_is_in(request, _DESTINATION, COMMON_TRANSIT_COUNTRIES)
    yield from mass_adds_up(request, "Consignment/grossMass", "Consignment/HouseConsignment/grossMass")


def _declare(case: Case) -> Reaction:
    prelodged = case.declared("TransitOperation/additionalDeclarationType") == _PRELODGED
    received = _tell(case, "CC928C", {})
    if prelodged:
        movement = case.moved(State.PRELODGED)
        return Reaction(tell=(received,), movement=movement, later=case.next(Point.PRELODGED))
    accepted = _accept(case)
    return replace(accepted, tell=(received, *accepted.tell))


def _accept(case: Case) -> Reaction:
    """Give the MRN; what then comes the scenario says."""
    movement = case.moved(State.ACCEPTED, accepted_on=case.today, submitted_at=case.timestamp)
    movement = replace(movement, reference=_new_mrn(case))
    accepted = {"MRN": movement.reference, "declarationAcceptanceDate": case.today}
    allocated = replace(_tell(case, "CC028C", accepted), movement=movement)
    return Reaction(tell=(allocated,), movement=movement, later=case.next(Point.ACCEPTED))


def _new_mrn(case: Case) -> str:
    office = case.declared(_DEPARTURE)
    letter = _PROCEDURE_LETTERS.get(case.declared("TransitOperation/security"), "J")
    return new_mrn(case, office, letter)


def _present(case: Case) -> Reaction:
    """CC170C: the goods of a declaration lodged before are there."""
    return _accept(case)


def _amend(case: Case) -> Reaction:
    """CC013C replaces the declaration; what waited for it goes on."""
    accepted = amendment(case, "CC004C", "TransitOperation")
    movement = replace(case.movement, declaration=case.asked.content)
    if case.movement.state is not State.AMENDMENT_WANTED:
        return Reaction(tell=(accepted,), movement=movement)
    movement = replace(movement, state=State.ACCEPTED)
    return Reaction(tell=(accepted,), movement=movement, later=_RELEASE)


def _lapse(case: Case) -> Reaction:
    """Nobody presented the goods in time: customs invalidate the declaration."""
    decision: dict[str, Told] = {
        "requestDateAndTime": None,
        "decisionDateAndTime": case.timestamp,
        "decision": "1",
        "initiatedByCustoms": "1",
        "justification": "Towarów nie przedstawiono w terminie 30 dni.",
    }
    told = _tell(case, "CC009C", {}, {"Invalidation": decision})
    return Reaction(tell=(told,), movement=case.moved(State.INVALIDATED))


def _control(case: Case) -> Reaction:
    notice: dict[str, Told] = {
        "controlNotificationDateAndTime": case.timestamp,
        "notificationType": "0",
    }
    told = _tell(case, "CC060C", notice, {"TypeOfControls": control_types()})
    return Reaction(tell=(told,), movement=case.moved(State.UNDER_CONTROL))


def _release(case: Case) -> Reaction:
    """CC029C: the whole declaration again, with the decisions of the office of departure."""
    decided: dict[str, Told] = {
        "declarationAcceptanceDate": case.fact("accepted_on"),
        "releaseDate": case.today,
    }
    changes: dict[str, Told] = {
        "ControlResult": control_result(case),
        "Consignment": {"containerIndicator": ncts_arrival.container_indicator(case)},
    }
    told = _tell(case, "CC029C", decided, changes)
    return Reaction(tell=(told,), movement=case.moved(State.RELEASED), later=case.next(Point.RELEASED))


def _refuse(case: Case) -> Reaction:
    reason: dict[str, Told] = {
        "declarationSubmissionDateAndTime": case.fact("submitted_at"),
        "noReleaseMotivationCode": _NO_RELEASE,
        "noReleaseMotivationText": "Brak zwolnienia do procedury tranzytu.",
    }
    told = _tell(case, "CC051C", reason)
    return Reaction(tell=(told,), movement=case.moved(State.NOT_RELEASED))


def _question_guarantee(case: Case) -> Reaction:
    """CC055C; a declaration whose guarantees have no number has nothing to name in it and is refused."""
    grns = [grn for grn in texts_at(case.declaration, "Guarantee/GuaranteeReference/GRN") if grn]
    if not grns:
        return _refuse(case)
    invalid: list[Told] = [{"sequenceNumber": "1", "code": _INVALID_GUARANTEE}]
    references: list[Told] = [
        {"sequenceNumber": str(number), "GRN": grn, "InvalidGuaranteeReason": invalid}
        for number, grn in enumerate(grns, start=1)
    ]
    accepted = {"declarationAcceptanceDate": case.fact("accepted_on")}
    told = _tell(case, "CC055C", accepted, {"GuaranteeReference": references})
    return Reaction(tell=(told,), movement=case.moved(State.AMENDMENT_WANTED))


def _ask_amendment(case: Case) -> Reaction:
    text = Text(pl="Należy sprostować zgodnie ze scenariuszem.", en="To be amended as the scenario asks.")
    wanted = FunctionalError(pointer="/CC015C/Consignment", code="14", reason="SIM-AMD", text=text)
    notice = {"amendmentNotificationDateAndTime": case.timestamp}
    told = _tell(case, "CC022C", notice, {"FunctionalError": functional_errors([wanted])})
    return Reaction(tell=(told,), movement=case.moved(State.AMENDMENT_WANTED))


def _reject(case: Case, errors: Sequence[FunctionalError]) -> Tell:
    type_code = "CC057C" if case.asked.delivery.type_code in ncts_arrival.STEPS else "CC056C"
    return rejection(case, errors, type_code, "TransitOperation")


_STEPS: Final = {
    "CC015C": Step(does=_declare, check=_check),
    "CC013C": Step(does=_amend, within=_BEFORE_RELEASE, check=_check),
    "CC014C": Step(
        does=partial(invalidation_asked_for, "CC009C"),
        within=_BEFORE_RELEASE | {State.UNDER_CONTROL, State.RELEASED},
    ),
    "CC170C": Step(does=_present, within=frozenset({State.PRELODGED})),
    "lapse": Step(does=_lapse, within=frozenset({State.PRELODGED})),
    "control": Step(does=_control, within=_BEFORE_DECISION),
    "release": Step(does=_release, within=frozenset({State.ACCEPTED, State.UNDER_CONTROL})),
    "refuse": Step(does=_refuse, within=_BEFORE_DECISION | {State.UNDER_CONTROL}),
    "question_guarantee": Step(does=_question_guarantee, within=_BEFORE_DECISION),
    "ask_amendment": Step(does=_ask_amendment, within=_BEFORE_DECISION),
}

#: The simulated system.
NCTS2 = System(
    code="NCTS2",
    steps={**_STEPS, **ncts_arrival.STEPS},
    head=head,
    reject=_reject,
    faults={Behaviour.FUNCTIONAL_FAULT: functional_fault, Behaviour.XML_FAULT: xml_fault},
    is_reference=is_valid_mrn,
    filename=lambda type_code, _number: f"IE{type_code[2:5]}.xml",  # one name for all messages of a type
    prefixes={"": ("ncts",)},
    spare={
        "Guarantee/guaranteeType": _COMPREHENSIVE,
        "GuaranteeReference/amountToBeCovered": _PRESUMED_AMOUNT,
        "GuaranteeReference/currency": "EUR",
    },
)
