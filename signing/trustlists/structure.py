"""Whether a document has the form of a trusted list, before anything is read from it."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final, Protocol, cast

from lxml import etree

from signing.trustlists.errors import ListFormatError

__all__ = ["check_structure"]

_FORM: Final = Path(__file__).with_name("form") / "trusted-list.xsd"
_NAMESPACES: Final = re.compile(r"\{[^{}]*\}")
_one_at_a_time = Lock()  # the library keeps what it found with the schema


class _Entry(Protocol):
    """What the library says of one thing wrong."""

    message: str
    line: int


def check_structure(root: etree._Element) -> None:
    """Refuse a list in which an element is missing, unknown, repeated, empty or out of its place.

    Args:
        root: TrustServiceStatusList, with or without its signature.

    Raises:
        ListFormatError: the first thing wrong, with its line.
    """
    with _one_at_a_time:
        schema = _schema()
        if schema.validate(root):
            return
        log = cast("Iterable[_Entry]", schema.error_log)  # the stubs do not say that it is one
        first = next(iter(log))
    raise ListFormatError(reason=_NAMESPACES.sub("", first.message), line=first.line)


@cache
def _schema() -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.parse(_FORM, parser))
