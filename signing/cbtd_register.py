"""The register of CBTD keys in a database: filled, frozen, then only read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from signing.cbtd import CbtdRecord
from signing.certificates import read_certificate
from signing.errors import FrozenRegisterError, UnfitCertificateError
from signing.tables import cbtd_certificates, cbtd_imports

__all__ = ["CbtdImport", "SqlCbtdRegister", "check_distinct"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CbtdImport:
    """The import that froze the register."""

    imported_at: datetime
    operator: str
    certificates: int  # how many


class SqlCbtdRegister:
    """See CbtdRegister; the caller owns connection and transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, fingerprint: str) -> CbtdRecord | None:
        """The record of this very certificate (lower-case hexadecimal SHA-256 of the DER)."""
        query = select(cbtd_certificates).where(cbtd_certificates.c.fingerprint == fingerprint)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _record(row)

    def knows_subject(self, subject: x509.Name) -> bool:
        """Whether any certificate on the register has this subject."""
        wanted = cbtd_certificates.c.subject == _digest(subject)
        query = select(cbtd_certificates.c.fingerprint).where(wanted).limit(1)
        return self._connection.execute(query).first() is not None

    def enter(self, record: CbtdRecord) -> bool:
        """Enter one certificate while the register is open; whether it was not there before.

        Args:
            record: from `cbtd_record`.

        Raises:
            FrozenRegisterError: the register takes nothing more.
            UnfitCertificateError: the certificate is somebody else's.
        """
        found = self.find(record.fingerprint)
        if found is not None and found.person_id != record.person_id:
            subject = record.certificate.subject.rfc4514_string()
            raise UnfitCertificateError(subject=subject, reason=f"registered for {found.person_id}")
        if found is not None:
            return False
        if self.imported() is not None:
            raise FrozenRegisterError
        self._connection.execute(insert(cbtd_certificates), _columns(record))
        return True

    def freeze(self, records: Sequence[CbtdRecord], *, operator: str, at: datetime) -> CbtdImport:
        """Enter the last certificates there will ever be.

        Args:
            records: from `cbtd_record`.
            operator: by whose hand.
            at: now, with zone.

        Raises:
            FrozenRegisterError: this was done before, perhaps by another process a moment ago.
            UnfitCertificateError: a certificate is among them twice, or is somebody else's.
        """
        check_distinct(records)
        if self.imported() is not None:
            raise FrozenRegisterError
        for record in records:
            self.enter(record)
        count = self._connection.scalar(select(func.count()).select_from(cbtd_certificates))
        done = CbtdImport(imported_at=at, operator=operator, certificates=count or 0)
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(cbtd_imports).values(number=1, **_import_columns(done)))
        except IntegrityError as error:
            raise FrozenRegisterError from error
        return done

    def imported(self) -> CbtdImport | None:
        """The import that froze the register; None: it is still open."""
        row = self._connection.execute(select(cbtd_imports)).one_or_none()
        if row is None:
            return None
        return CbtdImport(imported_at=row.imported_at, operator=row.operator, certificates=row.certificates)

    def list_all(self, *, person_id: str | None = None) -> Sequence[CbtdRecord]:
        """Certificates, of one person if wanted, by person."""
        query = select(cbtd_certificates).order_by(
            cbtd_certificates.c.person_id, cbtd_certificates.c.fingerprint
        )
        if person_id is not None:
            query = query.where(cbtd_certificates.c.person_id == person_id)
        return [_record(row) for row in self._connection.execute(query)]


def check_distinct(records: Sequence[CbtdRecord]) -> None:
    """No certificate is there twice: it can have one holder only.

    Raises:
        UnfitCertificateError: one is.
    """
    seen: set[str] = set()
    for record in records:
        if record.fingerprint in seen:
            subject = record.certificate.subject.rfc4514_string()
            raise UnfitCertificateError(subject=subject, reason="named twice")
        seen.add(record.fingerprint)


def _import_columns(done: CbtdImport) -> dict[str, object]:
    return {
        "imported_at": done.imported_at,
        "operator": done.operator,
        "certificates": done.certificates,
    }


def _columns(record: CbtdRecord) -> dict[str, object]:
    return {
        "fingerprint": record.fingerprint,
        "person_id": record.person_id,
        "subject": _digest(record.certificate.subject),
        "content": record.certificate.public_bytes(Encoding.DER),
    }


def _record(row: Row[tuple[object, ...]]) -> CbtdRecord:
    return CbtdRecord(
        fingerprint=row.fingerprint,
        person_id=row.person_id,
        certificate=read_certificate(row.content).certificate,
    )


def _digest(name: x509.Name) -> str:
    """Names are compared as written by RFC 4514, so that the encoding of their strings does not matter."""
    return sha256(name.rfc4514_string().encode()).hexdigest()
