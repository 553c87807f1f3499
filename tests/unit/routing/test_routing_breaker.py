from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from routing.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from routing.model import Accepted, Rejected, Unavailable

DOWN = Unavailable(reason="connection refused")
POLICY = BreakerPolicy(failures=3, pause=timedelta(seconds=30))


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(POLICY, clock)


def trip(breaker: CircuitBreaker) -> None:
    for _ in range(POLICY.failures):
        breaker.record([DOWN])


def test_it_stays_closed_below_the_limit(breaker: CircuitBreaker) -> None:
    breaker.record([DOWN])
    breaker.record([DOWN])
    assert breaker.state is BreakerState.CLOSED
    assert breaker.allow()
    assert breaker.retry_at() is None


def test_consecutive_failures_open_it_for_the_pause(breaker: CircuitBreaker, clock: Clock) -> None:
    trip(breaker)
    assert breaker.state is BreakerState.OPEN
    assert not breaker.allow()
    assert breaker.retry_at() == clock.now + timedelta(seconds=30)


@pytest.mark.parametrize("sign_of_life", [Accepted(), Rejected(reason="bad EORI")])
def test_any_document_that_reaches_the_back_end_starts_the_count_again(
    breaker: CircuitBreaker, sign_of_life: Accepted | Rejected
) -> None:
    breaker.record([DOWN])
    breaker.record([DOWN])
    breaker.record([DOWN, sign_of_life])
    breaker.record([DOWN])
    assert breaker.state is BreakerState.CLOSED


def test_refusals_never_open_it(breaker: CircuitBreaker) -> None:
    for _ in range(100):
        breaker.record([Rejected(reason="bad EORI")])
    assert breaker.state is BreakerState.CLOSED


def test_an_empty_batch_says_nothing(breaker: CircuitBreaker) -> None:
    breaker.record([DOWN])
    breaker.record([DOWN])
    breaker.record([])
    breaker.record([DOWN])
    assert breaker.state is BreakerState.OPEN


def test_after_the_pause_one_probe_is_allowed(breaker: CircuitBreaker, clock: Clock) -> None:
    trip(breaker)
    clock.pass_by(30)
    assert breaker.state is BreakerState.HALF_OPEN
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: breaker.allow(), range(64)))
    assert answers.count(True) == 1


def test_a_good_probe_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    trip(breaker)
    clock.pass_by(30)
    assert breaker.allow()
    breaker.record([Accepted()])
    assert breaker.state is BreakerState.CLOSED


def test_a_bad_probe_opens_it_for_another_pause(breaker: CircuitBreaker, clock: Clock) -> None:
    trip(breaker)
    clock.pass_by(30)
    assert breaker.allow()
    breaker.record([DOWN])
    clock.pass_by(29)
    assert not breaker.allow()
    clock.pass_by(1)
    assert breaker.allow()


def test_a_probe_that_never_reports_back_is_replaced(breaker: CircuitBreaker, clock: Clock) -> None:
    trip(breaker)
    clock.pass_by(30)
    assert breaker.allow()
    assert not breaker.allow()
    clock.pass_by(30)
    assert breaker.allow()
