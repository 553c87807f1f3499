"""Verification of the one enveloped signature of a document, in the order that refuses cheapest first.

form → algorithms → references → certificate and key → signature value → digests → claimed time → trust
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from hashlib import new as new_hash
from hmac import compare_digest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from signing.c14n import Canonicalization, canonicalize
from signing.certificates import ReadCertificate, certificates_in, check_bare_keys, check_strength
from signing.enveloped import detached
from signing.errors import NotWellFormedError, RefusedError
from signing.faults import Rule, refuse
from signing.gate import Reference, ReferenceKind, SignatureShape, inspect
from signing.policy import SignaturePolicy
from signing.trust import TrustSource
from signing.verdict import Fault, Indication, Signer, SubIndication, TrustDecision, Verdict
from signing.xades import read_properties

__all__ = ["verify"]

_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,  # no policy has it but that of an exemption for registered CBTD keys
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_CHANGED = {
    ReferenceKind.DOCUMENT: Rule.DIGEST_DOCUMENT,
    ReferenceKind.PROPERTIES: Rule.DIGEST_PROPERTIES,
    ReferenceKind.KEY_INFO: Rule.DIGEST_KEY_INFO,
}


def verify(root: etree._Element, *, policy: SignaturePolicy, trust: TrustSource, at: datetime) -> Verdict:
    """Say whether a document carries one good signature, whose it is, and what was signed.

    Args:
        root: the document element of a tree from `parse`. Where the verdict is good its signature is taken
            out and the element becomes `Verdict.signed_tree`; otherwise the tree keeps its signature.
        policy: what a signature may be made of.
        trust: who vouches for certificates.
        at: the time of receipt, with zone; all validity is judged at it.

    Returns:
        The verdict; hostile input never raises. Errors of the trust source's own store pass through.
    """
    check = _Check(policy=policy, trust=trust, at=at)
    try:
        check.run(root)
    except RefusedError as refused:
        return check.verdict(refused.fault)
    return check.verdict(None, signed_tree=root)


class _Check:
    """One verification; keeps what became known for the verdict, good or bad."""

    def __init__(self, *, policy: SignaturePolicy, trust: TrustSource, at: datetime) -> None:
        self.policy = policy
        self.trust = trust
        self.at = at
        self.signer: ReadCertificate | None = None
        self.decision: TrustDecision | None = None
        self.claimed: datetime | None = None

    def run(self, root: etree._Element) -> None:
        shape = inspect(root, self.policy)
        certificates = certificates_in(shape.key_info, self.policy)
        self.signer = signer = self._find_signer(shape, certificates)
        check_strength(signer, shape.method.key, self.policy, at=self.at)
        check_bare_keys(shape.key_info, signer)
        _check_value(shape, signer)
        for reference in shape.references:
            if reference.kind is not ReferenceKind.DOCUMENT:
                _check_digest(reference)
        with detached(shape.element):
            for reference in shape.references:
                if reference.kind is ReferenceKind.DOCUMENT:
                    _check_digest(reference)
            self._check_claimed_time(shape, signer)
            self._check_trust(shape, signer, certificates)

    def _find_signer(self, shape: SignatureShape, certificates: list[ReadCertificate]) -> ReadCertificate:
        if shape.properties is None:
            return _only_end_entity(shape, certificates)
        elements = [reference.element for reference in shape.references]
        properties = read_properties(shape.properties, certificates, elements, self.policy)
        self.claimed = properties.claimed_time
        return properties.signer

    def _check_claimed_time(self, shape: SignatureShape, signer: ReadCertificate) -> None:
        if self.claimed is None:
            return
        not_before = signer.not_before
        if self.claimed > self.at + self.policy.clock_skew:
            raise refuse(Rule.SIGNING_TIME_FUTURE, shape.properties, claimed=self.claimed, at=self.at)
        if self.claimed < not_before:
            raise refuse(
                Rule.SIGNING_TIME_EARLY, shape.properties, claimed=self.claimed, not_before=not_before
            )

    def _check_trust(
        self, shape: SignatureShape, signer: ReadCertificate, certificates: list[ReadCertificate]
    ) -> None:
        """Comes last: what a trust source reads from the signed properties has been proven by then."""
        candidates = [other.certificate for other in certificates if other is not signer]
        decision = self.trust.judge(signer.certificate, candidates=candidates, at=self.at)
        if decision.fault is None and decision.completed_by is not None:
            decision = decision.completed_by(shape.properties)
        self.decision = decision
        if decision.fault is not None:
            raise RefusedError(fault=self._with_proof(decision))
        if shape.properties is None and decision.signer_class not in self.policy.plain:
            raise refuse(Rule.XADES_REQUIRED, shape.element)

    def _with_proof(self, decision: TrustDecision) -> Fault:
        """Revoked before the sender himself says he signed: no proof of time can save that (EN 319 102-1)."""
        assert decision.fault is not None  # noqa: S101 - the caller has looked
        since = decision.revoked_at
        if since is None or self.claimed is None or self.claimed < since:
            return decision.fault
        return replace(
            decision.fault, indication=Indication.TOTAL_FAILED, sub_indication=SubIndication.REVOKED
        )

    def verdict(self, fault: Fault | None, signed_tree: etree._Element | None = None) -> Verdict:
        return Verdict(
            indication=fault.indication if fault else Indication.TOTAL_PASSED,
            sub_indication=fault.sub_indication if fault else None,
            fault=fault,
            signer=self._signer_identity(),
            signed_tree=signed_tree,
            claimed_time=self.claimed,
            evidence=self.decision.evidence if self.decision else (),
            weak_from=self._weak_from(),
        )

    def _weak_from(self) -> date | None:
        key = self.signer.public_key if self.signer else None
        if not isinstance(key, rsa.RSAPublicKey):
            return None
        floor = self.policy.next_floor(self.at)
        return floor[0] if floor is not None and key.key_size < floor[1] else None

    def _signer_identity(self) -> Signer | None:
        if self.signer is None:
            return None
        decision = self.decision or TrustDecision(fault=None)
        return Signer(
            certificate=self.signer.certificate,
            subject=self.signer.subject,
            issuer=self.signer.issuer,
            serial=self.signer.serial,
            fingerprint=self.signer.fingerprint,
            signer_class=decision.signer_class,
            person_id=decision.person_id,
            subject_ids=decision.subject_ids,
            qualification=decision.qualification,
            trusted_lists=decision.trusted_lists,
            person_name=decision.person_name,
            lost_trust_at=decision.lost_trust_at,
        )


def _only_end_entity(shape: SignatureShape, certificates: list[ReadCertificate]) -> ReadCertificate:
    """Plain signatures do not name their certificate: it must be the only one that is no authority's."""
    distinct = list({certificate.der: certificate for certificate in certificates}.values())
    if len(distinct) == 1:
        return distinct[0]
    ends = [certificate for certificate in distinct if not certificate.is_authority]
    if len(ends) != 1:
        raise refuse(Rule.SIGNING_CERTIFICATE, shape.key_info)
    return ends[0]


