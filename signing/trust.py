"""Who vouches for a signing certificate: ports and the sources of the first slice."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier

from signing.certificates import read_certificate, serial_hex
from signing.errors import SigningError
from signing.faults import Rule, fault
from signing.lifecycle import HistoryEntry, Standing, standing_at
from signing.records import CertificateRecord, CertificateStatus
from signing.verdict import Fault, SignerClass, TrustDecision

__all__ = [
    "CertificateRegister",
    "FirstTrust",
    "PinnedTrust",
    "ScTrust",
    "TrustSource",
    "date_fault",
    "is_authority",
    "issued_by",
    "may_sign_documents",
    "policies",
    "untrusted",
]


class TrustSource(Protocol):
    """Decides on certificates."""

    def judge(
        self, certificate: x509.Certificate, *, candidates: Sequence[x509.Certificate], at: datetime
    ) -> TrustDecision:
        """Whether this certificate may sign at this time.

        Args:
            certificate: the signer's.
            candidates: others from the message, to build a chain with; never trusted by themselves.
            at: time of receipt, with zone.
        """


class CertificateRegister(Protocol):
    """What the SC authority knows of the certificates it issued."""

    def find(self, serial: str) -> CertificateRecord | None:
        """The record of this serial number (lower-case hexadecimal)."""

    def history(self, serial: str) -> Sequence[HistoryEntry]:
        """What happened to that certificate, oldest first."""


class PinnedTrust:
    """Trusts exactly the given certificates as they are: no chain, no revocation; their dates do apply."""

    def __init__(self, certificates: Collection[x509.Certificate]) -> None:
        # The very objects that reading a message yields: then a set finds them without comparing octets.
        self._certificates = frozenset(
            read_certificate(certificate.public_bytes(Encoding.DER)).certificate
            for certificate in certificates
        )

    def judge(
        self,
        certificate: x509.Certificate,
        *,
        candidates: Sequence[x509.Certificate],  # noqa: ARG002 - a pinned certificate needs no chain
        at: datetime,
    ) -> TrustDecision:
        """See TrustSource."""
        if certificate not in self._certificates:
            return TrustDecision(fault=untrusted(certificate))
        return TrustDecision(fault=date_fault(certificate, at), signer_class=SignerClass.PINNED)


class ScTrust:
    """Trusts what our own SC authority issued, as its register had it at the time of receipt.

    A document received before its certificate was suspended or revoked stands, one received during a
    suspension does not, whenever they are verified (signatures.md §7).

    Args:
        anchors: the authority's certificates, old and new.
        register: its register.
        policy: the certificate policy that a signer's certificate must name; None asks for none.

    Raises:
        SigningError: an anchor is not a certificate authority's.
    """

    def __init__(
        self,
        anchors: Collection[x509.Certificate],
        register: CertificateRegister,
        *,
        policy: ObjectIdentifier | None = None,
    ) -> None:
        for anchor in anchors:
            if not is_authority(anchor):
                raise SigningError(f"{anchor.subject.rfc4514_string()} is not an authority's certificate")
        self._anchors = tuple(anchors)
        self._register = register
        self._policy = policy

    def judge(
        self,
        certificate: x509.Certificate,
        *,
        candidates: Sequence[x509.Certificate],  # noqa: ARG002 - leaves are issued by the anchor directly
        at: datetime,
    ) -> TrustDecision:
        """See TrustSource."""
        issuers = [anchor for anchor in self._anchors if issued_by(certificate, anchor)]
        if not any(date_fault(anchor, at) is None for anchor in issuers):
            return TrustDecision(fault=untrusted(certificate))
        record = self._register.find(serial_hex(certificate))
        if record is None or record.certificate != certificate:
            return TrustDecision(fault=fault(Rule.CERT_UNKNOWN, serial=serial_hex(certificate)))
        return self._judge_registered(certificate, record, at)

    def _judge_registered(
        self, certificate: x509.Certificate, record: CertificateRecord, at: datetime
    ) -> TrustDecision:
        # The status is older than the document unless it changed while the document waited.
        history = () if record.status_at <= at else self._register.history(record.serial)
        standing = standing_at(record, history, at)
        revoked = standing.status is CertificateStatus.REVOKED
        return TrustDecision(
            fault=self._leaf_fault(certificate) or date_fault(certificate, at) or _status_fault(standing),
            signer_class=SignerClass.SC,
            person_id=record.person_id,
            revoked_at=standing.since if revoked else None,
            lost_trust_at=_lost_later(record, at),
        )

    def _leaf_fault(self, certificate: x509.Certificate) -> Fault | None:
        if not may_sign_documents(certificate):
            return fault(Rule.CERT_KEY_USAGE)
        if self._policy is not None and self._policy not in policies(certificate):
            return fault(Rule.CERT_POLICY, policy=self._policy.dotted_string)
        return None


class FirstTrust:
    """Asks several sources; the first that trusts decides.

    Where none does, the answer is of the one that knows most of the certificate, since its reason says more.
    """

    def __init__(self, sources: Sequence[TrustSource]) -> None:
        self._sources = tuple(sources)

    def judge(
        self, certificate: x509.Certificate, *, candidates: Sequence[x509.Certificate], at: datetime
    ) -> TrustDecision:
        """See TrustSource."""
        refusal: TrustDecision | None = None
        for source in self._sources:
            decision = source.judge(certificate, candidates=candidates, at=at)
            if decision.fault is None:
                return decision
            if refusal is None or _knowledge(decision) > _knowledge(refusal):
                refusal = decision
        return refusal or TrustDecision(fault=untrusted(certificate))


@lru_cache(maxsize=256)
def is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate may issue others: CA in basicConstraints, keyCertSign in keyUsage (RFC 5280)."""
    try:
        extensions = certificate.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints)
        usage = extensions.get_extension_for_class(x509.KeyUsage)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return constraints.critical and constraints.value.ca and usage.value.key_cert_sign


