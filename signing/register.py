"""The register of the SC certificate authority: every certificate it issued, with its status now."""

from collections.abc import Callable, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from signing.certificates import read_certificate
from signing.errors import DuplicateCertificateError, StatusError, UnknownCertificateError
from signing.lifecycle import Act, HistoryEntry, RevocationReason, held, released, revoked
from signing.records import CertificateRecord, CertificateStatus, issuer_key_id, new_record
from signing.tables import ca_certificates, ca_history, ca_notices

__all__ = ["CertificateRecord", "CertificateStatus", "SqlCertificateRegister", "new_record"]


class SqlCertificateRegister:
    """The register in a database; the caller owns connection and transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, serial: str) -> CertificateRecord | None:
        """The record of this serial number (lower-case hexadecimal)."""
        query = select(ca_certificates).where(ca_certificates.c.serial == serial)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _record(row)

    def add(self, record: CertificateRecord, *, operator: str = "system") -> None:
        """Enter a certificate just issued.

        Args:
            record: from `new_record`.
            operator: by whose hand it was issued.

        Raises:
            DuplicateCertificateError: the serial number is there already; the rest of the transaction stands.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(ca_certificates).values(**_columns(record)))
        except IntegrityError as error:
            raise DuplicateCertificateError(serial=record.serial) from error
        issued = HistoryEntry(serial=record.serial, at=record.issued_at, operator=operator, act=Act.ISSUED)
        self._note(issued)

    def hold(self, serial: str, *, at: datetime, operator: str, note: str | None = None) -> CertificateRecord:
        """Suspend a certificate.

        Args:
            serial: lower-case hexadecimal.
            at: now, with zone.
            operator: by whose hand.
            note: the operator's own words.

        Raises:
            UnknownCertificateError: there is none.
            StatusError: it is not active.
        """
        entry = HistoryEntry(
            serial=serial, at=at, operator=operator, act=Act.HELD, reason="certificateHold", note=note
        )
        return self._change(entry, lambda record: held(record, at=at))

    def release(
        self, serial: str, *, at: datetime, operator: str, note: str | None = None
    ) -> CertificateRecord:
        """Lift a suspension; arguments as for `hold`.

        Raises:
            UnknownCertificateError: there is none.
            StatusError: it is not suspended.
        """
        entry = HistoryEntry(serial=serial, at=at, operator=operator, act=Act.RELEASED, note=note)
        return self._change(entry, lambda record: released(record, at=at))

    def revoke(
        self,
        serial: str,
        reason: RevocationReason,
        *,
        at: datetime,
        operator: str,
        note: str | None = None,
    ) -> CertificateRecord:
        """Revoke a certificate for good; arguments as for `hold`.

        Raises:
            UnknownCertificateError: there is none.
            StatusError: it is revoked already.
        """
        entry = HistoryEntry(
            serial=serial, at=at, operator=operator, act=Act.REVOKED, reason=reason.value, note=note
        )
        return self._change(entry, lambda record: revoked(record, at=at, reason=reason))

    def list_all(
        self, *, person_id: str | None = None, status: CertificateStatus | None = None
    ) -> Sequence[CertificateRecord]:
        """Certificates, of one person or of one status if wanted, newest first."""
        query = select(ca_certificates).order_by(ca_certificates.c.issued_at.desc(), ca_certificates.c.serial)
        if person_id is not None:
            query = query.where(ca_certificates.c.person_id == person_id)
        if status is not None:
            query = query.where(ca_certificates.c.status == status.value)
        return [_record(row) for row in self._connection.execute(query)]

    def expiring(self, *, after: datetime, until: datetime) -> Sequence[CertificateRecord]:
        """Certificates not revoked that end after one moment and not later than another, soonest first."""
        query = (
            select(ca_certificates)
            .where(
                ca_certificates.c.status.in_([CertificateStatus.ACTIVE.value, CertificateStatus.HELD.value]),
                ca_certificates.c.not_after > after,
                ca_certificates.c.not_after <= until,
            )
            .order_by(ca_certificates.c.not_after, ca_certificates.c.serial)
        )
        return [_record(row) for row in self._connection.execute(query)]

    def history(self, serial: str) -> Sequence[HistoryEntry]:
        """What happened to a certificate, oldest first."""
        query = select(ca_history).where(ca_history.c.serial == serial).order_by(ca_history.c.id)
        return [_entry(row) for row in self._connection.execute(query)]

    def give_notice(self, serial: str, *, days: int, at: datetime) -> bool:
        """Keep that a warning was given; whether it is the first of its kind.

        Args:
            serial: the certificate's.
            days: the threshold that was passed.
            at: now, with zone.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(ca_notices).values(serial=serial, days=days, given_at=at))
        except IntegrityError:  # given before, perhaps by another process a moment ago
            return False
        return True

    def _change(
        self, entry: HistoryEntry, change: Callable[[CertificateRecord], CertificateRecord]
    ) -> CertificateRecord:
        before = self.find(entry.serial)
        if before is None:
            raise UnknownCertificateError(serial=entry.serial)
        after = change(before)
        self._replace(before, after, entry.act)
        self._note(entry)
        return after

    def _replace(self, before: CertificateRecord, after: CertificateRecord, act: Act) -> None:
        """Write a change unless somebody else has changed the status since it was read."""
        statement = (
            update(ca_certificates)
            .where(
                ca_certificates.c.serial == before.serial,
                ca_certificates.c.status == before.status.value,
                ca_certificates.c.status_at == before.status_at,
            )
            .values(
                status=after.status.value,
                status_at=after.status_at,
                reason=after.reason,
                decided_at=after.decided_at,
            )
        )
        if self._connection.execute(statement).rowcount != 1:
            raise StatusError(serial=before.serial, status="being changed by somebody else", act=act.value)

    def _note(self, entry: HistoryEntry) -> None:
        statement = insert(ca_history).values(
            serial=entry.serial,
            at=entry.at,
            operator=entry.operator,
            act=entry.act.value,
            reason=entry.reason,
            note=entry.note,
        )
        self._connection.execute(statement)


def _columns(record: CertificateRecord) -> dict[str, object]:
    return {
        "serial": record.serial,
        "person_id": record.person_id,
        "subject": record.subject,
        "not_before": record.not_before,
        "not_after": record.not_after,
        "status": record.status.value,
        "status_at": record.status_at,
        "reason": record.reason,
        "pem": record.certificate.public_bytes(Encoding.PEM).decode("ascii"),
        "issued_at": record.issued_at,
        "decided_at": record.decided_at,
        "authority": issuer_key_id(record.certificate),
    }


def _record(row: Row[tuple[object, ...]]) -> CertificateRecord:
    return CertificateRecord(
        serial=row.serial,
        person_id=row.person_id,
        subject=row.subject,
        not_before=row.not_before,
        not_after=row.not_after,
        status=CertificateStatus(row.status),
        status_at=row.status_at,
        reason=row.reason,
        certificate=_certificate(row.pem),
        issued_at=row.issued_at,
        decided_at=row.decided_at,
    )


def _entry(row: Row[tuple[object, ...]]) -> HistoryEntry:
    return HistoryEntry(
        serial=row.serial,
        at=row.at,
        operator=row.operator,
        act=Act(row.act),
        reason=row.reason,
        note=row.note,
    )


def _certificate(pem: str) -> x509.Certificate:
    """Kept with those read from messages, so that a known sender's is read once."""
    return read_certificate(
        x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    ).certificate