def _octets(element: etree._Element, how: Canonicalization) -> bytes:
    try:
        return canonicalize(element, how)
    except NotWellFormedError as error:
        raise refuse(Rule.C14N_FAILED, element, reason=error.reason) from error


def _check_digest(reference: Reference) -> None:
    octets = _octets(reference.target, reference.canonicalization)
    if not compare_digest(new_hash(reference.digest, octets).digest(), reference.value):
        raise refuse(_CHANGED[reference.kind], reference.element)


def _check_value(shape: SignatureShape, signer: ReadCertificate) -> None:
    octets = _octets(shape.signed_info, shape.canonicalization)
    algorithm = _HASHES[shape.method.digest]()
    key = signer.public_key
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(shape.value, octets, _padding(shape, algorithm), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_der_value(shape, key), octets, ec.ECDSA(algorithm))
        else:
            raise refuse(Rule.KEY_TYPE)
    except InvalidSignature as error:
        raise refuse(Rule.SIGNATURE_VALUE, shape.value_element) from error


def _padding(shape: SignatureShape, algorithm: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if shape.method.pss:
        return padding.PSS(mgf=padding.MGF1(algorithm), salt_length=algorithm.digest_size)
    return padding.PKCS1v15()


def _der_value(shape: SignatureShape, key: ec.EllipticCurvePublicKey) -> bytes:
    """XML Signature carries r and s side by side, each of the curve's size, never DER (RFC 4050 §3.3)."""
    size = (key.curve.key_size + 7) // 8
    r, s = int.from_bytes(shape.value[:size]), int.from_bytes(shape.value[size:])
    if len(shape.value) != 2 * size or not r or not s:
        raise refuse(Rule.SIGNATURE_LENGTH, shape.value_element)
    return encode_dss_signature(r, s)
