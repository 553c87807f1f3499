"""From the bytes of a list to its values. Nothing read here is trusted before the signature is verified."""

from dataclasses import replace
from typing import Final

from lxml import etree

from signing.errors import ParsingError
from signing.parsing import ParseLimits, parse
from signing.trustlists.elements import (
    address_of,
    child,
    children,
    identities_of,
    identity_of,
    items,
    local_texts,
    malformed,
    number_of,
    optional_text,
    required,
    text,
    texts,
    time,
)
from signing.trustlists.errors import ListFormatError
from signing.trustlists.extensions import critical_unknown, extensions_of
from signing.trustlists.model import (
    LocalText,
    Pointer,
    Provider,
    SchemeInformation,
    Service,
    ServiceState,
    SupplyPoint,
    TrustedList,
)
from signing.trustlists.names import TSL_TAG, tsl, tslx
from signing.trustlists.structure import check_structure

__all__ = ["LIST_LIMITS", "parse_list", "read_list"]

#: The largest lists have about 4 MB.
LIST_LIMITS: Final = ParseLimits(max_bytes=16 * 2**20)
_VERSIONS: Final = (5, 6)
_SINCE_TYPED_POINTS: Final = 6
_BEFORE_XML: Final = b"\xef\xbb\xbf \t\r\n"


def parse_list(data: bytes) -> etree._Element:
    """The tree of a list; some operators put a byte order mark and blank lines before the XML declaration.

    Raises:
        ListFormatError: not XML, or with parts that no list has.
    """
    try:
        return parse(data.lstrip(_BEFORE_XML), LIST_LIMITS)
    except ParsingError as error:
        raise ListFormatError(reason=str(error)) from error


def read_list(root: etree._Element) -> TrustedList:
    """Read a whole list, of format 5 or 6.

    Args:
        root: TrustServiceStatusList, with or without its signature.

    Raises:
        ListFormatError: it is none, or something in it cannot be read.
    """
    if root.tag != tsl("TrustServiceStatusList") or root.get("TSLTag") != TSL_TAG:
        raise ListFormatError(reason="the document element is no TrustServiceStatusList of TS 119 612")
    check_structure(root)
    element = required(root, tsl("SchemeInformation"))
    scheme = _scheme(element)
    return TrustedList(
        scheme=scheme,
        pointers=tuple(_pointer(p) for p in items(element, "PointersToOtherTSL", "OtherTSLPointer")),
        providers=tuple(
            _provider(provider, scheme.version)
            for provider in items(root, "TrustServiceProviderList", "TrustServiceProvider")
        ),
    )


def _scheme(element: etree._Element) -> SchemeInformation:
    version = number_of(required(element, tsl("TSLVersionIdentifier")))
    if version not in _VERSIONS:
        raise malformed(element, f"format {version} is not known")
    if unknown := critical_unknown(child(element, tsl("SchemeExtensions"))):
        raise malformed(element, f"critical extensions {', '.join(unknown)} are not known")
    next_update = child(required(element, tsl("NextUpdate")), tsl("dateTime"))
    return SchemeInformation(
        version=version,
        sequence=number_of(required(element, tsl("TSLSequenceNumber"))),
        list_type=text(required(element, tsl("TSLType"))),
        territory=text(required(element, tsl("SchemeTerritory"))).upper(),
        operator_names=_names(element, "SchemeOperatorName"),
        operator_address=address_of(child(element, tsl("SchemeOperatorAddress"))),
        names=_names(element, "SchemeName"),
        information=_locations(element, "SchemeInformationURI"),
        status_determination=text(required(element, tsl("StatusDeterminationApproach"))),
        community_rules=_locations(element, "SchemeTypeCommunityRules"),
        legal_notices=local_texts(items(element, "PolicyOrLegalNotice", "TSLLegalNotice")),
        history_period=number_of(required(element, tsl("HistoricalInformationPeriod"))),
        issued_at=time(required(element, tsl("ListIssueDateTime"))),
        next_update=None if next_update is None else time(next_update),
        distribution_points=texts(items(element, "DistributionPoints", "URI")),
    )


def _names(element: etree._Element, name: str) -> tuple[LocalText, ...]:
    return local_texts(items(element, name, "Name"))


def _locations(element: etree._Element, name: str) -> tuple[LocalText, ...]:
    return local_texts(items(element, name, "URI"))


def _pointer(element: etree._Element) -> Pointer:
    identities = identities_of(child(element, tsl("ServiceDigitalIdentities")))
    pointer = Pointer(location=text(required(element, tsl("TSLLocation"))), signers=identities)
    for other in items(element, "AdditionalInformation", "OtherInformation"):
        pointer = _with_information(pointer, other)
    return pointer


def _with_information(pointer: Pointer, other: etree._Element) -> Pointer:
    """What else a pointer says; every fact comes in an OtherInformation of its own."""
    territory = optional_text(other, tsl("SchemeTerritory"))
    return replace(
        pointer,
        list_type=optional_text(other, tsl("TSLType")) or pointer.list_type,
        territory=territory.upper() if territory else pointer.territory,
        media_type=optional_text(other, tslx("MimeType")) or pointer.media_type,
        operator_names=_names(other, "SchemeOperatorName") or pointer.operator_names,
        community_rules=_locations(other, "SchemeTypeCommunityRules") or pointer.community_rules,
    )


def _provider(element: etree._Element, version: int) -> Provider:
    information = required(element, tsl("TSPInformation"))
    unknown = critical_unknown(child(information, tsl("TSPInformationExtensions")))
    return Provider(
        names=_names(information, "TSPName"),
        trade_names=_names(information, "TSPTradeName"),
        address=address_of(child(information, tsl("TSPAddress"))),
        information=_locations(information, "TSPInformationURI"),
        services=tuple(
            _service(service, version, unknown) for service in items(element, "TSPServices", "TSPService")
        ),
    )


def _service(element: etree._Element, version: int, inherited: tuple[str, ...]) -> Service:
    information = required(element, tsl("ServiceInformation"))
    history = [
        _state(state, inherited) for state in items(element, "ServiceHistory", "ServiceHistoryInstance")
    ]
    return Service(
        current=_state(information, inherited),
        history=tuple(sorted(history, key=lambda state: state.since, reverse=True)),
        scheme_definitions=_locations(information, "SchemeServiceDefinitionURI"),
        provider_definitions=_locations(information, "TSPServiceDefinitionURI"),
        supply_points=tuple(
            _supply_point(point, version)
            for point in items(information, "ServiceSupplyPoints", "ServiceSupplyPoint")
        ),
    )


def _supply_point(element: etree._Element, version: int) -> SupplyPoint:
    kind = element.get("type")
    if kind is not None and version < _SINCE_TYPED_POINTS:
        raise malformed(element, "format 5 has no attribute type")
    return SupplyPoint(location=text(element), service_type=kind)


def _state(element: etree._Element, inherited: tuple[str, ...]) -> ServiceState:
    """ServiceInformation and ServiceHistoryInstance alike."""
    extensions = children(element, tsl("ServiceInformationExtensions"))
    return ServiceState(
        service_type=text(required(element, tsl("ServiceTypeIdentifier"))),
        names=_names(element, "ServiceName"),
        identity=identity_of(required(element, tsl("ServiceDigitalIdentity"))),
        status=text(required(element, tsl("ServiceStatus"))),
        since=time(required(element, tsl("StatusStartingTime"))),
        extensions=extensions_of(extensions[0] if extensions else None, inherited),
    )
