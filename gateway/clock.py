"""Time and identifiers of the running product. Everything else takes them as parameters."""

import secrets
import time
import uuid
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

__all__ = ["WARSAW", "new_id", "now", "signature_id", "warsaw_day"]

WARSAW = ZoneInfo("Europe/Warsaw")
_LOW_BITS = (1 << 62) - 1


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A new identifier: lower-case hyphenated UUID, the form of every sysRef.

    Of version 7 (RFC 9562 section 5.7), which begins with the time: what is new stands at the end of every
    index, so that adding to ten million documents costs what adding to a thousand does. 74 bits are random.
    """
    milliseconds = time.time_ns() // 1_000_000
    chance = secrets.randbits(74)
    high = (milliseconds << 16) | (0x7 << 12) | (chance >> 62)
    low = (0b10 << 62) | (chance & _LOW_BITS)
    return str(uuid.UUID(int=(high << 64) | low))


def signature_id() -> str:
    """A random identifier that may stand as an xs:ID, which a digit must not begin."""
    return f"sig-{uuid.uuid4()}"


def warsaw_day(moment: datetime) -> date:
    """The calendar day in Poland at a moment; validity of schemas and rights is by day."""
    return moment.astimezone(WARSAW).date()