@lru_cache(maxsize=4096)
def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Name and signature; kept, since neither changes and the signature costs more than all else here."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


@lru_cache(maxsize=4096)
def may_sign_documents(certificate: x509.Certificate) -> bool:
    """No authority, and keyUsage digitalSignature or contentCommitment (RFC 5280 §4.2.1.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return (usage.digital_signature or usage.content_commitment) and not is_authority(certificate)


@lru_cache(maxsize=4096)
def policies(certificate: x509.Certificate) -> frozenset[ObjectIdentifier]:
    """The certificate policies a certificate names."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return frozenset()
    return frozenset(policy.policy_identifier for policy in found)


def date_fault(certificate: x509.Certificate, at: datetime) -> Fault | None:
    """CERT_NOT_YET_VALID or CERT_EXPIRED."""
    not_before, not_after = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < not_before:
        return fault(Rule.CERT_NOT_YET_VALID, not_before=not_before)
    if at > not_after:
        return fault(Rule.CERT_EXPIRED, not_after=not_after)
    return None


def _status_fault(standing: Standing) -> Fault | None:
    if standing.status is CertificateStatus.REVOKED:
        return fault(Rule.CERT_REVOKED, since=standing.since)
    if standing.status is CertificateStatus.HELD:
        return fault(Rule.CERT_HELD, since=standing.since)
    return None


def _lost_later(record: CertificateRecord, at: datetime) -> datetime | None:
    """Since when the certificate is suspended or revoked, where that came after the moment."""
    lost = record.status is not CertificateStatus.ACTIVE and record.status_at > at
    return record.status_at if lost else None


def untrusted(certificate: x509.Certificate) -> Fault:
    """CERT_UNTRUSTED: nobody knows the issuer."""
    return fault(Rule.CERT_UNTRUSTED, issuer=certificate.issuer.rfc4514_string())


def _knowledge(decision: TrustDecision) -> int:
    """Of a refusal: most where the certificate's class is known, least where nobody knows its issuer."""
    if decision.signer_class is not None:
        return 2
    return 0 if decision.fault is not None and decision.fault.rule == Rule.CERT_UNTRUSTED else 1
