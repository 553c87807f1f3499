import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.soap.token import channel_digest, parse_instant


def b64(text: str) -> bytes:
    return base64.b64decode(text)


@pytest.mark.parametrize(
    ("password_hash", "nonce", "created", "digest"),
    [
        (
            b"4omK5xASZx4P8dcHR/piCVgCLNg=",
            "FMkbl0dxVeoNttMqS8lMA1IR0yA=",
            "2022-06-20T06:20:03.000Z",
            "FEOJix5+hq+ORblivn/ra2Ap7Rc=",
        ),
        (
            b"cmFKdhUdJH9H1ICh2wf1RQc3S14=",
            "AAECAwQFBgcICQoLDA0ODw==",
            "2026-01-02T03:04:05Z",
            "5HdhyqrdGxwL1oLgN2gTdzfsS+Y=",
        ),
    ],
)
def test_the_digest_follows_the_published_vectors(
    password_hash: bytes, nonce: str, created: str, digest: str
) -> None:
    assert b64(digest) == channel_digest(nonce=b64(nonce), created=created, password_hash=password_hash)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+00:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T04:34:05+01:30", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-01T22:04:05-05:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.120Z", datetime(2026, 1, 2, 3, 4, 5, 120_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2026-01-01T24:00:00Z", datetime(2026, 1, 2, tzinfo=UTC)),
        ("\n 2026-01-02T03:04:05Z \t", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_every_form_of_a_date_time_with_a_zone_is_read(text: str, expected: datetime) -> None:
    assert expected == parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-02T03:04:05",  # no zone
        "2026-01-02",
        "2026-01-02 03:04:05Z",
        "2026-13-02T03:04:05Z",
        "2026-02-30T03:04:05Z",
        "2026-01-02T24:00:01Z",
        "2026-01-02T24:00:00.5Z",
        "2026-01-02T03:60:05Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05+14:01",
        "2026-01-02T03:04:05+01:60",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T24:00:00Z",
        "٢٠٢٦-01-02T03:04:05Z",
        "2026-01-02T03:04:05." + "1" * 100 + "Z",
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_instant(text)


@given(
    moment=st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1)),  # noqa: DTZ001 - zone follows
    minutes=st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_a_time_means_the_same_in_every_zone(moment: datetime, minutes: int) -> None:
    utc = moment.replace(tzinfo=UTC)
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    local = (utc + timedelta(minutes=minutes)).replace(tzinfo=None)
    assert utc == parse_instant(local.isoformat(timespec="microseconds") + zone)
