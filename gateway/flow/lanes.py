"""Lanes of the queue."""

from typing import Final

__all__ = ["lane_of"]

_PREFIX: Final = "deliver:"


def lane_of(system: str) -> str:
    """The lane that delivers to a target system."""
    return f"{_PREFIX}{system}"
