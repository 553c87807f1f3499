"""Keys and certificates of the gateway itself: good for how long, readable by whom."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from gateway.diagnosis.lines import Line, Page, failure, ok, warning
from gateway.keys import read_credential_keys, read_secret_file
from gateway.pki.responding import ResponderFile
from gateway.settings import Settings
from gateway.store.ports import UnitOfWork
from gateway.tls import check_tls
from gateway.trust.sources import authority_certificates
from registry.credentials import CredentialVault
from registry.repository import RegistryRepository
from signing.keys import load_pkcs12
from signing.publication import SqlCrls

__all__ = [
    "look_at_authority",
    "look_at_credentials",
    "look_at_key_files",
    "look_at_publication",
    "look_at_seal",
    "look_at_tls",
]

_NOTICE_DAYS: Final = 30  # where `pki.expiry_notice_days` names none
_OTHERS: Final = 0o077


def look_at_seal(settings: Settings, at: datetime) -> Iterator[Line]:
    """The key that seals receipts."""
    keys = settings.keys
    content = read_secret_file(settings.path(keys.seal), key="keys.seal")
    certificate = load_pkcs12(content, keys.seal_password or None).certificate
    remedy = "move keys/seal.p12 away and run sisc ca init for a new one"
    yield _validity("seal", certificate, settings, at, remedy)


def look_at_authority(settings: Settings, at: datetime) -> Iterator[Line]:
    """The newest certificate of the SC authority; its key is best kept elsewhere."""
    newest = max(authority_certificates(settings), key=lambda each: each.not_valid_after_utc)
    yield _validity("authority", newest, settings, at, "make a new authority in time: sisc ca init")


def look_at_tls(settings: Settings, at: datetime) -> Iterator[Line]:
    """What the web server shows its clients."""
    check_tls(settings)
    if settings.web.certificate is None:
        yield ok("TLS", "is left to a proxy")
        return
    content = settings.path(settings.web.certificate).read_bytes()
    chain = x509.load_pem_x509_certificates(content)
    yield _validity("TLS", chain[0], settings, at, "renew web.certificate and restart sisc web")


def look_at_key_files(settings: Settings) -> Iterator[Line]:
    """Secrets are readable by their owner only."""
    keys = settings.keys
    named = [keys.seal, keys.credentials, keys.authority, keys.responder, settings.web.key]
    files = [settings.path(file) for file in named if file is not None]
    there = [file for file in files if file.is_file()]
    open_to_others = [str(file) for file in there if file.stat().st_mode & _OTHERS]
    if open_to_others:
        files_told = " ".join(open_to_others)
        yield warning("key files", f"others may read {files_told}", f"chmod 600 {files_told}", Page.RUN)
    else:
        yield ok("key files", f"{len(there)} files, readable by their owner only")


def look_at_credentials(settings: Settings, work: UnitOfWork) -> Iterator[Line]:
    """Whether the passwords in the database open with the key that is here."""
    registry = RegistryRepository(work.connection)
    first = next(iter(registry.accounts(limit=1)), None)
    stored = registry.credentials(first.login) if first else None
    if stored is None:
        yield ok("credentials", "no account is registered yet")
        return
    file = settings.path(settings.keys.credentials)
    read_secret_file(file, key="keys.credentials")  # else it would be made, and open nothing
    CredentialVault(read_credential_keys(file)).decrypt(stored.ciphertext)
    yield ok("credentials", "the key opens the stored passwords")


def look_at_publication(settings: Settings, work: UnitOfWork, at: datetime) -> Iterator[Line]:
    """The last CRL, and the OCSP responder, where there are any."""
    crls = SqlCrls(work.connection)
    lasts = [crl for each in authority_certificates(settings) if (crl := crls.find(each))]
    if lasts:
        last = max(lasts, key=lambda each: each.this_update)
        yield _until("CRL", f"CRL {last.number}", last.next_update, timedelta(0), at, "sisc ca publish")
    elif settings.pki.public_url:
        found = "certificates name where the CRL is, and none was ever published"
        yield warning("CRL", found, "run sisc ca publish --watch", Page.AUTHORITY)
    else:
        yield ok("CRL", "none is published")
    responder = ResponderFile(settings)
    if responder.exists():
        until = responder.current().not_after
        yield _until("responder", "its key", until, timedelta(days=1), at, "run sisc ca publish --watch")


def _validity(
    subject: str, certificate: x509.Certificate, settings: Settings, at: datetime, remedy: str
) -> Line:
    if at < certificate.not_valid_before_utc:
        found = f"not valid before {certificate.not_valid_before_utc:%Y-%m-%d}"
        return failure(subject, found, "set the clock of this host", Page.AUTHORITY)
    notice = timedelta(days=max(settings.pki.expiry_notice_days, default=_NOTICE_DAYS))
    name = certificate.subject.rfc4514_string()
    return _until(subject, name, certificate.not_valid_after_utc, notice, at, remedy)


def _until(subject: str, what: str, until: datetime, notice: timedelta, at: datetime, remedy: str) -> Line:
    days = (until - at).days
    if until <= at:
        return failure(subject, f"{what} ended on {until:%Y-%m-%d %H:%M} UTC", remedy, Page.AUTHORITY)
    found = f"{what} is good until {until:%Y-%m-%d}, {days} days"
    return ok(subject, found) if until - at > notice else warning(subject, found, remedy, Page.AUTHORITY)
