"""Private keys with their certificates, and the files they come in."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PublicFormat,
    pkcs12,
)

from signing.errors import KeyFileError

__all__ = ["KeyPair", "PrivateKey", "load_pkcs12", "write_pkcs12"]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyPair:
    """What it takes to sign."""

    private_key: PrivateKey
    certificate: x509.Certificate
    chain: Sequence[x509.Certificate] = ()  # issuers, nearest first; sent along in signatures


def load_pkcs12(data: bytes, password: str | None) -> KeyPair:
    """Read a PKCS#12 file (.p12, .pfx).

    Raises:
        KeyFileError: wrong password, damaged, or without key or certificate, or they do not belong together.
    """
    secret = None if password is None else password.encode()
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(data, secret)
    except (ValueError, TypeError) as error:
        raise KeyFileError(reason="wrong password or damaged file") from error
    if certificate is None or key is None:
        raise KeyFileError(reason="key and certificate expected")
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise KeyFileError(reason="neither an RSA nor an EC key")
    if _spki(key.public_key()) != _spki(certificate.public_key()):
        raise KeyFileError(reason="key and certificate do not belong together")
    return KeyPair(private_key=key, certificate=certificate, chain=tuple(chain))


def write_pkcs12(key: KeyPair, *, name: str, password: str) -> bytes:
    """A PKCS#12 file with key, certificate and chain.

    Args:
        key: what to write.
        name: friendly name, shown by certificate stores.
        password: protects the key; must not be empty.

    Raises:
        KeyFileError: the password is empty.
    """
    if not password:
        raise KeyFileError(reason="a password is required")
    return pkcs12.serialize_key_and_certificates(
        name.encode(),
        key.private_key,
        key.certificate,
        list(key.chain) or None,
        BestAvailableEncryption(password.encode()),
    )


def _spki(key: object) -> bytes:
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise KeyFileError(reason="neither an RSA nor an EC key")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
