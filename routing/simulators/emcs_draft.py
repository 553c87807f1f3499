"""The e-AD draft as it stands after a change of destination (IE813), or for a part of a splitting (IE825).

Both say what is new in groups of the same names; what they leave out stays as it was.
"""

from collections.abc import Mapping
from typing import Final

from routing.simulators.emcs_writing import UNKNOWN_DESTINATION
from routing.simulators.lifecycle import find_at
from routing.simulators.shaping import Again, Told
from routing.simulators.xml import Element

__all__ = ["redirected"]

_GROUPS: Final = ("UpdateEadEsad", "DestinationChanged")
_PLACES: Final = ("DeliveryPlaceTrader", "DeliveryPlaceCustomsOffice")
#: Parts of the draft, and what each is called where it is new.
_TRADERS: Final = {
    "TransportArrangerTrader": "NewTransportArrangerTrader",
    "FirstTransporterTrader": "NewTransporterTrader",
    "MovementGuarantee": "MovementGuarantee",
}
_HEADER: Final = {
    "DestinationTypeCode": "DestinationTypeCode",
    "JourneyTime": "JourneyTime",
    "TransportArrangement": "ChangedTransportArrangement",
}
_INVOICE: Final = {"InvoiceNumber": "InvoiceNumber", "InvoiceDate": "InvoiceDate"}
_MODE: Final = {
    "TransportModeCode": "TransportModeCode",
    "ComplementaryInformation": "ComplementaryInformation",
}


def redirected(news: Element) -> dict[str, Told]:
    """What changes in the draft.

    Args:
        news: `ChangeOfDestination` or `SplitDetailsEad`.
    """
    groups = [news, *(found for name in _GROUPS if (found := find_at(news, name)) is not None)]
    units = [Again(unit) for unit in news.iterchildren("{*}TransportDetails")]
    return {
        "HeaderEadEsad": _taken(groups, _HEADER),
        "EadEsadDraft": _taken(groups, _INVOICE),
        "TransportMode": _taken(groups, _MODE),
        **_destination(groups),
        **_taken(groups, _TRADERS),
        **({"TransportDetails": units} if units else {}),
    }


def _destination(groups: list[Element]) -> Mapping[str, Told]:
    """A new consignee brings a place of delivery of its own; an unknown destination has neither."""
    told = _taken(groups, {"ConsigneeTrader": "NewConsigneeTrader"})
    kind = _find(groups, "DestinationTypeCode")
    unknown = kind is not None and kind.text == UNKNOWN_DESTINATION
    gone = dict.fromkeys(("ConsigneeTrader", *_PLACES)) if told or unknown else {}
    return {**gone, **told, **_taken(groups, {name: name for name in _PLACES})}


def _taken(groups: list[Element], names: Mapping[str, str]) -> dict[str, Told]:
    """What is new, by the names it has in the draft."""
    found = {name: _find(groups, new) for name, new in names.items()}
    return {name: Again(each) for name, each in found.items() if each is not None}


def _find(groups: list[Element], name: str) -> Element | None:
    return next((found for group in groups if (found := find_at(group, name)) is not None), None)
