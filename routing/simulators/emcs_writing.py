"""Excise messages: their header, what they repeat of the e-AD, and whom they reach (EU EMCS)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from routing.model import Recipient
from routing.simulators.lifecycle import (
    Case,
    FunctionalError,
    Header,
    Side,
    Tell,
    find_all_at,
    find_at,
    part_of,
    text_at,
)
from routing.simulators.shaping import Again, Told
from routing.simulators.xml import Element
from schemas.identifiers import has_arc_form
from schemas.model import IdentifierKind

__all__ = [
    "CONSIGNEE",
    "CONSIGNOR",
    "DRAFT",
    "UNKNOWN_DESTINATION",
    "WRONG_VALUE",
    "again",
    "bodies",
    "consignee_of",
    "content",
    "ead",
    "from_system",
    "head",
    "key",
    "reject",
    "to_consignee",
    "to_parties",
]

DRAFT: Final = "Body/SubmittedDraftOfEADESAD"
CONSIGNOR: Final = f"{DRAFT}/ConsignorTrader/TraderExciseNumber"
CONSIGNEE: Final = f"{DRAFT}/ConsigneeTrader/Traderid"
#: Functional error code of a value that is not right.
WRONG_VALUE: Final = "12"
#: Destination of energy products that are still to find their buyer (Directive (EU) 2020/262, Article 22).
UNKNOWN_DESTINATION: Final = "8"
_HOME: Final = "PL"
_OF_CONSIGNEE: Final = frozenset({"IE818", "IE819"})
_BY_CONSIGNOR: Final = "1"
_AUTHORITY: Final = "NDEA.PL"

#: Content of a message by its type: the element in Body.
_CONTENT: Final = {
    "IE704": "GenericRefusalMessage",
    "IE717": "ControlReportEnvelope",
    "IE801": "EADESADContainer",
    "IE802": "ReminderMessageForExciseMovement",
    "IE803": "NotificationOfDivertedEADESAD",
    "IE807": "InterruptionOfMovement",
    "IE810": "CancellationOfEAD",
    "IE813": "ChangeOfDestination",
    "IE815": "SubmittedDraftOfEADESAD",
    "IE818": "AcceptedOrRejectedReportOfReceiptExport",
    "IE819": "AlertOrRejectionOfEADESAD",
    "IE829": "NotificationOfAcceptedExport",
    "IE837": "ExplanationOnDelayForDelivery",
    "IE839": "RefusalByCustoms",
    "IE840": "EventReportEnvelope",
    "IE871": "ExplanationOnReasonForShortage",
    "IE880": "ManualClosureRequest",
    "IE881": "ManualClosureResponse",
    "IE905": "StatusResponse",
}


def head(case: Case, header: Header) -> Mapping[str, Told]:
    """The message header; sender and recipient change sides."""
    fields: dict[str, Told] = {
        "MessageSender": text_at(header.sides, "Header/MessageRecipient") or _AUTHORITY,
        "MessageRecipient": text_at(header.sides, "Header/MessageSender") or _AUTHORITY,
        "DateOfPreparation": case.today,
        "TimeOfPreparation": f"{case.local:%H:%M:%S}",
        "MessageIdentifier": header.number,
        "CorrelationIdentifier": header.correlation,
    }
    return {"Header": fields}


def content(type_code: str, told: Told) -> Mapping[str, Told]:
    """The body of a message."""
    return {"Body": {_CONTENT[type_code]: told}}


def key(case: Case) -> Mapping[str, Told]:
    """ARC and sequence number."""
    return {"AdministrativeReferenceCode": case.reference, "SequenceNumber": case.fact("sequence") or "1"}


def from_system(case: Case, type_code: str, told: Mapping[str, Told]) -> tuple[Tell, ...]:
    """A message of the system itself, to both parties."""
    return to_parties(case, Tell(type_code=type_code, changes=content(type_code, told)))


def again(case: Case, type_code: str, validated: str, changes: Mapping[str, Told] | None = None) -> Tell:
    """The message at hand, validated, to be passed on.

    Args:
        case: with the message.
        type_code: of it.
        validated: name of the moment of validation among its Attributes.
        changes: what else the system changes.
    """
    stamped: dict[str, Told] = {"Attributes": {validated: case.timestamp}, **(changes or {})}
    return Tell(
        type_code=type_code, changes=content(type_code, stamped), source=case.asked.root, to=Side.ACTOR
    )


def to_parties(case: Case, told: Tell) -> tuple[Tell, ...]:
    """A message to whoever sent the one at hand, and to the other parties that this system reaches."""
    return tuple(_readers(case, told))


def _readers(case: Case, told: Tell) -> Iterator[Tell]:
    source = told.source
    if told.to is Side.ACTOR:
        yield told
    if case.movement.declaration and not (told.to is Side.ACTOR and _is_owner(case)):
        document = case.declaration if source is None else source
        yield Tell(type_code=told.type_code, changes=told.changes, source=document, to=Side.OWNER)
    if told.to is not Side.ACTOR or _is_owner(case):
        yield from to_consignee(case, told, consignee_of(case))


def _is_owner(case: Case) -> bool:
    """Whether the consignor sent the message at hand; explanations say who of the two explains."""
    request = case.request
    if request is None or request.delivery.type_code in _OF_CONSIGNEE:
        return False
    explained = find_at(request.root, f"Body/{_CONTENT[request.delivery.type_code]}/Attributes/SubmitterType")
    return explained is None or explained.text == _BY_CONSIGNOR


def to_consignee(case: Case, told: Tell, number: str) -> tuple[Tell, ...]:
    """A message to a consignee in Poland; those abroad are told by their own administration."""
    if not number.startswith(_HOME) or not case.movement.declaration:
        return ()
    recipients = (Recipient(kind=IdentifierKind.EXCISE, number=number),)
    source = case.declaration if told.source is None else told.source
    return (replace(told, source=source, to=Side.OWNER, recipients=recipients),)


def consignee_of(case: Case) -> str:
    """Number of the consignee, empty where the e-AD names none."""
    if not case.movement.declaration:
        return ""
    return case.declared(CONSIGNEE)


def ead(case: Case) -> Mapping[str, Told]:
    """IE801: the draft again, with what the validation adds."""
    draft = part_of(case.declaration, DRAFT)
    added: dict[str, Told] = {
        "ExciseMovement": {
            "AdministrativeReferenceCode": case.reference,
            "DateAndTimeOfValidationOfEadEsad": case.fact("validated_at"),
        },
        "EadEsad": Again(part_of(draft, "EadEsadDraft"), {"UpstreamArc": case.fact("upstream") or None}),
        "HeaderEadEsad": Again(
            part_of(draft, "HeaderEadEsad"),
            {"SequenceNumber": case.fact("sequence"), "DateAndTimeOfUpdateValidation": case.timestamp},
        ),
    }
    return content("IE801", Again(draft, added))


def reject(case: Case, errors: Sequence[FunctionalError]) -> Tell:
    """IE704."""
    found: list[Told] = [
        {
            "ErrorType": error.code,
            "ErrorReason": error.text.pl,
            "ErrorLocation": error.pointer,
            "OriginalAttributeValue": error.value,
        }
        for error in errors
    ]
    facts = case.asked.facts
    numbers: dict[str, Told] = {
        "AdministrativeReferenceCode": facts.arc if facts.arc and has_arc_form(facts.arc) else None,
        "LocalReferenceNumber": facts.lrn,
    }
    changes = content("IE704", {"Attributes": numbers, "FunctionalError": found})
    return Tell(type_code="IE704", changes=changes, to=Side.ACTOR)


def bodies(root: Element) -> list[Element]:
    """Goods of the draft."""
    return find_all_at(root, f"{DRAFT}/BodyEadEsad")
