"""EMCS PL2, what happens of its own accord: receipt abroad, export, reminders, reports (EU EMCS)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from routing.simulators.emcs_writing import DRAFT, UNKNOWN_DESTINATION, consignee_of, from_system, key
from routing.simulators.ledger import State
from routing.simulators.lifecycle import Case, Reaction, Step, Tell, code_of, find_at, text_at
from routing.simulators.shaping import Again, Phrase, Told
from schemas.identifiers import make_mrn

__all__ = ["STEPS", "closure"]

_UNDER_WAY: Final = frozenset({State.RELEASED, State.EXPORTING})
_OFFICE: Final = f"{DRAFT}/CompetentAuthorityDispatchOffice/ReferenceNumber"
_EXIT_OFFICE: Final = f"{DRAFT}/DeliveryPlaceCustomsOffice/ReferenceNumber"
_ANSWER_WITHIN: Final = timedelta(days=7)
_SATISFACTORY, _UNSATISFACTORY, _REFUSED, _EXITED = "1", "2", "3", "21"
_POLISH: Final = {"language": "pl"}
_NEW_DESTINATION_OVERDUE, _REPORT_OVERDUE, _DESTINATION_OVERDUE = "1", "2", "3"
_SHORTAGE: Final = "S"
_VALIDATED: Final = "3"
_CLOSED_BY_HAND: Final = "X07"
#: In the lists of events and of persons: something else, told in words.
_OTHER: Final = "0"


def closure(case: Case) -> Mapping[str, Told]:
    """What IE881 says of the request it grants."""
    reason = case.asked.text("Body/ManualClosureRequest/Attributes/ManualClosureRequestReasonCode")
    attributes: dict[str, Told] = {
        **key(case),
        "ManualClosureRequestReasonCode": reason,
        "ManualClosureRequestAccepted": "1",
    }
    return {"Attributes": attributes}


def _report(case: Case, conclusion: str, goods: Told = None) -> tuple[Tell, ...]:
    """IE818 from the other administration."""
    consignee = find_at(case.declaration, f"{DRAFT}/ConsigneeTrader")
    report = {"DateOfArrivalOfExciseProducts": case.today, "GlobalConclusionOfReceipt": conclusion}
    told: dict[str, Told] = {
        "Attributes": {"DateAndTimeOfValidationOfReportOfReceiptExport": case.timestamp},
        "ConsigneeTrader": None if consignee is None else Again(consignee),
        "ExciseMovement": key(case),
        "DestinationOffice": {"ReferenceNumber": _destination_office(case)},
        "ReportOfReceiptExport": report,
        "BodyReportOfReceiptExport": goods,
    }
    return from_system(case, "IE818", told)


def _abroad(does: Callable[[Case], Reaction]) -> Callable[[Case], Reaction]:
    """What a consignee abroad does; nothing any more once the goods go to one in Poland."""

    def act(case: Case) -> Reaction:
        return Reaction() if consignee_of(case).startswith("PL") else does(case)

    return act


def _destination_office(case: Case) -> str:
    """Where the goods leave the Union, or an office of the consignee's country: the e-AD names none."""
    return case.declared(_EXIT_OFFICE) or f"{consignee_of(case)[:2]}000001"


def _receive(case: Case) -> Reaction:
    return Reaction(tell=_report(case, _SATISFACTORY), movement=case.moved(State.CLOSED))


def _receive_short(case: Case) -> Reaction:
    item = find_at(case.declaration, f"{DRAFT}/BodyEadEsad")
    goods: list[Told] = [
        {
            "BodyRecordUniqueReference": None if item is None else text_at(item, "BodyRecordUniqueReference"),
            "IndicatorOfShortageOrExcess": _SHORTAGE,
            "ObservedShortageOrExcess": "1.000",
            "ExciseProductCode": None if item is None else text_at(item, "ExciseProductCode"),
            "UnsatisfactoryReason": [{"UnsatisfactoryReasonCode": "2"}],
        }
    ]
    return Reaction(tell=_report(case, _UNSATISFACTORY, goods), movement=case.moved(State.CLOSED))


def _refuse_goods(case: Case) -> Reaction:
    return Reaction(tell=_report(case, _REFUSED), movement=case.moved(State.REFUSED))


