"""OCSP: making requests, and reading responses with every check that does not depend on the time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ReasonFlags, ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.evidence import Evidence, EvidenceKind
from signing.revocation.crl import HASHES
from signing.revocation.errors import Problem, RevocationDataError
from signing.revocation.names import issuer_id, value_of
from signing.trust import issued_by

__all__ = ["MAX_ANSWER_BYTES", "Answer", "ResponderCheck", "make_request", "read_answer"]

#: A response with the responder's chain has a few kilobytes.
MAX_ANSWER_BYTES: Final = 256 * 1024
_IDENTIFYING: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})

#: Tells whether a responder's certificate that lacks id-pkix-ocsp-nocheck is not revoked.
ResponderCheck = Callable[[x509.Certificate], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An OCSP response about one certificate whose origin and form are proven."""

    issuer: str  # issuer_id
    serial: int
    status: ocsp.OCSPCertStatus
    revoked_at: datetime | None
    reason: ReasonFlags | None
    this_update: datetime
    next_update: datetime | None
    responder: x509.Certificate  # who signed: the issuer or its delegate
    nonce: bytes | None
    evidence: Evidence

    @property
    def responder_needs_check(self) -> bool:
        """Whether the responder is a delegate whose own revocation matters (RFC 6960 §4.2.2.2.1)."""
        return _is_delegate(self.responder) and not _has(self.responder, x509.OCSPNoCheck)


def make_request(
    certificate: x509.Certificate, issuer: x509.Certificate, *, nonce: bytes | None = None
) -> bytes:
    """An OCSP request for one certificate, in DER (RFC 6960 §4.1).

    Args:
        certificate: the one to ask about.
        issuer: its issuer's.
        nonce: random octets, 16 to 32 (RFC 9654); None sends none, and a cached response may be given.
    """
    # SHA-1 names the issuer here and protects nothing; every responder knows it (RFC 5019 §2.1.1).
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def read_answer(content: bytes, certificate: x509.Certificate, issuer: x509.Certificate) -> Answer:
    """Read a response and prove that it is about this certificate and from its issuer or a delegate.

    Args:
        content: DER.
        certificate: the one asked about.
        issuer: its issuer's.

    Raises:
        RevocationDataError: the rule it breaks.
    """
    if len(content) > MAX_ANSWER_BYTES:
        raise RevocationDataError(Problem.SIZE, f"{len(content)} bytes")
    try:
        response = ocsp.load_der_ocsp_response(content)
        return _read(response, content, certificate, issuer)
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
    ) as error:
        raise RevocationDataError(Problem.FORMAT, str(error)) from error


def _read(
    response: ocsp.OCSPResponse, content: bytes, certificate: x509.Certificate, issuer: x509.Certificate
) -> Answer:
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise RevocationDataError(Problem.RESPONSE_STATUS, response.response_status.name)
    # One was asked for; of a response about several the library shows no singleExtensions.
    if sum(1 for _ in response.responses) != 1:
        raise RevocationDataError(Problem.FORMAT, "exactly one SingleResponse expected")
    _check_subject(response, certificate, issuer)
    for extension in (*response.extensions, *response.single_extensions):
        if extension.critical and not isinstance(extension.value, x509.OCSPNonce):
            raise RevocationDataError(Problem.CRITICAL_EXTENSION, extension.oid.dotted_string)
    responder = _responder(response, issuer)
    _check_signature(response, responder)
    nonce = value_of(response.extensions, x509.OCSPNonce)
    return Answer(
        issuer=issuer_id(issuer),
        serial=certificate.serial_number,
        status=response.certificate_status,
        revoked_at=response.revocation_time_utc,
        reason=response.revocation_reason,
        this_update=response.this_update_utc,
        next_update=response.next_update_utc,
        responder=responder,
        nonce=nonce.nonce if nonce else None,
        evidence=Evidence.of(EvidenceKind.OCSP, content),
    )


def _check_subject(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> None:
    """The CertID is that of the certificate: issuer name, issuer key and serial number."""
    algorithm = response.hash_algorithm
    same = (
        algorithm.name in _IDENTIFYING
        and response.serial_number == certificate.serial_number
        and response.issuer_name_hash == _digest(algorithm, issuer.subject.public_bytes())
        and response.issuer_key_hash == _digest(algorithm, _key_bits(issuer))
    )
    if not same:
        raise RevocationDataError(Problem.CERT_ID, f"not about serial {certificate.serial_number:x}")


def _responder(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> x509.Certificate:
    """The issuer, or a certificate sent along that the issuer itself made for OCSP (RFC 6960 §4.2.2.2)."""
    for candidate in _named(response, [issuer, *response.certificates]):
        if candidate == issuer or _same_authority(candidate, issuer):
            return issuer
        if _is_delegate(candidate) and issued_by(candidate, issuer):
            return candidate
    raise RevocationDataError(Problem.RESPONDER)


def _named(response: ocsp.OCSPResponse, candidates: list[x509.Certificate]) -> Iterator[x509.Certificate]:
    """Those that responderID names."""
    name, key = response.responder_name, response.responder_key_hash
    for candidate in candidates:
        if (name is not None and candidate.subject == name) or (
            key is not None and sha1(_key_bits(candidate), usedforsecurity=False).digest() == key
        ):
            yield candidate


def _same_authority(candidate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Another certificate of the issuer's own name and key, such as a cross-certificate."""
    return candidate.subject == issuer.subject and _key_bits(candidate) == _key_bits(issuer)


def _is_delegate(certificate: x509.Certificate) -> bool:
    usage = value_of(certificate.extensions, x509.ExtendedKeyUsage)
    return usage is not None and ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _has(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> bool:
    return value_of(certificate.extensions, kind) is not None


def _check_signature(response: ocsp.OCSPResponse, responder: x509.Certificate) -> None:
    algorithm = response.signature_hash_algorithm
    if algorithm is None or algorithm.name not in HASHES:
        raise RevocationDataError(Problem.ALGORITHM, response.signature_algorithm_oid.dotted_string)
    key = responder.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
        else:
            raise RevocationDataError(Problem.ALGORITHM, "neither an RSA nor an EC key")
    except InvalidSignature as error:
        raise RevocationDataError(Problem.SIGNATURE) from error


def _digest(algorithm: hashes.HashAlgorithm, octets: bytes) -> bytes:
    digest = Hash(algorithm)
    digest.update(octets)
    return digest.finalize()


@lru_cache(maxsize=2048)
def _key_bits(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey BIT STRING without tag, length and unused bits, as CertID hashes it."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    raise RevocationDataError(Problem.ALGORITHM, "neither an RSA nor an EC key")
