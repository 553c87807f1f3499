"""What may happen to a certificate of the SC authority: hold, release, revocation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from signing.errors import StatusError
from signing.records import CertificateRecord, CertificateStatus

__all__ = [
    "Act",
    "HistoryEntry",
    "RevocationReason",
    "Standing",
    "held",
    "released",
    "revoked",
    "standing_at",
]


class Act(StrEnum):
    """What happened to a certificate."""

    ISSUED = "issued"
    HELD = "held"  # suspended
    RELEASED = "released"  # suspension lifted
    REVOKED = "revoked"


class RevocationReason(StrEnum):
    """Why a certificate is revoked: the CRLReason values for persons' certificates (RFC 5280 §5.3.1)."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"  # somebody else may have the key
    AFFILIATION_CHANGED = "affiliationChanged"  # name or other facts of the subject changed
    SUPERSEDED = "superseded"  # replaced by another certificate
    CESSATION_OF_OPERATION = "cessationOfOperation"  # no longer needed
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"  # the right to have one has ended


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryEntry:
    """One thing that happened to a certificate."""

    serial: str  # lower-case hexadecimal
    at: datetime
    operator: str  # by whose hand
    act: Act
    reason: str | None = None  # RevocationReason for a revocation, "certificateHold" for a hold
    note: str | None = None  # the operator's own words


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a certificate stood at a moment."""

    status: CertificateStatus
    since: datetime


_AFTER: Final[Mapping[Act, CertificateStatus]] = MappingProxyType(
    {
        Act.ISSUED: CertificateStatus.ACTIVE,
        Act.HELD: CertificateStatus.HELD,
        Act.RELEASED: CertificateStatus.ACTIVE,
        Act.REVOKED: CertificateStatus.REVOKED,
    }
)
_FROM: Final[Mapping[Act, frozenset[CertificateStatus]]] = MappingProxyType(
    {
        Act.HELD: frozenset({CertificateStatus.ACTIVE}),
        Act.RELEASED: frozenset({CertificateStatus.HELD}),
        Act.REVOKED: frozenset({CertificateStatus.ACTIVE, CertificateStatus.HELD}),
    }
)


def held(record: CertificateRecord, *, at: datetime) -> CertificateRecord:
    """The certificate suspended from now on.

    Raises:
        StatusError: it is not active.
    """
    _check(record, Act.HELD)
    return replace(record, status=CertificateStatus.HELD, status_at=at, reason="certificateHold")


def released(record: CertificateRecord, *, at: datetime) -> CertificateRecord:
    """The certificate active again from now on.

    Raises:
        StatusError: it is not suspended; revocation is final.
    """
    _check(record, Act.RELEASED)
    return replace(record, status=CertificateStatus.ACTIVE, status_at=at, reason=None)


def revoked(record: CertificateRecord, *, at: datetime, reason: RevocationReason) -> CertificateRecord:
    """The certificate revoked: from now on, or from its hold on if it is suspended.

    Nobody could rely on it since the hold, so that is the revocation date; `decided_at` keeps the later one.

    Raises:
        StatusError: it is revoked already.
    """
    _check(record, Act.REVOKED)
    after_hold = record.status is CertificateStatus.HELD
    return replace(
        record,
        status=CertificateStatus.REVOKED,
        status_at=record.status_at if after_hold else at,
        decided_at=at if after_hold else None,
        reason=reason.value,
    )


def standing_at(record: CertificateRecord, history: Iterable[HistoryEntry], at: datetime) -> Standing:
    """Where a certificate stood at an earlier moment, whatever has happened to it since.

    Args:
        record: the certificate as it is now.
        history: what happened to it, oldest first; looked at only where its status is newer than the moment.
        at: the moment, with zone.
    """
    if record.status_at <= at:
        return Standing(status=record.status, since=record.status_at)
    standing = Standing(status=CertificateStatus.ACTIVE, since=record.issued_at)
    for entry in history:
        if entry.at <= at:
            standing = Standing(status=_AFTER[entry.act], since=entry.at)
    return standing


def _check(record: CertificateRecord, act: Act) -> None:
    if record.status not in _FROM[act]:
        raise StatusError(serial=record.serial, status=record.status.value, act=act.value)
