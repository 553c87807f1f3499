from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from routing.retry import RetryPolicy, next_attempt

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = RetryPolicy(first=timedelta(seconds=2), cap=timedelta(minutes=5), max_attempts=2000)

attempts = st.integers(min_value=1, max_value=1999)
draws = st.floats(min_value=0, max_value=1, exclude_max=True)


@given(attempts, draws)
def test_the_wait_lies_between_zero_and_the_doubled_bound_and_never_over_the_cap(
    attempt: int, draw: float
) -> None:
    due = next_attempt(attempt, NOW, POLICY, lambda: draw)
    assert due is not None
    bound = min(2.0 * 2 ** min(attempt - 1, 20), 300.0)
    assert 0 <= (due - NOW).total_seconds() <= bound


@given(attempts, draws, st.floats(min_value=0, max_value=3600))
def test_the_wait_is_never_shorter_than_the_back_end_asked_for(
    attempt: int, draw: float, asked: float
) -> None:
    due = next_attempt(attempt, NOW, POLICY, lambda: draw, retry_after=asked)
    assert due is not None
    assert due >= NOW + timedelta(seconds=asked)


def test_full_jitter_spreads_over_the_whole_bound() -> None:
    assert next_attempt(3, NOW, POLICY, lambda: 0.0) == NOW
    assert next_attempt(3, NOW, POLICY, lambda: 0.5) == NOW + timedelta(seconds=4)


def test_it_gives_up_after_the_last_attempt() -> None:
    policy = RetryPolicy(max_attempts=3)
    assert next_attempt(2, NOW, policy, lambda: 0.5) is not None
    assert next_attempt(3, NOW, policy, lambda: 0.5) is None


def test_without_a_limit_it_never_gives_up() -> None:
    patient = RetryPolicy(max_attempts=None)
    assert next_attempt(10**9, NOW, patient, lambda: 0.5) == NOW + timedelta(seconds=150)
