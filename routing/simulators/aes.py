"""AES: export declarations (EU DDNXA, messages IE515 to IE556)."""

from collections.abc import Iterator, Sequence

from routing.simulators.common_domain import (
    after,
    control_result,
    declared,
    envelope,
    finished,
    functional_errors,
    party,
    rejected_operation,
    representative,
)
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
from routing.simulators.xml import Element, Fields, fill
from schemas.identifiers import make_mrn

__all__ = ["AES"]

_NAMESPACE = "http://ecs.dgtaxud.ec"
_EXPORT = "CustomsOfficeOfExport/referenceNumber"
_CONSIGNMENT_MASS = "GoodsShipment/Consignment/grossMass"
_ITEM_MASS = "GoodsShipment/GoodsItem/Commodity/GoodsMeasure/grossMass"

#: Procedure letter of the MRN: export with an exit summary declaration (security 2), export alone.
_WITH_EXIT_SUMMARY = {"2": "B"}
_EXPORT_ONLY = "A"
#: Additional declaration types lodged before the goods are presented (standard and simplified).
_PRELODGED = frozenset("DEF")


def _check(request: Request) -> Iterator[FunctionalError]:
    yield from office_is_in(request, _EXPORT, EU_COUNTRIES)
    yield from office_is_in(request, "CustomsOfficeOfExitDeclared/referenceNumber", EU_COUNTRIES)
    yield from mass_adds_up(request, _CONSIGNMENT_MASS, _ITEM_MASS)


def _reference(request: Request, attempt: int) -> str | None:
    if request.text("ExportOperation/additionalDeclarationType") in _PRELODGED:
        return None
    office = request.text(_EXPORT) or ""
    letter = _WITH_EXIT_SUMMARY.get(request.text("ExportOperation/security") or "", _EXPORT_ONLY)
    serial = code_of(request.delivery.system, request.delivery.sys_ref, "MRN", str(attempt), length=6)
    return make_mrn(request.local.year, office[:2], office[2:8] + serial, letter)


def _accept(request: Request, mrn: str | None) -> Acceptance:
    if mrn is None:
        received = _message(request, "CC928C", (("LRN", request.lrn),))
        return Acceptance(messages=(received,), state=MovementState.PRELODGED)
    operation: Fields = (
        ("LRN", request.lrn),
        ("MRN", mrn),
        ("declarationAcceptanceDate", request.today),
    )
    allocated = _message(request, "CC528C", operation, mrn=mrn)
    return Acceptance(messages=(allocated, _release(request, mrn)), state=MovementState.RELEASED)


def _reject(request: Request, errors: Sequence[FunctionalError]) -> Message:
    return _message(request, "CC556C", rejected_operation(request), functional_errors(errors))


def _message(
    request: Request, type_code: str, operation: Fields, rest: Fields = (), *, mrn: str | None = None
) -> Message:
    """A message about the procedure as a whole: what happened, at which office, whose."""
    root = envelope(request, type_code, _NAMESPACE, "ecs")
    content: Fields = (
        ("ExportOperation", operation),
        ("CustomsOfficeOfExport", (("referenceNumber", request.text(_EXPORT)),)),
        ("Declarant", party(request, "Declarant")),
        *representative(request),
        *rest,
    )
    fill(root, content)
    return finished(request, type_code, root, filename=_filename(request, type_code), mrn=mrn)


def _release(request: Request, mrn: str) -> Message:
    """CC529C: the whole declaration again, with the decisions of the office of export."""
    root = envelope(request, "CC529C", _NAMESPACE, "ecs")
    fill(root, (("ExportOperation", _released_operation(request, mrn)), *after(request, "ExportOperation")))
    _insert_control_result(root, control_result(request))
    return finished(request, "CC529C", root, filename=_filename(request, "CC529C"), mrn=mrn)


def _released_operation(request: Request, mrn: str) -> Fields:
    group = "ExportOperation"
    return (
        ("LRN", request.lrn),
        ("MRN", mrn),
        *declared(request, group, "declarationType", "additionalDeclarationType"),
        ("declarationAcceptanceDate", request.today),
        ("releaseDate", request.today),
        *declared(request, group, "security", "specificCircumstanceIndicator"),
        *declared(request, group, "totalAmountInvoiced", "invoiceCurrency"),
    )


def _insert_control_result(release: Element, result: Fields) -> None:
    """Put it behind the parties."""
    parties = [part for part in release if part.tag in {"Exporter", "Declarant", "Representative"}]
    fill(release, (("ControlResult", result),))
    if parties:
        parties[-1].addnext(release[-1])


def _filename(request: Request, type_code: str) -> str:
    return f"{type_code}_{request.number(type_code)}.xml"


#: The simulated system.
AES = System(
    code="AES",
    procedures={
        "CC515C": Procedure(
            check=_check,
            reference=_reference,
            accept=_accept,
            reject=_reject,
            lrn_pointer="/CC515C/ExportOperation/LRN",
            message_pointer="/CC515C/messageIdentification",
        ),
    },
)
