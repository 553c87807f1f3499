"""A throw-away world of certificates for testers: an authority, good signers and one of every bad kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.errors import ConfigurationError
from gateway.keys import write_secret_file
from gateway.pki.authority import init_authority, init_responder
from gateway.pki.publishing import crl_times
from gateway.settings import Settings, load_settings
from gateway.store.sql_store import SqlStore
from signing.authority import (
    SC_POLICY_OID,
    AuthorityKey,
    CertificateSubject,
    KeyType,
    create_authority,
    generate_key,
    issue,
)
from signing.certificates import serial_hex
from signing.faults import RULES, Rule
from signing.keys import KeyPair, PrivateKey, write_pkcs12
from signing.lifecycle import RevocationReason
from signing.publication import SqlCrls
from signing.records import new_record
from signing.register import SqlCertificateRegister
from signing.verdict import Indication, SubIndication

__all__ = ["CASES", "PASSWORD", "Case", "make_pki_sandbox"]

#: Protects every key file of the sandbox; no secret.
PASSWORD: Final = "sandbox"  # noqa: S105 - written into the folder's README
_OPERATOR: Final = "sandbox"
_DAY: Final = timedelta(days=1)
_PERSON: Final = CertificateSubject(
    id_sisc="PL-80010112340", given_names="Teresa", surname="Testowa", pesel="80010112340"
)
_DOCUMENT: Final = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:sisc-gateway:pki-sandbox">
  <Note>Sign me with any key of the folder signers.</Note>
</Document>
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A line of the table: a signer, how it signs, and what a check must yield."""

    signer: str  # name of its files in the folder signers
    what: str
    profile: str = "bes"  # --profile of `sisc sign`
    pinned: bool = False  # whether `sisc check` is given --trust with its certificate
    rule: Rule | None = None  # broken one; None: good
    final: SubIndication | None = None  # where the signature's own time makes the verdict TOTAL-FAILED

    @property
    def indication(self) -> Indication:
        """Main outcome (EN 319 102-1)."""
        if self.rule is None:
            return Indication.TOTAL_PASSED
        return Indication.TOTAL_FAILED if self.final else RULES[self.rule].indication

    @property
    def sub_indication(self) -> SubIndication | None:
        """Why, where it did not pass."""
        return None if self.rule is None else self.final or RULES[self.rule].sub_indication


#: What is in the folder, in the order of its README.
CASES: Final[Sequence[Case]] = (
    Case(signer="sc-p256", what="SC certificate, EC P-256"),
    Case(signer="sc-p384", what="SC certificate, EC P-384"),
    Case(signer="sc-rsa3072", what="SC certificate, RSA 3072"),
    Case(signer="sc-p256", what="the same, plain XML Signature", profile="plain"),
    Case(signer="pinned", what="self-signed, trusted because the check names it", pinned=True),
    Case(signer="pinned", what="self-signed, named by nobody", rule=Rule.CERT_UNTRUSTED),
    Case(signer="released", what="SC certificate, suspended and released again"),
    Case(signer="expired", what="SC certificate, expired", rule=Rule.CERT_EXPIRED),
    Case(
        signer="not-yet-valid",
        what="SC certificate of next year; the signature claims a time before it",
        rule=Rule.SIGNING_TIME_EARLY,
    ),
    Case(
        signer="not-yet-valid",
        what="the same, in a signature that claims no time",
        profile="plain",
        rule=Rule.CERT_NOT_YET_VALID,
    ),
    Case(signer="held", what="SC certificate, suspended", rule=Rule.CERT_HELD),
    Case(
        signer="revoked",
        what="SC certificate, revoked before the time that the signature claims",
        rule=Rule.CERT_REVOKED,
        final=SubIndication.REVOKED,
    ),
    Case(
        signer="revoked",
        what="the same, in a signature that claims no time",
        profile="plain",
        rule=Rule.CERT_REVOKED,
    ),
    Case(
        signer="wrong-key-usage",
        what="SC certificate for key encipherment",
        rule=Rule.CERT_KEY_USAGE,
    ),
    Case(
        signer="wrong-policy",
        what="SC certificate without the policy for persons",
        rule=Rule.CERT_POLICY,
    ),
    Case(
        signer="unregistered",
        what="signed by the SC authority, but not in its register",
        rule=Rule.CERT_UNKNOWN,
    ),
    Case(
        signer="unknown-issuer",
        what="issued by an authority that nobody knows",
        rule=Rule.CERT_UNTRUSTED,
    ),
    Case(signer="weak-rsa1024", what="SC certificate, RSA 1024", rule=Rule.KEY_SIZE),
)


