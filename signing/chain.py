"""Certification paths: from a signer's certificate to a trust anchor (RFC 5280 §6).

cryptography's verifier builds and validates the path; what it leaves open is checked here: the leaf is no
authority, every key is above the floors, no certificate is signed weakly, the policy is named.
"""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from signing.certificates import ReadCertificate, check_strength, read_certificate
from signing.errors import RefusedError, SigningError
from signing.evidence import Evidence, EvidenceKind
from signing.faults import Rule, fault, refuse
from signing.kept import Kept
from signing.policy import MESSAGE_POLICY, KeyKind, SignaturePolicy
from signing.trust import date_fault, issued_by, may_sign_documents, policies, untrusted
from signing.verdict import Fault

__all__ = ["Chain", "ChainRules", "TrustAnchors", "build_chain"]

_CHAINS_KEPT: Final = 4096
_SIGNATURES_TRIED: Final = 64  # in search of the reason why there is no path


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ChainRules:
    """What a path has to satisfy beyond RFC 5280; make it once, for paths are kept by its identity."""

    policy: SignaturePolicy = MESSAGE_POLICY  # key floors, curves
    hashes: frozenset[str] = frozenset({"sha256", "sha384", "sha512"})  # that certificates may be signed with
    max_intermediates: int = 4  # between the leaf and the anchor
    policies: frozenset[ObjectIdentifier] = frozenset()  # the leaf must name one of them; empty: any or none


DEFAULT_RULES: Final = ChainRules()


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """A certification path that validates at every moment of its window."""

    certificates: tuple[x509.Certificate, ...]  # leaf first, trust anchor last
    not_before: datetime  # the latest of all
    not_after: datetime  # the earliest of all

    @property
    def leaf(self) -> x509.Certificate:
        """The signer's certificate."""
        return self.certificates[0]

    @property
    def anchor(self) -> x509.Certificate:
        """The certificate that is trusted by itself."""
        return self.certificates[-1]

    def evidence(self) -> tuple[Evidence, ...]:
        """The certificates above the leaf, which the document itself carries."""
        issuers = map(_read, self.certificates[1:])
        return tuple(
            Evidence(kind=EvidenceKind.CERTIFICATE, digest=issuer.fingerprint, content=issuer.der)
            for issuer in issuers
        )

    def links(self) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
        """Every certificate but the anchor, each with its issuer's; the leaf first."""
        return pairwise(self.certificates)


_ChainKey = tuple[x509.Certificate, tuple[x509.Certificate, ...], ChainRules, int]


class TrustAnchors:
    """Certificates of authorities that paths may end at; make it once and again when the set changes.

    Paths found are kept with it, by certificate, candidates and rules, for the window in which they hold.

    Raises:
        SigningError: there is none.
    """

    def __init__(self, certificates: Collection[x509.Certificate]) -> None:
        if not certificates:
            raise SigningError("a path needs at least one trust anchor")
        # As in messages: objects read once, so that comparing them is cheap.
        read = dict.fromkeys(_read(certificate).certificate for certificate in certificates)
        self.certificates: tuple[x509.Certificate, ...] = tuple(read)
        self.store = Store(list(read))
        self.chains: Kept[_ChainKey, Chain] = Kept(_CHAINS_KEPT)
        self._members = frozenset(read)

    def __contains__(self, certificate: x509.Certificate) -> bool:
        """Whether this very certificate is an anchor."""
        return certificate in self._members


def build_chain(
    leaf: x509.Certificate,
    candidates: Sequence[x509.Certificate],
    anchors: TrustAnchors,
    at: datetime,
    rules: ChainRules = DEFAULT_RULES,
) -> Chain | Fault:
    """The path from a signer's certificate to an anchor, or the rule that it breaks.

    Args:
        leaf: the signer's certificate.
        candidates: intermediates, from the message or elsewhere; never trusted by themselves.
        anchors: where a path may end.
        at: time of receipt, with zone; everything is valid at it.
        rules: see ChainRules.
    """
    key = (leaf, tuple(candidates), rules, rules.policy.rsa_floor(at))
    known = anchors.chains.get(key)
    if known is not None and known.not_before <= at <= known.not_after:
        return known
    try:
        return anchors.chains.put(key, _build(leaf, candidates, anchors, at, rules))
    except RefusedError as refused:
        return refused.fault


def _build(
    leaf: x509.Certificate,
    candidates: Sequence[x509.Certificate],
    anchors: TrustAnchors,
    at: datetime,
    rules: ChainRules,
) -> Chain:
    _check_leaf(leaf, at, rules)
    verifier = (
        PolicyBuilder()
        .store(anchors.store)
        .time(at)
        .max_chain_depth(rules.max_intermediates)
        .extension_policies(ee_policy=_LEAF, ca_policy=_AUTHORITY)
        .build_client_verifier()
    )
    try:
        path = verifier.verify(leaf, list(candidates)).chain
    except VerificationError as error:
        raise RefusedError(fault=_Search(anchors, at, rules).reason(leaf, candidates)) from error
    for issuer in path[1:]:
        _check_key(_read(issuer), at, rules)
    return Chain(
        certificates=tuple(path),
        not_before=max(certificate.not_valid_before_utc for certificate in path),
        not_after=min(certificate.not_valid_after_utc for certificate in path),
    )


