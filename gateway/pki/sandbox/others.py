"""Signers of other authorities: qualified ones with lists and revocation data, and the state's seal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID, ObjectIdentifier

from gateway.pki.sandbox.lists import ListedAuthority, MadeList, PointedList, list_of_lists, national_list
from gateway.pki.sandbox.making import DAY, Extensions, common_name, leaf, person_name, usage, weak_key
from signing.authority import KeyType, create_authority, generate_key, signature_hash
from signing.keys import KeyPair, PrivateKey
from signing.publication import build_crl
from signing.trustlists.names import EU_GENERIC, EU_LIST_OF_LISTS

__all__ = ["WWW", "OtherAuthorities", "Publication"]

#: Where certificates and lists say that things are published; a static server of the folder www will do.
WWW: Final = "http://127.0.0.1:8099"
_CRL_VALID: Final = timedelta(days=180)
_COMPLIANT, _DEVICE = "0.4.0.1862.1.1", "0.4.0.1862.1.4"  # EN 319 412-5
_TYPE, _FOR_SIGNATURES, _FOR_SEALS, _FOR_WEBSITES = (
    "0.4.0.1862.1.6",
    "0.4.0.1862.1.6.1",
    "0.4.0.1862.1.6.2",
    "0.4.0.1862.1.6.3",
)
_STATEMENTS: Final = ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_COMMITMENT: Final = usage("content_commitment")  # alone, as qualified certificates have it


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """What an authority tells about the certificates it issued."""

    name: str  # of its files
    authority: KeyPair
    crl: bytes
    answers: Sequence[tuple[x509.Certificate, bytes]]  # OCSP responses


class OtherAuthorities:
    """Everybody but the customs: authorities, their signers and what is published about them.

    Args:
        at: now, with zone.
    """

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._since = at - 1500 * DAY
        self._qualified = self._authority("Sandbox Qualified CA")
        self._silent = self._authority("Sandbox Silent Qualified CA")
        self._withdrawn = self._authority("Sandbox Withdrawn Qualified CA")
        self._unlisted = self._authority("Sandbox Unlisted Qualified CA")
        self.ministry = self._authority("Sandbox Ministry CA")
        self.list_operators = self._authority("Sandbox list of lists"), self._authority("Sandbox list")

    def _authority(self, name: str) -> KeyPair:
        return create_authority(name, KeyType.P256, at=self._since)

    @cached_property
    def signers(self) -> Mapping[str, KeyPair]:
        """All signers, by name."""
        return {**self._good(), **self._bad(), **self._seals()}

    def _good(self) -> dict[str, KeyPair]:
        return {
            "qualified-qscd": self._person(),
            "qualified-no-qscd": self._person(_statements(_COMPLIANT)),
            "qualified-seal": self._person(
                _statements(_COMPLIANT, _DEVICE, kind=_FOR_SEALS), subject=_organisation()
            ),
        }

    def _bad(self) -> dict[str, KeyPair]:
        return {
            "qualified-expired": self._person(age=800),
            "qualified-held": self._person(),
            "qualified-revoked": self._person(),
            "qualified-silent": self._person(issuer=self._silent),
            "qualified-wrong-key-usage": self._person(key_usage=usage("key_encipherment")),
            "qualified-website": self._person(_statements(_COMPLIANT, kind=_FOR_WEBSITES)),
            "not-qualified": self._person(()),
            "qualified-withdrawn": self._person(issuer=self._withdrawn, age=300),
            "qualified-unlisted": self._person(issuer=self._unlisted),
            "qualified-weak-rsa1024": self._person(key=weak_key()),
        }

    def _seals(self) -> dict[str, KeyPair]:
        """The state's seal, renewed now and then under the same name."""
        return {
            "profile-seal": self._seal(self.ministry),
            "profile-seal-expired": self._seal(self.ministry, age=800),
            "profile-seal-revoked": self._seal(self.ministry),
            "profile-seal-unknown": self._seal(self._unlisted),
        }

    def publications(self) -> Sequence[Publication]:
        """CRLs and OCSP responses; one authority publishes nothing."""
        revoked, held = self.signers["qualified-revoked"], self.signers["qualified-held"]
        asked = (self.signers["qualified-qscd"], revoked)
        return [
            self._publication("qualified", self._qualified, revoked=revoked, held=held, asked=asked),
            self._publication("withdrawn", self._withdrawn),
            self._publication("ministry", self.ministry, revoked=self.signers["profile-seal-revoked"]),
        ]

    def _publication(
        self,
        name: str,
        authority: KeyPair,
        *,
        revoked: KeyPair | None = None,
        held: KeyPair | None = None,
        asked: Sequence[KeyPair] = (),
    ) -> Publication:
        entries = [
            self._entry(pair, reason)
            for pair, reason in (
                (revoked, x509.ReasonFlags.key_compromise),
                (held, x509.ReasonFlags.certificate_hold),
            )
            if pair is not None
        ]
        start = self._at.replace(microsecond=0)
        crl = build_crl(authority, entries, number=1, at=start, until=start + _CRL_VALID)
        answers = [
            (pair.certificate, self._answer(authority, pair, revoked=pair is revoked)) for pair in asked
        ]
        return Publication(name=name, authority=authority, crl=crl, answers=answers)

    def _entry(self, pair: KeyPair, reason: x509.ReasonFlags) -> x509.RevokedCertificate:
        return (
            x509.RevokedCertificateBuilder()
            .serial_number(pair.certificate.serial_number)
            .revocation_date((self._at - 2 * DAY).replace(microsecond=0))
            .add_extension(x509.CRLReason(reason), critical=False)
            .build()
        )

    def _answer(self, authority: KeyPair, pair: KeyPair, *, revoked: bool) -> bytes:
        start = self._at.replace(microsecond=0)
        builder = ocsp.OCSPResponseBuilder().add_response(
            pair.certificate,
            authority.certificate,
            hashes.SHA256(),
            ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            start,
            start + DAY,
            start - 2 * DAY if revoked else None,
            x509.ReasonFlags.key_compromise if revoked else None,
        )
        response = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, authority.certificate).sign(
            authority.private_key, signature_hash(authority.private_key)
        )
        return response.public_bytes(Encoding.DER)

    def lists(self) -> tuple[bytes, bytes]:
        """The list of lists and the national list."""
        above, national = self.list_operators
        pointers = (
            _pointed("lotl.xml", "EU", EU_LIST_OF_LISTS, above),
            _pointed("pl.xml", "PL", EU_GENERIC, national),
        )
        made = [
            MadeList(pointer=pointer, signer=signer, at=self._at - DAY)
            for pointer, signer in zip(pointers, self.list_operators, strict=True)
        ]
        services = [
            ListedAuthority(certificate=self._qualified.certificate, since=self._since),
            ListedAuthority(certificate=self._silent.certificate, since=self._since),
            ListedAuthority(
                certificate=self._withdrawn.certificate, since=self._since, withdrawn=self._at - 100 * DAY
            ),
        ]
        return list_of_lists(made[0], pointers[1]), national_list(made[1], pointers[0], services)

    def _person(
        self,
        statements: Extensions | None = None,
        *,
        issuer: KeyPair | None = None,
        key: PrivateKey | None = None,
        subject: x509.Name | None = None,
        key_usage: tuple[x509.KeyUsage, bool] = _COMMITMENT,
        age: int = 30,
    ) -> KeyPair:
        authority = issuer or self._qualified
        said = _statements(_COMPLIANT, _DEVICE) if statements is None else statements
        return leaf(
            authority,
            key or generate_key(KeyType.P256),
            subject=subject or person_name(),
            issued=self._at - age * DAY,
            extensions=[key_usage, *said, *_published(authority)],
        )

    def _seal(self, issuer: KeyPair, *, age: int = 30) -> KeyPair:
        return leaf(
            issuer,
            generate_key(KeyType.P256),
            subject=common_name("Sandbox minister"),
            issued=self._at - age * DAY,
            extensions=[_COMMITMENT, *_published(issuer)],
        )


