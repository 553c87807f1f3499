"""What is known about the revocation of a certificate, and on what evidence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from cryptography import x509
from cryptography.x509 import ReasonFlags

from signing.evidence import Evidence
from signing.revocation.errors import Problem

__all__ = [
    "DEFAULT_FRESHNESS",
    "Freshness",
    "RevocationSource",
    "RevocationState",
    "RevocationStatus",
]


class RevocationState(StrEnum):
    """Where a certificate stands at a moment."""

    GOOD = "GOOD"  # not revoked at that moment
    REVOKED = "REVOKED"  # for good
    ON_HOLD = "ON_HOLD"  # certificateHold; may come back
    UNKNOWN = "UNKNOWN"  # cannot be told now; try later


@dataclass(frozen=True, kw_only=True, slots=True)
class RevocationStatus:
    """The status of one certificate at one moment."""

    state: RevocationState
    # REVOKED, ON_HOLD: from when. GOOD: revoked only after the moment asked about, which is recorded,
    # not held against what was received before.
    since: datetime | None = None
    reason: ReasonFlags | None = None  # as the authority gave it
    invalid_since: datetime | None = None  # invalidityDate: when the key is thought to have leaked
    problem: Problem | None = None  # UNKNOWN: why
    evidence: tuple[Evidence, ...] = ()
    stale: bool = False  # rests on data past its freshness, within the operator's grace: to be logged


@dataclass(frozen=True, kw_only=True, slots=True)
class Freshness:
    """How old revocation data may be."""

    ocsp_age: timedelta = timedelta(minutes=60)  # since thisUpdate
    clock_skew: timedelta = timedelta(minutes=5)  # how far thisUpdate may lie in the future
    stale_grace: timedelta = timedelta(0)  # the operator's switch: accept data so long past its freshness

    def of_answer(self, this_update: datetime, next_update: datetime | None) -> datetime:
        """Until when an OCSP response is fresh."""
        oldest = this_update + self.ocsp_age
        return oldest if next_update is None else min(oldest, next_update)


DEFAULT_FRESHNESS: Final = Freshness()


class RevocationSource(Protocol):
    """Tells the status of certificates."""

    def status(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, at: datetime
    ) -> RevocationStatus:
        """Whether a certificate was revoked at a moment.

        Args:
            certificate: the one asked about, of a path that validates.
            issuer: the next certificate of that path.
            at: time of receipt, with zone.
        """
