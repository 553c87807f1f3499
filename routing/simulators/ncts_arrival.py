"""NCTS2, after departure: incidents, arrival, unloading, write-off, recovery (EU DDNTA phase 5)."""

from collections.abc import Mapping
from typing import Final

from routing.simulators.ledger import State
from routing.simulators.lifecycle import Case, Reaction, Side, Step, Tell, find_at, text_at
from routing.simulators.scenarios import Point
from routing.simulators.shaping import Again, Told
from routing.simulators.xml import Element

__all__ = ["STEPS", "container_indicator"]

_FULL_RELEASE: Final = "1"
_CONTINUE_UNLOADING: Final = "1"
_AMOUNT_CLAIMED: Final = "10000.00"
_AT_DESTINATION: Final = frozenset({State.ARRIVED, State.UNLOADING, State.UNLOADED})


def container_indicator(case: Case) -> str:
    """Whether the goods travel in a container, as declared or as the equipment shows."""
    declared = case.declared("Consignment/containerIndicator")
    found = case.declared("Consignment/TransportEquipment/containerIdentificationNumber")
    return declared or ("1" if found else "0")


def _arrive(case: Case) -> Reaction:
    """CC007C; incidents on the way are told to the holder."""
    root = case.asked.root
    simplified = text_at(root, "TransitOperation/simplifiedProcedure") == "1"
    point = Point.ARRIVED_SIMPLIFIED if simplified else Point.PRESENTED_AT_DESTINATION
    incidents = () if find_at(root, "Consignment/Incident") is None else _incident(case, root)
    return Reaction(tell=incidents, movement=case.answered(State.ARRIVED), later=case.next(point))


def _incident(case: Case, arrival: Element) -> tuple[Tell, ...]:
    office = text_at(arrival, "CustomsOfficeOfDestinationActual/referenceNumber")
    consignment = find_at(arrival, "Consignment")
    changes: dict[str, Told] = {
        "CustomsOfficeOfIncidentRegistration": {"referenceNumber": office},
        "Consignment": None if consignment is None else Again(consignment),
    }
    return _to_holder(case, "CC182C", {"incidentNotificationDateAndTime": case.timestamp}, changes)


def _report_incident(case: Case) -> Reaction:
    """An incident registered on the way, as the scenario asks."""
    place: dict[str, Told] = {"qualifierOfIdentification": "U", "UNLocode": "DEBER", "country": "DE"}
    incident: dict[str, Told] = {
        "sequenceNumber": "1",
        "code": "1",
        "text": "Zmiana trasy przewozu.",
        "Location": place,
    }
    office = case.declared("CustomsOfficeOfDestinationDeclared/referenceNumber")
    changes: dict[str, Told] = {
        "CustomsOfficeOfIncidentRegistration": {"referenceNumber": office},
        "Consignment": {"Incident": [incident]},
    }
    told = _to_holder(case, "CC182C", {"incidentNotificationDateAndTime": case.timestamp}, changes)
    return Reaction(tell=told)


def _permit_unloading(case: Case) -> Reaction:
    """CC043C: what was declared, to be compared with what is unloaded."""
    movement = case.moved(State.UNLOADING)
    return Reaction(tell=(_unloading_permission(case, {}),), movement=movement)


def _unloading_permission(case: Case, rest: Mapping[str, Told]) -> Tell:
    changes: dict[str, Told] = {
        "TransitOperation": _declared_operation(case),
        **_destination(case),
        **rest,
    }
    source = None
    if case.movement.declaration:
        source = case.declaration
        changes["Consignment"] = {"containerIndicator": container_indicator(case)}
    else:  # declared abroad: only the other office knows the goods
        changes["Consignment"] = None
    return Tell(type_code="CC043C", changes=changes, source=source, to=Side.COUNTERPART)


def _declared_operation(case: Case) -> Mapping[str, Told]:
    if not case.movement.declaration:
        return {"MRN": case.reference, "security": "0", "reducedDatasetIndicator": "0"}
    return {"MRN": case.reference, "declarationAcceptanceDate": case.fact("accepted_on")}


