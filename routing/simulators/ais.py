"""AIS/IMPORT: import and temporary storage (ZC415 to ZC460, DS415). Every type has its own namespace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from routing.simulators import ics
from routing.simulators.common_domain import control_types
from routing.simulators.ledger import State
from routing.simulators.lifecycle import (
    Case,
    FunctionalError,
    Header,
    Reaction,
    Side,
    Step,
    System,
    Tell,
)
from routing.simulators.rules import EU_COUNTRIES, mass_adds_up, office_is_in
from routing.simulators.scenarios import Later, Point
from routing.simulators.shaping import Told
from schemas.identifiers import is_valid_mrn, make_mrn

__all__ = ["AIS"]

_OFFICE: Final = "Declaration/CustomsOfficeOfDeclaration/referenceNumber"
_STORAGE_OFFICE: Final = "Declaration/CustomsOfficeOfPresentation/referenceNumber"
_TOTAL_MASS: Final = "Declaration/GoodsShipments/totalGrossMass"
_ITEM_MASS: Final = "Declaration/GoodsShipments/GoodsItem/Commodity/GoodsMeasure/grossMass"
#: Procedure letters of the MRN: import declaration alone, temporary storage declaration.
_IMPORT, _STORAGE = "R", "U"
#: Additional declaration types lodged before the goods are presented (standard and simplified).
_PRELODGED: Final = frozenset("DEF")
#: No message of the declarant presents the goods: the office learns of them elsewhere.
_PRESENTED: Final = (Later(event="present", after=timedelta(days=1)),)
_REJECTION_CODE: Final = "12"
_NO_RELEASE: Final = "1"
_BEFORE_RELEASE: Final = frozenset({State.PRELODGED, State.ACCEPTED})


def _check(case: Case) -> Iterator[FunctionalError]:
    yield from office_is_in(case.asked, _OFFICE, EU_COUNTRIES)
    yield from mass_adds_up(case.asked, _TOTAL_MASS, _ITEM_MASS)


def _check_storage(case: Case) -> Iterator[FunctionalError]:
    yield from office_is_in(case.asked, _STORAGE_OFFICE, EU_COUNTRIES)


def _declare(case: Case) -> Reaction:
    if case.declared("Declaration/additionalDeclarationType") in _PRELODGED:
        # Nothing to say before the goods are presented; the UPO stands alone.
        return Reaction(movement=case.moved(State.PRELODGED), later=_PRESENTED)
    return _accept(case)


def _accept(case: Case) -> Reaction:
    """Give the MRN (ZC428)."""
    movement = case.moved(State.ACCEPTED, accepted_on=case.today)
    movement = replace(movement, reference=_new_mrn(case, case.declared(_OFFICE), _IMPORT))
    accepted = {"mrn": movement.reference, "declarationAcceptanceDate": case.today}
    told = replace(_tell(case, "ZC428", accepted), movement=movement)
    return Reaction(tell=(told,), movement=movement, later=case.next(Point.ACCEPTED))


def _store(case: Case) -> Reaction:
    """DS415: accepted, and no release follows."""
    office = case.declared(_STORAGE_OFFICE)
    movement = replace(case.moved(State.CLOSED), reference=_new_mrn(case, office, _STORAGE))
    accepted: dict[str, Told] = {
        "mrn": movement.reference,
        "declarationAcceptanceDate": case.today,
        "CustomsOfficeOfDeclaration": {"referenceNumber": office},
    }
    return Reaction(tell=(replace(_tell(case, "ZC428", accepted), movement=movement),), movement=movement)


def _new_mrn(case: Case, office: str, letter: str) -> str:
    def make(serial: str) -> str:
        return make_mrn(case.local.year, office[:2], office[2:8] + serial, letter)

    return case.numbers.new_reference(case.movement, make, length=6)


def _amend(case: Case) -> Reaction:
    """ZC413 replaces the declaration: accepted again; without an MRN yet the UPO stands alone."""
    movement = replace(case.movement, declaration=case.asked.content)
    if movement.reference is None:
        return Reaction(movement=movement)
    accepted = _tell(case, "ZC428", {"declarationAcceptanceDate": case.fact("accepted_on")})
    return Reaction(tell=(accepted,), movement=movement)


def _invalidate(case: Case) -> Reaction:
    """ZC414: granted before the release, refused after it."""
    granted = case.movement.state is not State.RELEASED
    decision: dict[str, Told] = {
        "requestDateAndTime": case.zoned,
        "decisionDateAndTime": case.zoned,
        "decision": "1" if granted else "0",
        "initiatedByCustoms": "0",
    }
    told = Tell(type_code="ZC410", changes={"Declaration": {"Invalidation": decision}}, to=Side.ACTOR)
    return Reaction(tell=(told,), movement=case.moved(State.INVALIDATED) if granted else None)


def _control(case: Case) -> Reaction:
    notice: dict[str, Told] = {
        "controlNotificationDateAndTime": case.zoned,
        "notificationType": "0",
        "TypeOfControls": control_types(),
    }
    return Reaction(tell=(_tell(case, "ZC460", notice),), movement=case.moved(State.UNDER_CONTROL))


def _release(case: Case) -> Reaction:
    """ZC429, the certified declaration: everything declared, with the decisions of the office."""
    decided = {"declarationAcceptanceDate": case.fact("accepted_on"), "releaseDate": case.today}
    return Reaction(tell=(_tell(case, "ZC429", decided),), movement=case.moved(State.RELEASED))


def _refuse(case: Case) -> Reaction:
    reason: dict[str, Told] = {
        "decisionDateAndTime": case.zoned,
        "reasonCode": _NO_RELEASE,
        "reason": "Brak zwolnienia towarów.",
    }
    decided: dict[str, Told] = {"declarationAcceptanceDate": case.fact("accepted_on"), "NoRelease": reason}
    return Reaction(tell=(_tell(case, "ZC451", decided),), movement=case.moved(State.NOT_RELEASED))


def _tell(case: Case, type_code: str, content: Mapping[str, Told]) -> Tell:
    """A message about the declaration."""
    numbers = {"lrn": case.movement.lrn, "mrn": case.movement.reference}
    changes: dict[str, Told] = {"Declaration": {**numbers, **content}}
    return Tell(type_code=type_code, changes=changes, source=case.declaration, to=case.declarant)


def _reject(case: Case, errors: Sequence[FunctionalError]) -> Tell | None:
    if case.asked.delivery.type_code in ics.STEPS:
        return ics.reject(case, errors)
    found: list[Told] = [
        {
            "errorPointer": error.pointer,
            "errorCode": error.code,
            "errorReason": error.text.pl,
            "originalAttributeValue": error.value,
        }
        for error in errors
    ]
    content: dict[str, Told] = {
        "rejectionDateAndTime": case.zoned,
        "rejectionCode": _REJECTION_CODE,
        "FunctionalError": found,
    }
    office = case.asked.text(_OFFICE) or case.asked.text(_STORAGE_OFFICE)
    content["CustomsOfficeOfDeclaration"] = {"referenceNumber": office}
    return Tell(type_code="ZC416", changes={"Declaration": content}, to=Side.ACTOR)


def _head(case: Case, header: Header) -> Mapping[str, Told]:
    if header.type_code in ics.ANSWERS:
        return ics.head(case, header)
    return {
        "preparationDateAndTime": case.zoned,
        "messageIdentification": header.number,
        "correlationIdentifier": header.correlation,
    }


_STEPS: Final = {
    "ZC415": Step(does=_declare, check=_check),
    "DS415": Step(does=_store, check=_check_storage),
    "ZC413": Step(does=_amend, within=_BEFORE_RELEASE, check=_check),
    "ZC414": Step(does=_invalidate, within=_BEFORE_RELEASE | {State.UNDER_CONTROL, State.RELEASED}),
    "present": Step(does=_accept, within=frozenset({State.PRELODGED})),
    "control": Step(does=_control, within=frozenset({State.ACCEPTED})),
    "release": Step(does=_release, within=frozenset({State.ACCEPTED, State.UNDER_CONTROL})),
    "refuse": Step(does=_refuse, within=frozenset({State.ACCEPTED, State.UNDER_CONTROL})),
}

#: The simulated system.
AIS = System(
    code="AIS",
    steps={**_STEPS, **ics.STEPS},
    head=_head,
    reject=_reject,
    is_reference=is_valid_mrn,
    prefixes={"CC": ("ics",)},
)
