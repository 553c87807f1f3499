"""EMCS PL2: drafts of e-AD and e-SAD (EU EMCS, messages IE815, IE801 and IE704).

The version of the schema is part of its namespace: an answer speaks the version of its request.
"""

from collections.abc import Iterator, Sequence

from lxml import etree

from routing.simulators.ledger import MovementState
from routing.simulators.procedure import (
    Acceptance,
    FunctionalError,
    Message,
    Procedure,
    Request,
    System,
    code_of,
)
from routing.simulators.rules import EU_COUNTRIES, decimals
from routing.simulators.xml import Element, Fields, fill, renamed, to_bytes
from schemas.identifiers import make_arc

__all__ = ["EMCSPL2"]

_DRAFT_TYPE = "IE815"
_DUPLICATE_LRN = "91"  # EU EMCS, functional error codes
_WRONG_VALUE = "12"
#: Kind of movement, last character of an ARC's body: e-AD for duty-suspended goods.
_MOVEMENT_KIND = "1"
_SEQUENCE = "1"
_DRAFT = "Body/SubmittedDraftOfEADESAD"
_OFFICE = "CompetentAuthorityDispatchOffice/ReferenceNumber"


def _check(request: Request) -> Iterator[FunctionalError]:
    office = request.text(f"{_DRAFT}/{_OFFICE}")
    if office is not None and office[:2] not in EU_COUNTRIES | {"GB"}:
        yield _error(_OFFICE, "The office is not known.", office)
    names = ("BodyRecordUniqueReference", "GrossMass", "NetMass")
    for item in request.all(f"{_DRAFT}/BodyEadEsad"):
        record, gross, net = (item.findtext(f"{{{request.namespace}}}{name}") for name in names)
        masses = decimals([gross, net])
        if net and masses and masses[1] > masses[0]:
            pointer = f"BodyEadEsad[BodyRecordUniqueReference={record}]/NetMass"
            yield _error(pointer, "The net mass exceeds the gross mass.", net)


def _error(pointer: str, text: str, value: str) -> FunctionalError:
    return FunctionalError(
        pointer=f"/{_DRAFT_TYPE}/{_DRAFT}/{pointer}",
        code=_WRONG_VALUE,
        reason="SIM-VAL",
        text=text,
        value=value,
    )


def _reference(request: Request, attempt: int) -> str:
    serial = code_of(request.delivery.system, request.delivery.sys_ref, "ARC", str(attempt), length=15)
    return make_arc(request.local.year, "PL", serial + _MOVEMENT_KIND)


def _accept(request: Request, arc: str | None) -> Acceptance:
    root = _envelope(request, "IE801")
    namespace = _namespace(root)
    content = _validated(request, namespace, arc or "")
    fill(_body(root), (("EADESADContainer", content),), namespace)
    return Acceptance(messages=(_finished(request, "IE801", root, arc),), state=MovementState.RELEASED)


def _reject(request: Request, errors: Sequence[FunctionalError]) -> Message:
    root = _envelope(request, "IE704")
    content: Fields = (
        ("Attributes", (("LocalReferenceNumber", request.lrn),)),
        *(("FunctionalError", _functional_error(error)) for error in errors),
    )
    fill(_body(root), (("GenericRefusalMessage", content),), _namespace(root))
    return _finished(request, "IE704", root, None)


def _functional_error(error: FunctionalError) -> Fields:
    return (
        ("ErrorType", error.code),
        ("ErrorReason", error.text),
        ("ErrorLocation", error.pointer),
        ("OriginalAttributeValue", error.value),
    )


def _validated(request: Request, namespace: str, arc: str) -> Fields:
    """The draft again, in the order of IE801, with what the validation adds."""

    def again(*names: str, new_name: str | None = None) -> Iterator[Element]:
        for name in names:
            for part in request.all(f"{_DRAFT}/{name}"):
                yield renamed(part, namespace, new_name or name)

    movement: Fields = (
        ("AdministrativeReferenceCode", arc),
        ("DateAndTimeOfValidationOfEadEsad", request.timestamp),
    )
    update: Fields = (("SequenceNumber", _SEQUENCE), ("DateAndTimeOfUpdateValidation", request.timestamp))
    return (
        *again("ConsigneeTrader"),
        ("ExciseMovement", movement),
        *again(*_BEFORE_HEADER),
        *again("EadEsadDraft", new_name="EadEsad"),
        *(("HeaderEadEsad", (*update, *declared)) for declared in again("HeaderEadEsad")),
        *again("TransportMode", "MovementGuarantee", "BodyEadEsad", "TransportDetails"),
    )


#: Parts of the draft between movement and header of IE801, in its order.
_BEFORE_HEADER = (
    "ConsignorTrader",
    "PlaceOfDispatchTrader",
    "DispatchImportOffice",
    "ComplementConsigneeTrader",
    "DeliveryPlaceTrader",
    "DeliveryPlaceCustomsOffice",
    "CompetentAuthorityDispatchOffice",
    "TransportArrangerTrader",
    "FirstTransporterTrader",
    "DocumentCertificate",
)


def _envelope(request: Request, message_type: str) -> Element:
    """The document element with header and empty body; sender and recipient change sides."""
    namespace = request.namespace.replace(_DRAFT_TYPE, message_type)
    header = request.root[0]
    shared = _namespace(header[0])
    root = etree.Element(f"{{{namespace}}}{message_type}", nsmap={"emcs": namespace, "tms": shared})
    old = {etree.QName(part).localname: part.text for part in header}
    content: Fields = (
        ("MessageSender", old["MessageRecipient"]),
        ("MessageRecipient", old["MessageSender"]),
        ("DateOfPreparation", request.today),
        ("TimeOfPreparation", f"{request.local:%H:%M:%S}"),
        ("MessageIdentifier", request.number(message_type)),
        ("CorrelationIdentifier", request.facts.own_id),
    )
    fill(etree.SubElement(root, f"{{{namespace}}}Header"), content, shared)
    etree.SubElement(root, f"{{{namespace}}}Body")
    return root


def _body(root: Element) -> Element:
    return root[-1]


def _finished(request: Request, message_type: str, root: Element, arc: str | None) -> Message:
    number = request.number(message_type)
    return Message(
        type_code=message_type,
        number=number,
        filename=f"{message_type}_{number}.xml",
        content=to_bytes(root),
        arc=arc,
    )


def _namespace(place: Element) -> str:
    return etree.QName(place).namespace or ""


#: The simulated system.
EMCSPL2 = System(
    code="EMCSPL2",
    procedures={
        _DRAFT_TYPE: Procedure(
            check=_check,
            reference=_reference,
            accept=_accept,
            reject=_reject,
            lrn_pointer=f"/{_DRAFT_TYPE}/{_DRAFT}/EadEsadDraft/LocalReferenceNumber",
            message_pointer=f"/{_DRAFT_TYPE}/Header/MessageIdentifier",
            rule_code=_WRONG_VALUE,
            duplicate_lrn_code=_DUPLICATE_LRN,
        ),
    },
)