def make_pki_sandbox(folder: Path, *, at: datetime) -> Path:
    """Make the world in a folder: settings, register, CRL, key files, a document to sign, a README.

    Args:
        folder: new, or empty.
        at: now, with zone.

    Returns:
        The README, with the table of CASES.

    Raises:
        ConfigurationError: the folder holds something, or cannot be written.
    """
    settings = _prepare(folder.absolute())
    # Older than any certificate below, the expired one included.
    authority = init_authority(settings, name="Sandbox SC CA", key_type=KeyType.P256, at=at - 1500 * _DAY)
    init_responder(settings, authority, at=at)
    store = SqlStore.open(settings.store_url)
    try:
        store.migrate()
        with store.begin() as work:
            signers = _Signers(authority, SqlCertificateRegister(work.connection), at).make()
            crl = SqlCrls(work.connection).publish(authority, at=at, times=crl_times(settings))
            work.commit()
    finally:
        store.close()
    for name, key in signers.items():
        _write_signer(settings.folder / "signers", name, key)
    write_secret_file(settings.folder / "ca.pem", authority.certificate.public_bytes(Encoding.PEM))
    write_secret_file(settings.folder / "sc.crl", crl.content)
    write_secret_file(settings.folder / "document.xml", _DOCUMENT)
    readme = settings.folder / "README.md"
    write_secret_file(readme, _readme().encode())
    return readme


def _prepare(folder: Path) -> Settings:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigurationError(key="--dir", reason=f"{folder} is not empty; name a new folder")
        (folder / "data").mkdir()
    except OSError as error:
        raise ConfigurationError(key="--dir", reason=f"{folder}: {error.strerror}") from error
    lines = ["# Made by sisc pki sandbox: nothing here is a secret.", "[keys]"]
    lines += [f'{name}_password = "{PASSWORD}"' for name in ("authority", "seal", "responder")]
    write_secret_file(folder / "sisc.toml", ("\n".join(lines) + "\n").encode())
    return load_settings(folder / "sisc.toml")


class _Signers:
    """Makes the signers of CASES and enters them in the register."""

    def __init__(self, authority: AuthorityKey, register: SqlCertificateRegister, at: datetime) -> None:
        self._authority = authority
        self._register = register
        self._at = at

    def make(self) -> dict[str, KeyPair]:
        """All of them, by name."""
        return {
            "sc-p256": self._person(KeyType.P256),
            "sc-p384": self._person(KeyType.P384),
            "sc-rsa3072": self._person(KeyType.RSA_3072),
            "pinned": _self_signed(self._at),
            "released": self._released(),
            "expired": self._person(issued=self._at - 800 * _DAY),
            "not-yet-valid": self._person(issued=self._at + 365 * _DAY),
            "held": self._held(),
            "revoked": self._revoked(),
            "wrong-key-usage": self._unusual(generate_key(KeyType.P256), for_documents=False),
            "wrong-policy": self._unusual(generate_key(KeyType.P256), policy=False),
            "unregistered": self._person(entered=False),
            "unknown-issuer": self._stranger(),
            "weak-rsa1024": self._unusual(_weak_key()),
        }

    def _person(
        self,
        key_type: KeyType = KeyType.P256,
        *,
        issued: datetime | None = None,
        entered: bool = True,
    ) -> KeyPair:
        key, at = generate_key(key_type), issued or self._at - 30 * _DAY
        certificate = issue(self._authority, key.public_key(), _PERSON, at=at)
        if entered:
            self._enter(certificate, at)
        return self._pair(key, certificate)

    def _held(self) -> KeyPair:
        pair = self._person()
        self._register.hold(
            serial_hex(pair.certificate), at=self._at - 2 * _DAY, operator=_OPERATOR, note="for tests"
        )
        return pair

    def _released(self) -> KeyPair:
        pair = self._held()
        self._register.release(serial_hex(pair.certificate), at=self._at - _DAY, operator=_OPERATOR)
        return pair

    def _revoked(self) -> KeyPair:
        pair = self._person()
        self._register.revoke(
            serial_hex(pair.certificate),
            RevocationReason.KEY_COMPROMISE,
            at=self._at - 2 * _DAY,
            operator=_OPERATOR,
        )
        return pair

    def _stranger(self) -> KeyPair:
        nobody = create_authority("Nobody's CA", KeyType.P256, at=self._at - 30 * _DAY)
        key = generate_key(KeyType.P256)
        certificate = issue(nobody, key.public_key(), _PERSON, at=self._at - 30 * _DAY)
        return KeyPair(private_key=key, certificate=certificate, chain=(nobody.certificate,))

    def _unusual(self, key: PrivateKey, *, for_documents: bool = True, policy: bool = True) -> KeyPair:
        """A registered certificate such as the authority never issues."""
        issuer = self._authority.certificate
        builder = _bare(key, _name("Teresa Testowa"), issuer.subject, self._at)
        builder = builder.add_extension(_usage(for_documents=for_documents), critical=True).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._authority.private_key.public_key()),
            critical=False,
        )
        if policy:
            named = x509.CertificatePolicies([x509.PolicyInformation(SC_POLICY_OID, None)])
            builder = builder.add_extension(named, critical=False)
        certificate = builder.sign(self._authority.private_key, hashes.SHA256())
        self._enter(certificate, self._at - 30 * _DAY)
        return self._pair(key, certificate)

    def _enter(self, certificate: x509.Certificate, at: datetime) -> None:
        record = new_record(certificate, person_id=_PERSON.id_sisc, issued_at=at)
        self._register.add(record, operator=_OPERATOR)

    def _pair(self, key: PrivateKey, certificate: x509.Certificate) -> KeyPair:
        return KeyPair(private_key=key, certificate=certificate, chain=(self._authority.certificate,))


