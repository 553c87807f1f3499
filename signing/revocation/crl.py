"""CRLs: read once with every check that does not depend on the time, then asked about serial numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags

from signing.certificates import read_certificate
from signing.evidence import Evidence, EvidenceKind
from signing.revocation.der import revoked_entries
from signing.revocation.errors import Problem, RevocationDataError
from signing.revocation.names import delta_urls, issuer_id, point_names, value_of

__all__ = ["ALL_REASONS", "HASHES", "MAX_CRL_BYTES", "Crl", "CrlEntry", "CrlScope", "read_crl"]

#: Room for a million entries.
MAX_CRL_BYTES: Final = 64 * 2**20
#: That revocation data may be signed with (ETSI TS 119 312).
HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
#: Those an issuingDistributionPoint may limit a CRL to (RFC 5280 §4.2.1.13).
ALL_REASONS: Final = frozenset(ReasonFlags) - {ReasonFlags.unspecified, ReasonFlags.remove_from_crl}
_UNDERSTOOD: Final = (
    x509.AuthorityKeyIdentifier,
    x509.CRLNumber,
    x509.DeltaCRLIndicator,
    x509.IssuingDistributionPoint,
)
_CRITICAL: Final = b"\x01\x01\xff"  # DER of `critical TRUE`
_REMOVED: Final = b"\x0a\x01\x08"  # DER of reasonCode removeFromCRL


@dataclass(frozen=True, kw_only=True, slots=True)
class CrlScope:
    """Which certificates and reasons a CRL is about (issuingDistributionPoint, RFC 5280 §5.2.5)."""

    digest: str = ""  # SHA-256 of the extension; empty: it has none
    points: frozenset[str] = frozenset()  # the certificate must name one of them; empty: no matter
    users_only: bool = False
    authorities_only: bool = False
    reasons: frozenset[ReasonFlags] = ALL_REASONS

    def covers(self, certificate: x509.Certificate) -> bool:
        """Whether this certificate would be on the CRL if it were revoked."""
        if self.users_only or self.authorities_only:
            authority = read_certificate(certificate.public_bytes(Encoding.DER)).is_authority
            if (self.users_only and authority) or (self.authorities_only and not authority):
                return False
        return not self.points or not self.points.isdisjoint(point_names(certificate))


@dataclass(frozen=True, kw_only=True, slots=True)
class CrlEntry:
    """What a CRL says of one certificate."""

    at: datetime  # revocationDate; of the hold, where a hold became final
    reason: ReasonFlags | None
    invalid_since: datetime | None  # invalidityDate

    @property
    def removed(self) -> bool:
        """In a delta CRL: no longer on hold."""
        return self.reason is ReasonFlags.remove_from_crl


@dataclass(frozen=True, kw_only=True, slots=True)
class Crl:
    """A CRL whose origin and form are proven; whether it is fresh depends on when it is asked."""

    issuer: str  # issuer_id
    number: int
    base: int | None  # BaseCRLNumber of a delta CRL; None: complete for its scope
    this_update: datetime
    next_update: datetime
    scope: CrlScope
    delta_urls: tuple[str, ...]  # freshestCRL
    evidence: Evidence
    _list: x509.CertificateRevocationList
    _positions: Mapping[int, int]  # serial number → place in the list

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self._positions)

    def find(self, serial: int) -> CrlEntry | None:
        """The entry of a serial number.

        Raises:
            RevocationDataError: FORMAT, where an extension of the entry cannot be read.
        """
        position = self._positions.get(serial)
        return None if position is None else _entry(self._list[position])


def read_crl(content: bytes, issuer: x509.Certificate) -> Crl:
    """Read a CRL and prove that this issuer made it (RFC 5280 §6.3.3, all but the times).

    Args:
        content: DER.
        issuer: the certificate of the authority that issued the certificates in question.

    Raises:
        RevocationDataError: the rule it breaks.
    """
    if len(content) > MAX_CRL_BYTES:
        raise RevocationDataError(Problem.SIZE, f"{len(content)} bytes")
    try:
        return _read(content, issuer)
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
    ) as error:
        raise RevocationDataError(Problem.FORMAT, str(error)) from error


def _read(content: bytes, issuer: x509.Certificate) -> Crl:
    parsed = x509.load_der_x509_crl(content)
    extensions = parsed.extensions
    _check_issuer(parsed, extensions, issuer)
    _check_signature(parsed, issuer)
    _check_critical(extensions)
    if parsed.next_update_utc is None:
        raise RevocationDataError(Problem.NEXT_UPDATE)
    base = value_of(extensions, x509.DeltaCRLIndicator)
    return Crl(
        issuer=issuer_id(issuer),
        number=_number(extensions),
        base=base.crl_number if base else None,
        this_update=parsed.last_update_utc,
        next_update=parsed.next_update_utc,
        scope=_scope(extensions),
        delta_urls=delta_urls(extensions),
        evidence=Evidence.of(EvidenceKind.CRL, content),
        _list=parsed,
        _positions=_index(content, parsed, delta=base is not None),
    )


def _check_issuer(
    parsed: x509.CertificateRevocationList, extensions: x509.Extensions, issuer: x509.Certificate
) -> None:
    if parsed.issuer != issuer.subject:
        raise RevocationDataError(Problem.ISSUER, parsed.issuer.rfc4514_string())
    named = value_of(extensions, x509.AuthorityKeyIdentifier)
    own = value_of(issuer.extensions, x509.SubjectKeyIdentifier)
    if named and own and named.key_identifier not in (None, own.digest):
        raise RevocationDataError(Problem.ISSUER, "authorityKeyIdentifier of another key")
    usage = value_of(issuer.extensions, x509.KeyUsage)
    if usage and not usage.crl_sign:
        raise RevocationDataError(Problem.KEY_USAGE, issuer.subject.rfc4514_string())


def _check_signature(parsed: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    try:
        algorithm = parsed.signature_hash_algorithm
        if algorithm is None or algorithm.name not in HASHES:
            raise RevocationDataError(Problem.ALGORITHM, parsed.signature_algorithm_oid.dotted_string)
        valid = parsed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # others raise TypeError
    except (UnsupportedAlgorithm, TypeError, ValueError) as error:
        raise RevocationDataError(Problem.ALGORITHM, str(error)) from error
    if not valid:
        raise RevocationDataError(Problem.SIGNATURE)


def _check_critical(extensions: x509.Extensions) -> None:
    for extension in extensions:
        if extension.critical and not isinstance(extension.value, _UNDERSTOOD):
            raise RevocationDataError(Problem.CRITICAL_EXTENSION, extension.oid.dotted_string)


def _number(extensions: x509.Extensions) -> int:
    found = value_of(extensions, x509.CRLNumber)
    if found is None:
        raise RevocationDataError(Problem.CRL_NUMBER)
    return found.crl_number


def _scope(extensions: x509.Extensions) -> CrlScope:
    point = value_of(extensions, x509.IssuingDistributionPoint)
    if point is None:
        return CrlScope()
    if point.indirect_crl:
        raise RevocationDataError(Problem.INDIRECT)
    names = [name.value for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier)]
    if point.only_contains_attribute_certs or point.relative_name or (point.full_name and not names):
        raise RevocationDataError(Problem.ISSUING_POINT)
    return CrlScope(
        digest=sha256(point.public_bytes()).hexdigest(),
        points=frozenset(names),
        users_only=point.only_contains_user_certs,
        authorities_only=point.only_contains_ca_certs,
        reasons=ALL_REASONS if point.only_some_reasons is None else point.only_some_reasons,
    )


def _index(content: bytes, parsed: x509.CertificateRevocationList, *, delta: bool) -> dict[int, int]:
    positions: dict[int, int] = {}
    for position, (serial, extensions) in enumerate(revoked_entries(content)):
        if serial in positions:
            raise RevocationDataError(Problem.ENTRY, f"serial {serial:x} stands there twice")
        positions[serial] = position
        # Nearly all entries carry a plain reasonCode: only others are worth an object.
        if _CRITICAL in extensions or _REMOVED in extensions:
            _check_entry(parsed[position], delta=delta)
    return positions


def _check_entry(revoked: x509.RevokedCertificate, *, delta: bool) -> None:
    found = _entry(revoked)
    for extension in revoked.extensions:
        if extension.critical and not isinstance(extension.value, x509.CRLReason | x509.InvalidityDate):
            raise RevocationDataError(Problem.CRITICAL_EXTENSION, extension.oid.dotted_string)
    if found.removed and not delta:
        raise RevocationDataError(Problem.ENTRY, f"serial {revoked.serial_number:x}: removeFromCRL")


def _entry(revoked: x509.RevokedCertificate) -> CrlEntry:
    try:
        reason = value_of(revoked.extensions, x509.CRLReason)
        invalid = value_of(revoked.extensions, x509.InvalidityDate)
    except (ValueError, x509.DuplicateExtension) as error:
        raise RevocationDataError(Problem.FORMAT, str(error)) from error
    return CrlEntry(
        at=revoked.revocation_date_utc,
        reason=reason.reason if reason else None,
        invalid_since=invalid.invalidity_date_utc if invalid else None,
    )
