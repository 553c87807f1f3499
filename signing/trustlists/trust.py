"""Qualified certificates as a trust source: path, lists, revocation."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from signing.chain import Chain, build_chain
from signing.faults import Rule, fault
from signing.revocation.assessment import assess_revocation
from signing.revocation.model import RevocationSource
from signing.trust import untrusted
from signing.trustlists.qualification import Assessment, assess
from signing.trustlists.service import ListsInForce
from signing.trustlists.statements import claims_to_be_qualified, subject_ids
from signing.verdict import Fault, SignerClass, TrustDecision

__all__ = ["Demand", "QualifiedTrust"]


class Demand(StrEnum):
    """What a signature must be."""

    CERTIFICATE = "certificate"  # made with a qualified certificate
    SIGNATURE = "signature"  # qualified: the key is in a qualified device, too


class QualifiedTrust:
    """Trusts certificates that the EU trusted lists make qualified, for signatures and seals.

    The certificate of the CA/QC service is the trust anchor itself; roots above it say nothing here.

    Args:
        lists: the lists in force at the moment.
        revocation: tells the status of certificates.
        demand: how much is asked of a signature.
    """

    def __init__(
        self,
        lists: Callable[[], ListsInForce],
        revocation: RevocationSource,
        *,
        demand: Demand = Demand.CERTIFICATE,
    ) -> None:
        self._lists = lists
        self._revocation = revocation
        self._demand = demand

    def judge(
        self, certificate: x509.Certificate, *, candidates: Sequence[x509.Certificate], at: datetime
    ) -> TrustDecision:
        """See TrustSource."""
        lists = self._lists()
        if lists.anchors is None:
            return TrustDecision(fault=_unknown_issuer(certificate, lists))
        chain = build_chain(certificate, candidates, lists.anchors, at)
        if isinstance(chain, Fault):
            unknown = chain.rule == Rule.CERT_UNTRUSTED
            return TrustDecision(fault=_unknown_issuer(certificate, lists) if unknown else chain)
        return self._judge(chain, lists, at)

    def _judge(self, chain: Chain, lists: ListsInForce, at: datetime) -> TrustDecision:
        services = lists.services_of(chain.anchor)
        stale = lists.freshness_fault({listed.territory for listed in services}, at)
        assessment = assess(chain.leaf, services, at=at)
        revocation = assess_revocation(chain, self._revocation, at=at)
        return TrustDecision(
            fault=stale or self._fault(assessment) or revocation.fault,
            signer_class=SignerClass.QUALIFIED,
            subject_ids=subject_ids(chain.leaf),
            qualification=assessment.result.value,
            trusted_lists=tuple(sorted({f"{listed.territory} {listed.sequence}" for listed in services})),
            revoked_at=revocation.revoked_at,
            lost_trust_at=revocation.lost_trust_at,
            evidence=(*revocation.evidence, *chain.evidence()),
        )

    def _fault(self, assessment: Assessment) -> Fault | None:
        if assessment.fault is not None or self._demand is Demand.CERTIFICATE:
            return assessment.fault
        return assessment.device_fault


def _unknown_issuer(certificate: x509.Certificate, lists: ListsInForce) -> Fault:
    """The issuer is on no list held. Where the list that would name it is not held, that says nothing yet."""
    missing = lists.missing_for(certificate)
    if missing is not None and claims_to_be_qualified(certificate):
        return fault(Rule.TL_UNAVAILABLE, territory=missing)
    return untrusted(certificate)
