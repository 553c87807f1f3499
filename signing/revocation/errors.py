"""Why revocation data is not used.

SigningError
├── RevocationDataError     a CRL or OCSP response breaks a rule; what was known before stays
└── FetchError              a source gave no answer in time
"""

from enum import StrEnum

from signing.errors import SigningError

__all__ = ["FetchError", "Problem", "RevocationDataError"]


class Problem(StrEnum):
    """The exact rule of RFC 5280 or RFC 6960, or the reason why there is nothing to judge."""

    # there is nothing
    NO_SOURCE = "NO_SOURCE"  # the certificate names neither OCSP responder nor CRL
    NOT_FETCHED = "NOT_FETCHED"  # nothing in the cache yet
    OUT_OF_SCOPE = "OUT_OF_SCOPE"  # the CRLs at hand do not cover this certificate
    AFTER_EXPIRY = "AFTER_EXPIRY"  # issued after the certificate expired: being absent says nothing
    # both kinds
    FORMAT = "FORMAT"  # not DER, or not as the standard has it
    SIZE = "SIZE"  # longer than the limit
    SIGNATURE = "SIGNATURE"  # does not verify with the issuer's (responder's) key
    ALGORITHM = "ALGORITHM"  # signed with a weak or unknown algorithm
    CRITICAL_EXTENSION = "CRITICAL_EXTENSION"  # an unknown critical extension
    FROM_THE_FUTURE = "FROM_THE_FUTURE"  # thisUpdate is later than now
    STALE = "STALE"  # past nextUpdate, or older than freshness allows
    ROLLBACK = "ROLLBACK"  # older than what is known already
    # CRLs
    ISSUER = "ISSUER"  # issuer name or authorityKeyIdentifier of another authority
    KEY_USAGE = "KEY_USAGE"  # the issuer may not sign CRLs
    NEXT_UPDATE = "NEXT_UPDATE"  # nextUpdate is missing
    CRL_NUMBER = "CRL_NUMBER"  # cRLNumber is missing
    INDIRECT = "INDIRECT"  # an indirect CRL
    ISSUING_POINT = "ISSUING_POINT"  # issuingDistributionPoint is not understood
    ENTRY = "ENTRY"  # a serial number twice, or removeFromCRL outside a delta CRL
    DELTA_BASE = "DELTA_BASE"  # a delta CRL without the base it needs
    # OCSP
    RESPONSE_STATUS = "RESPONSE_STATUS"  # the responder answered with an error
    CERT_ID = "CERT_ID"  # about another certificate
    RESPONDER = "RESPONDER"  # signed by neither the issuer nor its delegate
    RESPONDER_DATES = "RESPONDER_DATES"  # the responder's certificate is outside its validity
    RESPONDER_STATUS = "RESPONDER_STATUS"  # the responder's certificate is revoked, or not known not to be
    NONCE = "NONCE"  # not the nonce that was sent
    UNKNOWN_TO_RESPONDER = "UNKNOWN_TO_RESPONDER"  # the responder does not know the certificate


class RevocationDataError(SigningError):
    """A CRL or OCSP response is refused.

    Args:
        problem: the rule.
        detail: the fact that broke it.
    """

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(f"{problem.value}: {detail}" if detail else problem.value)
        self.problem = problem
        self.detail = detail


class FetchError(SigningError):
    """A source of revocation data gave no answer in time, or not one to read."""

    def __init__(self, *, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
