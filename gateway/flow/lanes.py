"""Lanes of the queue."""

from typing import Final

__all__ = ["lane_of", "system_of"]

_PREFIX: Final = "deliver:"


def lane_of(system: str) -> str:
    """The lane that delivers to a target system."""
    return f"{_PREFIX}{system}"


def system_of(lane: str) -> str | None:
    """The target system that a lane delivers to; None: it delivers to none."""
    return lane.removeprefix(_PREFIX) if lane.startswith(_PREFIX) else None
