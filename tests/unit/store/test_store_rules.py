from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.engine import open_engine
from gateway.store.filters import found_by
from gateway.store.mailbox import that_fit
from gateway.store.tables import documents
from gateway.store.types import Moment

MOMENTS = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2999, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-11))]),
)
SIZES = st.lists(st.integers(min_value=0, max_value=1000))


@given(MOMENTS)
def test_moments_survive_sqlite_to_the_microsecond(moment: datetime) -> None:
    dialect = sqlite.dialect()
    stored = Moment().process_bind_param(moment, dialect)
    assert moment == Moment().process_result_value(stored, dialect)


@given(MOMENTS, MOMENTS)
def test_moments_in_sqlite_sort_by_time(one: datetime, other: datetime) -> None:
    dialect = sqlite.dialect()
    stored = [Moment().process_bind_param(moment, dialect) for moment in (one, other)]
    assert (one < other) == (stored[0] < stored[1])


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])  # type: ignore[no-untyped-call]
def test_a_moment_without_zone_is_refused(dialect: Dialect) -> None:
    with pytest.raises(TypeError):
        Moment().process_bind_param(datetime(2026, 1, 1), dialect)  # noqa: DTZ001 - what is refused


@given(SIZES, st.integers(min_value=0, max_value=5000))
def test_a_page_is_the_longest_beginning_that_fits_and_never_empty(sizes: list[int], max_bytes: int) -> None:
    fitting = that_fit(list(enumerate(sizes)), max_bytes)
    count = len(fitting)
    assert list(fitting) == list(range(count))
    assert count >= min(1, len(sizes))
    assert count <= 1 or sum(sizes[:count]) <= max_bytes
    assert count == len(sizes) or sum(sizes[: count + 1]) > max_bytes


def test_only_the_leading_key_is_left_to_an_index() -> None:
    conditions = found_by({documents.c.mrn: "M", documents.c.account: "A"})
    texts = [
        str(condition.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        for condition in conditions
    ]
    assert texts == ["documents.mrn = 'M'", "coalesce(documents.account, documents.account) = 'A'"]


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("sqlite:////tmp/x", "sqlite+pysqlite"),
    ],
)
def test_the_driver_is_ours_to_choose(url: str, driver: str) -> None:
    assert open_engine(url).url.drivername == driver
