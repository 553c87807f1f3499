"""How much is taken into memory, and sent, at once."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

__all__ = ["PORTION_BYTES", "at_most"]

T = TypeVar("T")
#: In base64 well below what a gateway takes in one envelope (32 MiB), even if one of 15 MiB comes last.
PORTION_BYTES: Final = 4 * 2**20


def at_most(items: Iterable[T], size: Callable[[T], int]) -> list[T]:
    """The first items, until they have PORTION_BYTES together; at least one. The others are not fetched.

    Args:
        items: fetched one by one.
        size: bytes of an item.
    """
    found: list[T] = []
    total = 0
    for item in items:
        found.append(item)
        total += size(item)
        if total >= PORTION_BYTES:
            break
    return found
