"""Values inside a signature: strict base64, element text, times."""

import re
from binascii import a2b_base64, b2a_base64
from datetime import UTC, datetime

from lxml import etree

from signing.faults import Rule, refuse

__all__ = ["base64_of", "decode_base64", "text_of", "time_of"]

_BLANKS = b" \t\r\n"
_DATE_TIME = re.compile(
    r"(?P<second>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?P<fraction>\.\d+)?(?P<zone>Z|[+-]\d{2}:\d{2})",
    re.ASCII,
)


def text_of(element: etree._Element) -> str:
    """The text of an element that holds text alone: a comment in it would hide what follows it.

    Raises:
        RefusedError: SIGNATURE_STRUCTURE.
    """
    if len(element):
        raise refuse(Rule.SIGNATURE_STRUCTURE, element, what="text expected")
    return element.text or ""


def base64_of(element: etree._Element) -> bytes:
    """The octets of an element; blanks are allowed, everything else must be canonical base64 (RFC 4648 §3.5).

    Raises:
        RefusedError: BASE64 or SIGNATURE_STRUCTURE.
    """
    try:
        return decode_base64(text_of(element))
    except ValueError as error:
        raise refuse(Rule.BASE64, element) from error


def decode_base64(text: str) -> bytes:
    """The octets of strict, canonical base64 between blanks.

    Raises:
        ValueError: anything else, or nothing.
    """
    packed = text.encode("ascii").translate(None, _BLANKS)
    octets = a2b_base64(packed, strict_mode=True)
    if not octets or b2a_base64(octets, newline=False) != packed:
        raise ValueError("not canonical base64")
    return octets


def time_of(element: etree._Element) -> datetime:
    """The xs:dateTime with a zone, as UTC; digits beyond microseconds are dropped.

    Raises:
        RefusedError: SIGNING_TIME.
    """
    found = _DATE_TIME.fullmatch(text_of(element).strip())
    if found is None:
        raise refuse(Rule.SIGNING_TIME, element)
    zone = "+00:00" if found["zone"] == "Z" else found["zone"]
    try:
        return datetime.fromisoformat(found["second"] + (found["fraction"] or "")[:7] + zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise refuse(Rule.SIGNING_TIME, element) from error
