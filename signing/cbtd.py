"""CBTD keys: certificates of the older customs systems, good until they expire and never renewed.

They are trusted one by one, by the register that was imported once. Some are weaker than today's policy
allows; an exemption lets them through, for one issuer and until a day, and the verdict tells it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.certificates import read_certificate, serial_hex
from signing.errors import UnfitCertificateError
from signing.faults import Rule, fault
from signing.names import DS
from signing.policy import KeyKind, SignatureMethod, SignaturePolicy
from signing.trust import TrustSource, date_fault, untrusted
from signing.verdict import SignerClass, TrustDecision, Verdict
from signing.verify import verify

__all__ = [
    "CbtdRecord",
    "CbtdRegister",
    "CbtdTrust",
    "WeakExemption",
    "cbtd_record",
    "verify_with_exemptions",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class CbtdRecord:
    """One certificate on the register."""

    fingerprint: str  # lower-case hexadecimal SHA-256 of the DER
    person_id: str  # ID SISC
    certificate: x509.Certificate


class CbtdRegister(Protocol):
    """The frozen register."""

    def find(self, fingerprint: str) -> CbtdRecord | None:
        """The record of this very certificate (lower-case hexadecimal SHA-256 of the DER)."""

    def knows_subject(self, subject: x509.Name) -> bool:
        """Whether any certificate on the register has this subject."""


def cbtd_record(certificate: x509.Certificate, *, person_id: str) -> CbtdRecord:
    """The record of a certificate that is to be entered.

    Raises:
        UnfitCertificateError: it cannot be read whole, is an authority's, or is not for signing.
    """
    subject = certificate.subject.rfc4514_string()
    try:
        read = read_certificate(certificate.public_bytes(Encoding.DER))
        usable = _may_sign(certificate)
    except (ValueError, x509.DuplicateExtension) as error:
        raise UnfitCertificateError(subject=subject, reason=str(error)) from error
    if read.is_authority or not usable:
        raise UnfitCertificateError(subject=subject, reason="not a certificate for signing documents")
    return CbtdRecord(fingerprint=read.fingerprint, person_id=person_id, certificate=read.certificate)


def _may_sign(certificate: x509.Certificate) -> bool:
    """Certificates of that age may lack keyUsage, which then forbids nothing (RFC 5280 §4.2.1.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment


class CbtdTrust:
    """Trusts exactly the certificates on the register, within their dates: no chain, no revocation.

    Args:
        register: imported once.
    """

    def __init__(self, register: CbtdRegister) -> None:
        self._register = register

    def judge(
        self,
        certificate: x509.Certificate,
        *,
        candidates: Sequence[x509.Certificate],  # noqa: ARG002 - the register names leaves, so no chain
        at: datetime,
    ) -> TrustDecision:
        """See TrustSource."""
        record = self._register.find(read_certificate(certificate.public_bytes(Encoding.DER)).fingerprint)
        if record is None or record.certificate != certificate:
            return self._unregistered(certificate)
        return TrustDecision(
            fault=date_fault(certificate, at), signer_class=SignerClass.CBTD, person_id=record.person_id
        )

    def _unregistered(self, certificate: x509.Certificate) -> TrustDecision:
        if not self._register.knows_subject(certificate.subject):
            return TrustDecision(fault=untrusted(certificate))
        subject = certificate.subject.rfc4514_string()
        return TrustDecision(fault=fault(Rule.CERT_RENEWED, serial=serial_hex(certificate), subject=subject))


_SHA1: Final[Mapping[str, str]] = MappingProxyType({f"{DS}sha1": "sha1"})
_RSA_SHA1: Final[Mapping[str, SignatureMethod]] = MappingProxyType(
    {f"{DS}rsa-sha1": SignatureMethod(key=KeyKind.RSA, digest="sha1")}
)
#: What an exemption can set aside.
_WEAKNESSES: Final = frozenset(
    {Rule.SIGNATURE_ALG, Rule.DIGEST_ALG, Rule.CERT_DIGEST_ALG, Rule.KEY_SIZE, Rule.XADES_REQUIRED}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WeakExemption:
    """Weak signatures that are let through for registered certificates of one issuer, for a time."""

    issuer: str  # of the certificates, RFC 4514
    until: datetime  # receipts before this moment, with zone
    sha1: bool = False  # SHA-1 as digest and with RSA
    rsa_bits: int | None = None  # least RSA modulus; None: the policy's floor stays
    plain: bool = False  # XML Signature without XAdES properties

    def relaxed(self, policy: SignaturePolicy) -> SignaturePolicy:
        """A policy with these rules set aside and all others in force."""
        sha1, rsa_sha1 = (_SHA1, _RSA_SHA1) if self.sha1 else ({}, {})
        bits = self.rsa_bits
        return replace(
            policy,
            name=f"{policy.name}-cbtd",
            digests={**policy.digests, **sha1},
            certificate_digests={**policy.certificate_digests, **sha1},
            methods={**policy.methods, **rsa_sha1},
            rsa_floors=tuple(
                (since, floor if bits is None else min(floor, bits)) for since, floor in policy.rsa_floors
            ),
            plain=policy.plain | ({SignerClass.CBTD} if self.plain else set()),
        )


class _OfIssuer:
    """The register's certificates of one issuer."""

    def __init__(self, register: CbtdRegister, issuer: str) -> None:
        self._trust = CbtdTrust(register)
        self._issuer = issuer

    def judge(
        self, certificate: x509.Certificate, *, candidates: Sequence[x509.Certificate], at: datetime
    ) -> TrustDecision:
        """See TrustSource."""
        if certificate.issuer.rfc4514_string() != self._issuer:
            return TrustDecision(fault=untrusted(certificate))
        return self._trust.judge(certificate, candidates=candidates, at=at)


def verify_with_exemptions(
    root: etree._Element,
    *,
    policy: SignaturePolicy,
    trust: TrustSource,
    register: CbtdRegister,
    exemptions: Sequence[WeakExemption],
    at: datetime,
) -> Verdict:
    """As `verify`; a signature that is too weak for the policy has another chance under each exemption.

    Under an exemption nobody is trusted but the registered certificates of its issuer.

    Args:
        root: see `verify`.
        policy: see `verify`.
        trust: see `verify`; not asked under an exemption.
        register: whose certificates exemptions are for.
        exemptions: those granted; none: the same as `verify`.
        at: see `verify`; also decides which exemptions are in force.

    Returns:
        The verdict; one that rests on an exemption tells the weakness in `Verdict.tolerated`.
    """
    verdict = verify(root, policy=policy, trust=trust, at=at)
    if verdict.fault is None or verdict.fault.rule not in _WEAKNESSES:
        return verdict
    for exemption in (each for each in exemptions if at < each.until):
        again = verify(
            root, policy=exemption.relaxed(policy), trust=_OfIssuer(register, exemption.issuer), at=at
        )
        if _is_for(exemption, register, again):
            return replace(again, tolerated=verdict.fault)
    return verdict


def _is_for(exemption: WeakExemption, register: CbtdRegister, verdict: Verdict) -> bool:
    """Of a stranger the weakness is told, whatever else is wrong with his signature."""
    signer = verdict.signer
    if signer is None or signer.issuer != exemption.issuer:
        return False
    return register.find(signer.fingerprint) is not None
