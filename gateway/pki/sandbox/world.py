"""The folder of the sandbox: settings, database, lists, keys, signed documents, and a table of them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from gateway.errors import ConfigurationError
from gateway.keys import write_secret_file
from gateway.pki.authority import init_authority, init_responder, init_seal, publication_points
from gateway.pki.publishing import crl_times
from gateway.pki.sandbox.cases import CASES, Case
from gateway.pki.sandbox.customs import OPERATOR, ScSigners, cbtd_signers, registered_keys
from gateway.pki.sandbox.making import DAY, PERSON, self_signed
from gateway.pki.sandbox.others import WWW, OtherAuthorities
from gateway.pki.sandbox.readme import PASSWORD, readme
from gateway.settings import Settings, load_settings
from gateway.store.ports import UnitOfWork
from gateway.store.sql_store import SqlStore
from signing.authority import AuthorityKey, KeyType
from signing.cbtd_register import SqlCbtdRegister
from signing.keys import KeyPair, write_pkcs12
from signing.parsing import ParseLimits, parse
from signing.publication import SqlCrls
from signing.register import SqlCertificateRegister
from signing.revocation.crl import read_crl
from signing.revocation.ocsp import read_answer
from signing.revocation.sql import SqlRevocationCache
from signing.sign import SignatureProfile, sign_enveloped
from signing.trustlists.loading import hold, pointers_by_territory
from signing.trustlists.repository import SqlListRepository
from signing.trustlists.verification import verify_list_of_lists, verify_pointed

__all__ = ["index", "make_pki_sandbox"]

_DOCUMENT: Final = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:sisc-gateway:pki-sandbox">
  <Note>Sign me with any key of the folder signers.</Note>
</Document>
"""
_SETTINGS: Final = f"""# Made by sisc pki sandbox: nothing here is a secret.
[keys]
authority_password = "{PASSWORD}"
seal_password = "{PASSWORD}"
responder_password = "{PASSWORD}"

[pki]
public_url = "http://127.0.0.1:8080"

[trust]
list_of_lists = "{WWW}/lotl.xml"
list_of_lists_signers = "trust/list-of-lists-signers.pem"
trusted_profile_seals = "trust/profile-seals.pem"
trusted_profile_authorities = "trust/profile-authorities.pem"
"""
#: The claimed role of a trusted signature, in both of its forms, and one that names nobody.
_ROLES: Final[Mapping[str, str]] = {
    "PodpisZP": f"""<PodpisZP xmlns="http://crd.gov.pl/xml/schematy/ppzp/" xmlns:os=\
"http://crd.gov.pl/xml/schematy/osoba/2009/03/06/"><DaneZP><DaneZPOsobyFizycznej>\
<os:Nazwisko rodzajCzlonu="pierwszy">{PERSON.surname}</os:Nazwisko><os:Imie>{PERSON.given_names}</os:Imie>\
<os:PESEL>{PERSON.pesel}</os:PESEL><IdKontaUzytkownikaEpuap>teresa</IdKontaUzytkownikaEpuap>\
</DaneZPOsobyFizycznej></DaneZP></PodpisZP>""",
    "EPSignature": f"""<EPSignature xmlns="http://crd.gov.pl/xml/schematy/podpis_zaufany/"><NaturalPerson>\
<CurrentFamilyName>{PERSON.surname}</CurrentFamilyName><FirstName>{PERSON.given_names}</FirstName>\
<PersonalIdentifier>{PERSON.pesel}</PersonalIdentifier></NaturalPerson></EPSignature>""",
    "nobody": f"""<EPSignature xmlns="http://crd.gov.pl/xml/schematy/podpis_zaufany/"><NaturalPerson>\
<CurrentFamilyName>{PERSON.surname}</CurrentFamilyName><FirstName>{PERSON.given_names}</FirstName>\
</NaturalPerson></EPSignature>""",
}


