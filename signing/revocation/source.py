"""The status of certificates from the local cache: no network, no waiting, never silence for consent."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509
from cryptography.x509 import ReasonFlags
from cryptography.x509.ocsp import OCSPCertStatus

from signing.evidence import Evidence
from signing.revocation.cache import ReadData, RevocationCache
from signing.revocation.crl import ALL_REASONS, Crl, CrlEntry
from signing.revocation.errors import Problem, RevocationDataError
from signing.revocation.model import (
    DEFAULT_FRESHNESS,
    Freshness,
    RevocationState,
    RevocationStatus,
)
from signing.revocation.names import crl_urls, issuer_id, ocsp_urls
from signing.revocation.ocsp import Answer

__all__ = ["CachedRevocation", "status_by_crls"]

Wanted = Callable[[x509.Certificate, x509.Certificate], None]
Told = Callable[[x509.Certificate, RevocationStatus], None]


class CachedRevocation:
    """A RevocationSource over the cache.

    An OCSP response decides if it is fresh; else CRLs do. Without fresh data the status is UNKNOWN.

    Args:
        cache: in the transaction of the caller.
        read: what this process has read already.
        freshness: how old data may be.
        wanted: told about every certificate asked for, so that its data is fetched in advance.
        on_stale: told when a status rests on data that only the operator's grace admits.
    """

    def __init__(
        self,
        cache: RevocationCache,
        read: ReadData,
        *,
        freshness: Freshness = DEFAULT_FRESHNESS,
        wanted: Wanted,
        on_stale: Told,
    ) -> None:
        self._cache = cache
        self._read = read
        self._freshness = freshness
        self._wanted = wanted
        self._on_stale = on_stale

    def status(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, at: datetime
    ) -> RevocationStatus:
        """See RevocationSource."""
        self._wanted(certificate, issuer)
        status = self._status(certificate, issuer, at)
        if status.stale:
            self._on_stale(certificate, status)
        return status

    def _status(
        self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
    ) -> RevocationStatus:
        by_answer = self._by_answer(certificate, issuer, at)
        if by_answer is not None and _decides(by_answer):
            return by_answer
        by_crls = status_by_crls(self._cache, self._read, certificate, issuer, at, self._freshness)
        if by_crls.state is not RevocationState.UNKNOWN:
            return by_crls
        nothing = by_crls.problem in {Problem.NOT_FETCHED, Problem.NO_SOURCE}
        return by_answer if by_answer is not None and nothing else by_crls

    def _by_answer(
        self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
    ) -> RevocationStatus | None:
        stored = self._cache.answer(issuer_id(issuer), certificate.serial_number)
        if stored is None:
            return None
        try:
            return _status_of(self._read.answer(stored, certificate, issuer), at, self._freshness)
        except RevocationDataError as error:
            return _unknown(error.problem)


def _decides(status: RevocationStatus) -> bool:
    """A responder that does not know the certificate has the last word: a CRL lists only what was issued."""
    return status.state is not RevocationState.UNKNOWN or status.problem is Problem.UNKNOWN_TO_RESPONDER


def _unknown(problem: Problem, *evidence: Evidence) -> RevocationStatus:
    return RevocationStatus(state=RevocationState.UNKNOWN, problem=problem, evidence=evidence)


def _status_of(answer: Answer, at: datetime, freshness: Freshness) -> RevocationStatus:
    fresh_until = freshness.of_answer(answer.this_update, answer.next_update)
    if at > fresh_until + freshness.stale_grace:
        return _unknown(Problem.STALE, answer.evidence)
    if answer.status is OCSPCertStatus.UNKNOWN:
        return _unknown(Problem.UNKNOWN_TO_RESPONDER, answer.evidence)
    entry = None
    if answer.revoked_at is not None:
        entry = CrlEntry(at=answer.revoked_at, reason=answer.reason, invalid_since=None)
    return replace(_entry_status(entry, at), evidence=(answer.evidence,), stale=at > fresh_until)


def _entry_status(entry: CrlEntry | None, at: datetime) -> RevocationStatus:
    """What an entry, or its absence, says of a moment; what was received before a revocation stands."""
    if entry is None:
        return RevocationStatus(state=RevocationState.GOOD)
    if entry.at > at:
        state = RevocationState.GOOD
    elif entry.reason is ReasonFlags.certificate_hold:
        state = RevocationState.ON_HOLD
    else:
        state = RevocationState.REVOKED
    return RevocationStatus(
        state=state, since=entry.at, reason=entry.reason, invalid_since=entry.invalid_since
    )


def status_by_crls(
    cache: RevocationCache,
    read: ReadData,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    at: datetime,
    freshness: Freshness,
) -> RevocationStatus:
    """The status by the cached CRLs of the issuer alone (RFC 5280 §6.3.3)."""
    crls: list[Crl] = []
    problem: Problem | None = None
    for stored in cache.crls(issuer_id(issuer)):
        try:
            crl = read.crl(cache, stored, issuer)
        except RevocationDataError as error:
            problem = error.problem
            continue
        if crl is not None:
            crls.append(crl)
    if not crls:
        named = ocsp_urls(certificate) or crl_urls(certificate)
        return _unknown(problem or (Problem.NOT_FETCHED if named else Problem.NO_SOURCE))
    return _Question(certificate=certificate, at=at, freshness=freshness).ask(crls)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question:
    """One certificate at one moment, put to the CRLs of its issuer."""

    certificate: x509.Certificate
    at: datetime
    freshness: Freshness

    def ask(self, crls: list[Crl]) -> RevocationStatus:
        """A revocation anywhere decides; good is what CRLs for all reasons do not list."""
        told = [
            (crl, self._by_pair(crl, _delta_of(crl, crls, self.at)))
            for crl in crls
            if crl.base is None and crl.scope.covers(self.certificate)
        ]
        for worst in (RevocationState.REVOKED, RevocationState.ON_HOLD):
            for _, status in told:
                if status.state is worst:
                    return status
        good = [(crl, status) for crl, status in told if status.state is RevocationState.GOOD]
        if frozenset().union(*(crl.scope.reasons for crl, _ in good)) >= ALL_REASONS:
            return _together([status for _, status in good])
        return next((status for _, status in told if status.problem), _unknown(Problem.OUT_OF_SCOPE))

    def _by_pair(self, crl: Crl, delta: Crl | None) -> RevocationStatus:
        """By a complete CRL and the changes since."""
        try:
            entry = self._entry(crl, delta)
        except RevocationDataError as error:
            return _unknown(error.problem, crl.evidence)
        evidence = (crl.evidence, delta.evidence) if delta is not None else (crl.evidence,)
        status = replace(_entry_status(entry, self.at), evidence=evidence)
        if status.state is RevocationState.REVOKED:
            return status  # for good: no later CRL can say otherwise
        if self.at > crl.next_update + self.freshness.stale_grace:
            return _unknown(Problem.STALE, *evidence)
        if entry is None and crl.this_update > self.certificate.not_valid_after_utc:
            return _unknown(Problem.AFTER_EXPIRY, *evidence)
        return replace(status, stale=self.at > crl.next_update)

    def _entry(self, crl: Crl, delta: Crl | None) -> CrlEntry | None:
        changed = delta.find(self.certificate.serial_number) if delta is not None else None
        if changed is not None:
            return None if changed.removed else changed
        return crl.find(self.certificate.serial_number)


def _delta_of(crl: Crl, crls: list[Crl], at: datetime) -> Crl | None:
    """The fresh delta CRL that this complete CRL is base enough for (RFC 5280 §5.2.4)."""
    fitting = (
        other
        for other in crls
        if other.base is not None
        and other.scope.digest == crl.scope.digest
        and other.base <= crl.number < other.number
        and at <= other.next_update
    )
    return next(fitting, None)


def _together(statuses: list[RevocationStatus]) -> RevocationStatus:
    """Good by several CRLs, each for some reasons."""
    first = next((status for status in statuses if status.since), statuses[0])
    return replace(
        first,
        evidence=tuple(item for status in statuses for item in status.evidence),
        stale=any(status.stale for status in statuses),
    )
