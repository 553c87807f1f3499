"""Naming one version of a message type: ``[SYSTEM/]CODE[@VERSION]``."""

from collections.abc import Iterable
from typing import Final

from schemas.errors import UnknownTypeError
from schemas.model import MessageType

__all__ = ["BUILT_IN", "find_type", "source_of"]

#: Stands for our own schemas where a version or a pack is named.
BUILT_IN: Final = "built-in"


def source_of(one: MessageType) -> str:
    """The pack a type comes from, or `BUILT_IN`."""
    return one.pack or BUILT_IN


def find_type(types: Iterable[MessageType], reference: str) -> MessageType:
    """The type that is meant.

    Args:
        types: in the order of their precedence; the first that fits is taken.
        reference: such as "CC015C", "AES/CC928C", "CC015C@51.8"; behind "@" also a pack or "built-in".

    Raises:
        UnknownTypeError: none fits, or types of several systems do.
    """
    name, _, version = reference.partition("@")
    system, _, code = name.rpartition("/")
    found = [
        one
        for one in types
        if one.code == code and system in {"", one.system} and version in {"", one.version, source_of(one)}
    ]
    systems = tuple(sorted({one.system for one in found}))
    if len(systems) != 1:
        raise UnknownTypeError(code=reference, systems=systems)
    return found[0]