def _reject_abroad(case: Case) -> Reaction:
    """IE819: the consignee abroad knows nothing of the goods."""
    consignee = find_at(case.declaration, f"{DRAFT}/ConsigneeTrader")
    alert = {"DateOfAlertOrRejection": case.today, "EadEsadRejectedFlag": "1"}
    told: dict[str, Told] = {
        "Attributes": {"DateAndTimeOfValidationOfAlertRejection": case.timestamp},
        "ConsigneeTrader": None if consignee is None else Again(consignee),
        "ExciseMovement": key(case),
        "DestinationOffice": {"ReferenceNumber": _destination_office(case)},
        "AlertOrRejection": alert,
        "AlertOrRejectionOfEadEsadReason": [{"AlertOrRejectionOfMovementReasonCode": "1"}],
    }
    return Reaction(tell=from_system(case, "IE819", told), movement=case.moved(State.REFUSED))


def _remind(case: Case) -> Reaction:
    """IE802: something is overdue. The consignor explains (IE837), or what is awaited comes after all."""
    attributes: dict[str, Told] = {
        "DateAndTimeOfIssuanceOfReminder": case.timestamp,
        "LimitDateAndTime": f"{case.day(_ANSWER_WITHIN)}T00:00:00",
        "ReminderMessageType": _overdue(case),
    }
    told: dict[str, Told] = {"Attributes": attributes, "ExciseMovement": key(case)}
    return Reaction(tell=from_system(case, "IE802", told))


def _overdue(case: Case) -> str:
    if case.movement.state is State.REFUSED:
        return _NEW_DESTINATION_OVERDUE
    destination = case.declared(f"{DRAFT}/HeaderEadEsad/DestinationTypeCode")
    return _DESTINATION_OVERDUE if destination == UNKNOWN_DESTINATION else _REPORT_OVERDUE


def _interrupt(case: Case) -> Reaction:
    attributes: dict[str, Told] = {
        "AdministrativeReferenceCode": case.reference,
        "DateAndTimeOfIssuance": case.timestamp,
        "ReasonForInterruptionCode": "1",
        "ReferenceNumberOfExciseOffice": case.declared(_OFFICE),
    }
    told = from_system(case, "IE807", {"Attributes": attributes})
    return Reaction(tell=told, movement=case.moved(State.INTERRUPTED))


def _inspect(case: Case) -> Reaction:
    """IE717: goods checked on the way, nothing found."""
    number = "PL" + code_of(case.movement.sys_ref, case.reference, "IE717", length=13) + "1"
    office: dict[str, Told] = {"ReferenceNumberOfControlOffice": case.declared(_OFFICE)}
    control: dict[str, Told] = {
        "DateOfControl": case.today,
        "PlaceOfControl": Phrase(text="Warszawa", attributes=_POLISH),
        "ControlType": "1",
        "ReasonForControl": "1",
        "ControlOfficerIdentity": Phrase(text="Funkcjonariusz 1", attributes=_POLISH),
        "GlobalControlConclusion": "1",
        "ControlAtArrivalRequired": "0",
        "Flag": "0",
        "PerformedControlAction": [{"PerformedControlAction": "1"}],
    }
    told: dict[str, Told] = {
        "Attributes": {
            "ControlReportMessageType": "1",
            "DateAndTimeOfValidationOfControlReport": case.timestamp,
        },
        "HeaderControlReport": {"ControlReportReference": number, "ControlOffice": office},
        "ExciseMovement": key(case),
        "ControlReport": control,
    }
    return Reaction(tell=from_system(case, "IE717", told))


def _report_event(case: Case) -> Reaction:
    """IE840: an accident on the way; authorities report such to both traders, and the goods go on."""
    number = "PL" + code_of(case.movement.sys_ref, case.reference, "IE840", length=13) + "1"
    header: dict[str, Told] = {
        "EventReportNumber": number,
        "ReferenceNumberOfExciseOffice": case.declared(_OFFICE),
        "MemberStateOfEvent": "PL",
    }
    report: dict[str, Told] = {
        "DateOfEvent": case.today,
        "PlaceOfEvent": Phrase(text="Autostrada A2, węzeł Konin", attributes=_POLISH),
        "ExciseOfficerIdentification": "Funkcjonariusz 1",
        "SubmittingPerson": "Kierowca",
        "SubmittingPersonCode": _OTHER,
        "SubmittingPersonComplement": Phrase(text="Osoba prowadząca pojazd.", attributes=_POLISH),
    }
    event: dict[str, Told] = {
        "EventTypeCode": _OTHER,
        "AssociatedInformation": Phrase(text="Kolizja drogowa, bez ubytku wyrobów.", attributes=_POLISH),
    }
    told: dict[str, Told] = {
        "Attributes": {
            "EventReportMessageType": _VALIDATED,
            "DateAndTimeOfValidationOfEventReport": case.timestamp,
        },
        "HeaderEventReport": header,
        "ExciseMovement": key(case),
        "EventReport": report,
        "BodyEventReport": [event],
    }
    return Reaction(tell=from_system(case, "IE840", told))


