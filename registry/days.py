"""Moments and days: a moment always names its zone, the day that counts is the one in Poland."""

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from registry.errors import InvalidRecordError

__all__ = ["polish_day", "require_zone"]


@cache
def _poland() -> ZoneInfo:
    return ZoneInfo("Europe/Warsaw")


def polish_day(at: datetime) -> date:
    """The calendar day in Poland at this moment.

    Raises:
        InvalidRecordError: `at` has no time zone, so it names no moment.
    """
    return require_zone(at).astimezone(_poland()).date()


def require_zone(at: datetime) -> datetime:
    """The same moment; raises InvalidRecordError when it has no time zone, instead of guessing one."""
    if at.utcoffset() is None:
        raise InvalidRecordError(field="at", reason="a moment needs a time zone")
    return at
