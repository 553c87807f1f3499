"""What an authorisation of PDR allows here: the same scope as before, no more and no less."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

__all__ = ["SUCCESSORS", "same_scope"]

#: Systems of PDR times, with the one that has taken over the very same business. ICS has none: entry summary
#: declarations are only a part of AIS, so that AIS would be more than what was granted.
SUCCESSORS: Mapping[str, str] = MappingProxyType(
    {"CELINA": "AIS", "ECS": "AES", "EMCS": "EMCSPL2", "NCTS": "NCTS2"}
)


def same_scope(systems: Iterable[str]) -> frozenset[str]:
    """The systems named, each with its successor."""
    named = frozenset(systems)
    return named | {SUCCESSORS[system] for system in named & SUCCESSORS.keys()}
