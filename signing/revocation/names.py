"""What certificates say about where their status is told, and how issuers are told apart."""

from functools import lru_cache
from hashlib import sha256
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID

__all__ = ["crl_urls", "delta_urls", "issuer_id", "ocsp_urls", "point_names", "value_of"]

T = TypeVar("T", bound=x509.ExtensionType)


def value_of(extensions: x509.Extensions, kind: type[T]) -> T | None:
    """The extension of a kind, if it is there."""
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


@lru_cache(maxsize=2048)
def issuer_id(issuer: x509.Certificate) -> str:
    """The same for all certificates of one authority's name and key: SHA-256, lower-case hexadecimal."""
    key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(issuer.subject.public_bytes() + key).hexdigest()


@lru_cache(maxsize=4096)
def ocsp_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Its OCSP responders, by HTTP (RFC 5280 §4.2.2.1)."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    return tuple(
        description.access_location.value
        for description in access
        if description.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(description.access_location, x509.UniformResourceIdentifier)
        and _by_http(description.access_location.value)
    )


@lru_cache(maxsize=4096)
def crl_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Where its CRLs are, by HTTP (RFC 5280 §4.2.1.13)."""
    return tuple(name for name in point_names(certificate) if _by_http(name))


@lru_cache(maxsize=4096)
def point_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The URIs of its distribution points, other than those of indirect CRLs."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    return _names(found)


def delta_urls(extensions: x509.Extensions) -> tuple[str, ...]:
    """Where delta CRLs are, by HTTP: freshestCRL of a certificate or CRL (RFC 5280 §5.2.6)."""
    found = value_of(extensions, x509.FreshestCRL)
    return tuple(name for name in _names(found) if _by_http(name)) if found else ()


def _names(points: x509.CRLDistributionPoints | x509.FreshestCRL) -> tuple[str, ...]:
    return tuple(
        name.value
        for point in points
        if not point.crl_issuer
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier)
    )


def _by_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
