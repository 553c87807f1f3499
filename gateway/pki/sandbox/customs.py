"""Signers of the customs' own classes: SC certificates in every state, and CBTD keys."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.pki.sandbox.making import DAY, PERSON, Extensions, common_name, leaf, usage, weak_key
from signing.authority import (
    SC_POLICY_OID,
    AuthorityKey,
    KeyType,
    PublicationPoints,
    create_authority,
    generate_key,
    issue,
    issue_seal,
)
from signing.cbtd import CbtdRecord, cbtd_record
from signing.certificates import serial_hex
from signing.keys import KeyPair, PrivateKey
from signing.lifecycle import RevocationReason
from signing.records import new_record
from signing.register import SqlCertificateRegister

__all__ = ["OPERATOR", "ScSigners", "cbtd_signers", "registered_keys"]

#: By whose hand everything in the sandbox was done.
OPERATOR: Final = "sandbox"
_DOCUMENTS: Final = usage("digital_signature", "content_commitment")


def _rsa2048() -> PrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScSigners:
    """Makes signers of the SC authority and enters them in its register."""

    authority: AuthorityKey
    register: SqlCertificateRegister
    points: PublicationPoints | None  # where certificates say that their status is
    at: datetime  # now, with zone

    def make(self) -> Mapping[str, KeyPair]:
        """All of them, by name."""
        return {
            "sc-p256": self._person(generate_key(KeyType.P256)),
            "sc-p384": self._person(generate_key(KeyType.P384)),
            "sc-rsa2048": self._person(_rsa2048()),
            "sc-rsa3072": self._person(generate_key(KeyType.RSA_3072)),
            "released": self._released(),
            "expired": self._person(issued=self.at - 800 * DAY),
            "not-yet-valid": self._person(issued=self.at + 365 * DAY),
            "held": self._held(),
            "revoked": self._revoked(),
            "wrong-key-usage": self._unusual(key_usage=usage("key_encipherment")),
            "wrong-policy": self._unusual(policy=False),
            "seal": self._seal(),
            "unregistered": self._person(entered=False),
            "unknown-issuer": self._stranger(),
            "weak-rsa1024": self._unusual(key=weak_key()),
        }

    def _person(
        self, key: PrivateKey | None = None, *, issued: datetime | None = None, entered: bool = True
    ) -> KeyPair:
        chosen, at = key or generate_key(KeyType.P256), issued or self.at - 30 * DAY
        certificate = issue(self.authority, chosen.public_key(), PERSON, at=at, points=self.points)
        pair = self._pair(chosen, certificate)
        return self._entered(pair, at) if entered else pair

    def _held(self) -> KeyPair:
        pair = self._person()
        serial = serial_hex(pair.certificate)
        self.register.hold(serial, at=self.at - 2 * DAY, operator=OPERATOR, note="for tests")
        return pair

    def _released(self) -> KeyPair:
        pair = self._held()
        self.register.release(serial_hex(pair.certificate), at=self.at - DAY, operator=OPERATOR)
        return pair

    def _revoked(self) -> KeyPair:
        pair, reason = self._person(), RevocationReason.KEY_COMPROMISE
        self.register.revoke(serial_hex(pair.certificate), reason, at=self.at - 2 * DAY, operator=OPERATOR)
        return pair

    def _seal(self) -> KeyPair:
        """A seal's certificate that somebody entered as a person's by mistake."""
        key, at = generate_key(KeyType.P256), self.at - 30 * DAY
        return self._entered(
            self._pair(key, issue_seal(self.authority, key.public_key(), "Sandbox", at=at)), at
        )

    def _stranger(self) -> KeyPair:
        at = self.at - 30 * DAY
        nobody, key = create_authority("Nobody's CA", KeyType.P256, at=at), generate_key(KeyType.P256)
        certificate = issue(nobody, key.public_key(), PERSON, at=at)
        return KeyPair(private_key=key, certificate=certificate, chain=(nobody.certificate,))

    def _unusual(
        self,
        *,
        key: PrivateKey | None = None,
        key_usage: tuple[x509.KeyUsage, bool] = _DOCUMENTS,
        policy: bool = True,
    ) -> KeyPair:
        """A registered certificate such as the authority never issues."""
        named = x509.CertificatePolicies([x509.PolicyInformation(SC_POLICY_OID, None)])
        extensions: Extensions = [key_usage, *([(named, False)] if policy else ())]
        at = self.at - 30 * DAY
        pair = leaf(
            self.authority,
            key or generate_key(KeyType.P256),
            subject=common_name("Teresa Testowa"),
            issued=at,
            extensions=extensions,
        )
        return self._entered(pair, at)

    def _entered(self, pair: KeyPair, at: datetime) -> KeyPair:
        record = new_record(pair.certificate, person_id=PERSON.id_sisc, issued_at=at)
        self.register.add(record, operator=OPERATOR)
        return pair

    def _pair(self, key: PrivateKey, certificate: x509.Certificate) -> KeyPair:
        return KeyPair(private_key=key, certificate=certificate, chain=(self.authority.certificate,))


def cbtd_signers(at: datetime) -> Mapping[str, KeyPair]:
    """Keys of the older systems, by name; those of `registered_keys` belong on the register."""
    authority = create_authority("Sandbox CBTD CA", KeyType.P256, at=at - 1500 * DAY)

    def made(subject: str, key: PrivateKey | None = None, *, age: int = 300) -> KeyPair:
        return replace(
            leaf(
                authority,
                key or _rsa2048(),
                subject=common_name(subject),
                issued=at - age * DAY,
                extensions=[_DOCUMENTS],
            ),
            chain=(),  # the register names the certificate itself, so nothing is sent along
        )

    return {
        "cbtd": made("Teresa Testowa CBTD"),
        "cbtd-expired": made("Teresa Testowa CBTD", age=1000),
        "cbtd-renewed": made("Teresa Testowa CBTD", age=10),
        "cbtd-unregistered": made("Nowa Osoba CBTD"),
        "cbtd-weak-rsa1024": made("Teresa Testowa CBTD", weak_key()),
    }


def registered_keys(signers: Mapping[str, KeyPair]) -> list[CbtdRecord]:
    """What the frozen register of the sandbox holds."""
    names = ("cbtd", "cbtd-expired", "cbtd-weak-rsa1024")
    return [cbtd_record(signers[name].certificate, person_id=PERSON.id_sisc) for name in names]
