"""Time and identifiers of the running product. Everything else takes them as parameters."""

import uuid
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

__all__ = ["WARSAW", "new_id", "now", "signature_id", "warsaw_day"]

WARSAW = ZoneInfo("Europe/Warsaw")


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random identifier: lower-case hyphenated UUID, the form of every sysRef."""
    return str(uuid.uuid4())


def signature_id() -> str:
    """A random identifier that may stand as an xs:ID, which a digit must not begin."""
    return f"sig-{uuid.uuid4()}"


def warsaw_day(moment: datetime) -> date:
    """The calendar day in Poland at a moment; validity of schemas and rights is by day."""
    return moment.astimezone(WARSAW).date()
