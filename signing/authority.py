"""The SC certificate authority: makes itself, and issues signing certificates to persons.

The subject of a certificate is what the authority knows of the person, never what a request says.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

from signing.errors import RequestError
from signing.keys import KeyPair, PrivateKey
from signing.policy import MESSAGE_POLICY

__all__ = [
    "SC_POLICY_OID",
    "SEAL_POLICY_OID",
    "AuthorityKey",
    "CertificateSubject",
    "KeyType",
    "PublicationPoints",
    "certify_authority",
    "create_authority",
    "generate_key",
    "issue",
    "issue_responder",
    "issue_seal",
    "load_request",
    "signature_hash",
]

#: Certificate policy of persons' certificates, in the arc that X.667 gives to everybody's UUIDs.
SC_POLICY_OID: Final = ObjectIdentifier("2.25.117360923467172936182573609164935571281")
#: Certificate policy of seals: whoever demands that of persons takes no seal for a signer.
SEAL_POLICY_OID: Final = ObjectIdentifier("2.25.338783087970144365691640266656795468598")
_SERIAL_OCTETS: Final = 16  # RFC 5280 wants at most 20, the CA/Browser Forum at least 64 random bits
_BACKDATED: Final = timedelta(minutes=5)  # so that a client whose clock is late takes the certificate too

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
RandomBytes = Callable[[int], bytes]
AuthorityKey = KeyPair


class KeyType(StrEnum):
    """Keys the authority makes."""

    RSA_3072 = "RSA-3072"  # the widest support
    P256 = "P-256"  # small and fast
    P384 = "P-384"  # as P-256, with a wider margin


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateSubject:
    """The person a certificate is issued to."""

    id_sisc: str  # becomes serialNumber; at most 64 characters (X.520)
    given_names: str
    surname: str
    pesel: str | None = None  # becomes userId in the form of EN 319 412-1, "PNOPL-…"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicationPoints:
    """Where the authority publishes, as its certificates tell (RFC 5280 §4.2.1.13 and §4.2.2.1)."""

    certificate: str  # URL of the authority's certificate
    crl: str  # URL of its CRL
    ocsp: str  # URL of its OCSP responder


def generate_key(key_type: KeyType) -> PrivateKey:
    """A new private key."""
    if key_type is KeyType.RSA_3072:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ec.generate_private_key(ec.SECP256R1() if key_type is KeyType.P256 else ec.SECP384R1())


def create_authority(
    name: str,
    key_type: KeyType,
    *,
    at: datetime,
    lifetime: timedelta = timedelta(days=3650),
    random_bytes: RandomBytes = secrets.token_bytes,
) -> AuthorityKey:
    """A new authority: key and self-signed certificate.

    Args:
        name: common name, e.g. "SC CA 2026".
        key_type: of the authority's own key.
        at: now, with zone.
        lifetime: how long the authority's certificate is valid.
        random_bytes: source of the serial number.

    Raises:
        RequestError: the name is empty or longer than 64 characters.
    """
    key = generate_key(key_type)
    return certify_authority(name, key, at=at, lifetime=lifetime, random_bytes=random_bytes)


def certify_authority(
    name: str,
    key: PrivateKey,
    *,
    at: datetime,
    lifetime: timedelta = timedelta(days=3650),
    random_bytes: RandomBytes = secrets.token_bytes,
) -> AuthorityKey:
    """An authority on a key that is there already, e.g. in a PKCS#11 token; see `create_authority`."""
    subject = _name([(NameOID.COUNTRY_NAME, "PL"), (NameOID.COMMON_NAME, name)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        _builder(key.public_key(), at, lifetime, random_bytes)
        .subject_name(subject)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(identifier.digest, None, None), critical=False)
    )
    return AuthorityKey(private_key=key, certificate=builder.sign(key, signature_hash(key)))


def load_request(data: bytes) -> x509.CertificateSigningRequest:
    """Read a PKCS#10 request, PEM or DER.

    Raises:
        RequestError: it is neither.
    """
    pem = data.lstrip().startswith(b"-----BEGIN")
    try:
        return x509.load_pem_x509_csr(data) if pem else x509.load_der_x509_csr(data)
    except ValueError as error:
        raise RequestError(reason="not a PKCS#10 request") from error


