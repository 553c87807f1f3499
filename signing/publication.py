"""The authority's CRL, made from its register: a publication of the register, never its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Row, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from signing.authority import AuthorityKey, signature_hash
from signing.errors import PublicationError
from signing.lifecycle import Act
from signing.records import CertificateStatus, own_key_id
from signing.tables import ca_certificates, ca_crls, ca_history

__all__ = ["REASONS", "CrlTimes", "PublishedCrl", "SqlCrls", "build_crl"]

#: CRLReason by its name in the register. "unspecified" is told by leaving it out (RFC 5280 §5.3.1).
REASONS: Final = {reason.value: reason for reason in x509.ReasonFlags if reason.value != "unspecified"}
_FIRST_NUMBER: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CrlTimes:
    """How often a CRL is published and how long it may be relied on.

    Raises:
        PublicationError: a CRL would end before the next one is due.
    """

    interval: timedelta = timedelta(hours=24)  # longest time between two CRLs
    validity: timedelta = timedelta(hours=72)  # nextUpdate; the difference is the time to mend a failure

    def __post_init__(self) -> None:
        """Compare the two."""
        if self.validity <= self.interval:
            raise PublicationError(reason="its validity must be longer than the interval of publication")


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedCrl:
    """The last CRL of an authority."""

    authority: str  # subjectKeyIdentifier, lower-case hexadecimal
    number: int  # CRLNumber
    history: int  # last entry of the register's history that it knows of
    this_update: datetime
    next_update: datetime
    content: bytes  # DER


def build_crl(
    authority: AuthorityKey,
    entries: Sequence[x509.RevokedCertificate],
    *,
    number: int,
    at: datetime,
    until: datetime,
) -> bytes:
    """A full CRL in DER (RFC 5280 §5).

    Args:
        authority: whose certificates the entries are, and who signs.
        entries: held and revoked certificates.
        number: CRLNumber, greater than that of every CRL before.
        at: thisUpdate.
        until: nextUpdate.
    """
    key, issuer = authority.private_key, authority.certificate
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        # Given at once: adding one by one copies the list each time.
        x509.CertificateRevocationListBuilder(revoked_certificates=list(entries))
        .issuer_name(issuer.subject)
        .last_update(at)
        .next_update(until)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    return builder.sign(key, signature_hash(key)).public_bytes(Encoding.DER)


class SqlCrls:
    """The last CRL of each authority in a database; the caller owns connection and transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, authority: x509.Certificate) -> PublishedCrl | None:
        """The last CRL of an authority."""
        query = select(ca_crls).where(ca_crls.c.authority == own_key_id(authority))
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _crl(row)

    def is_due(self, authority: x509.Certificate, *, at: datetime, interval: timedelta) -> bool:
        """Whether a CRL should be published now: the last is too old or a status has changed since."""
        last = self.find(authority)
        return last is None or at >= last.this_update + interval or self._last_change() > last.history

    def publish(self, authority: AuthorityKey, *, at: datetime, times: CrlTimes) -> PublishedCrl:
        """Make the next CRL of an authority and keep it as its last one.

        Args:
            authority: whose, with the key to sign.
            at: now, with zone.
            times: see CrlTimes.

        Raises:
            PublicationError: another process has just published the very first one.
        """
        last = self._lock(authority.certificate)
        moment = at.replace(microsecond=0)
        number = last.number + 1 if last else _FIRST_NUMBER
        history = self._last_change()  # before the entries: what comes between is published again, not lost
        entries = self._entries(authority.certificate, since=last.this_update if last else None)
        until = moment + times.validity
        crl = PublishedCrl(
            authority=own_key_id(authority.certificate),
            number=number,
            history=history,
            this_update=moment,
            next_update=until,
            content=build_crl(authority, entries, number=number, at=moment, until=until),
        )
        self._keep(crl, first=last is None)
        return crl

    def _lock(self, authority: x509.Certificate) -> PublishedCrl | None:
        """The last CRL, its row locked to the end of the transaction, so that numbers only grow."""
        query = select(ca_crls).where(ca_crls.c.authority == own_key_id(authority)).with_for_update()
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _crl(row)

    def _last_change(self) -> int:
        query = select(func.max(ca_history.c.id)).where(ca_history.c.act != Act.ISSUED.value)
        return self._connection.scalar(query) or 0

    def _entries(
        self, authority: x509.Certificate, *, since: datetime | None
    ) -> list[x509.RevokedCertificate]:
        """Held and revoked certificates; one that expires is on one more CRL, then no longer (§5)."""
        table = ca_certificates.c
        query = (
            select(table.serial, table.status_at, table.reason)
            .where(
                table.status.in_([CertificateStatus.HELD.value, CertificateStatus.REVOKED.value]),
                or_(table.authority == own_key_id(authority), table.authority.is_(None)),
            )
            .order_by(table.serial)
        )
        if since is not None:
            query = query.where(table.not_after >= since)
        return [_revoked(row.serial, row.status_at, row.reason) for row in self._connection.execute(query)]

    def _keep(self, crl: PublishedCrl, *, first: bool) -> None:
        values = {
            "number": crl.number,
            "history": crl.history,
            "this_update": crl.this_update,
            "next_update": crl.next_update,
            "content": crl.content,
        }
        if not first:
            statement = update(ca_crls).where(ca_crls.c.authority == crl.authority)
            self._connection.execute(statement.values(**values))
            return
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(ca_crls).values(authority=crl.authority, **values))
        except IntegrityError as error:
            raise PublicationError(reason="another process has just published one") from error


def _revoked(serial: str, since: datetime, reason: str | None) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(since)
    known = REASONS.get(reason or "")
    if known is not None:
        builder = builder.add_extension(x509.CRLReason(known), critical=False)
    return builder.build()


def _crl(row: Row[tuple[object, ...]]) -> PublishedCrl:
    return PublishedCrl(
        authority=row.authority,
        number=row.number,
        history=row.history,
        this_update=row.this_update,
        next_update=row.next_update,
        content=row.content,
    )
