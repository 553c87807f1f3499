"""Finding the trust service that issued a certificate, among all lists in force."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from signing.certificates import read_certificate
from signing.chain import TrustAnchors
from signing.faults import Rule, fault
from signing.trust import issued_by
from signing.trustlists.model import Service, TrustedList
from signing.trustlists.names import CA_QC
from signing.trustlists.verification import VerifiedList
from signing.verdict import Fault

__all__ = ["ListedService", "ListsInForce"]

#: Lists name two countries otherwise than certificates do.
_TERRITORIES = MappingProxyType({"GR": "EL", "GB": "UK"})
_Key = tuple[bytes, bytes]  # subject and public key, DER


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedService:
    """A service with the list it stands on."""

    territory: str
    sequence: int
    provider: str
    service: Service

    @property
    def name(self) -> str:
        """For people: provider and service."""
        names = self.service.current.names
        return f"{self.provider}: {names[0].text}" if names else self.provider


class ListsInForce:
    """The list of lists and the national lists held now; made anew when one of them changes.

    Args:
        list_of_lists: None before the first one was fetched.
        national: verified against the pointers of that list of lists.
        grace: how long after its next update a list is still used.
    """

    def __init__(
        self, list_of_lists: VerifiedList | None, national: Collection[VerifiedList], *, grace: timedelta
    ) -> None:
        self.list_of_lists = list_of_lists
        self.national: Mapping[str, VerifiedList] = MappingProxyType({v.territory: v for v in national})
        self._grace = grace
        self._services: dict[_Key, list[ListedService]] = defaultdict(list)
        anchors = list(self._index())
        self.anchors = TrustAnchors(anchors) if anchors else None  # where chains may end

    def _index(self) -> Iterator[x509.Certificate]:
        """Enter every CA/QC service under its certificates; yields those that a chain may end at."""
        for verified in self.national.values():
            for listed in _issuing_services(verified.list):
                for certificate in listed.service.current.identity.certificates:
                    entries = self._services[_key(certificate)]
                    if listed not in entries:
                        entries.append(listed)
                    if _is_readable(certificate):
                        yield certificate

    def all_lists(self) -> list[VerifiedList]:
        """The list of lists, then the national lists by territory."""
        first = [self.list_of_lists] if self.list_of_lists else []
        return [*first, *(self.national[territory] for territory in sorted(self.national))]

    def services_of(self, issuer: x509.Certificate) -> tuple[ListedService, ...]:
        """The CA/QC services that are identified by an issuer's public key and name (TS 119 615 §4.3)."""
        return tuple(self._services.get(_key(issuer), ()))

    def issuers_of(self, certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
        """Listed certificates of the authority that issued a certificate directly."""
        listed = self.anchors.certificates if self.anchors else ()
        return tuple(anchor for anchor in listed if issued_by(certificate, anchor))

    def state_of(self, verified: VerifiedList | None, at: datetime) -> str:
        """For people: whether a list is in force at a time."""
        if verified is None:
            return "not in force"
        if not self.is_stale(verified, at):
            return "in force"
        return "past the grace" if self.is_stale(verified, at - self._grace) else "past its next update"

    def freshness_fault(self, territories: Collection[str], at: datetime) -> Fault | None:
        """Why lists may not be used at a time: past the next update and the grace after it."""
        for verified in self.all_lists():
            asked = verified is self.list_of_lists or verified.territory in territories
            if asked and self.is_stale(verified, at - self._grace):
                return fault(
                    Rule.TL_STALE,
                    territory=verified.territory,
                    next_update=verified.list.scheme.next_update,
                )
        return None

    @staticmethod
    def is_stale(verified: VerifiedList, at: datetime) -> bool:
        """Whether the list was to be replaced before a time; a closed list never is."""
        next_update = verified.list.scheme.next_update
        return next_update is not None and next_update < at

    def missing_for(self, certificate: x509.Certificate) -> str | None:
        """The list that would say whether the issuer is qualified, where it is not held: its country."""
        if self.list_of_lists is None:
            return "EU"
        country = _country(certificate)
        pointed = {p.territory for p in self.list_of_lists.list.pointers if p.readable}
        return country if country in pointed and country not in self.national else None


def _issuing_services(trusted_list: TrustedList) -> Iterator[ListedService]:
    for provider, service in trusted_list.services():
        states = (service.current, *service.history)
        if any(state.service_type == CA_QC for state in states):
            yield ListedService(
                territory=trusted_list.scheme.territory,
                sequence=trusted_list.scheme.sequence,
                provider=provider.names[0].text if provider.names else "",
                service=service,
            )


def _key(certificate: x509.Certificate) -> _Key:
    key = certificate.public_key()
    return certificate.subject.public_bytes(), key.public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


def _is_readable(certificate: x509.Certificate) -> bool:
    """Whether a path can be validated up to it; one bad entry must not cost all others."""
    try:
        read_certificate(certificate.public_bytes(Encoding.DER))
    except ValueError:
        return False
    return True


def _country(certificate: x509.Certificate) -> str | None:
    names = certificate.issuer.get_attributes_for_oid(NameOID.COUNTRY_NAME)
    country = str(names[0].value).upper() if names else ""
    return _TERRITORIES.get(country, country) or None
