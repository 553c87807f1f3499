"""A trusted list as frozen values; names are those of ETSI TS 119 612."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from signing.trustlists.names import EU_LIST_OF_LISTS, LISTS_MEDIA_TYPE

__all__ = [
    "Address",
    "Assertion",
    "CriteriaList",
    "Criterion",
    "DigitalIdentity",
    "ExtendedKeyUsageCriterion",
    "Extensions",
    "KeyUsageCriterion",
    "LocalText",
    "Pointer",
    "PolicySetCriterion",
    "PostalAddress",
    "Provider",
    "Qualification",
    "SchemeInformation",
    "Service",
    "ServiceState",
    "SubjectCriterion",
    "SupplyPoint",
    "TakenOverBy",
    "TrustedList",
    "UnknownCriterion",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalText:
    """A text or an address in one language."""

    language: str  # xml:lang, e.g. "en"
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PostalAddress:
    """Where somebody is."""

    language: str
    street: str
    locality: str
    country: str  # ISO 3166, as a rule
    state: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """How to reach somebody."""

    postal: tuple[PostalAddress, ...] = ()
    electronic: tuple[LocalText, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DigitalIdentity:
    """What identifies a service or the signer of a list (§5.5.3)."""

    certificates: tuple[x509.Certificate, ...] = ()
    subject_names: tuple[str, ...] = ()
    key_identifiers: tuple[bytes, ...] = ()  # X509SKI
    others: tuple[str, ...] = ()  # names of what else there is; nothing is decided by it
    unreadable: int = 0  # certificates that are none, or that cannot be used


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointer:
    """Where another list is, and who may sign it (§5.3.13)."""

    location: str
    signers: tuple[DigitalIdentity, ...]
    list_type: str | None = None
    territory: str | None = None
    media_type: str | None = None
    operator_names: tuple[LocalText, ...] = ()
    community_rules: tuple[LocalText, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether it leads to the list for machines; many lists have a second pointer to a PDF."""
        return self.media_type == LISTS_MEDIA_TYPE

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Certificates of all who may sign that list."""
        return tuple(certificate for signer in self.signers for certificate in signer.certificates)


class Assertion(StrEnum):
    """How many criteria of a list must hold."""

    ALL = "all"
    AT_LEAST_ONE = "atLeastOne"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyUsageCriterion:
    """Bits of keyUsage that must be so."""

    bits: tuple[tuple[str, bool], ...]  # names of RFC 5280


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicySetCriterion:
    """Certificate policies that must all be there."""

    policies: frozenset[str]  # dotted


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtendedKeyUsageCriterion:
    """Purposes that must all be there."""

    purposes: frozenset[str]  # dotted


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectCriterion:
    """Attributes that the subject's name must all have."""

    attributes: frozenset[str]  # dotted


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownCriterion:
    """A criterion that cannot be evaluated."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CriteriaList:
    """Criteria on a certificate (§5.5.9.2.2)."""

    assertion: Assertion
    criteria: "tuple[Criterion, ...]"
    description: str | None = None


Criterion = (
    KeyUsageCriterion
    | PolicySetCriterion
    | ExtendedKeyUsageCriterion
    | SubjectCriterion
    | UnknownCriterion
    | CriteriaList
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Qualification:
    """What is said of certificates that meet criteria (QualificationElement, §5.5.9.2)."""

    qualifiers: frozenset[str]  # identifiers
    criteria: CriteriaList


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenOverBy:
    """Who runs the service now (§5.5.9.3)."""

    location: LocalText
    provider_names: tuple[LocalText, ...]
    operator_names: tuple[LocalText, ...]
    territory: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Extensions:
    """Extensions of a service (§5.5.9)."""

    qualifications: tuple[Qualification, ...] = ()
    additional: tuple[str, ...] = ()  # identifiers of AdditionalServiceInformation
    taken_over_by: tuple[TakenOverBy, ...] = ()
    expired_certificates_since: datetime | None = None  # ExpiredCertsRevocationInfo
    unknown: tuple[str, ...] = ()  # names of those not understood and not critical
    unknown_critical: tuple[str, ...] = ()  # the service must not be used

    @property
    def usable(self) -> bool:
        """Whether every critical extension was understood."""
        return not self.unknown_critical


@dataclass(frozen=True, kw_only=True, slots=True)
class SupplyPoint:
    """Where a service is used."""

    location: str
    service_type: str | None = None  # format 6 only


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceState:
    """What a service is, from a time on."""

    service_type: str
    names: tuple[LocalText, ...]
    identity: DigitalIdentity
    status: str
    since: datetime
    extensions: Extensions


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A trust service with its past."""

    current: ServiceState
    history: tuple[ServiceState, ...] = ()  # newest first
    scheme_definitions: tuple[LocalText, ...] = ()
    provider_definitions: tuple[LocalText, ...] = ()
    supply_points: tuple[SupplyPoint, ...] = ()

    def at(self, moment: datetime) -> ServiceState | None:
        """What the service was at a moment; None before it was listed."""
        return next((state for state in (self.current, *self.history) if state.since <= moment), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """A trust service provider."""

    names: tuple[LocalText, ...]
    trade_names: tuple[LocalText, ...]
    address: Address
    information: tuple[LocalText, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemeInformation:
    """Whose list it is and how it is made (§5.3)."""

    version: int  # 5 or 6
    sequence: int
    list_type: str
    territory: str
    operator_names: tuple[LocalText, ...]
    operator_address: Address
    names: tuple[LocalText, ...]
    information: tuple[LocalText, ...]  # in the list of lists also its pivots
    status_determination: str
    community_rules: tuple[LocalText, ...]
    legal_notices: tuple[LocalText, ...]
    history_period: int
    issued_at: datetime
    next_update: datetime | None  # None: the list is closed
    distribution_points: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustedList:
    """A whole list."""

    scheme: SchemeInformation
    pointers: tuple[Pointer, ...] = ()
    providers: tuple[Provider, ...] = ()

    @property
    def is_list_of_lists(self) -> bool:
        """Whether it points to the lists of the Member States instead of listing services."""
        return self.scheme.list_type == EU_LIST_OF_LISTS

    def services(self) -> Iterator[tuple[Provider, Service]]:
        """Every service with its provider."""
        return ((provider, service) for provider in self.providers for service in provider.services)
