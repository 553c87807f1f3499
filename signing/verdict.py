"""The result of verifying a signature, in the terms of ETSI EN 319 102-1."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cryptography.x509 import Certificate
from lxml import etree

from signing.evidence import Evidence

__all__ = ["Fault", "Indication", "Signer", "SignerClass", "SubIndication", "TrustDecision", "Verdict"]


class Indication(StrEnum):
    """The main outcome (EN 319 102-1 §5.1.3)."""

    TOTAL_PASSED = "TOTAL-PASSED"
    TOTAL_FAILED = "TOTAL-FAILED"
    INDETERMINATE = "INDETERMINATE"


class SubIndication(StrEnum):
    """Why a signature did not pass; the values are the standard's own names."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"


class SignerClass(StrEnum):
    """By which road a certificate is trusted (signatures.md §5)."""

    SC = "SC"  # issued by our own SC certificate authority
    QUALIFIED = "QUALIFIED"  # EU trusted lists
    CBTD = "CBTD"  # frozen register of legacy keys
    TRUSTED_PROFILE = "TRUSTED_PROFILE"  # profil zaufany (ePUAP)
    PINNED = "PINNED"  # named by the caller as trusted as it is (sisc check --trust)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """The exact rule that a signature or certificate breaks."""

    rule: str  # stable name of the rule, e.g. "SIGNATURE_COUNT"; becomes Finding.code
    indication: Indication
    sub_indication: SubIndication
    message_pl: str
    message_en: str
    remedy_pl: str
    remedy_en: str
    line: int | None = None
    xpath: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustDecision:
    """What a trust source says about a signing certificate at a time."""

    fault: Fault | None  # None: trusted
    signer_class: SignerClass | None = None
    person_id: str | None = None  # ID SISC of the person the certificate was issued to, where known
    revoked_at: datetime | None = None  # where the fault is a revocation: since when
    lost_trust_at: datetime | None = None  # suspended or revoked only after receipt: recorded, no fault
    subject_ids: tuple[str, ...] = ()  # numbers in the subject that may name a person, e.g. "PNOPL-…"
    qualification: str | None = None  # class QUALIFIED: what the signature is, e.g. "QESig"
    trusted_lists: tuple[str, ...] = ()  # class QUALIFIED: lists that say so, e.g. "PL 110"
    evidence: tuple[Evidence, ...] = ()  # revocation data the decision rests on
    person_name: str | None = None  # class TRUSTED_PROFILE: the person the seal speaks for
    # The certificate is a seal: who signed stands in xades:SignedProperties (None: plain XML Signature).
    # Only `verify` calls it, once their digest has proven good, and takes the decision that it returns.
    completed_by: "Callable[[etree._Element | None], TrustDecision] | None" = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """Whose signature it is."""

    certificate: Certificate
    subject: str  # RFC 4514
    issuer: str  # RFC 4514
    serial: str  # lower-case hexadecimal
    fingerprint: str  # lower-case hexadecimal SHA-256 of the DER
    signer_class: SignerClass | None = None  # None: not trusted
    person_id: str | None = None  # ID SISC, where the certificate class says so
    subject_ids: tuple[str, ...] = ()  # numbers in the subject that may name a person, e.g. "PNOPL-…"
    qualification: str | None = None  # class QUALIFIED: what the signature is, e.g. "QESig"
    trusted_lists: tuple[str, ...] = ()  # class QUALIFIED: lists that say so, e.g. "PL 110"
    person_name: str | None = None  # class TRUSTED_PROFILE: the person the seal speaks for
    lost_trust_at: datetime | None = None  # suspended or revoked only after receipt: recorded, no fault


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What verification found. Act only on TOTAL_PASSED; read only from `signed_tree`."""

    indication: Indication
    sub_indication: SubIndication | None = None  # None when passed
    fault: Fault | None = None  # None when passed
    signer: Signer | None = None  # may be known although the verdict is bad
    signed_tree: etree._Element | None = None  # document element without its signature; only when passed
    claimed_time: datetime | None = None  # xades:SigningTime: a claim, never trusted
    evidence: tuple[Evidence, ...] = ()  # of the trust decision; to be stored with whatever is decided
    weak_from: date | None = None  # the signer's RSA key is too short from this day on; to be told in time
    tolerated: Fault | None = (
        None  # weakness that a dated exemption set aside; to be reported with the verdict
    )

    @property
    def passed(self) -> bool:
        """Whether the signature is fully good."""
        return self.indication is Indication.TOTAL_PASSED