def _close(case: Case) -> Reaction:
    """IE905: the office of dispatch has closed the movement by hand and tells both traders."""
    attributes: dict[str, Told] = {**key(case), "Status": _CLOSED_BY_HAND, "LastReceivedMessageType": "IE881"}
    return Reaction(
        tell=from_system(case, "IE905", {"Attributes": attributes}), movement=case.moved(State.CLOSED)
    )


def _accept_export(case: Case) -> Reaction:
    """IE829: the export declaration is accepted, the goods are released for export."""
    flag = "ExportDeclarationAcceptanceOrGoodsReleasedForExport"
    declaration: dict[str, Told] = {
        "ReferenceNumberOfSenderCustomsOffice": case.declared(_OFFICE),
        "DateOfAcceptance": case.today,
        "DocumentReferenceNumber": _export_mrn(case),
        flag: "1",
    }
    told: dict[str, Told] = {
        **_export(case),
        "ExciseMovementEad": [{**key(case), flag: "1"}],
        "ExportDeclarationAcceptanceRelease": declaration,
    }
    return Reaction(tell=from_system(case, "IE829", told), movement=case.moved(State.EXPORTING))


def _refuse_export(case: Case) -> Reaction:
    """IE839: customs refuse the export; a new destination is awaited."""
    told: dict[str, Told] = {
        **_export(case),
        "Rejection": {"RejectionDateAndTime": case.timestamp, "RejectionReasonCode": "3"},
        "ExportDeclarationInformation": None,
        "CEadVal": [key(case)],
    }
    return Reaction(tell=from_system(case, "IE839", told), movement=case.moved(State.REFUSED))


def _export(case: Case) -> Mapping[str, Told]:
    consignee = find_at(case.declaration, f"{DRAFT}/ConsigneeTrader")
    return {
        "Attributes": {"DateAndTimeOfIssuance": case.timestamp},
        "ConsigneeTrader": None if consignee is None else Again(consignee),
        "ExportPlaceCustomsOffice": {
            "ReferenceNumber": case.declared(_EXIT_OFFICE) or case.declared(_OFFICE)
        },
    }


def _export_mrn(case: Case) -> str:
    """Of the export declaration that another system has taken."""
    office = case.declared(_OFFICE)
    return make_mrn(case.local.year, "PL", office[2:8].upper() + code_of(case.reference, length=6), "A")


def _exit(case: Case) -> Reaction:
    """The goods have left the Union: customs report it."""
    return Reaction(tell=_report(case, _EXITED), movement=case.moved(State.CLOSED))


#: What nobody sends a message for.
STEPS: Final = {
    "receive": Step(does=_abroad(_receive), within=_UNDER_WAY),
    "receive_short": Step(does=_abroad(_receive_short), within=_UNDER_WAY),
    "refuse_goods": Step(does=_abroad(_refuse_goods), within=_UNDER_WAY),
    "reject_abroad": Step(does=_abroad(_reject_abroad), within=_UNDER_WAY),
    "remind": Step(does=_remind, within=_UNDER_WAY | {State.REFUSED}),
    "interrupt": Step(does=_interrupt, within=_UNDER_WAY),
    "inspect": Step(does=_inspect, within=_UNDER_WAY),
    "report_event": Step(does=_report_event, within=_UNDER_WAY),
    "close": Step(does=_close, within=_UNDER_WAY | {State.REFUSED, State.INTERRUPTED}),
    "accept_export": Step(does=_accept_export, within=frozenset({State.RELEASED})),
    "refuse_export": Step(does=_refuse_export, within=frozenset({State.RELEASED})),
    "exit": Step(does=_exit, within=frozenset({State.EXPORTING})),
}
