"""EMCS PL2, what traders ask for: draft, cancellation, new destination, receipt, alert, explanations.

The version of the schema is part of its namespace: an answer speaks the version of its request.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from routing.simulators import emcs_course, emcs_split
from routing.simulators.emcs_begin import begun, validated, what_comes, what_the_scenario_has
from routing.simulators.emcs_draft import redirected
from routing.simulators.emcs_writing import (
    DRAFT,
    WRONG_VALUE,
    again,
    bodies,
    consignee_of,
    content,
    ead,
    head,
    key,
    reject,
    to_consignee,
    to_parties,
)
from routing.simulators.ledger import State
from routing.simulators.lifecycle import (
    Case,
    Codes,
    FunctionalError,
    Reaction,
    Side,
    Step,
    System,
    Tell,
    part_of,
    text_at,
)
from routing.simulators.rules import EU_COUNTRIES, decimals
from schemas.identifiers import is_valid_arc
from schemas.wording import Text

__all__ = ["EMCSPL2"]

_OFFICE: Final = "CompetentAuthorityDispatchOffice/ReferenceNumber"
_REFUSED, _PARTLY_REFUSED = "3", "4"

_UNDER_WAY: Final = frozenset({State.RELEASED, State.EXPORTING})
_OPEN: Final = _UNDER_WAY | {State.REFUSED}


def _check(case: Case) -> Iterator[FunctionalError]:
    request = case.asked
    office = request.text(f"{DRAFT}/{_OFFICE}")
    if office is not None and office[:2] not in EU_COUNTRIES | {"GB"}:
        yield _error(_OFFICE, Text(pl="Urząd jest nieznany.", en="The office is not known."), office)
    for item in bodies(request.root):
        record, gross, net = (text_at(item, name) for name in _MASSES)
        masses = decimals([gross, net])
        if net and masses and masses[1] > masses[0]:
            pointer = f"BodyEadEsad[BodyRecordUniqueReference={record}]/NetMass"
            yield _error(pointer, _TOO_MUCH, net)


_TOO_MUCH: Final = Text(pl="Masa netto przekracza masę brutto.", en="The net mass exceeds the gross mass.")
_MASSES: Final = ("BodyRecordUniqueReference", "GrossMass", "NetMass")


def _error(pointer: str, text: Text, value: str) -> FunctionalError:
    return FunctionalError(
        pointer=f"/IE815/{DRAFT}/{pointer}", code=WRONG_VALUE, reason="SIM-VAL", text=text, value=value
    )


def _submit(case: Case) -> Reaction:
    """IE815 → IE801."""
    new = begun(case, case.movement)
    return Reaction(tell=validated(new), movement=new.movement, later=what_comes(new))


def _check_cancellation(case: Case) -> Iterator[FunctionalError]:
    """Only before the goods leave (Directive (EU) 2020/262, Article 20)."""
    day = case.declared(f"{DRAFT}/EadEsadDraft/DateOfDispatch")
    time = case.declared(f"{DRAFT}/EadEsadDraft/TimeOfDispatch") or "23:59:59"
    if f"{day}T{time}" < case.timestamp:
        yield FunctionalError(
            pointer=case.asked.pointer("arc"),
            code="92",
            reason="SIM-SEQ",
            text=Text(
                pl="Komunikat poza kolejnością: wyroby już wysłano.",
                en="Out of sequence: the goods have been dispatched.",
            ),
            value=case.reference,
        )


def _cancel(case: Case) -> Reaction:
    told = again(case, "IE810", "DateAndTimeOfValidationOfCancellation")
    return Reaction(tell=to_parties(case, told), movement=case.moved(State.INVALIDATED))


def _change_destination(case: Case) -> Reaction:
    """IE813 back and to the consignee; a new one gets IE801, the old one IE803."""
    sequence = str(int(case.fact("sequence")) + 1)
    news = redirected(part_of(case.asked.root, _CHANGE))
    draft = case.compose("IE815", case.declaration, content("IE815", news))
    movement = replace(
        case.moved(State.RELEASED, sequence=sequence),
        declaration=draft,
        schema=case.asked.message_type.version,
    )
    changed = replace(case, movement=movement)
    update = {"UpdateEadEsad": {"SequenceNumber": sequence}}
    told = again(changed, "IE813", "DateAndTimeOfValidationOfChangeOfDestination", update)
    if consignee_of(changed) == consignee_of(case):
        return Reaction(tell=(told, *to_consignee(changed, told, consignee_of(case))), movement=movement)
    return Reaction(
        tell=(told, *_diverted(case, changed)), movement=movement, later=what_the_scenario_has(changed)
    )


def _diverted(case: Case, changed: Case) -> tuple[Tell, ...]:
    """Who was to get the goods, and who is to get them now."""
    notice = {"NotificationType": "1", "NotificationDateAndTime": case.timestamp, **key(changed)}
    diverted = Tell(type_code="IE803", changes=content("IE803", {"ExciseNotification": notice}))
    validated = Tell(type_code="IE801", changes=ead(changed))
    return (
        *to_consignee(case, diverted, consignee_of(case)),
        *to_consignee(changed, validated, consignee_of(changed)),
    )


_CHANGE: Final = "Body/ChangeOfDestination"
_REPORT: Final = "Body/AcceptedOrRejectedReportOfReceiptExport"
_ALERT: Final = "Body/AlertOrRejectionOfEADESAD"


def _receive(case: Case) -> Reaction:
    """IE818 of the consignee, back to him and to the consignor: the end, unless goods are refused."""
    told = again(case, "IE818", "DateAndTimeOfValidationOfReportOfReceiptExport")
    conclusion = case.asked.text(f"{_REPORT}/ReportOfReceiptExport/GlobalConclusionOfReceipt")
    refused = conclusion in {_REFUSED, _PARTLY_REFUSED}
    return Reaction(
        tell=to_parties(case, told), movement=case.answered(State.REFUSED if refused else State.CLOSED)
    )


def _alert(case: Case) -> Reaction:
    """IE819: an alert changes nothing, a rejection calls for a new destination."""
    told = again(case, "IE819", "DateAndTimeOfValidationOfAlertRejection")
    rejected = case.asked.text(f"{_ALERT}/AlertOrRejection/EadEsadRejectedFlag") == "1"
    return Reaction(
        tell=to_parties(case, told),
        movement=case.answered(State.REFUSED if rejected else case.movement.state),
    )


def _explain_delay(case: Case) -> Reaction:
    told = again(case, "IE837", "DateAndTimeOfValidationOfExplanationOnDelay")
    return Reaction(tell=to_parties(case, told))


def _explain_shortage(case: Case) -> Reaction:
    told = again(case, "IE871", "DateAndTimeOfValidationOfExplanationOnShortage")
    return Reaction(tell=to_parties(case, told))


def _close(case: Case) -> Reaction:
    """IE880: closed by hand (IE881)."""
    changes = content("IE881", emcs_course.closure(case))
    told = Tell(type_code="IE881", changes=changes, to=Side.ACTOR)
    return Reaction(tell=to_parties(case, told), movement=case.moved(State.CLOSED))


_STEPS: Final = {
    "IE815": Step(does=_submit, check=_check),
    "IE810": Step(does=_cancel, within=frozenset({State.RELEASED}), check=_check_cancellation),
    "IE813": Step(does=_change_destination, within=_OPEN),
    "IE818": Step(does=_receive, within=_UNDER_WAY, from_elsewhere=True),
    "IE819": Step(does=_alert, within=_UNDER_WAY, from_elsewhere=True),
    "IE825": Step(does=emcs_split.split, within=_OPEN, check=emcs_split.check),
    "IE837": Step(does=_explain_delay, within=_OPEN, from_elsewhere=True),
    "IE871": Step(does=_explain_shortage, within=frozenset({State.CLOSED, State.REFUSED})),
    "IE880": Step(does=_close, within=_OPEN | {State.INTERRUPTED}),
}

#: The simulated system.
EMCSPL2 = System(
    code="EMCSPL2",
    steps={**_STEPS, **emcs_course.STEPS},
    head=head,
    reject=reject,
    is_reference=is_valid_arc,
    codes=Codes(rule=WRONG_VALUE, missing=WRONG_VALUE, duplicate_lrn="91"),
    prefixes={"": ("emcs", "tms")},
)