def _remark(case: Case) -> Reaction:
    """CC044C; unloading that is not complete goes on under another permission."""
    root = case.asked.root
    movement = case.answered(State.UNLOADING)
    if text_at(root, "UnloadingRemark/unloadingCompletion") == "0":
        control: dict[str, Told] = {"continueUnloading": _CONTINUE_UNLOADING}
        told = _unloading_permission(case, {"CTLControl": control, **_destination_of(root)})
        return Reaction(tell=(told,), movement=movement)
    conform = text_at(root, "UnloadingRemark/conform") == "1"
    point = Point.UNLOADED if conform else Point.UNLOADED_WITH_DIFFERENCES
    return Reaction(movement=case.answered(State.UNLOADED), later=case.next(point))


def _tell_differences(case: Case) -> Reaction:
    notice = {
        "discrepanciesNotificationDate": case.today,
        "discrepanciesNotificationText": "Stwierdzono niezgodności przy rozładunku.",
    }
    return Reaction(tell=_to_holder(case, "CC019C", notice))


def _release_goods(case: Case) -> Reaction:
    """CC025C to the trader at destination, and the end of the procedure."""
    released = {"MRN": case.reference, "releaseDate": case.today, "releaseIndicator": _FULL_RELEASE}
    changes: dict[str, Told] = {"TransitOperation": released, "Consignment": None}
    told = Tell(type_code="CC025C", changes=changes, to=Side.COUNTERPART)
    return Reaction(tell=(told, *_written_off(case)), movement=case.moved(State.CLOSED))


def _finish_abroad(case: Case) -> Reaction:
    """The office of destination in another country has done its part."""
    return Reaction(tell=_written_off(case), movement=case.moved(State.CLOSED))


def _written_off(case: Case) -> tuple[Tell, ...]:
    return _to_holder(case, "CC045C", {"writeOffDate": case.today})


def _miss(case: Case) -> Reaction:
    """CC035C: the goods did not arrive, or not all of them."""
    claim: dict[str, Told] = {
        "recoveryNotificationDate": case.today,
        "recoveryNotificationText": "Procedura tranzytu nie została zakończona.",
        "amountClaimed": _AMOUNT_CLAIMED,
        "currency": "EUR",
    }
    office = case.declared("CustomsOfficeOfDeparture/referenceNumber")
    changes: dict[str, Told] = {
        "RecoveryNotification": claim,
        "CustomsOfficeOfRecoveryAtDeparture": {"referenceNumber": office},
    }
    accepted = {"declarationAcceptanceDate": case.fact("accepted_on")}
    return Reaction(tell=_to_holder(case, "CC035C", accepted, changes), movement=case.moved(State.CLOSED))


def _destination(case: Case) -> Mapping[str, Told]:
    return _destination_of(case.asked.root if case.request else case.counterpart)


def _destination_of(document: Element) -> Mapping[str, Told]:
    names = ("CustomsOfficeOfDestinationActual", "TraderAtDestination")
    return {name: Again(found) for name in names if (found := find_at(document, name)) is not None}


def _to_holder(
    case: Case, type_code: str, operation: Mapping[str, Told], rest: Mapping[str, Told] | None = None
) -> tuple[Tell, ...]:
    """A message to the holder of the procedure; none where it was declared in another country."""
    if not case.movement.declaration:
        return ()
    changes: dict[str, Told] = {"TransitOperation": {"MRN": case.reference, **operation}, **(rest or {})}
    return (Tell(type_code=type_code, changes=changes, to=Side.OWNER),)


#: What the offices of destination and on the way do.
STEPS: Final = {
    "CC007C": Step(does=_arrive, within=frozenset({State.RELEASED}), from_elsewhere=True),
    "CC044C": Step(does=_remark, within=frozenset({State.UNLOADING})),
    "report_incident": Step(does=_report_incident, within=frozenset({State.RELEASED})),
    "permit_unloading": Step(does=_permit_unloading, within=frozenset({State.ARRIVED})),
    "tell_differences": Step(does=_tell_differences, within=_AT_DESTINATION),
    "release_goods": Step(does=_release_goods, within=_AT_DESTINATION),
    "finish_abroad": Step(does=_finish_abroad, within=frozenset({State.RELEASED})),
    "miss": Step(does=_miss, within=_AT_DESTINATION | {State.RELEASED}),
}
