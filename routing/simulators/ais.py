"""AIS/IMPORT: import declarations (messages ZC415 to ZC429). Every message type has its own namespace."""

from collections.abc import Iterable, Iterator, Sequence

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
from routing.simulators.rules import EU_COUNTRIES, mass_adds_up, office_is_in
from routing.simulators.xml import Element, Fields, element, renamed, to_bytes
from schemas.identifiers import make_mrn

__all__ = ["AIS"]

_NAMESPACE = "http://www.mf.gov.pl/xsd/AISP/"
_OFFICE = "Declaration/CustomsOfficeOfDeclaration/referenceNumber"
_TOTAL_MASS = "Declaration/GoodsShipments/totalGrossMass"
_ITEM_MASS = "Declaration/GoodsShipments/GoodsItem/Commodity/GoodsMeasure/grossMass"

#: Procedure letter of the MRN: import declaration alone.
_PROCEDURE_LETTER = "R"
#: Additional declaration types lodged before the goods are presented (standard and simplified).
_PRELODGED = frozenset("DEF")
_REJECTION_CODE = "12"
_PARTIES = ("CustomsOfficeOfDeclaration", "Importer", "Declarant", "Representative")


def _check(request: Request) -> Iterator[FunctionalError]:
    yield from office_is_in(request, _OFFICE, EU_COUNTRIES)
    yield from mass_adds_up(request, _TOTAL_MASS, _ITEM_MASS)


def _reference(request: Request, attempt: int) -> str | None:
    if request.text("Declaration/additionalDeclarationType") in _PRELODGED:
        return None
    office = request.text(_OFFICE) or ""
    serial = code_of(request.delivery.system, request.delivery.sys_ref, "MRN", str(attempt), length=6)
    return make_mrn(request.local.year, office[:2], office[2:8] + serial, _PROCEDURE_LETTER)


def _accept(request: Request, mrn: str | None) -> Acceptance:
    if mrn is None:  # nothing to say before the goods are presented; the UPO stands alone
        return Acceptance(messages=(), state=MovementState.PRELODGED)
    decision: Fields = (("lrn", request.lrn), ("mrn", mrn), ("declarationAcceptanceDate", request.today))
    accepted = _message(request, "ZC428", (*decision, *_repeated(request, "ZC428", _PARTIES)), mrn=mrn)
    return Acceptance(messages=(accepted, _release(request, mrn)), state=MovementState.RELEASED)


def _reject(request: Request, errors: Sequence[FunctionalError]) -> Message:
    decision: Fields = (
        ("lrn", request.lrn),
        ("rejectionDateAndTime", request.local.isoformat(timespec="seconds")),
        ("rejectionCode", _REJECTION_CODE),
    )
    found = (("FunctionalError", _functional_error(error)) for error in errors)
    return _message(request, "ZC416", (*decision, *_repeated(request, "ZC416", _PARTIES), *found))


def _functional_error(error: FunctionalError) -> Fields:
    return (
        ("errorPointer", error.pointer),
        ("errorCode", error.code),
        ("errorReason", error.text),
        ("originalAttributeValue", error.value),
    )


def _release(request: Request, mrn: str) -> Message:
    """ZC429, the certified declaration: everything declared, with the decisions of the office."""
    decision = (
        ("lrn", request.lrn),
        ("mrn", mrn),
        ("declarationType", request.text("Declaration/declarationType")),
        ("additionalDeclarationType", request.text("Declaration/additionalDeclarationType")),
        ("declarationAcceptanceDate", request.today),
        ("releaseDate", request.today),
    )
    decided = {name for name, _ in decision}
    parts = (part for part in request.all("Declaration/*") if _name(part) not in decided)
    content: Fields = (*decision, *(_again(part, "ZC429") for part in parts))
    return _message(request, "ZC429", content, mrn=mrn)


def _repeated(request: Request, type_code: str, names: Iterable[str]) -> Iterator[Element]:
    """Parts of the declaration, in the order of the names, in the namespace of the answer."""
    for name in names:
        for part in request.all(f"Declaration/{name}"):
            yield _again(part, type_code)


def _again(part: Element, type_code: str) -> Element:
    return renamed(part, _NAMESPACE + type_code, _name(part))


def _name(part: Element) -> str:
    return etree.QName(part).localname


def _message(request: Request, type_code: str, content: Fields, *, mrn: str | None = None) -> Message:
    number = request.number(type_code)
    fields: Fields = (
        ("preparationDateAndTime", request.local.isoformat(timespec="seconds")),
        ("messageIdentification", number),
        ("correlationIdentifier", request.facts.own_id),
        ("Declaration", content),
    )
    root = element(type_code, _NAMESPACE + type_code, None, fields, local=_NAMESPACE + type_code)
    return Message(
        type_code=type_code,
        number=number,
        filename=f"{type_code}_{number}.xml",
        content=to_bytes(root),
        mrn=mrn,
    )


#: The simulated system.
AIS = System(
    code="AIS",
    procedures={
        "ZC415": Procedure(
            check=_check,
            reference=_reference,
            accept=_accept,
            reject=_reject,
            lrn_pointer="/ZC415/Declaration/lrn",
            message_pointer="/ZC415/messageIdentification",
        ),
    },
)
