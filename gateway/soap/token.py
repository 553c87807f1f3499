"""The WS-Security UsernameToken: reading it and computing the channel's digest."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from lxml import etree

from gateway.errors import SecurityError, SecurityReason
from gateway.soap.base64_text import Base64Text
from gateway.soap.envelope import Envelope
from gateway.soap.errors import PolicyError
from gateway.soap.names import WSSE, WSSE_BASE64, WSSE_PASSWORD_DIGEST, WSU

__all__ = ["Token", "channel_digest", "parse_instant", "read_token"]

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_MAX_INSTANT_LENGTH = 64
_MAX_USERNAME_LENGTH = 320  # an e-mail address: 64 characters, @, 255 characters
_END_OF_DAY = 24  # xs:dateTime writes the end of a day as 24:00:00
_MAX_OFFSET = timedelta(hours=14)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What a UsernameToken says."""

    username: str
    digest: bytes  # 20 bytes, if it is a right one
    nonce: bytes
    created_text: str  # exactly as sent: it is part of the digest
    created: datetime  # UTC


def channel_digest(*, nonce: bytes, created: str, password_hash: bytes) -> bytes:
    """The channel's own digest, which is not that of the OASIS profile.

    Args:
        nonce: nonce after base64 decoding.
        created: text of wsu:Created exactly as sent.
        password_hash: the 28 ASCII bytes Base64(SHA-1(password)), not the 20 raw bytes.
    """
    # SHA-1 is what the channel prescribes; the token is short-lived and inside TLS.
    return hashlib.sha1(nonce + created.encode() + password_hash, usedforsecurity=False).digest()


def read_token(envelope: Envelope) -> Token:
    """Read the request's UsernameToken (WSS UsernameToken profile 1.0, with the channel's restrictions).

    Timestamps, ids and other content of the Security header are left alone.

    Raises:
        PolicyError: no Security header, or none with a UsernameToken.
        SecurityError: the token is malformed, or holds a plain password.
    """
    tokens = [
        token
        for header in envelope.headers
        if header.tag == f"{{{WSSE}}}Security"
        for token in header.iterchildren(f"{{{WSSE}}}UsernameToken")
    ]
    if not tokens:
        raise PolicyError
    if len(tokens) > 1:
        raise SecurityError(reason=SecurityReason.MALFORMED_TOKEN)
    return _read(tokens[0])


def parse_instant(text: str) -> datetime:
    """Parse an xs:dateTime that has a zone; fractions beyond microseconds are cut off.

    Raises:
        ValueError: another format, no zone, or a date that does not exist.
    """
    match = _INSTANT.fullmatch(text.strip(" \t\r\n")) if len(text) <= _MAX_INSTANT_LENGTH else None
    if match is None:
        raise ValueError("not an xs:dateTime with a zone")
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    at_end_of_day = (hour, minute, second) == (_END_OF_DAY, 0, 0) and not int(match[7] or 0)
    micros = int((match[7] or "")[:6].ljust(6, "0"))
    local = datetime(
        year, month, day, 0 if at_end_of_day else hour, minute, second, micros, tzinfo=_zone(match)
    )
    try:
        return (local + timedelta(days=at_end_of_day)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the years 1 to 9999") from error


def _zone(match: re.Match[str]) -> timezone:
    sign, hours, minutes = match.group(8, 9, 10)
    if sign is None:
        return UTC
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if int(minutes) > 59 or offset > _MAX_OFFSET:  # noqa: PLR2004 - minutes of an hour
        raise ValueError("no such time zone")
    return timezone(-offset if sign == "-" else offset)


def _read(token: etree._Element) -> Token:
    username = _read_username(token)
    password = _only(token, WSSE, "Password")
    if password.get("Type") != WSSE_PASSWORD_DIGEST:
        raise SecurityError(reason=SecurityReason.PASSWORD_TEXT, username=username)
    nonce = _only(token, WSSE, "Nonce")
    created = _text(token, WSU, "Created")
    try:
        return Token(
            username=username,
            digest=Base64Text(password.text or "").decode(),
            nonce=_decode_nonce(nonce),
            created_text=created,
            created=parse_instant(created),
        )
    except ValueError as error:
        raise SecurityError(reason=SecurityReason.MALFORMED_TOKEN, username=username) from error


def _decode_nonce(element: etree._Element) -> bytes:
    if element.get("EncodingType", WSSE_BASE64) != WSSE_BASE64:
        raise ValueError("the nonce is not base64")
    nonce = Base64Text(element.text or "").decode()
    if not nonce:
        raise ValueError("the nonce is empty")
    return nonce


def _read_username(token: etree._Element) -> str:
    username = _text(token, WSSE, "Username").strip()
    if not 0 < len(username) <= _MAX_USERNAME_LENGTH:
        raise SecurityError(reason=SecurityReason.MALFORMED_TOKEN)
    return username


def _only(token: etree._Element, namespace: str, name: str) -> etree._Element:
    found = list(token.iterchildren(f"{{{namespace}}}{name}"))
    if len(found) != 1 or len(found[0]):
        raise SecurityError(reason=SecurityReason.MALFORMED_TOKEN)
    return found[0]


def _text(token: etree._Element, namespace: str, name: str) -> str:
    return _only(token, namespace, name).text or ""
