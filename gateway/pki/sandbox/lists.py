"""Made trusted lists: a list of lists and one national list, in the form of ETSI TS 119 612."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.keys import KeyPair
from signing.names import XML
from signing.sign import sign_enveloped
from signing.trustlists.names import (
    CA_QC,
    FOR_SEALS,
    FOR_SIGNATURES,
    LISTS_MEDIA_TYPE,
    TSL,
    TSL_TAG,
    TSLX,
    tsl,
    tslx,
)

__all__ = ["ListedAuthority", "MadeList", "PointedList", "list_of_lists", "national_list"]

_PREFIXES: Final[dict[str, str]] = {"tsl": TSL, "tslx": TSLX}
_STATUS: Final = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
_RULES: Final = "http://uri.etsi.org/TrstSvc/TrustedList/schemerules/"
_DETERMINED: Final = "http://uri.etsi.org/TrstSvc/TrustedList/StatusDetn/"
_LANGUAGE: Final = f"{{{XML}}}lang"
_HISTORY_PERIOD: Final = "65535"  # for good
_VALID: Final = timedelta(days=180)  # TS 119 612 §5.3.15 allows no more


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedAuthority:
    """A CA/QC service of the national list."""

    certificate: x509.Certificate
    since: datetime  # granted from then on
    withdrawn: datetime | None = None  # and no longer from then on


@dataclass(frozen=True, kw_only=True, slots=True)
class PointedList:
    """Where a list is and who signs it."""

    location: str
    territory: str
    list_type: str
    signer: x509.Certificate


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeList:
    """What both kinds of lists have in common."""

    pointer: PointedList  # to the list itself
    signer: KeyPair
    at: datetime  # time of issue, with zone

    def signed(self, pointers: Sequence[PointedList], providers: Sequence[etree._Element]) -> bytes:
        """The whole list, signed by its operator."""
        services = [_t("TrustServiceProviderList", *providers)] if providers else []
        root = _t("TrustServiceStatusList", self._scheme(pointers), *services, TSLTag=TSL_TAG, Id="list")
        return sign_enveloped(root, self.signer, at=self.at, ids=lambda: "signature")

    def _scheme(self, pointers: Sequence[PointedList]) -> etree._Element:
        about = "https://sandbox.example/about"
        kind = self.pointer.list_type.rpartition("/")[2]
        return _t(
            "SchemeInformation",
            _t("TSLVersionIdentifier", "6"),
            _t("TSLSequenceNumber", "1"),
            _t("TSLType", self.pointer.list_type),
            _t("SchemeOperatorName", _local("Name", "Sandbox operator")),
            _address("SchemeOperatorAddress"),
            _t("SchemeName", _local("Name", f"{self.pointer.territory}:Sandbox, not a real list")),
            _t("SchemeInformationURI", _local("URI", about)),
            _t("StatusDeterminationApproach", f"{_DETERMINED}{kind}"),
            _t("SchemeTypeCommunityRules", _local("URI", f"{_RULES}EUcommon")),
            _t("SchemeTerritory", self.pointer.territory),
            _t("PolicyOrLegalNotice", _local("TSLLegalNotice", "For tests only.")),
            _t("HistoricalInformationPeriod", _HISTORY_PERIOD),
            _t("PointersToOtherTSL", *(_pointer(each) for each in pointers)),
            _t("ListIssueDateTime", _time(self.at)),
            _t("NextUpdate", _t("dateTime", _time(self.at + _VALID))),
        )


def list_of_lists(made: MadeList, national: PointedList) -> bytes:
    """A list of lists that points to itself and to one national list."""
    return made.signed([made.pointer, national], [])


def national_list(made: MadeList, above: PointedList, services: Sequence[ListedAuthority]) -> bytes:
    """A national list with one provider of these services."""
    about = "https://trust.sandbox.example"
    provider = _t(
        "TrustServiceProvider",
        _t(
            "TSPInformation",
            _t("TSPName", _local("Name", "Sandbox Trust Ltd")),
            _t("TSPTradeName", _local("Name", "VATPL-5260001246")),
            _address("TSPAddress"),
            _t("TSPInformationURI", _local("URI", about)),
        ),
        _t("TSPServices", *(_service(each) for each in services)),
    )
    return made.signed([above], [provider])


def _service(listed: ListedAuthority) -> etree._Element:
    certificate = _t("X509Certificate", _base64(listed.certificate))
    if listed.withdrawn is None:
        return _t("TSPService", _t("ServiceInformation", *_state(certificate, "granted", listed.since)))
    name = _t("X509SubjectName", listed.certificate.subject.rfc4514_string())
    past = _t("ServiceHistoryInstance", *_state(name, "granted", listed.since))
    return _t(
        "TSPService",
        _t("ServiceInformation", *_state(certificate, "withdrawn", listed.withdrawn)),
        _t("ServiceHistory", past),
    )


def _state(identity: etree._Element, status: str, since: datetime) -> list[etree._Element]:
    extensions = [
        _t("Extension", _t("AdditionalServiceInformation", _local("URI", purpose)), Critical="true")
        for purpose in (FOR_SIGNATURES, FOR_SEALS)
    ]
    return [
        _t("ServiceTypeIdentifier", CA_QC),
        _t("ServiceName", _local("Name", "Qualified certificates")),
        _t("ServiceDigitalIdentity", _t("DigitalId", identity)),
        _t("ServiceStatus", f"{_STATUS}{status}"),
        _t("StatusStartingTime", _time(since)),
        _t("ServiceInformationExtensions", *extensions),
    ]


def _pointer(pointed: PointedList) -> etree._Element:
    signer = _t("DigitalId", _t("X509Certificate", _base64(pointed.signer)))
    media_type = etree.Element(tslx("MimeType"), nsmap=_PREFIXES)
    media_type.text = LISTS_MEDIA_TYPE
    information = (
        _t("TSLType", pointed.list_type),
        _t("SchemeOperatorName", _local("Name", "Sandbox operator")),
        _t("SchemeTypeCommunityRules", _local("URI", f"{_RULES}EUcommon")),
        _t("SchemeTerritory", pointed.territory),
        media_type,
    )
    return _t(
        "OtherTSLPointer",
        _t("ServiceDigitalIdentities", _t("ServiceDigitalIdentity", signer)),
        _t("TSLLocation", pointed.location),
        _t("AdditionalInformation", *(_t("OtherInformation", each) for each in information)),
    )


def _address(name: str) -> etree._Element:
    postal = _t(
        "PostalAddress",
        _t("StreetAddress", "Próbna 1"),
        _t("Locality", "Warszawa"),
        _t("PostalCode", "00-001"),
        _t("CountryName", "PL"),
    )
    postal.set(_LANGUAGE, "en")
    electronic = (_local("URI", "mailto:nobody@sandbox.example"), _local("URI", "https://sandbox.example"))
    return _t(name, _t("PostalAddresses", postal), _t("ElectronicAddress", *electronic))


def _local(name: str, value: str) -> etree._Element:
    element = _t(name, value)
    element.set(_LANGUAGE, "en")
    return element


def _t(name: str, *content: etree._Element | str, **attributes: str) -> etree._Element:
    """An element of the lists' own namespace with children, or with one text."""
    element = etree.Element(tsl(name), attributes, nsmap=_PREFIXES)
    for part in content:
        if isinstance(part, str):
            element.text = part
        else:
            element.append(part)
    return element


def _base64(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
