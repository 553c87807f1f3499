"""Certificates such as the SC authority never issues: of other classes, and bad ones."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from signing.authority import CertificateSubject, KeyType, generate_key, signature_hash
from signing.keys import KeyPair, PrivateKey

__all__ = [
    "DAY",
    "PERSON",
    "Extensions",
    "common_name",
    "leaf",
    "person_name",
    "self_signed",
    "usage",
    "weak_key",
]

DAY: Final = timedelta(days=1)
#: Whom all signers of the sandbox are.
PERSON: Final = CertificateSubject(
    id_sisc="PL-80010112340", given_names="Teresa", surname="Testowa", pesel="80010112340"
)
Extensions = Sequence[tuple[x509.ExtensionType, bool]]  # each with whether it is critical
_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def leaf(
    issuer: KeyPair,
    key: PrivateKey,
    *,
    subject: x509.Name,
    issued: datetime,
    days: int = 730,
    extensions: Extensions = (),
) -> KeyPair:
    """A certificate of an authority, whatever it may say.

    Args:
        issuer: the authority.
        key: the subject's.
        subject: its name.
        issued: notBefore, with zone.
        days: of validity.
        extensions: beside the authority's key identifier; keyUsage is one of them.
    """
    own = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.private_key.public_key())
    builder = _builder(key, subject, issuer.certificate.subject, issued, days).add_extension(
        own, critical=False
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    certificate = builder.sign(issuer.private_key, signature_hash(issuer.private_key))
    return KeyPair(private_key=key, certificate=certificate, chain=(issuer.certificate,))


def self_signed(name: str, *, issued: datetime, key: PrivateKey | None = None) -> KeyPair:
    """A signer that no authority vouches for."""
    key, subject = key or generate_key(KeyType.P256), common_name(name)
    builder = _builder(key, subject, subject, issued, 730)
    extension, critical = usage("digital_signature", "content_commitment")
    certificate = builder.add_extension(extension, critical=critical).sign(key, signature_hash(key))
    return KeyPair(private_key=key, certificate=certificate)


def _builder(
    key: PrivateKey, subject: x509.Name, issuer: x509.Name, issued: datetime, days: int
) -> x509.CertificateBuilder:
    start = issued.replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + days * DAY)
    )


def usage(*names: str) -> tuple[x509.KeyUsage, bool]:
    """A critical keyUsage with these bits, in the spelling of `cryptography`."""
    return x509.KeyUsage(**{name: name in names for name in _USAGES}), True


def weak_key() -> PrivateKey:
    """An RSA key that any policy refuses."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused


def common_name(name: str) -> x509.Name:
    """A Polish subject of one name."""
    return _name((NameOID.COUNTRY_NAME, "PL"), (NameOID.COMMON_NAME, name))


def person_name(person: CertificateSubject = PERSON) -> x509.Name:
    """A natural person as qualified certificates name one (EN 319 412-2 §4.2.4)."""
    return _name(
        (NameOID.COUNTRY_NAME, "PL"),
        (NameOID.COMMON_NAME, f"{person.given_names} {person.surname}"),
        (NameOID.GIVEN_NAME, person.given_names),
        (NameOID.SURNAME, person.surname),
        (NameOID.SERIAL_NUMBER, f"PNOPL-{person.pesel}"),
    )


def _name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
