"""What decisions rest on, to be stored with them."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

__all__ = ["Evidence", "EvidenceKind"]


class EvidenceKind(StrEnum):
    """Which standard reads it."""

    CRL = "CRL"  # RFC 5280 §5
    OCSP = "OCSP"  # RFC 6960
    CERTIFICATE = "CERT"  # an issuer's, RFC 5280 §4


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """The very octets a decision rests on."""

    kind: EvidenceKind
    digest: str  # lower-case hexadecimal SHA-256 of the DER
    content: bytes  # DER

    @classmethod
    def of(cls, kind: EvidenceKind, content: bytes) -> "Evidence":
        """With its digest."""
        return cls(kind=kind, digest=sha256(content).hexdigest(), content=content)
