"""Is a certificate qualified, and for what? By the lists and by its own words (TS 119 615 §4.4 to 4.6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from cryptography import x509

from signing.errors import RefusedError
from signing.faults import Rule, refuse
from signing.trustlists.criteria import meets
from signing.trustlists.model import ServiceState
from signing.trustlists.names import CA_QC, FOR_SEALS, FOR_SIGNATURES, FOR_WEBSITES, SERVICE_INFORMATION
from signing.trustlists.service import ListedService
from signing.trustlists.statements import QC_COMPLIANCE, QC_DEVICE, CertificateFacts, facts_of
from signing.verdict import Fault, SubIndication

__all__ = ["EIDAS", "Assessment", "Kind", "Qualified", "assess"]

T = TypeVar("T")

#: The regulation applies from 1 July 2016, midnight in Brussels.
EIDAS: Final = datetime(2016, 6, 30, 22, tzinfo=UTC)


class Kind(StrEnum):
    """What a certificate is for."""

    SIGNATURE = "esig"  # of a natural person
    SEAL = "eseal"  # of a legal person
    WEBSITE = "web"  # authenticates a server; never signs documents


class Qualified(StrEnum):
    """What a good signature with the certificate is."""

    QESIG = "QESig"  # qualified electronic signature
    ADESIG_QC = "AdESig-QC"  # advanced electronic signature with a qualified certificate
    QESEAL = "QESeal"  # qualified electronic seal
    ADESEAL_QC = "AdESeal-QC"  # advanced electronic seal with a qualified certificate
    NOT_QUALIFIED = "not qualified"
    INDETERMINATE = "indeterminate"  # entries contradict one another or cannot be judged


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """What the lists say of a certificate."""

    result: Qualified
    fault: Fault | None = None  # why neither signatures nor seals with it are qualified
    device_fault: Fault | None = None  # why its key is not taken to be in a qualified device


_STATUS_PATHS: Final = (
    "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/",
    "http://uri.etsi.org/TrstSvc/eSigDir-1999-93-EC-TrustedList/Svcstatus/",  # in old history
)
_GRANTED: Final = frozenset({f"{_STATUS_PATHS[0]}granted"})
_GRANTED_BEFORE: Final = _GRANTED | {
    f"{path}{status}"
    for path in _STATUS_PATHS
    for status in ("undersupervision", "supervisionincessation", "accredited")
}
_NOT_LISTED: Final = "not listed"

_KIND_OF_TYPE: Final = MappingProxyType(
    {
        "0.4.0.1862.1.6.1": Kind.SIGNATURE,
        "0.4.0.1862.1.6.2": Kind.SEAL,
        "0.4.0.1862.1.6.3": Kind.WEBSITE,
    }
)
_SERVICE_FOR: Final = MappingProxyType(
    {Kind.SIGNATURE: FOR_SIGNATURES, Kind.SEAL: FOR_SEALS, Kind.WEBSITE: FOR_WEBSITES}
)
_KIND_BY_QUALIFIER: Final = MappingProxyType(
    {
        "QCForESig": Kind.SIGNATURE,
        "QCForESeal": Kind.SEAL,
        "QCForWSA": Kind.WEBSITE,
        "QCForLegalPerson": Kind.SEAL,  # what seals were called before the regulation
    }
)
_QUALIFIED_BY: Final = MappingProxyType({"QCStatement": True, "NotQualified": False})
_DEVICE_BY: Final = MappingProxyType(
    {
        "QCWithQSCD": True,
        "QCQSCDManagedOnBehalf": True,
        "QCWithSSCD": True,
        "QCNoQSCD": False,
        "QCNoSSCD": False,
    }
)
_QCP_PLUS: Final = "0.4.0.1456.1.1"
_QCP_BEFORE: Final = frozenset({"0.4.0.1456.1.2", _QCP_PLUS})  # ETSI TS 101 456
_DEVICE_POLICIES: Final = frozenset({"0.4.0.194112.1.2", "0.4.0.194112.1.3", _QCP_PLUS})  # EN 319 411-2
_RESULTS: Final = MappingProxyType(
    {
        (Kind.SIGNATURE, True): Qualified.QESIG,
        (Kind.SIGNATURE, False): Qualified.ADESIG_QC,
        (Kind.SEAL, True): Qualified.QESEAL,
        (Kind.SEAL, False): Qualified.ADESEAL_QC,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opinion:
    """What one entry says of the certificate at one time."""

    status: str = field(compare=False)
    granted: bool
    qualified: bool
    kind: Kind
    device: bool


def assess(certificate: x509.Certificate, services: Sequence[ListedService], *, at: datetime) -> Assessment:
    """Judge a certificate by the services that issued it, at its issue and at a later time.

    Args:
        certificate: the signer's.
        services: entries of its issuer, from `ListsInForce.services_of`; at least one.
        at: time of receipt, with zone.
    """
    issued_at = certificate.not_valid_before_utc
    try:
        facts = _facts(certificate, services[0])
        then = _At(facts, services, issued_at=issued_at, at=issued_at).opinion()
        now = _At(facts, services, issued_at=issued_at, at=at).opinion()
        if then.kind is not now.kind:
            raise refuse(Rule.SERVICE_CONFLICT, service=services[0].name, at=at)
    except RefusedError as refused:
        return Assessment(result=_bad_result(refused.fault), fault=refused.fault)
    without = next((moment for opinion, moment in ((then, issued_at), (now, at)) if not opinion.device), None)
    return Assessment(
        result=_RESULTS[now.kind, without is None],
        device_fault=None if without is None else refuse(Rule.CERT_NO_QSCD, at=without).fault,
    )


def _facts(certificate: x509.Certificate, issuer: ListedService) -> CertificateFacts:
    try:
        return facts_of(certificate)
    except ValueError as error:
        raise refuse(Rule.CERTIFICATE_FORMAT, reason=f"{issuer.name}: {error}") from error


def _bad_result(broken: Fault) -> Qualified:
    general = broken.sub_indication is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
    return Qualified.INDETERMINATE if general else Qualified.NOT_QUALIFIED


class _At:
    """The judgement at one time."""

    def __init__(
        self,
        facts: CertificateFacts,
        services: Sequence[ListedService],
        *,
        issued_at: datetime,
        at: datetime,
    ) -> None:
        self._facts = facts
        self._services = services
        self._name = services[0].name
        self._issued_at = issued_at
        self._at = at

    def opinion(self) -> _Opinion:
        """What all entries for the certificate's kind agree on: qualified, and for signatures or seals.

        Raises:
            RefusedError: they do not agree, or do not say so.
        """
        states = (listed.service.at(self._at) for listed in self._services)
        issuing = [state for state in states if state is not None and state.service_type == CA_QC]
        if not issuing:
            raise refuse(Rule.SERVICE_STATUS, service=self._name, status=_NOT_LISTED, at=self._at)
        opinions = [self._opinion_of(state) for state in issuing]
        covering = [o for o, state in zip(opinions, issuing, strict=True) if self._covers(state, o.kind)]
        if len(set(covering)) > 1:
            raise refuse(Rule.SERVICE_CONFLICT, service=self._name, at=self._at)
        return self._good((covering or opinions)[0], covered=bool(covering))

    def _good(self, opinion: _Opinion, *, covered: bool) -> _Opinion:
        if not opinion.qualified:
            raise refuse(Rule.CERT_NOT_QUALIFIED, at=self._at)
        if opinion.kind is Kind.WEBSITE:
            raise refuse(Rule.CERT_QC_TYPE, kind=opinion.kind.value)
        if not covered:
            raise refuse(Rule.SERVICE_TYPE, service=self._name, kind=opinion.kind.value, at=self._at)
        if not opinion.granted:
            status = opinion.status.rpartition("/")[2]
            raise refuse(Rule.SERVICE_STATUS, service=self._name, status=status, at=self._at)
        return opinion

    def _opinion_of(self, state: ServiceState) -> _Opinion:
        if not state.extensions.usable:
            what = ", ".join(state.extensions.unknown_critical)
            raise refuse(Rule.SERVICE_UNUSABLE, service=self._name, what=what)
        qualifiers = self._qualifiers(state)
        return _Opinion(
            status=state.status,
            granted=state.status in (_GRANTED_BEFORE if self._at < EIDAS else _GRANTED),
            qualified=self._one(_QUALIFIED_BY, qualifiers, self._says_qualified),
            kind=self._one(_KIND_BY_QUALIFIER, qualifiers, self._says_kind),
            device=self._one(_DEVICE_BY, qualifiers, self._says_device),
        )

    def _qualifiers(self, state: ServiceState) -> frozenset[str]:
        """The qualifiers whose criteria the certificate meets, without their common prefix."""
        found: set[str] = set()
        for qualification in state.extensions.qualifications:
            met = meets(self._facts, qualification.criteria)
            if met is None:
                raise refuse(Rule.SERVICE_UNUSABLE, service=self._name, what="criteria")
            if met:
                found |= qualification.qualifiers
        return frozenset(qualifier.removeprefix(SERVICE_INFORMATION) for qualifier in found)

    def _one(self, meanings: Mapping[str, T], qualifiers: frozenset[str], otherwise: Callable[[], T]) -> T:
        """What the qualifiers say, or else the certificate; qualifiers that say two things say nothing."""
        said = {meanings[qualifier] for qualifier in qualifiers if qualifier in meanings}
        if len(said) > 1:
            raise refuse(Rule.SERVICE_CONFLICT, service=self._name, at=self._at)
        return said.pop() if said else otherwise()

    def _says_qualified(self) -> bool:
        old = self._issued_at < EIDAS and bool(_QCP_BEFORE & self._facts.policies)
        return QC_COMPLIANCE in self._facts.statements or old

    def _says_kind(self) -> Kind:
        """Certificates without QcType are for signatures (EN 319 412-5 §4.2.3)."""
        kinds = {_KIND_OF_TYPE[oid] for oid in self._facts.types if oid in _KIND_OF_TYPE}
        if len(kinds) > 1:
            raise refuse(Rule.CERT_QC_TYPE, kind=", ".join(sorted(kinds)))
        return kinds.pop() if kinds else Kind.SIGNATURE

    def _says_device(self) -> bool:
        return QC_DEVICE in self._facts.statements or bool(_DEVICE_POLICIES & self._facts.policies)

    def _covers(self, state: ServiceState, kind: Kind) -> bool:
        """Whether the entry is about certificates of this kind; before the regulation it need not say."""
        if self._at < EIDAS and not state.extensions.additional:
            return True
        return _SERVICE_FOR[kind] in state.extensions.additional
