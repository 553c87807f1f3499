"""What the SC authority knows of a certificate it issued. Apart from the register, which needs a database."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from signing.certificates import serial_hex

__all__ = ["CertificateRecord", "CertificateStatus", "issuer_key_id", "new_record", "own_key_id"]


class CertificateStatus(StrEnum):
    """Where a certificate stands; expiry is a matter of dates, not of status."""

    ACTIVE = "active"  # may sign
    HELD = "held"  # suspended, may come back
    REVOKED = "revoked"  # for good


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateRecord:
    """One issued certificate."""

    serial: str  # lower-case hexadecimal
    person_id: str  # ID SISC
    subject: str  # RFC 4514
    not_before: datetime
    not_after: datetime
    status: CertificateStatus
    status_at: datetime  # since when the status holds
    reason: str | None = None  # why, for statuses other than active
    certificate: x509.Certificate
    issued_at: datetime
    decided_at: datetime | None = None  # when it was revoked, where that counts from an earlier hold


def new_record(certificate: x509.Certificate, *, person_id: str, issued_at: datetime) -> CertificateRecord:
    """The record of a certificate just issued: active from its issue on."""
    return CertificateRecord(
        serial=serial_hex(certificate),
        person_id=person_id,
        subject=certificate.subject.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        status=CertificateStatus.ACTIVE,
        status_at=issued_at,
        certificate=certificate,
        issued_at=issued_at,
    )


def own_key_id(certificate: x509.Certificate) -> str:
    """The subjectKeyIdentifier of an authority's certificate, lower-case hexadecimal; empty: it has none."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    except x509.ExtensionNotFound:
        return ""


def issuer_key_id(certificate: x509.Certificate) -> str:
    """Which key issued a certificate: its authorityKeyIdentifier as `own_key_id` has it."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    except x509.ExtensionNotFound:
        return ""
    return (found.key_identifier or b"").hex()
