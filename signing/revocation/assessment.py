"""Is any certificate of a path revoked: the verdict on a whole path, in the terms of ETSI EN 319 102-1."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain as chain_of
from types import MappingProxyType
from typing import Final

from cryptography import x509

from signing.chain import Chain
from signing.evidence import Evidence
from signing.faults import Rule, fault
from signing.revocation.errors import Problem
from signing.revocation.model import RevocationSource, RevocationState, RevocationStatus
from signing.verdict import Fault, SubIndication

__all__ = ["Assessment", "assess_revocation"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """What revocation says about a path."""

    fault: Fault | None  # None: no certificate of the path was revoked at that moment
    revoked_at: datetime | None = None  # of the leaf: goes into TrustDecision, where the claimed time decides
    evidence: tuple[Evidence, ...] = ()  # all that was used, to be stored with the decision
    lost_trust_at: datetime | None = None  # of any certificate: revoked only after that moment


def assess_revocation(chain: Chain, source: RevocationSource, *, at: datetime) -> Assessment:
    """Ask for the status of every certificate of a path but the anchor; a revocation outweighs a doubt.

    Args:
        chain: a path that validates.
        source: tells the status; asked always, whether or not a certificate names a source.
        at: time of receipt, with zone.

    Returns:
        CERT_REVOKED (REVOKED_NO_POE; `verify` makes it REVOKED where the sender himself claims to have signed
        after `revoked_at`), CERT_HELD or CERT_STATUS_UNKNOWN (TRY_LATER), CERT_ISSUER_REVOKED, or none.
    """
    told = [(certificate, source.status(certificate, issuer, at=at)) for certificate, issuer in chain.links()]
    leaf = told[0][1] if told else None
    faults = list(filter(None, (_fault(certificate, status, chain) for certificate, status in told)))
    later = [status.since for _, status in told if status.state is RevocationState.GOOD and status.since]
    final = (found for found in faults if found.sub_indication is not SubIndication.TRY_LATER)
    return Assessment(
        fault=next(chain_of(final, faults), None),
        revoked_at=leaf.since if leaf is not None and leaf.state is RevocationState.REVOKED else None,
        lost_trust_at=min(later, default=None),
        evidence=tuple({item.digest: item for _, status in told for item in status.evidence}.values()),
    )


def _fault(certificate: x509.Certificate, status: RevocationStatus, chain: Chain) -> Fault | None:
    name = certificate.subject.rfc4514_string()
    match status.state:
        case RevocationState.GOOD:
            return None
        case RevocationState.ON_HOLD:
            return fault(Rule.CERT_HELD, since=status.since)
        case RevocationState.REVOKED if certificate == chain.leaf:
            return fault(Rule.CERT_REVOKED, since=status.since)
        case RevocationState.REVOKED:
            return fault(Rule.CERT_ISSUER_REVOKED, issuer=name, since=status.since)
        case RevocationState.UNKNOWN:
            polish, english = _REASONS.get(status.problem, _UNUSABLE)
            return fault(Rule.CERT_STATUS_UNKNOWN, subject=name, reason_pl=polish, reason_en=english)


_UNUSABLE: Final = (
    "dane o unieważnieniach wystawcy są błędne",
    "the issuer's revocation data is not usable",
)
_REASONS: Final = MappingProxyType[Problem | None, tuple[str, str]](
    {
        Problem.NO_SOURCE: (
            "certyfikat nie wskazuje źródła tych danych",
            "the certificate names no source of such data",
        ),
        Problem.NOT_FETCHED: ("danych jeszcze nie pobrano", "the data has not been fetched yet"),
        Problem.STALE: ("dane są nieaktualne", "the data at hand is out of date"),
        Problem.OUT_OF_SCOPE: ("listy CRL go nie obejmują", "the CRLs at hand do not cover it"),
        Problem.AFTER_EXPIRY: (
            "listę CRL wydano po jego wygaśnięciu",
            "the CRL was issued after it had expired",
        ),
        Problem.UNKNOWN_TO_RESPONDER: (
            "usługa OCSP wystawcy go nie zna",
            "the issuer's OCSP responder does not know it",
        ),
    }
)
