"""Bringing in the register of CBTD keys: files of certificates, each with its holder."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from gateway.clock import WARSAW
from gateway.errors import ConfigurationError
from gateway.settings import CbtdExemptionOptions, Settings
from registry.repository import RegistryRepository
from signing.cbtd import CbtdRecord, WeakExemption, cbtd_record

__all__ = ["Held", "entries_of", "exemptions_of", "read_held"]

_SUFFIXES: Final = frozenset({".pem", ".crt", ".cer", ".der"})
_COLUMNS: Final = ("certificate", "holder")
_PEM: Final = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A certificate and whose it is, as files tell."""

    source: Path
    holder: str  # ID SISC of a person, or login of an account
    certificate: x509.Certificate


def read_held(path: Path) -> Sequence[Held]:
    """Read the certificates that are to be entered.

    Args:
        path: a folder of PEM or DER files, each named after the holder of all certificates in it; or a CSV
            file (UTF-8, comma) with the columns `certificate`, a file beside it, and `holder`.

    Raises:
        ConfigurationError: a file cannot be read or is no certificate, the CSV is of another form, or there
            is no certificate at all.
    """
    try:
        files = list(_in_folder(path) if path.is_dir() else _in_csv(path))
        held = [each for file, holder in files for each in _certificates(file, holder)]
    except OSError as error:
        raise ConfigurationError(key=str(path), reason=error.strerror or str(error)) from error
    if not held:
        raise ConfigurationError(key=str(path), reason="there are no certificates")
    return held


def _in_folder(folder: Path) -> Iterator[tuple[Path, str]]:
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.suffix.lower() in _SUFFIXES:
            yield file, file.stem


def _in_csv(file: Path) -> Iterator[tuple[Path, str]]:
    try:
        rows = csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        if tuple(rows.fieldnames or ()) != _COLUMNS:
            raise ConfigurationError(key=str(file), reason=f"the first line must be {','.join(_COLUMNS)}")
        for row in rows:
            if set(row) != set(_COLUMNS) or not all(row.values()):
                raise ConfigurationError(key=str(file), reason=f"line {rows.line_num}: two values expected")
            yield file.parent / row["certificate"].strip(), row["holder"].strip()
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(key=str(file), reason=f"not a CSV file in UTF-8: {error}") from error


def _certificates(file: Path, holder: str) -> Iterator[Held]:
    data = file.read_bytes()
    try:
        found = (
            x509.load_pem_x509_certificates(data) if _PEM in data else [x509.load_der_x509_certificate(data)]
        )
    except ValueError as error:
        raise ConfigurationError(key=str(file), reason="not certificates in PEM or DER") from error
    for certificate in found:
        yield Held(source=file, holder=holder, certificate=certificate)


def entries_of(held: Sequence[Held], registry: RegistryRepository) -> Sequence[CbtdRecord]:
    """What is entered: holders become the registered persons they are.

    Raises:
        NotRegisteredError: no such person or account.
        ConfigurationError: an account is linked to no person, so nobody could be the signer.
        UnfitCertificateError: a certificate is not for signing documents.
    """
    return [cbtd_record(each.certificate, person_id=_person_id(each, registry)) for each in held]


def _person_id(held: Held, registry: RegistryRepository) -> str:
    if "@" not in held.holder:
        return registry.get_person(held.holder).id_sisc
    person_id = registry.get_account(held.holder).person_id
    if person_id is None:
        raise ConfigurationError(
            key=str(held.source), reason=f"the account {held.holder} is linked to no person"
        )
    return person_id


def exemptions_of(settings: Settings) -> Sequence[WeakExemption]:
    """The exemptions that the settings grant, each up to the end of its last day in Poland.

    Raises:
        ConfigurationError: an issuer is no name in the form of RFC 4514.
    """
    return [_exemption(options) for options in settings.trust.cbtd_exemptions]


def _exemption(options: CbtdExemptionOptions) -> WeakExemption:
    try:
        x509.Name.from_rfc4514_string(options.issuer)
    except ValueError as error:
        reason = f"{options.issuer!r} is no name in the form of RFC 4514"
        raise ConfigurationError(key="trust.cbtd_exemptions", reason=reason) from error
    return WeakExemption(
        issuer=options.issuer,
        until=datetime.combine(options.until + timedelta(days=1), time(), WARSAW),
        sha1=options.sha1,
        rsa_bits=options.rsa_bits,
        plain=options.plain,
    )
