"""What NCTS and AES messages have in common (EU DDNTA and DDNXA phase 5): header, parties, rejections."""

from collections.abc import Iterator, Sequence
from copy import deepcopy

from routing.simulators.procedure import FunctionalError, Message, Request
from routing.simulators.xml import Element, Fields, element, to_bytes

__all__ = [
    "after",
    "control_result",
    "declared",
    "envelope",
    "finished",
    "functional_errors",
    "party",
    "rejected_operation",
    "representative",
]

_REJECTION_CODE = "12"
#: Authorised consignor of transit; simplified declaration, records and centralised clearance in export.
_SIMPLIFIED = frozenset({"C521", "C512", "C514", "C513"})


def envelope(request: Request, type_code: str, namespace: str, prefix: str) -> Element:
    """The document element with the message header; sender and recipient change sides."""
    header: Fields = (
        ("messageSender", request.text("messageRecipient")),
        ("messageRecipient", request.text("messageSender")),
        ("preparationDateAndTime", request.timestamp),
        ("messageIdentification", request.number(type_code)),
        ("messageType", type_code),
        ("correlationIdentifier", request.facts.own_id),
    )
    root = element(type_code, namespace, prefix, header)
    phase = request.root.get("PhaseID")
    if phase is not None:
        root.set("PhaseID", phase)
    return root


def finished(
    request: Request, type_code: str, root: Element, *, filename: str, mrn: str | None = None
) -> Message:
    """The message as bytes."""
    number = request.number(type_code)
    return Message(type_code=type_code, number=number, filename=filename, content=to_bytes(root), mrn=mrn)


def declared(request: Request, group: str, *names: str) -> Fields:
    """Data repeated from one group of the declaration, in the order given."""
    return tuple((name, request.text(f"{group}/{name}")) for name in names)


def party(request: Request, name: str) -> Fields:
    """A party without its contact person: answers have no room for one."""
    found = request.first(name)
    return () if found is None else [deepcopy(part) for part in found if part.tag != "ContactPerson"]


def representative(request: Request) -> Fields:
    """`Representative` in its short form; nothing where the declaration has none."""
    if request.first("Representative") is None:
        return ()
    return (("Representative", declared(request, "Representative", "identificationNumber", "status")),)


def after(request: Request, name: str) -> Iterator[Element]:
    """Copies of everything in the declaration that follows an element."""
    found = request.first(name)
    if found is not None:
        yield from (deepcopy(sibling) for sibling in found.itersiblings())


def control_result(request: Request) -> Fields:
    """Code and date: A3 for holders of an authorisation for simplifications, else A2 (satisfactory)."""
    simplified = any(found.text in _SIMPLIFIED for found in request.all("Authorisation/type"))
    return (("code", "A3" if simplified else "A2"), ("date", request.today))


def rejected_operation(request: Request) -> Fields:
    """Which message was rejected, when, and that it broke rules."""
    return (
        ("LRN", request.lrn),
        ("businessRejectionType", request.delivery.type_code[2:5]),
        ("rejectionDateAndTime", request.timestamp),
        ("rejectionCode", _REJECTION_CODE),
    )


def functional_errors(errors: Sequence[FunctionalError]) -> Fields:
    """One `FunctionalError` for each broken rule."""
    return tuple(("FunctionalError", _functional_error(error)) for error in errors)


def _functional_error(error: FunctionalError) -> Fields:
    return (
        ("errorPointer", error.pointer),
        ("errorCode", error.code),
        ("errorReason", error.reason),
        ("originalAttributeValue", error.value),
    )
