"""OCSP answers straight from the register (RFC 6960, one certificate a request as in RFC 5019)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import new as new_hash
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from signing.authority import signature_hash
from signing.errors import KeyFileError
from signing.keys import KeyPair
from signing.publication import REASONS
from signing.records import CertificateRecord, CertificateStatus, issuer_key_id, own_key_id

__all__ = ["OcspAnswer", "OcspOutcome", "Responder", "try_later"]


class OcspOutcome(StrEnum):
    """What was answered."""

    GOOD = "good"
    REVOKED = "revoked"  # or on hold
    UNKNOWN = "unknown"  # not issued by this authority
    MALFORMED = "malformed"  # no request we understand
    TRY_LATER = "try_later"  # the responder cannot answer now


@dataclass(frozen=True, kw_only=True, slots=True)
class OcspAnswer:
    """An OCSP response."""

    outcome: OcspOutcome
    content: bytes  # DER
    serial: str | None = None  # of the certificate asked about, lower-case hexadecimal


class Responder:
    """Answers for one authority with a key of its own, never the authority's.

    Args:
        key: with a certificate for OCSP signing and its issuer as chain.
        lifetime: nextUpdate of answers; how long a client may keep one.

    Raises:
        KeyFileError: there is no issuer in the chain, or the certificate is not its responder's.
    """

    def __init__(self, key: KeyPair, *, lifetime: timedelta = timedelta(hours=1)) -> None:
        if not key.chain or not _may_answer(key.certificate, key.chain[0]):
            raise KeyFileError(reason="not the key of an OCSP responder with its issuer's certificate")
        self._key = key
        self._issuer = key.chain[0]
        self._lifetime = lifetime

    @property
    def not_after(self) -> datetime:
        """When its certificate ends."""
        return self._key.certificate.not_valid_after_utc

    @property
    def issuer(self) -> x509.Certificate:
        """The authority it answers for."""
        return self._issuer

    def answer(
        self, request: bytes, find: Callable[[str], CertificateRecord | None], *, at: datetime
    ) -> OcspAnswer:
        """Answer a request; hostile input never raises.

        Args:
            request: DER.
            find: the register, by serial number in lower-case hexadecimal.
            at: now, with zone.
        """
        if at > self.not_after:
            return try_later()
        asked = _read(request)
        if asked is None:
            content = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
            return OcspAnswer(outcome=OcspOutcome.MALFORMED, content=content.public_bytes(Encoding.DER))
        record = self._find(asked, find)
        response = self._response(asked, record, at.replace(microsecond=0))
        return OcspAnswer(
            outcome=_outcome(record),
            content=response.public_bytes(Encoding.DER),
            serial=f"{asked.serial_number:x}",
        )

    def _find(
        self, asked: ocsp.OCSPRequest, find: Callable[[str], CertificateRecord | None]
    ) -> CertificateRecord | None:
        """The record of the very certificate asked about: issuer by name and key, and serial number."""
        if not _is_issuer(asked, self._issuer):
            return None
        record = find(f"{asked.serial_number:x}")
        ours = record is not None and issuer_key_id(record.certificate) == own_key_id(self._issuer)
        return record if ours else None

    def _response(
        self, asked: ocsp.OCSPRequest, record: CertificateRecord | None, at: datetime
    ) -> ocsp.OCSPResponse:
        revoked = record is not None and record.status is not CertificateStatus.ACTIVE
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                asked.issuer_name_hash,
                asked.issuer_key_hash,
                asked.serial_number,
                asked.hash_algorithm,
                _STATUS[_outcome(record)],
                at,
                min(at + self._lifetime, self.not_after),
                record.status_at if record and revoked else None,
                REASONS.get(record.reason or "") if record and revoked else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self._key.certificate)
            .certificates([self._key.certificate])
        )
        nonce = _nonce(asked)
        if nonce is not None:
            builder = builder.add_extension(nonce, critical=False)
        return builder.sign(self._key.private_key, signature_hash(self._key.private_key))


#: What reading a request raises where it is damaged, or asks about several certificates.
_UNREADABLE: Final = (
    ValueError,
    NotImplementedError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_STATUS: Final = {
    OcspOutcome.GOOD: ocsp.OCSPCertStatus.GOOD,
    OcspOutcome.REVOKED: ocsp.OCSPCertStatus.REVOKED,
    OcspOutcome.UNKNOWN: ocsp.OCSPCertStatus.UNKNOWN,
}


def try_later() -> OcspAnswer:
    """The answer where none can be given now; unsigned, as the standard has it."""
    response = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    return OcspAnswer(outcome=OcspOutcome.TRY_LATER, content=response.public_bytes(Encoding.DER))


def _outcome(record: CertificateRecord | None) -> OcspOutcome:
    if record is None:
        return OcspOutcome.UNKNOWN
    return OcspOutcome.GOOD if record.status is CertificateStatus.ACTIVE else OcspOutcome.REVOKED


def _read(request: bytes) -> ocsp.OCSPRequest | None:
    """The request, if it asks about one certificate and demands no extension but a nonce."""
    try:
        asked = ocsp.load_der_ocsp_request(request)
        demands = [extension for extension in asked.extensions if extension.critical]
        possible = _is_possible(asked)
    except _UNREADABLE:
        return None
    understood = all(isinstance(extension.value, x509.OCSPNonce) for extension in demands)
    return asked if possible and understood else None


def _is_possible(asked: ocsp.OCSPRequest) -> bool:
    """Whether hashes and serial number are such as a CertID can have; an answer repeats them."""
    sizes = {len(asked.issuer_name_hash), len(asked.issuer_key_hash)}
    return sizes == {asked.hash_algorithm.digest_size} and asked.serial_number >= 0


def _nonce(asked: ocsp.OCSPRequest) -> x509.OCSPNonce | None:
    try:
        return asked.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return None


def _is_issuer(asked: ocsp.OCSPRequest, issuer: x509.Certificate) -> bool:
    name = issuer.subject.public_bytes()
    return (asked.issuer_name_hash, asked.issuer_key_hash) == (
        new_hash(asked.hash_algorithm.name, name).digest(),
        new_hash(asked.hash_algorithm.name, _key_bits(issuer)).digest(),
    )


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The BIT STRING of subjectPublicKey without tag, length and number of unused bits (RFC 6960 §4.1.1)."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    raise KeyFileError(reason="neither an RSA nor an EC key")


def _may_answer(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        certificate.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING in usage
