"""AES, at the office of export: declaration, amendment, invalidation, presentation, release (EU DDNXA)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from routing.simulators import aes_exit
from routing.simulators.common_domain import (
    about_declaration,
    amendment,
    control_result,
    control_types,
    functional_fault,
    head,
    invalidation_asked_for,
    new_mrn,
    rejection,
    xml_fault,
)
from routing.simulators.ledger import State
from routing.simulators.lifecycle import Case, FunctionalError, Reaction, Step, System, Tell, find_at
from routing.simulators.rules import EU_COUNTRIES, mass_adds_up, office_is_in
from routing.simulators.scenarios import Behaviour, Point
from schemas.identifiers import is_valid_mrn

__all__ = ["AES"]

_EXPORT: Final = "CustomsOfficeOfExport/referenceNumber"
_EXIT: Final = "CustomsOfficeOfExitDeclared/referenceNumber"
_CONSIGNMENT_MASS: Final = "GoodsShipment/Consignment/grossMass"
_ITEM_MASS: Final = "GoodsShipment/GoodsItem/Commodity/GoodsMeasure/grossMass"
#: Procedure letter of the MRN: export with an exit summary declaration (security 2), export alone.
_WITH_EXIT_SUMMARY: Final = {"2": "B"}
_EXPORT_ONLY: Final = "A"
#: Additional declaration types lodged before the goods are presented (standard and simplified).
_PRELODGED: Final = frozenset("DEF")
_NO_RELEASE: Final = "Z1"
_BEFORE_RELEASE: Final = frozenset({State.PRELODGED, State.ACCEPTED})

_tell = partial(about_declaration, "ExportOperation")


def _check(case: Case) -> Iterator[FunctionalError]:
    request = case.asked
    yield from office_is_in(request, _EXPORT, EU_COUNTRIES)
    yield from office_is_in(request, _EXIT, EU_COUNTRIES)
    yield from mass_adds_up(request, _CONSIGNMENT_MASS, _ITEM_MASS)


def _declare(case: Case) -> Reaction:
    if case.declared("ExportOperation/additionalDeclarationType") not in _PRELODGED:
        return _accept(case)
    received = _tell(case, "CC928C", {})
    return Reaction(tell=(received,), movement=case.moved(State.PRELODGED), later=case.next(Point.PRELODGED))


def _accept(case: Case) -> Reaction:
    """Give the MRN (CC528C): to a declaration of goods that are there, or on their presentation (CC511C)."""
    movement = case.moved(State.ACCEPTED, accepted_on=case.today, submitted_at=case.timestamp)
    movement = replace(movement, reference=_new_mrn(case))
    accepted = {"MRN": movement.reference, "declarationAcceptanceDate": case.today}
    allocated = replace(_tell(case, "CC528C", accepted), movement=movement)
    return Reaction(tell=(allocated,), movement=movement, later=case.next(Point.ACCEPTED))


def _new_mrn(case: Case) -> str:
    office = case.declared(_EXPORT)
    letter = _WITH_EXIT_SUMMARY.get(case.declared("ExportOperation/security"), _EXPORT_ONLY)
    return new_mrn(case, office, letter)


def _amend(case: Case) -> Reaction:
    """CC513C replaces the declaration."""
    accepted = amendment(case, "CC504C", "ExportOperation")
    return Reaction(tell=(accepted,), movement=replace(case.movement, declaration=case.asked.content))


def _lapse(case: Case) -> Reaction:
    """Nobody presented the goods in time: customs invalidate the declaration."""
    told = aes_exit.invalidation(case, "Towarów nie przedstawiono w terminie 30 dni.")
    return Reaction(tell=(told,), movement=case.moved(State.INVALIDATED))


def _control(case: Case) -> Reaction:
    notice = {"controlNotificationDateAndTime": case.timestamp, "notificationType": "0"}
    told = _tell(case, "CC560C", notice, {"TypeOfControls": control_types()})
    return Reaction(tell=(told,), movement=case.moved(State.UNDER_CONTROL))


def _release(case: Case) -> Reaction:
    """CC529C: the whole declaration again, with the decisions of the office of export."""
    decided = {"declarationAcceptanceDate": case.fact("accepted_on"), "releaseDate": case.today}
    told = _tell(case, "CC529C", decided, {"ControlResult": control_result(case)})
    movement = case.moved(State.RELEASED, released_on=case.today)
    return Reaction(tell=(told,), movement=movement, later=case.next(Point.RELEASED))


def _refuse(case: Case) -> Reaction:
    reason = {
        "declarationSubmissionDateAndTime": case.fact("submitted_at"),
        "noReleaseMotivationCode": _NO_RELEASE,
        "noReleaseMotivationText": "Brak zwolnienia do procedury wywozu.",
    }
    told = _tell(case, "CC551C", reason)
    return Reaction(tell=(told,), movement=case.moved(State.NOT_RELEASED))


def _reject(case: Case, errors: Sequence[FunctionalError]) -> Tell:
    """CC556C; at the office of exit CC557C. CC507C has its content in an element."""
    type_code = "CC557C" if case.asked.delivery.type_code in aes_exit.AT_EXIT else "CC556C"
    body = find_at(case.asked.root, "Body")
    return rejection(case, errors, type_code, "ExportOperation", body)


_STEPS: Final = {
    "CC515C": Step(does=_declare, check=_check),
    "CC513C": Step(does=_amend, within=_BEFORE_RELEASE, check=_check),
    "CC514C": Step(
        does=partial(invalidation_asked_for, "CC509C"),
        within=_BEFORE_RELEASE | {State.UNDER_CONTROL, State.RELEASED},
    ),
    "CC511C": Step(does=_accept, within=frozenset({State.PRELODGED})),
    "lapse": Step(does=_lapse, within=frozenset({State.PRELODGED})),
    "control": Step(does=_control, within=frozenset({State.ACCEPTED})),
    "release": Step(does=_release, within=frozenset({State.ACCEPTED, State.UNDER_CONTROL})),
    "refuse": Step(does=_refuse, within=frozenset({State.ACCEPTED, State.UNDER_CONTROL})),
}

#: The simulated system.
AES = System(
    code="AES",
    steps={**_STEPS, **aes_exit.STEPS},
    head=head,
    reject=_reject,
    faults={Behaviour.FUNCTIONAL_FAULT: functional_fault, Behaviour.XML_FAULT: xml_fault},
    is_reference=is_valid_mrn,
    prefixes={"": ("ecs",)},
)
