"""May fetched data enter the cache: the checks that depend on the time and on what is known already."""

from collections.abc import Sequence
from datetime import datetime

from signing.revocation.cache import StoredAnswer, StoredCrl
from signing.revocation.crl import Crl
from signing.revocation.errors import Problem, RevocationDataError
from signing.revocation.model import Freshness
from signing.revocation.ocsp import Answer, ResponderCheck

__all__ = ["accept_answer", "accept_crl"]


def accept_crl(crl: Crl, *, now: datetime, freshness: Freshness, known: Sequence[StoredCrl]) -> None:
    """Let a fetched CRL in, if it is fresh and no older than the one of the same scope.

    Args:
        crl: from `read_crl`.
        now: the present, with zone.
        freshness: how old and how early it may be.
        known: what the cache has of this issuer.

    Raises:
        RevocationDataError: the rule it breaks.
    """
    _check_times(crl.this_update, crl.next_update, now, freshness)
    for stored in known:
        same = stored.scope == crl.scope.digest and stored.delta == (crl.base is not None)
        if same and (crl.number < stored.number or crl.this_update < stored.this_update):
            raise RevocationDataError(Problem.ROLLBACK, f"cRLNumber {crl.number} after {stored.number}")
    if crl.base is not None and not _has_base(crl, crl.base, known):
        raise RevocationDataError(Problem.DELTA_BASE, f"BaseCRLNumber {crl.base}")


def _has_base(crl: Crl, base: int, known: Sequence[StoredCrl]) -> bool:
    return any(
        not stored.delta and stored.scope == crl.scope.digest and stored.number >= base for stored in known
    )


def accept_answer(
    answer: Answer,
    *,
    now: datetime,
    freshness: Freshness,
    known: StoredAnswer | None,
    nonce: bytes | None,
    is_responder_good: ResponderCheck,
) -> None:
    """Let a fetched response in, if it is fresh, ours and its responder may speak now.

    Args:
        answer: from `read_answer`.
        now: the present, with zone.
        freshness: how old and how early it may be.
        known: what the cache has about this certificate.
        nonce: what was sent; the response may leave it out, but not carry another.
        is_responder_good: asked about a delegate whose own revocation matters.

    Raises:
        RevocationDataError: the rule it breaks.
    """
    if answer.nonce is not None and answer.nonce != nonce:
        raise RevocationDataError(Problem.NONCE)
    until = freshness.of_answer(answer.this_update, answer.next_update)
    _check_times(answer.this_update, until, now, freshness)
    responder = answer.responder
    if not responder.not_valid_before_utc <= now <= responder.not_valid_after_utc:
        raise RevocationDataError(Problem.RESPONDER_DATES, responder.subject.rfc4514_string())
    if answer.responder_needs_check and not is_responder_good(responder):
        raise RevocationDataError(Problem.RESPONDER_STATUS, responder.subject.rfc4514_string())
    if known is not None and answer.this_update < known.this_update:
        raise RevocationDataError(Problem.ROLLBACK, f"thisUpdate {answer.this_update}")


def _check_times(this_update: datetime, fresh_until: datetime, now: datetime, freshness: Freshness) -> None:
    if this_update > now + freshness.clock_skew:
        raise RevocationDataError(Problem.FROM_THE_FUTURE, f"thisUpdate {this_update}")
    if fresh_until < now:
        raise RevocationDataError(Problem.STALE, f"fresh until {fresh_until}")
