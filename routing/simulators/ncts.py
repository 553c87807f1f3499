"""NCTS2: transit declarations (EU DDNTA phase 5, messages IE015 to IE056)."""

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
from routing.simulators.rules import COMMON_TRANSIT_COUNTRIES, mass_adds_up, office_is_in
from routing.simulators.xml import Element, Fields, fill
from schemas.identifiers import make_mrn

__all__ = ["NCTS2"]

_NAMESPACE = "http://ncts.dgtaxud.ec"
_DEPARTURE = "CustomsOfficeOfDeparture/referenceNumber"
_HOLDER = "HolderOfTheTransitProcedure"

#: Procedure letter of the MRN by TransitOperation/security: none, entry, exit, both summary declarations.
_PROCEDURE_LETTERS = {"0": "J", "1": "L", "2": "K", "3": "M"}
_PRELODGED = "D"
#: Covers a declaration that states no amount (Implementing Regulation (EU) 2015/2447, Article 155).
_PRESUMED_AMOUNT = "10000.00"
#: Means of transport are named completely in a release or not at all.
_COMPLETE_MEANS = {
    "DepartureTransportMeans": ("typeOfIdentification", "identificationNumber", "nationality"),
    "ActiveBorderTransportMeans": (
        "customsOfficeAtBorderReferenceNumber",
        "typeOfIdentification",
        "identificationNumber",
        "nationality",
    ),
}


def _check(request: Request) -> Iterator[FunctionalError]:
    yield from office_is_in(request, _DEPARTURE, COMMON_TRANSIT_COUNTRIES)
    yield from office_is_in(
        request, "CustomsOfficeOfDestinationDeclared/referenceNumber", COMMON_TRANSIT_COUNTRIES
    )
    yield from mass_adds_up(request, "Consignment/grossMass", "Consignment/HouseConsignment/grossMass")


def _reference(request: Request, attempt: int) -> str | None:
    if request.text("TransitOperation/additionalDeclarationType") == _PRELODGED:
        return None
    office = request.text(_DEPARTURE) or ""
    letter = _PROCEDURE_LETTERS.get(request.text("TransitOperation/security") or "", "J")
    serial = code_of(request.delivery.system, request.delivery.sys_ref, "MRN", str(attempt), length=6)
    return make_mrn(request.local.year, office[:2], office[2:8] + serial, letter)


def _accept(request: Request, mrn: str | None) -> Acceptance:
    received = _message(request, "CC928C", (("LRN", request.lrn),))
    if mrn is None:
        return Acceptance(messages=(received,), state=MovementState.PRELODGED)
    allocated = _message(
        request,
        "CC028C",
        (("LRN", request.lrn), ("MRN", mrn), ("declarationAcceptanceDate", request.today)),
        mrn=mrn,
    )
    return Acceptance(messages=(received, allocated, _release(request, mrn)), state=MovementState.RELEASED)


def _reject(request: Request, errors: Sequence[FunctionalError]) -> Message:
    rest = (*representative(request), *functional_errors(errors))
    return _message(request, "CC056C", rejected_operation(request), rest)


def _message(
    request: Request, type_code: str, operation: Fields, rest: Fields = (), *, mrn: str | None = None
) -> Message:
    """A message about the procedure as a whole: what happened, at which office, whose."""
    root = envelope(request, type_code, _NAMESPACE, "ncts")
    content: Fields = (
        ("TransitOperation", operation),
        ("CustomsOfficeOfDeparture", (("referenceNumber", request.text(_DEPARTURE)),)),
        (_HOLDER, party(request, _HOLDER)),
        *rest,
    )
    fill(root, content)
    return finished(request, type_code, root, filename=_filename(type_code), mrn=mrn)


def _release(request: Request, mrn: str) -> Message:
    """CC029C: the whole declaration again, with the decisions of the office of departure."""
    root = envelope(request, "CC029C", _NAMESPACE, "ncts")
    fill(root, (("TransitOperation", _released_operation(request, mrn)), *after(request, "TransitOperation")))
    _insert_control_result(root, (*control_result(request), ("controlledBy", "N/A")))
    _complete(root)
    return finished(request, "CC029C", root, filename=_filename("CC029C"), mrn=mrn)


def _released_operation(request: Request, mrn: str) -> Fields:
    group = "TransitOperation"
    return (
        ("LRN", request.lrn),
        ("MRN", mrn),
        *declared(request, group, "declarationType", "additionalDeclarationType", "TIRCarnetNumber"),
        ("declarationAcceptanceDate", request.today),
        ("releaseDate", request.today),
        *declared(request, group, "security", "reducedDatasetIndicator", "specificCircumstanceIndicator"),
        *declared(request, group, "communicationLanguageAtDeparture", "bindingItinerary"),
    )


def _filename(type_code: str) -> str:
    """NCTS gives all messages of a type one name, e.g. IE029.xml."""
    return f"IE{type_code[2:5]}.xml"


def _insert_control_result(release: Element, result: Fields) -> None:
    """Put it behind the parties, before the first guarantee."""
    fill(release, (("ControlResult", result),))
    guarantee = release.find("Guarantee")
    if guarantee is not None:
        guarantee.addprevious(release[-1])


def _complete(release: Element) -> None:
    """Bring the declared data into the form of a release: some becomes required, some has no place."""
    for units in release.findall(".//GoodsMeasure/supplementaryUnits"):
        _remove(units)
    for measure in release.findall(".//GoodsMeasure"):
        if measure.find("grossMass") is None:
            _remove(measure)
    for name, needed in _COMPLETE_MEANS.items():
        for means in release.findall(f"Consignment/{name}"):
            if any(means.find(part) is None for part in needed):
                _remove(means)
    for reference in release.findall("Guarantee/GuaranteeReference"):
        _complete_guarantee(reference)
    for consignment in release.findall("Consignment"):
        _complete_container_indicator(consignment)


def _complete_guarantee(reference: Element) -> None:
    if reference.find("amountToBeCovered") is None:
        fill(reference, (("amountToBeCovered", _PRESUMED_AMOUNT),))
        for currency in reference.findall("currency"):
            reference.append(currency)  # keeps its place behind the amount
    if reference.find("currency") is None:
        fill(reference, (("currency", "EUR"),))


def _complete_container_indicator(consignment: Element) -> None:
    if consignment.find("containerIndicator") is not None:
        return
    has_container = consignment.find("TransportEquipment/containerIdentificationNumber") is not None
    fill(consignment, (("containerIndicator", "1" if has_container else "0"),))
    before = sum(consignment.find(name) is not None for name in ("countryOfDispatch", "countryOfDestination"))
    consignment.insert(before, consignment[-1])


def _remove(child: Element) -> None:
    parent = child.getparent()
    if parent is not None:
        parent.remove(child)


#: The simulated system.
NCTS2 = System(
    code="NCTS2",
    procedures={
        "CC015C": Procedure(
            check=_check,
            reference=_reference,
            accept=_accept,
            reject=_reject,
            lrn_pointer="/CC015C/TransitOperation/LRN",
            message_pointer="/CC015C/messageIdentification",
        ),
    },
)
