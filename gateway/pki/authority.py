"""Use cases of the SC certificate authority: set it up, certify the seal, the responder and persons."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import CertificateSigningRequest

from gateway.errors import ConfigurationError
from gateway.keys import read_secret_file, write_secret_file
from gateway.settings import Settings
from registry.model import AccountLevel, AccountStatus, Person
from registry.repository import RegistryRepository
from signing.authority import (
    AuthorityKey,
    CertificateSubject,
    KeyType,
    PublicationPoints,
    certify_authority,
    generate_key,
    issue,
    issue_responder,
    issue_seal,
)
from signing.errors import RequestError
from signing.hsm import TokenUri, generate_token_key, open_token_key
from signing.keys import KeyPair, PrivateKey, load_pkcs12, write_pkcs12
from signing.register import CertificateRecord, SqlCertificateRegister, new_record

__all__ = [
    "certify_person",
    "init_authority",
    "init_responder",
    "init_seal",
    "open_authority",
    "publication_points",
]


def init_authority(settings: Settings, *, name: str, key_type: KeyType, at: datetime) -> KeyPair:
    """Make the authority: its key as PKCS#12 or in a token, its certificate as PEM, where the settings say.

    Raises:
        ConfigurationError: no password is set for the key, or a file is there already.
        RequestError: the name is not usable.
        TokenError: the token cannot be used, or holds the key already.
    """
    password = _password(settings.keys.authority_password, "keys.authority_password")
    if settings.keys.authority_pkcs11:
        where = TokenUri.parse(settings.keys.authority_pkcs11)
        key = generate_token_key(where, password, key_type)
        authority = certify_authority(name, key, at=at)
    else:
        authority = certify_authority(name, generate_key(key_type), at=at)
        _write_key(settings, authority, name=name, password=password)
    write_secret_file(
        settings.path(settings.keys.authority_certificates), authority.certificate.public_bytes(Encoding.PEM)
    )
    return authority


def init_seal(settings: Settings, authority: AuthorityKey, *, at: datetime) -> KeyPair:
    """Make the seal of the receipts, certified by the authority.

    Raises:
        ConfigurationError: no password is set for the key, or the file is there already.
        RequestError: the operator's name is not usable in a certificate.
    """
    password = _password(settings.keys.seal_password, "keys.seal_password")
    key = generate_key(KeyType.P256)
    certificate = issue_seal(authority, key.public_key(), settings.operator, at=at)
    seal = KeyPair(private_key=key, certificate=certificate, chain=(authority.certificate,))
    content = write_pkcs12(seal, name="seal", password=password)
    write_secret_file(settings.path(settings.keys.seal), content)
    return seal


def init_responder(settings: Settings, authority: AuthorityKey, *, at: datetime) -> KeyPair:
    """Give the OCSP responder a new key and a short-lived certificate; the old ones are replaced.

    Raises:
        ConfigurationError: no password is set for the key, or the file cannot be written.
    """
    password = _password(settings.keys.responder_password, "keys.responder_password")
    key = generate_key(KeyType.P256)
    lifetime = timedelta(days=settings.pki.responder_days)
    certificate = issue_responder(authority, key.public_key(), "SC OCSP", at=at, lifetime=lifetime)
    responder = KeyPair(private_key=key, certificate=certificate, chain=(authority.certificate,))
    _replace(settings.path(settings.keys.responder), write_pkcs12(responder, name="ocsp", password=password))
    return responder


def publication_points(settings: Settings) -> PublicationPoints | None:
    """Where certificates say that their status is published; None where no URL is set."""
    if settings.pki.public_url is None:
        return None
    base = settings.pki.public_url.rstrip("/") + "/pki"
    return PublicationPoints(certificate=f"{base}/ca.cer", crl=f"{base}/sc.crl", ocsp=f"{base}/ocsp")


def open_authority(settings: Settings) -> AuthorityKey:
    """The authority's key, from its file or its token.

    Raises:
        ConfigurationError: the file cannot be read, or no certificate belongs to the key in the token.
        KeyFileError: the password is wrong.
        TokenError: the token or the key in it cannot be used.
    """
    if settings.keys.authority_pkcs11:
        where = TokenUri.parse(settings.keys.authority_pkcs11)
        return _with_certificate(settings, open_token_key(where, settings.keys.authority_password))
    content = read_secret_file(settings.path(settings.keys.authority), key="keys.authority")
    return load_pkcs12(content, settings.keys.authority_password or None)


def certify_person(  # noqa: PLR0913 - the parts of one act, all by name
    authority: AuthorityKey,
    *,
    request: CertificateSigningRequest | rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    person_id: str,
    registry: RegistryRepository,
    register: SqlCertificateRegister,
    at: datetime,
    lifetime: timedelta,
    points: PublicationPoints | None = None,
    operator: str = "system",
) -> CertificateRecord:
    """Issue a certificate to a registered person with an extended account and enter it in the register.

    Args:
        authority: who issues.
        request: the person's public key, or a request signed with its private key.
        person_id: ID SISC.
        registry: where persons and accounts are.
        register: where the certificate is entered.
        at: now, with zone.
        lifetime: how long it is valid.
        points: where its status is published.
        operator: by whose hand.

    Raises:
        RegistryError: there is no such person.
        RequestError: the person is not active or has no extended account, or the request is not good.
    """
    person = registry.get_person(person_id)
    _check_entitled(person, registry)
    certificate = issue(authority, request, _subject(person), at=at, lifetime=lifetime, points=points)
    record = new_record(certificate, person_id=person.id_sisc, issued_at=at)
    register.add(record, operator=operator)
    return record


def _check_entitled(person: Person, registry: RegistryRepository) -> None:
    if not person.active:
        raise RequestError(reason=f"person {person.id_sisc} is not active")
    accounts = registry.accounts_of([person.id_sisc])
    if not any(
        account.level is AccountLevel.EXTENDED and account.status is not AccountStatus.CLOSED
        for account in accounts
    ):
        raise RequestError(reason=f"person {person.id_sisc} has no account with extended access")


def _subject(person: Person) -> CertificateSubject:
    return CertificateSubject(
        id_sisc=person.id_sisc,
        given_names=person.given_names,
        surname=person.surname,
        pesel=person.pesel,
    )


def _with_certificate(settings: Settings, key: PrivateKey) -> AuthorityKey:
    """The authority's certificate for a key that comes without one."""
    file = settings.path(settings.keys.authority_certificates)
    content = read_secret_file(file, key="keys.authority_certificates")
    try:
        certificates = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise ConfigurationError(key="keys.authority_certificates", reason=f"{file}: {error}") from error
    wanted = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for certificate in certificates:
        if certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == wanted:
            return AuthorityKey(private_key=key, certificate=certificate)
    reason = f"{file} holds no certificate of the key in the token"
    raise ConfigurationError(key="keys.authority_certificates", reason=reason)


def _replace(file: Path, content: bytes) -> None:
    """Write a key file whole or not at all over an older one."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    write_secret_file(draft, content)
    draft.replace(file)


def _write_key(settings: Settings, authority: KeyPair, *, name: str, password: str) -> None:
    content = write_pkcs12(authority, name=name, password=password)
    write_secret_file(settings.path(settings.keys.authority), content)


def _password(value: str, key: str) -> str:
    if not value:
        variable = f"SISC_{key.replace('.', '__').upper()}"
        raise ConfigurationError(key=key, reason=f"set a password for the key file, best by {variable}")
    return value
