"""When a delivery that failed is tried again: exponential back-off with full jitter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["RetryPolicy", "next_attempt"]

#: Doublings after which the cap has long been reached; keeps the power within a float.
_MAX_DOUBLINGS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How patiently a back end is tried again.

    The defaults outlast a week of outage: waits average 2.5 minutes once the cap is reached.
    """

    first: timedelta = timedelta(seconds=2)  # upper bound of the wait after the first attempt
    cap: timedelta = timedelta(minutes=5)  # no upper bound grows beyond it
    max_attempts: int | None = None  # then an operator decides; None: any number
    patience: timedelta | None = timedelta(days=7)  # from the first attempt possible; None: never give up


def next_attempt(
    attempt: int,
    now: datetime,
    policy: RetryPolicy,
    random: Callable[[], float],
    *,
    retry_after: float | None = None,
    since: datetime | None = None,
) -> datetime | None:
    """When to try again after a failed attempt.

    The wait is drawn evenly from zero to `first · 2^(attempt-1)`, at most `cap`: senders that failed
    together do not come back together.

    Args:
        attempt: number of the attempt that failed, 1 for the first.
        now: time of the failure.
        policy: bounds and patience.
        random: draws from [0, 1).
        retry_after: seconds the back end asked to be left alone; the wait is never shorter.
        since: when the work was given out; None: its age does not count.

    Returns:
        The time of the next attempt, or None when the policy gives up.
    """
    if policy.max_attempts is not None and attempt >= policy.max_attempts:
        return None
    if policy.patience is not None and since is not None and now - since >= policy.patience:
        return None
    doublings = min(attempt - 1, _MAX_DOUBLINGS)
    bound = min(policy.first.total_seconds() * 2.0**doublings, policy.cap.total_seconds())
    wait = bound * random()
    return now + timedelta(seconds=max(wait, retry_after or 0.0))