def _pointed(file: str, territory: str, list_type: str, signer: KeyPair) -> PointedList:
    return PointedList(
        location=f"{WWW}/{file}", territory=territory, list_type=list_type, signer=signer.certificate
    )


def _published(authority: KeyPair) -> Extensions:
    """Where a real certificate names its issuer, OCSP responder and CRL."""
    (name,) = authority.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    base = f"{WWW}/{str(name.value).split()[1].lower()}"
    access = (
        (AuthorityInformationAccessOID.OCSP, f"{base}/ocsp"),
        (AuthorityInformationAccessOID.CA_ISSUERS, f"{base}.cer"),
    )
    described = [x509.AccessDescription(oid, x509.UniformResourceIdentifier(url)) for oid, url in access]
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{base}.crl")], None, None, None)
    return [(x509.AuthorityInformationAccess(described), False), (x509.CRLDistributionPoints([point]), False)]


def _organisation() -> x509.Name:
    """A legal person as qualified certificates name one (EN 319 412-3 §4.2.1)."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sandbox Firma"),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, "VATPL-5260001246"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox Firma"),
        ]
    )


def _statements(*identifiers: str, kind: str = _FOR_SIGNATURES) -> Extensions:
    """QCStatements (RFC 3739 §3.2.6) with a QcType."""
    plain = [_oids(identifier) for identifier in identifiers]
    typed = _sequence(_oids(_TYPE)[2:] + _oids(kind))
    return [(x509.UnrecognizedExtension(_STATEMENTS, _sequence(b"".join((*plain, typed)))), False)]


def _oids(*identifiers: str) -> bytes:
    """SEQUENCE OF OBJECT IDENTIFIER, which is what extKeyUsage is, too."""
    return x509.ExtendedKeyUsage([ObjectIdentifier(each) for each in identifiers]).public_bytes()


def _sequence(content: bytes) -> bytes:
    """A DER SEQUENCE of fewer than 128 octets."""
    return bytes((0x30, len(content))) + content
