"""dataOd and dataDo: xs:date or xs:dateTime, with or without a zone; clients send all of them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.clock import WARSAW

__all__ = ["Moment", "parse_moment"]

_ZONE: Final = r"(Z|[+-]\d\d:\d\d)?"
_DATE: Final = re.compile(rf"(\d{{4}}-\d\d-\d\d){_ZONE}", re.ASCII)
_DATE_TIME: Final = re.compile(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?{_ZONE}", re.ASCII)
_DAY: Final = timedelta(days=1)  # covered by a date
_INSTANT: Final = timedelta(milliseconds=1)  # covered by a time: clients round to it


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A bound of a window.

    In the hour that clocks repeat in autumn a local time names two moments: a window begins at the earlier
    and ends at the later one, so that nothing created meanwhile is missed.
    """

    moment: datetime  # the bound as the start of a window, UTC
    after: datetime  # the first moment no longer covered when it is the end of a window, UTC
    local: datetime  # by Polish clocks, without zone: their change makes no day longer or shorter


def parse_moment(text: str) -> Moment | None:
    """Read a bound; a value without zone is Polish local time, a date covers its whole day.

    Returns:
        None when the text is neither an xs:date nor an xs:dateTime.
    """
    try:
        bound, covered = _read(text.strip())
        return Moment(
            moment=min(_moments(bound)),
            after=max(_moments(bound + covered)),
            local=bound.astimezone(WARSAW).replace(tzinfo=None) if bound.tzinfo else bound,
        )
    except (ValueError, OverflowError):
        return None


def _read(text: str) -> tuple[datetime, timedelta]:
    """A bound, with its zone where it names one, and how long it lasts."""
    if day := _DATE.fullmatch(text):
        return datetime.fromisoformat(f"{day[1]}T00:00:00{day[2] or ''}"), _DAY
    if _DATE_TIME.fullmatch(text):
        return datetime.fromisoformat(text), _INSTANT
    raise ValueError(text)


def _moments(bound: datetime) -> tuple[datetime, ...]:
    """The moments a bound names, UTC: two where clocks were changed."""
    if bound.tzinfo is not None:
        return (bound.astimezone(UTC),)
    return tuple(bound.replace(tzinfo=WARSAW, fold=fold).astimezone(UTC) for fold in (0, 1))