def issue(  # noqa: PLR0913 - the parts of one act, all but two by name
    authority: AuthorityKey,
    request: PublicKey | x509.CertificateSigningRequest,
    person: CertificateSubject,
    *,
    at: datetime,
    lifetime: timedelta = timedelta(days=730),
    points: PublicationPoints | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> x509.Certificate:
    """Issue a signing certificate to a person.

    Args:
        authority: who issues.
        request: the person's public key, or a request signed with its private key.
        person: whom the certificate names, whatever the request says.
        at: now, with zone.
        lifetime: how long it is valid; never longer than the authority's own certificate.
        points: where its status is published; None where it is published nowhere.
        random_bytes: source of the serial number.

    Raises:
        RequestError: the request's signature is wrong, its key too weak or of another kind, or the name is
            not usable.
    """
    extensions = [*_document_signer(SC_POLICY_OID), *(_published_at(points) if points else ())]
    builder = _leaf(authority, request, at=at, lifetime=lifetime, random_bytes=random_bytes)
    return _sign(builder.subject_name(_subject(person)), extensions, authority)


def issue_seal(
    authority: AuthorityKey,
    request: PublicKey | x509.CertificateSigningRequest,
    organisation: str,
    *,
    at: datetime,
    lifetime: timedelta = timedelta(days=1095),
    random_bytes: RandomBytes = secrets.token_bytes,
) -> x509.Certificate:
    """Issue the certificate of a receipts' seal.

    It names no person and has a policy of its own, so it is no good for signing messages.

    Args:
        authority: who issues.
        request: the seal's public key, or a request signed with its private key.
        organisation: who runs the gateway.
        at: now, with zone.
        lifetime: how long it is valid; never longer than the authority's own certificate.
        random_bytes: source of the serial number.

    Raises:
        RequestError: see `issue`.
    """
    subject = _name(
        [
            (NameOID.COUNTRY_NAME, "PL"),
            (NameOID.ORGANIZATION_NAME, organisation),
            (NameOID.COMMON_NAME, f"{organisation}: seal"[:64]),
        ]
    )
    builder = _leaf(authority, request, at=at, lifetime=lifetime, random_bytes=random_bytes)
    return _sign(builder.subject_name(subject), _document_signer(SEAL_POLICY_OID), authority)


def issue_responder(
    authority: AuthorityKey,
    public_key: PublicKey,
    name: str,
    *,
    at: datetime,
    lifetime: timedelta = timedelta(days=30),
    random_bytes: RandomBytes = secrets.token_bytes,
) -> x509.Certificate:
    """Issue the certificate of an OCSP responder (RFC 6960 §4.2.2.2).

    Nobody asks for its own status (id-pkix-ocsp-nocheck), so it is short-lived instead.

    Args:
        authority: who issues, and for whose certificates the responder will answer.
        public_key: the responder's own.
        name: common name, e.g. "SC OCSP".
        at: now, with zone.
        lifetime: how long it is valid; never longer than the authority's own certificate.
        random_bytes: source of the serial number.

    Raises:
        RequestError: the key is too weak, or the name is not usable.
    """
    subject = _name([(NameOID.COUNTRY_NAME, "PL"), (NameOID.COMMON_NAME, name)])
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
        (x509.OCSPNoCheck(), False),
    ]
    builder = _leaf(authority, public_key, at=at, lifetime=lifetime, random_bytes=random_bytes)
    return _sign(builder.subject_name(subject), extensions, authority)


def _leaf(
    authority: AuthorityKey,
    request: PublicKey | x509.CertificateSigningRequest,
    *,
    at: datetime,
    lifetime: timedelta,
    random_bytes: RandomBytes,
) -> x509.CertificateBuilder:
    """What all certificates of the authority have in common: issuer, key, dates, no CA, key identifiers."""
    key = _requested_key(request)
    _check_strength(key, at)
    issuer = authority.certificate
    not_after = min(at + lifetime, issuer.not_valid_after_utc)
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _builder(key, at, not_after - at, random_bytes)
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
    )


