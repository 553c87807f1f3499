"""Warnings before something of the certificate authority ends: certificates, and the last CRL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from gateway.actions import Action
from gateway.channel import Clock
from gateway.observe import Observer
from gateway.store.ports import Store, UnitOfWork
from signing.certificates import serial_hex
from signing.publication import SqlCrls
from signing.register import SqlCertificateRegister

__all__ = ["ExpiryWatch"]

_TOLD_AGAIN: Final = timedelta(hours=1)
_LATE: Final = timedelta(hours=1)  # publishing itself takes its time


@dataclass(frozen=True, kw_only=True, slots=True)
class _Notice:
    serial: str
    subject: str
    not_after: datetime
    threshold: int  # days


@dataclass(kw_only=True, slots=True)
class ExpiryWatch:
    """Looks for what ends soon. One per process; what was told is kept in the store, for all processes."""

    store: Store
    authorities: Sequence[x509.Certificate]
    days: Sequence[int]  # thresholds
    interval: timedelta  # longest time between two CRLs
    clock: Clock
    observe: Observer
    _told_at: datetime | None = field(default=None, init=False)

    def look(self) -> None:
        """Tell of every certificate that passed a threshold, once, and of CRLs that are overdue.

        Raises:
            UnavailableError: the store is out of reach.
        """
        at = self.clock()
        with self.store.begin() as work:
            expiring = list(self._expiring(work, at))
            overdue = [ca for ca in self.authorities if self._is_overdue(work, ca, at)]
            work.commit()
        for notice in expiring:  # told after the commit: a second process must not tell it too
            self.observe(
                Action.CERTIFICATE_EXPIRING,
                serial=notice.serial,
                subject=notice.subject,
                not_after=notice.not_after.isoformat(),
                threshold_days=notice.threshold,
            )
        if overdue and (self._told_at is None or at >= self._told_at + _TOLD_AGAIN):
            self._told_at = at
            for authority in overdue:
                self.observe(Action.CRL_OVERDUE, authority=authority.subject.rfc4514_string())

    def _expiring(self, work: UnitOfWork, at: datetime) -> Iterable[_Notice]:
        register = SqlCertificateRegister(work.connection)
        horizon = at + timedelta(days=max(self.days, default=0))
        persons = register.expiring(after=at, until=horizon)
        ending = [(record.serial, record.subject, record.not_after) for record in persons] + [
            (serial_hex(ca), ca.subject.rfc4514_string(), ca.not_valid_after_utc)
            for ca in self.authorities
            if at < ca.not_valid_after_utc <= horizon
        ]
        for serial, subject, not_after in ending:
            threshold = min(days for days in self.days if not_after <= at + timedelta(days=days))
            if register.give_notice(serial, days=threshold, at=at):
                yield _Notice(serial=serial, subject=subject, not_after=not_after, threshold=threshold)

    def _is_overdue(self, work: UnitOfWork, authority: x509.Certificate, at: datetime) -> bool:
        """Whether an authority that publishes is late; one that never did publishes nothing."""
        if at > authority.not_valid_after_utc:
            return False
        last = SqlCrls(work.connection).find(authority)
        return last is not None and at > last.this_update + self.interval + _LATE
