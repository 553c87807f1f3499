"""Asking all back ends how they are, all at once."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from routing.model import BackEnd, Health

__all__ = ["ask_all"]


def ask_all(
    back_ends: Mapping[str, BackEnd], told: Callable[[int], None] = lambda _: None
) -> dict[str, Health]:
    """How every back end is, by system.

    Args:
        back_ends: by system.
        told: called with 1 for each that has answered, or been given up.
    """
    asked = {}
    with ThreadPoolExecutor() as pool:
        for system, health in zip(back_ends, pool.map(_ask, back_ends.values()), strict=True):
            asked[system] = health
            told(1)
    return asked


def _ask(back_end: BackEnd) -> Health:
    return back_end.health()