def _sign(
    builder: x509.CertificateBuilder,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
    authority: AuthorityKey,
) -> x509.Certificate:
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(authority.private_key, signature_hash(authority.private_key))


def _document_signer(policy: ObjectIdentifier) -> list[tuple[x509.ExtensionType, bool]]:
    return [
        (_usage(digital_signature=True, content_commitment=True), True),
        (x509.CertificatePolicies([x509.PolicyInformation(policy, None)]), False),
    ]


def _published_at(points: PublicationPoints) -> list[tuple[x509.ExtensionType, bool]]:
    access = [
        (AuthorityInformationAccessOID.OCSP, points.ocsp),
        (AuthorityInformationAccessOID.CA_ISSUERS, points.certificate),
    ]
    descriptions = [x509.AccessDescription(oid, _url(url)) for oid, url in access]
    distribution = x509.DistributionPoint([_url(points.crl)], None, None, None)
    return [
        (x509.AuthorityInformationAccess(descriptions), False),
        (x509.CRLDistributionPoints([distribution]), False),
    ]


def _url(url: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(url)


def _requested_key(request: PublicKey | x509.CertificateSigningRequest) -> PublicKey:
    if not isinstance(request, x509.CertificateSigningRequest):
        return request
    try:
        proven = request.is_signature_valid
        key = request.public_key()
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise RequestError(reason="its key or signature cannot be read") from error
    if not proven:
        raise RequestError(reason="its signature does not verify: possession of the key is not proven")
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise RequestError(reason="neither an RSA nor an EC key")
    return key


def _check_strength(key: PublicKey, at: datetime) -> None:
    """Floors are those of the message policy: what it would refuse is not issued."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in MESSAGE_POLICY.curves:
            raise RequestError(reason=f"curve {key.curve.name} is not allowed")
        return
    floor = MESSAGE_POLICY.rsa_floor(at)
    if key.key_size < floor:
        raise RequestError(reason=f"RSA key of {key.key_size} bits, at least {floor} are required")
    if key.public_numbers().e < MESSAGE_POLICY.rsa_exponent_floor:
        raise RequestError(reason="RSA exponent below 65537")


def _subject(person: CertificateSubject) -> x509.Name:
    attributes = [
        (NameOID.COUNTRY_NAME, "PL"),
        (NameOID.COMMON_NAME, f"{person.given_names} {person.surname}"),
        (NameOID.GIVEN_NAME, person.given_names),
        (NameOID.SURNAME, person.surname),
        (NameOID.SERIAL_NUMBER, person.id_sisc),
    ]
    if person.pesel is not None:
        attributes.append((NameOID.USER_ID, f"PNOPL-{person.pesel}"))
    return _name(attributes)


def _name(attributes: list[tuple[ObjectIdentifier, str]]) -> x509.Name:
    for oid, value in attributes:
        if not value.strip() or len(value) > 64:  # noqa: PLR2004 - X.520 upper bounds of these attributes
            raise RequestError(reason=f"{oid.dotted_string}: 1 to 64 characters expected")
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def _builder(
    key: PublicKey, at: datetime, lifetime: timedelta, random_bytes: RandomBytes
) -> x509.CertificateBuilder:
    start, end = (at - _BACKDATED).replace(microsecond=0), (at + lifetime).replace(microsecond=0)
    if end <= at:
        raise RequestError(reason="the certificate would have expired already")
    return (
        x509.CertificateBuilder()
        .public_key(key)
        .serial_number(_serial(random_bytes))
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _serial(random_bytes: RandomBytes) -> int:
    """126 random bits behind a one: positive, never zero, always of the same length."""
    bits = _SERIAL_OCTETS * 8
    return int.from_bytes(random_bytes(_SERIAL_OCTETS)) & ((1 << (bits - 2)) - 1) | (1 << (bits - 2))


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def signature_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """The hash that an authority's or responder's key signs with."""
    wide = isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp384r1"
    return hashes.SHA384() if wide else hashes.SHA256()