def _self_signed(at: datetime) -> KeyPair:
    key, name = generate_key(KeyType.P256), _name("Pinned signer")
    builder = _bare(key, name, name, at).add_extension(_usage(for_documents=True), critical=True)
    return KeyPair(private_key=key, certificate=builder.sign(key, hashes.SHA256()))


def _weak_key() -> PrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused


def _bare(key: PrivateKey, subject: x509.Name, issuer: x509.Name, at: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - 30 * _DAY)
        .not_valid_after(at + 700 * _DAY)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _usage(*, for_documents: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=for_documents,
        content_commitment=for_documents,
        key_encipherment=not for_documents,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_signer(folder: Path, name: str, key: KeyPair) -> None:
    write_secret_file(folder / f"{name}.p12", write_pkcs12(key, name=name, password=PASSWORD))
    private = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_secret_file(folder / f"{name}.pem", key.certificate.public_bytes(Encoding.PEM) + private)


def _readme() -> str:
    rows = [
        "| signer | what it is | sign with | check with | indication | sub-indication | code |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_row(case) for case in CASES),
    ]
    return _TEXT + "\n".join(rows) + "\n"


def _row(case: Case) -> str:
    cells = (
        case.signer,
        case.what,
        f"--profile {case.profile}",
        f"--trust signers/{case.signer}.pem" if case.pinned else "",
        case.indication.value,
        case.sub_indication.value if case.sub_indication else "",
        case.rule.value if case.rule else "",
    )
    return f"| {' | '.join(cells)} |"


_TEXT: Final = f"""# Certificates to test with

Made by `sisc pki sandbox`. Throw-away: no real authority knows these keys.
The password of every `.p12` is `{PASSWORD}`.

| file | what it is |
| --- | --- |
| `signers/NAME.p12` | PKCS#12 with a signer's key, certificate and issuer |
| `signers/NAME.pem` | the same certificate and key as PEM, without password |
| `ca.pem`, `sc.crl` | the authority's certificate and its CRL |
| `document.xml` | something to sign; any XML document will do |
| `sisc.toml`, `data`, `keys` | settings, register and keys of the authority |

Run in this folder, for any line of the table below:

```console
$ export SISC_KEY_PASSWORD={PASSWORD}
$ sisc sign document.xml --key signers/held.p12 --profile bes --out signed.xml
$ sisc check --signature-only signed.xml
```

Change a status and see it at once: `sisc ca list`, `sisc ca unsuspend SERIAL --reason test`, `sisc check …`.

"""
