"""What NCTS and AES messages have in common (EU DDNTA and DDNXA phase 5): header, rejections, controls."""

from collections.abc import Mapping, Sequence

from routing.simulators.ledger import State
from routing.simulators.lifecycle import (
    Case,
    FunctionalError,
    Header,
    Reaction,
    Side,
    Tell,
    text_at,
    texts_at,
)
from routing.simulators.shaping import Told
from routing.simulators.xml import Element
from schemas.identifiers import make_mrn

__all__ = [
    "about_declaration",
    "amendment",
    "control_result",
    "control_types",
    "functional_errors",
    "functional_fault",
    "head",
    "invalidation_asked_for",
    "new_mrn",
    "rejection",
    "xml_fault",
]

#: Why a message is rejected: rules are broken.
_REJECTION_CODE = "12"
_DOCUMENTARY_CONTROL = "10"
#: Authorised consignor of transit; simplified declaration, records and centralised clearance in export.
_SIMPLIFIED = frozenset({"C521", "C512", "C514", "C513"})


def head(case: Case, header: Header) -> Mapping[str, Told]:
    """The message header; sender and recipient change sides. CC507C keeps its own in an element."""
    return {
        "messageSender": _said(header.sides, "messageRecipient"),
        "messageRecipient": _said(header.sides, "messageSender"),
        "preparationDateAndTime": case.timestamp,
        "messageIdentification": header.number,
        "messageType": header.type_code,
        "correlationIdentifier": header.correlation,
    }


def _said(sides: Element, name: str) -> str | None:
    return text_at(sides, name) or text_at(sides, f"Header/{name}")


def new_mrn(case: Case, office: str, letter: str) -> str:
    """An MRN for the declaration at hand.

    Args:
        case: with the declaration.
        office: reference number of the customs office that gives it.
        letter: of the procedure.
    """

    def make(serial: str) -> str:
        return make_mrn(case.local.year, office[:2], office[2:8] + serial, letter)

    return case.numbers.new_reference(case.movement, make, length=6)


def about_declaration(
    group: str,
    case: Case,
    type_code: str,
    operation: Mapping[str, Told],
    rest: Mapping[str, Told] | None = None,
) -> Tell:
    """A message about the declaration: what happened, at which office, whose.

    Args:
        group: with LRN and MRN.
        case: with the movement.
        type_code: of the message.
        operation: what else that group says.
        rest: other groups.
    """
    numbers = {"LRN": case.movement.lrn, "MRN": case.movement.reference}
    changes: dict[str, Told] = {group: {**numbers, **operation}, **(rest or {})}
    return Tell(type_code=type_code, changes=changes, source=case.declaration, to=case.declarant)


def amendment(case: Case, type_code: str, group: str) -> Tell:
    """The declaration is replaced as asked; the group says when."""
    times: dict[str, Told] = {
        "amendmentSubmissionDateAndTime": case.timestamp,
        "amendmentAcceptanceDateAndTime": case.timestamp,
    }
    return Tell(type_code=type_code, changes={group: times}, to=Side.ACTOR)


def invalidation_asked_for(type_code: str, case: Case) -> Reaction:
    """What the declarant asked for: granted before the release, refused after it."""
    granted = case.movement.state is not State.RELEASED
    decision: dict[str, Told] = {
        "requestDateAndTime": case.timestamp,
        "decisionDateAndTime": case.timestamp,
        "decision": "1" if granted else "0",
        "initiatedByCustoms": "0",
    }
    told = Tell(type_code=type_code, changes={"Invalidation": decision}, to=Side.ACTOR)
    return Reaction(tell=(told,), movement=case.moved(State.INVALIDATED) if granted else None)


def rejection(
    case: Case,
    errors: Sequence[FunctionalError],
    type_code: str,
    operation: str,
    source: Element | None = None,
) -> Tell:
    """A functional rejection of the message at hand.

    Args:
        case: with the message.
        errors: broken rules.
        type_code: of the rejection.
        operation: group with LRN and MRN.
        source: where the content of the message is; None: in its document element.
    """
    numbers: dict[str, Told] = {
        "LRN": case.asked.facts.lrn,
        "MRN": case.asked.facts.mrn,
        "businessRejectionType": case.asked.delivery.type_code[2:5],
        "rejectionDateAndTime": case.timestamp,
        "rejectionCode": _REJECTION_CODE,
    }
    changes: dict[str, Told] = {operation: numbers, "FunctionalError": functional_errors(errors)}
    return Tell(type_code=type_code, changes=changes, source=source, to=Side.ACTOR)


def functional_errors(errors: Sequence[FunctionalError]) -> list[Told]:
    """One `FunctionalError` for each broken rule."""
    return [
        {
            "sequenceNumber": str(number),
            "errorPointer": error.pointer,
            "errorCode": error.code,
            "errorReason": error.reason,
            "originalAttributeValue": error.value,
        }
        for number, error in enumerate(errors, start=1)
    ]


def functional_fault(case: Case, errors: Sequence[FunctionalError]) -> Tell:
    """CC906C: a fault outside of any procedure."""
    changes: dict[str, Told] = {"Header": _numbers(case), "FunctionalError": functional_errors(errors)}
    return Tell(type_code="CC906C", changes=changes, to=Side.ACTOR)


def xml_fault(case: Case, errors: Sequence[FunctionalError]) -> Tell:
    """CC917C: the back end finds the XML wrong."""
    fault: dict[str, Told] = {
        "errorLineNumber": "1",
        "errorColumnNumber": "1",
        "errorPointer": errors[0].pointer,
        "errorCode": "18",
        "errorText": "Błąd XML zgodnie ze scenariuszem.",
    }
    changes: dict[str, Told] = {"Header": _numbers(case), "XMLError": [fault]}
    return Tell(type_code="CC917C", changes=changes, to=Side.ACTOR)


def _numbers(case: Case) -> Mapping[str, Told]:
    return {"LRN": case.asked.facts.lrn, "MRN": case.asked.facts.mrn}


def control_result(case: Case) -> Mapping[str, Told]:
    """A3 for holders of an authorisation for simplifications, else A2 (satisfactory)."""
    simplified = not _SIMPLIFIED.isdisjoint(texts_at(case.declaration, "Authorisation/type"))
    return {"code": "A3" if simplified else "A2", "date": case.today, "controlledBy": "N/A"}


def control_types() -> list[Told]:
    """What is controlled: the documents."""
    return [{"sequenceNumber": "1", "type": _DOCUMENTARY_CONTROL, "text": "Kontrola dokumentów"}]