def _check_leaf(leaf: x509.Certificate, at: datetime, rules: ChainRules) -> None:
    dates = date_fault(leaf, at)
    if dates is not None:
        raise RefusedError(fault=dates)
    read = _read(leaf)
    if leaf.version is not x509.Version.v3:
        raise refuse(Rule.CERTIFICATE_FORMAT, reason="X.509 v3 expected")
    _check_signature_algorithm(leaf, rules)
    _check_key(read, at, rules)
    if read.is_authority or not may_sign_documents(leaf):
        raise refuse(Rule.CERT_KEY_USAGE)
    if rules.policies and not rules.policies & policies(leaf):
        raise refuse(Rule.CERT_POLICY, policy=", ".join(sorted(oid.dotted_string for oid in rules.policies)))


def _check_key(certificate: ReadCertificate, at: datetime, rules: ChainRules) -> None:
    kind = KeyKind.RSA if isinstance(certificate.public_key, rsa.RSAPublicKey) else KeyKind.EC
    check_strength(certificate, kind, rules.policy, at=at)


def _check_signature_algorithm(certificate: x509.Certificate, rules: ChainRules) -> None:
    """Weak hashes let others make a certificate with the same signature (ETSI TS 119 312)."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        algorithm = None
    if algorithm is None or algorithm.name not in rules.hashes:
        raise refuse(
            Rule.CERT_WEAK_SIGNATURE,
            subject=certificate.subject.rfc4514_string(),
            algorithm=algorithm.name if algorithm else certificate.signature_algorithm_oid.dotted_string,
        )


_Path = tuple[x509.Certificate, ...]  # leaf first


class _Search:
    """Why there is no valid path: looks upwards for one that would do but for a broken rule.

    Breadth first, each certificate once, a bounded number of signatures.
    """

    def __init__(self, anchors: TrustAnchors, at: datetime, rules: ChainRules) -> None:
        self._anchors = anchors
        self._at = at
        self._rules = rules
        self._tries = _SIGNATURES_TRIED
        self._unproven: Fault | None = None  # there is an issuer by name, but its signature does not verify

    def reason(self, leaf: x509.Certificate, candidates: Sequence[x509.Certificate]) -> Fault:
        pool = [*self._anchors.certificates, *candidates]
        waiting: deque[_Path] = deque([(leaf,)])
        seen = {leaf}
        while waiting:
            path = waiting.popleft()
            for issuer in self._issuers(path[-1], pool):
                longer = (*path, issuer)
                if issuer in self._anchors:
                    return self._explain(longer)
                if issuer not in seen:
                    seen.add(issuer)
                    waiting.append(longer)
        return self._unproven or untrusted(leaf)

    def _issuers(
        self, child: x509.Certificate, pool: Sequence[x509.Certificate]
    ) -> Iterator[x509.Certificate]:
        for issuer in pool:
            if issuer.subject != child.issuer or issuer == child or not self._tries:
                continue
            self._tries -= 1
            if issued_by(child, issuer):
                yield issuer
            elif self._unproven is None:
                self._unproven = self._weakness(child) or _general(issuer)

    def _explain(self, path: _Path) -> Fault:
        broken = (self._broken_rule(issuer) for issuer in path[1:])
        limits = (_may_not_issue(issuer) for issuer in path[1:] if _is_constrained(issuer))
        return next(chain(filter(None, broken), limits), _general(path[-1]))

    def _weakness(self, child: x509.Certificate) -> Fault | None:
        """Weak signatures are not even tried."""
        try:
            _check_signature_algorithm(child, self._rules)
        except RefusedError as refused:
            return refused.fault
        return None

    def _broken_rule(self, issuer: x509.Certificate) -> Fault | None:
        try:
            _check_key(_read(issuer), self._at, self._rules)
        except RefusedError as refused:
            return refused.fault
        not_before, not_after = issuer.not_valid_before_utc, issuer.not_valid_after_utc
        if not not_before <= self._at <= not_after:
            name = issuer.subject.rfc4514_string()
            return fault(Rule.CERT_ISSUER_DATES, issuer=name, not_before=not_before, not_after=not_after)
        return None if _may_issue(issuer) else _may_not_issue(issuer)


def _may_not_issue(issuer: x509.Certificate) -> Fault:
    return fault(Rule.CERT_CHAIN_CONSTRAINTS, issuer=issuer.subject.rfc4514_string())


def _general(issuer: x509.Certificate) -> Fault:
    return fault(Rule.CERT_CHAIN, issuer=issuer.subject.rfc4514_string())


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return _read(certificate).is_authority and usage.key_cert_sign


def _is_constrained(certificate: x509.Certificate) -> bool:
    """Whether it limits what is below it; asked only where the path does not validate."""
    limits = (extension.value for extension in certificate.extensions)
    return any(
        isinstance(limit, x509.NameConstraints | x509.PolicyConstraints)
        or (isinstance(limit, x509.BasicConstraints) and limit.path_length is not None)
        for limit in limits
    )


def _read(certificate: x509.Certificate) -> ReadCertificate:
    try:
        return read_certificate(certificate.public_bytes(Encoding.DER))
    except ValueError as error:
        raise refuse(Rule.CERTIFICATE_FORMAT, reason=str(error)) from error


def _demand_cert_sign(_policy: Policy, _certificate: x509.Certificate, usage: x509.KeyUsage) -> None:
    if not usage.key_cert_sign:
        raise ValueError("keyCertSign is not asserted")


#: Signers' certificates carry no alternative names, which the library's own defaults ask for.
_LEAF: Final = ExtensionPolicy.permit_all().require_present(x509.KeyUsage, Criticality.AGNOSTIC, None)
_AUTHORITY: Final = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    .require_present(x509.KeyUsage, Criticality.AGNOSTIC, _demand_cert_sign)
)
