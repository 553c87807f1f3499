"""Certificates in KeyInfo: reading them once, and the strength of their keys."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import new as new_hash
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from signing.encoding import base64_of, decode_base64, text_of
from signing.faults import Rule, refuse
from signing.names import DS11, ds
from signing.policy import KeyKind, SignaturePolicy

__all__ = [
    "ReadCertificate",
    "certificate_digest",
    "certificates_in",
    "check_bare_keys",
    "check_strength",
    "issuer_serial_der",
    "read_certificate",
    "serial_hex",
]

_X509_DATA, _X509_CERTIFICATE = ds("X509Data"), ds("X509Certificate")
_KEY_VALUE, _RSA_KEY_VALUE = ds("KeyValue"), ds("RSAKeyValue")
_EC_KEY_VALUE, _DER_KEY_VALUE = f"{{{DS11}}}ECKeyValue", f"{{{DS11}}}DEREncodedKeyValue"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadCertificate:
    """A certificate with what is asked of it again and again."""

    certificate: x509.Certificate
    der: bytes
    public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | None  # None: another kind of key
    subject: str
    issuer: str
    serial: str
    fingerprint: str
    is_authority: bool  # basicConstraints says CA
    rsa_exponent: int | None  # None: no RSA key
    not_before: datetime
    issuer_serial: bytes  # DER of RFC 5035's IssuerSerial, as XAdES carries it


@lru_cache(maxsize=2048)
def certificate_digest(der: bytes, name: str) -> bytes:
    """The digest (hashlib's name) of a certificate, kept with the certificates themselves."""
    return new_hash(name, der).digest()


def serial_hex(certificate: x509.Certificate) -> str:
    """The serial number as the product writes it: lower-case hexadecimal."""
    return f"{certificate.serial_number:x}"


@lru_cache(maxsize=2048)
def read_certificate(der: bytes) -> ReadCertificate:
    """Read a certificate; the same senders come again and again, so the last ones are kept.

    Raises:
        ValueError: not a certificate, or one with parts that cannot be read.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        return ReadCertificate(
            certificate=certificate,
            der=der,
            public_key=key if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) else None,
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            serial=serial_hex(certificate),
            fingerprint=sha256(der).hexdigest(),
            is_authority=_is_authority(certificate),
            rsa_exponent=key.public_numbers().e if isinstance(key, rsa.RSAPublicKey) else None,
            not_before=certificate.not_valid_before_utc,
            issuer_serial=issuer_serial_der(certificate),
        )
    except (x509.InvalidVersion, x509.DuplicateExtension, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error


def _is_authority(certificate: x509.Certificate) -> bool:
    """Extensions that cannot be read make nobody an authority; whether they matter is for trust to say."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def issuer_serial_der(certificate: x509.Certificate) -> bytes:
    """IssuerSerial of RFC 5035 in DER: SEQUENCE { SEQUENCE { [4] issuer }, serialNumber }."""
    number = certificate.serial_number
    octets = number.to_bytes(number.bit_length() // 8 + 1, signed=True)
    names = _tlv(0x30, _tlv(0xA4, certificate.issuer.public_bytes()))
    return _tlv(0x30, names + _tlv(0x02, octets))


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:  # noqa: PLR2004 - DER short form
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content


def certificates_in(key_info: etree._Element, policy: SignaturePolicy) -> list[ReadCertificate]:
    """The certificates that KeyInfo carries: candidates, never anchors; nothing else is resolved.

    Raises:
        RefusedError: NO_CERTIFICATE, CERTIFICATE_COUNT, CERTIFICATE_SIZE, CERTIFICATE_FORMAT or BASE64.
    """
    elements = [
        child
        for data in key_info
        if data.tag == _X509_DATA
        for child in data
        if child.tag == _X509_CERTIFICATE
    ]
    if not elements:
        raise refuse(Rule.NO_CERTIFICATE, key_info)
    if len(elements) > policy.max_certificates:
        raise refuse(Rule.CERTIFICATE_COUNT, key_info, count=len(elements), limit=policy.max_certificates)
    return [_read(element, policy.max_certificate) for element in elements]


def _read(element: etree._Element, limit: int) -> ReadCertificate:
    text = text_of(element)
    if len(text) > limit:  # what is read is kept, so large ones would fill the memory
        raise refuse(Rule.CERTIFICATE_SIZE, element, size=len(text), limit=limit)
    try:
        return _read_text(text)
    except ValueError as error:
        raise refuse(Rule.CERTIFICATE_FORMAT, element, reason=str(error)) from error


@lru_cache(maxsize=2048)
def _read_text(text: str) -> ReadCertificate:
    """As read_certificate, of base64: decoding costs more than finding what was decoded before."""
    return read_certificate(decode_base64(text))


def check_strength(signer: ReadCertificate, kind: KeyKind, policy: SignaturePolicy, *, at: datetime) -> None:
    """The key is of the method's kind and strong enough on that day (ETSI TS 119 312).

    Raises:
        RefusedError: KEY_TYPE, KEY_SIZE, KEY_CURVE or CERTIFICATE_FORMAT.
    """
    key = signer.public_key
    if isinstance(key, rsa.RSAPublicKey) and kind is KeyKind.RSA:
        exponent = signer.rsa_exponent or 0
        floor = policy.rsa_floor(at)
        if key.key_size < floor or exponent < policy.rsa_exponent_floor or not exponent % 2:
            raise refuse(Rule.KEY_SIZE, bits=key.key_size, floor=floor)
    elif isinstance(key, ec.EllipticCurvePublicKey) and kind is KeyKind.EC:
        if key.curve.name not in policy.curves:
            raise refuse(Rule.KEY_CURVE, curve=key.curve.name)
    else:
        raise refuse(Rule.KEY_TYPE)
    if signer.certificate.serial_number <= 0:  # RFC 5280 §4.1.2.2
        raise refuse(Rule.CERTIFICATE_FORMAT, reason="the serial number is not positive")


def check_bare_keys(key_info: etree._Element, signer: ReadCertificate) -> None:
    """A KeyValue or DEREncodedKeyValue beside the certificate must be the certificate's key.

    Raises:
        RefusedError: KEY_VALUE, BASE64.
    """
    for child in key_info:
        if child.tag == _DER_KEY_VALUE:
            same = base64_of(child) == _spki(signer)
        elif child.tag == _KEY_VALUE:
            same = _is_key_value_of(child, signer)
        else:
            continue
        if not same:
            raise refuse(Rule.KEY_VALUE, child)


def _spki(signer: ReadCertificate) -> bytes:
    return signer.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _is_key_value_of(element: etree._Element, signer: ReadCertificate) -> bool:
    key = signer.public_key
    values = {child.tag: child for child in element}
    if isinstance(key, rsa.RSAPublicKey) and list(values) == [_RSA_KEY_VALUE]:
        numbers = [int.from_bytes(base64_of(child)) for child in values[_RSA_KEY_VALUE]]
        return numbers == [key.public_numbers().n, key.public_numbers().e]
    if isinstance(key, ec.EllipticCurvePublicKey) and list(values) == [_EC_KEY_VALUE]:
        points = values[_EC_KEY_VALUE].findall(f"{{{DS11}}}PublicKey")
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return [base64_of(child) for child in points] == [point]
    return False
