"""Authorities, certificates, CRLs and OCSP responses that the tests of paths and revocation share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tests.tools import run_tool

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PKITS = Path(__file__).parents[4] / ".." / "shared" / "vectors" / "pkits-cryptography-vectors"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Digest = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
Extra = Sequence[tuple[x509.ExtensionType, bool]]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A certificate with its key."""

    key: Key
    certificate: x509.Certificate


def pkits_certificate(name: str) -> x509.Certificate:
    return x509.load_der_x509_certificate((PKITS / name).read_bytes())


def name_of(text: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def usage(*, sign: bool = False, ca: bool = False, crl: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=sign,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=crl,
        encipher_only=False,
        decipher_only=False,
    )


CA_USAGE = usage(ca=True, crl=True)
LEAF_USAGE = usage(sign=True)


def make(
    name: str,
    issuer: Pair | None = None,
    *,
    key: Key | None = None,
    ca: bool = False,
    path_length: int | None = None,
    key_usage: x509.KeyUsage | None = None,
    days: tuple[int, int] = (-30, 300),
    digest: Digest | None = None,
    extra: Extra = (),
    issuer_name: str | None = None,
    serial: int | None = None,
    at: datetime = NOW,
) -> Pair:
    """A certificate; without an issuer it signs itself."""
    own = key or p256()
    signer = issuer.key if issuer else own
    named = name_of(issuer_name) if issuer_name else issuer.certificate.subject if issuer else name_of(name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(name))
        .issuer_name(named)
        .public_key(own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(at + days[0] * DAY)
        .not_valid_after(at + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca, path_length), critical=True)
        .add_extension(key_usage or (CA_USAGE if ca else LEAF_USAGE), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    return Pair(key=own, certificate=builder.sign(signer, digest or hashes.SHA256()))


@cache
def root() -> Pair:
    return make("Root", ca=True)


@cache
def issuing() -> Pair:
    return make("Issuing", root(), ca=True)


@cache
def leaf() -> Pair:
    return make("Leaf", issuing())


def signed_with_sha1(subject: Pair, issuer: Pair) -> Pair:
    """A self-signed certificate signed anew, weakly, which only openssl still does."""
    with TemporaryDirectory() as folder:
        Path(folder, "in").write_bytes(subject.certificate.public_bytes(Encoding.PEM))
        Path(folder, "CA").write_bytes(issuer.certificate.public_bytes(Encoding.PEM))
        Path(folder, "CAkey").write_bytes(private_pem(issuer))
        named = [item for name in ("in", "CA", "CAkey") for item in (f"-{name}", str(Path(folder, name)))]
        done = run_tool("openssl", ["x509", *named, "-sha1", "-preserve_dates", "-set_serial", "77"])
    return Pair(key=subject.key, certificate=x509.load_pem_x509_certificate(done.stdout.encode()))


def private_pem(pair: Pair) -> bytes:
    return pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def points(*urls: str) -> x509.CRLDistributionPoints:
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in urls]
    )


def access(url: str) -> x509.AuthorityInformationAccess:
    where = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)]
    )


def entry(
    serial: int,
    at: datetime = NOW - DAY,
    reason: x509.ReasonFlags | None = None,
    extra: Extra = (),
) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
    if reason:
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    return builder.build()


def make_crl(
    issuer: Pair,
    *entries: x509.RevokedCertificate,
    number: int | None = 1,
    at: datetime = NOW - HOUR,
    until: datetime = NOW + DAY,
    key: Key | None = None,
    digest: Digest | None = None,
    extra: Extra = (),
    issuer_name: x509.Name | None = None,
    identifier: x509.AuthorityKeyIdentifier | None = None,
) -> bytes:
    signer = key or issuer.key
    builder = (
        x509.CertificateRevocationListBuilder(revoked_certificates=list(entries))
        .issuer_name(issuer_name or issuer.certificate.subject)
        .last_update(at)
        .next_update(until)
        .add_extension(
            identifier or x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
            critical=False,
        )
    )
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, digest or hashes.SHA256()).public_bytes(Encoding.DER)


def scope(
    *,
    url: str | None = None,
    user: bool = False,
    ca: bool = False,
    reasons: frozenset[x509.ReasonFlags] | None = None,
    indirect: bool = False,
    attribute: bool = False,
) -> x509.IssuingDistributionPoint:
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)] if url else None,
        relative_name=None,
        only_contains_user_certs=user,
        only_contains_ca_certs=ca,
        only_some_reasons=reasons,
        indirect_crl=indirect,
        only_contains_attribute_certs=attribute,
    )


OCSP_USAGE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])


def make_responder(issuer: Pair, *, nocheck: bool = True, days: tuple[int, int] = (-1, 7)) -> Pair:
    extra: list[tuple[x509.ExtensionType, bool]] = [(OCSP_USAGE, False)]
    if nocheck:
        extra.append((x509.OCSPNoCheck(), False))
    return make("Responder", issuer, days=days, extra=extra)


def make_answer(
    subject: x509.Certificate,
    issuer: Pair,
    *,
    responder: Pair | None = None,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    at: datetime = NOW - MINUTE,
    until: datetime | None = NOW + HOUR,
    revoked_at: datetime | None = None,
    reason: x509.ReasonFlags | None = None,
    certificates: Sequence[x509.Certificate] | None = None,
    digest: Digest | None = None,
    identified_by: hashes.HashAlgorithm | None = None,
    encoding: ocsp.OCSPResponderEncoding = ocsp.OCSPResponderEncoding.HASH,
    extra: Extra = (),
) -> bytes:
    signer = responder or issuer
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=subject,
            issuer=issuer.certificate,
            algorithm=identified_by or hashes.SHA1(),  # noqa: S303 - identifies, protects nothing (RFC 5019)
            cert_status=status,
            this_update=at,
            next_update=until,
            revocation_time=revoked_at,
            revocation_reason=reason,
        )
        .responder_id(encoding, signer.certificate)
    )
    sent = certificates if certificates is not None else [responder.certificate] if responder else []
    if sent:
        builder = builder.certificates(sent)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer.key, digest or hashes.SHA256()).public_bytes(Encoding.DER)