class _PkiSandbox:
    """A sandbox in the making.

    Args:
        folder: new, or empty.
        at: now, with zone.

    Raises:
        ConfigurationError: the folder holds something, or cannot be written.
    """

    def __init__(self, folder: Path, *, at: datetime) -> None:
        self._at = at
        self._settings = _prepare(folder.absolute())
        self._others = OtherAuthorities(at)

    def make(self) -> Path:
        """Write everything; returns the README."""
        # Older than any certificate below, the expired ones included.
        since = self._at - 1500 * DAY
        authority = init_authority(self._settings, name="Sandbox SC CA", key_type=KeyType.P256, at=since)
        init_seal(self._settings, authority, at=self._at)
        init_responder(self._settings, authority, at=self._at)
        self._write("document.xml", _DOCUMENT)
        self._write_others()
        signers = self._fill(authority)
        for name, key in signers.items():
            self._write_signer(name, key)
        for case in CASES:
            self._write(f"signed/{case.document}", self._signed(case, signers[case.signer]))
        self._write("ca.pem", authority.certificate.public_bytes(Encoding.PEM))
        self._write("index.jsonl", "".join(f"{json.dumps(line)}\n" for line in index()).encode())
        self._write("README.md", readme(CASES).encode())
        return self._settings.folder / "README.md"

    def _fill(self, authority: AuthorityKey) -> Mapping[str, KeyPair]:
        """Fill the database; returns all signers."""
        store = SqlStore.open(self._settings.store_url)
        try:
            store.migrate()
            with store.begin() as work:
                signers = self._make_signers(work, authority)
                times = crl_times(self._settings)
                crl = SqlCrls(work.connection).publish(authority, at=self._at, times=times)
                self._enter_lists(work)
                self._enter_revocations(work)
                work.commit()
        finally:
            store.close()
        self._write("sc.crl", crl.content)
        return signers

    def _make_signers(self, work: UnitOfWork, authority: AuthorityKey) -> Mapping[str, KeyPair]:
        customs = ScSigners(
            authority=authority,
            register=SqlCertificateRegister(work.connection),
            points=publication_points(self._settings),
            at=self._at,
        )
        cbtd, issued = cbtd_signers(self._at), self._at - 30 * DAY
        records = registered_keys(cbtd)
        SqlCbtdRegister(work.connection).freeze(records, operator=OPERATOR, at=self._at)
        alone = {name: self_signed(f"Sandbox {name}", issued=issued) for name in ("pinned", "other")}
        return {**customs.make(), **cbtd, **self._others.signers, **alone}

    def _enter_lists(self, work: UnitOfWork) -> None:
        """Fetched, so to speak: verified as they would be, and kept."""
        repository, (above, national) = SqlListRepository(work.connection), self._others.lists()
        pinned = [self._others.list_operators[0].certificate]
        lists = verify_list_of_lists(above, pinned=pinned, fetch=_nowhere, at=self._at)
        pointer = pointers_by_territory(lists)["PL"]
        verified = verify_pointed(national, pointer, at=self._at)
        repository.add(hold(lists, location=f"{WWW}/lotl.xml", accepted_at=self._at))
        repository.add(hold(verified, location=pointer.location, accepted_at=self._at))
        self._write("www/lotl.xml", above)
        self._write("www/pl.xml", national)

    def _enter_revocations(self, work: UnitOfWork) -> None:
        cache = SqlRevocationCache(work.connection)
        for published in self._others.publications():
            issuer, base = published.authority.certificate, f"{WWW}/{published.name}"
            cache.put_crl(read_crl(published.crl, issuer), url=f"{base}.crl", at=self._at)
            for certificate, content in published.answers:
                answer = read_answer(content, certificate, issuer)
                cache.put_answer(answer, url=f"{base}/ocsp", at=self._at)
            self._write(f"www/{published.name}.crl", published.crl)
            self._write(f"www/{published.name}.cer", issuer.public_bytes(Encoding.DER))

    def _write_others(self) -> None:
        """What the settings name."""
        seals = self._others.signers["profile-seal"].certificate
        self._write("trust/list-of-lists-signers.pem", _pem(self._others.list_operators[0].certificate))
        self._write("trust/profile-seals.pem", _pem(seals))
        self._write("trust/profile-authorities.pem", _pem(self._others.ministry.certificate))

    def _signed(self, case: Case, key: KeyPair) -> bytes:
        return sign_enveloped(
            parse(_DOCUMENT, ParseLimits()),
            key,
            at=self._at,
            ids=lambda: "signature",
            profile=SignatureProfile.PLAIN if case.profile == "plain" else SignatureProfile.XADES,
            claimed_role=etree.fromstring(_ROLES[case.role]) if case.role else None,
        )

    def _write_signer(self, name: str, key: KeyPair) -> None:
        self._write(f"signers/{name}.p12", write_pkcs12(key, name=name, password=PASSWORD))
        private = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._write(f"signers/{name}.pem", _pem(key.certificate) + private)

    def _write(self, name: str, content: bytes) -> None:
        write_secret_file(self._settings.folder / name, content)


def make_pki_sandbox(folder: Path, *, at: datetime) -> Path:
    """Make the world in a folder: settings, database, lists, key files, signed documents, a README.

    Args:
        folder: new, or empty.
        at: now, with zone.

    Returns:
        The README, with the table of CASES.

    Raises:
        ConfigurationError: the folder holds something, or cannot be written.
    """
    return _PkiSandbox(folder, at=at).make()


def index() -> Sequence[Mapping[str, object]]:
    """The table for machines: each signed document with the verdict that it must get."""
    return [
        {
            "file": f"signed/{case.document}",
            "signer": case.signer,
            "key": f"signers/{case.signer}.p12",
            "class": case.kind.value,
            "what": case.what,
            "profile": case.profile,
            "role": case.role or None,
            "trust": f"signers/{case.signer}.pem" if case.pinned else None,
            "indication": case.indication.value,
            "sub_indication": case.sub_indication.value if case.sub_indication else None,
            "code": case.rule.value if case.rule else None,
        }
        for case in CASES
    ]


def _prepare(folder: Path) -> Settings:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigurationError(key="--dir", reason=f"{folder} is not empty; name a new folder")
        (folder / "data").mkdir()
    except OSError as error:
        raise ConfigurationError(key="--dir", reason=f"{folder}: {error.strerror}") from error
    write_secret_file(folder / "sisc.toml", _SETTINGS.encode())
    return load_settings(folder / "sisc.toml")


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _nowhere(location: str) -> bytes:
    """The list of lists is signed by the pinned signer itself, so no pivot is fetched."""
    raise ConfigurationError(key=location, reason="not expected to be fetched")
