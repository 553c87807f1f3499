"""How a document travels to a remote back end: headers and body, whatever carries them.

The page for back-end teams is docs/reference/back-end-contract.md; a change here is a change of the contract.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, unquote

from routing.errors import EnvelopeError
from routing.model import AttachedFile, Delivery

__all__ = ["Body", "body_of", "headers_of", "members_of", "read_delivery"]

_XML: Final = "application/xml"
_FORM: Final = "multipart/form-data"  # RFC 7578
_OTHER: Final = "application/octet-stream"
_MIME: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")
#: Stays as it is in a header; anything else is percent-encoded UTF-8 (RFC 3986).
_PLAIN: Final = "!#$&'()*+,/:;=?@[]^`{|}<>\\\""

#: What is told of a document beside its bytes. Headers without a value are left out.
_HEADERS: Final[Mapping[str, Callable[[Delivery], str | None]]] = MappingProxyType(
    {
        "Sisc-Sys-Ref": lambda delivery: delivery.sys_ref,
        "Sisc-System": lambda delivery: delivery.system,
        "Sisc-Message-Type": lambda delivery: delivery.type_code,
        "Sisc-Sha256": lambda delivery: delivery.sha256,
        "Sisc-Received-At": lambda delivery: delivery.received_at.isoformat(),
        "Sisc-Attempt": lambda delivery: str(delivery.attempt),
        "Sisc-Person": lambda delivery: delivery.person,
        "Sisc-Agency": lambda delivery: delivery.middle,
        "Sisc-Firm": lambda delivery: delivery.end,
        "Sisc-File-Name": lambda delivery: delivery.filename,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """The bytes that travel, and what they are."""

    content_type: str
    content: bytes


def headers_of(delivery: Delivery) -> dict[str, str]:
    """What is told of a document beside its bytes."""
    values = {name: value(delivery) for name, value in _HEADERS.items()}
    return {name: quote(value, safe=_PLAIN) for name, value in values.items() if value}


def members_of(delivery: Delivery) -> dict[str, str]:
    """The same for a JSON object: `Sisc-Sys-Ref` becomes `sysRef`, and texts stay as they are."""
    values = {_member(name): value(delivery) for name, value in _HEADERS.items()}
    return {name: value for name, value in values.items() if value}


def body_of(delivery: Delivery) -> Body:
    """The document exactly as it was sent; with attachments, the first part of a form."""
    if not delivery.attachments:
        return Body(content_type=_XML, content=delivery.content)
    document = _part("document", delivery.filename or "document.xml", _XML, delivery.content)
    attached = [
        _part("attachment", each.filename or f"attachment-{number}", _mime(each.mime), each.content)
        for number, each in enumerate(delivery.attachments, start=1)
    ]
    # A boundary made of the content cannot stand in the content.
    boundary = hashlib.sha256(b"".join([document, *attached])).hexdigest().encode()
    lines = [b"--" + boundary + b"\r\n" + part + b"\r\n" for part in (document, *attached)]
    return Body(
        content_type=f"{_FORM}; boundary={boundary.decode()}",
        content=b"".join(lines) + b"--" + boundary + b"--\r\n",
    )


def read_delivery(headers: Mapping[str, str], body: Body) -> Delivery:
    """The other end of `headers_of` and `body_of`, for back ends written in Python.

    Raises:
        EnvelopeError: a header is missing, or the bytes are not those the headers tell of.
    """
    told = {name.lower(): unquote(value) for name, value in headers.items()}
    content, attachments = _read_body(body)
    try:
        delivery = Delivery(
            sys_ref=told["sisc-sys-ref"],
            system=told["sisc-system"],
            type_code=told["sisc-message-type"],
            content=content,
            sha256=told["sisc-sha256"],
            filename=told.get("sisc-file-name"),
            received_at=datetime.fromisoformat(told["sisc-received-at"]),
            person=told.get("sisc-person", ""),
            middle=told.get("sisc-agency"),
            end=told.get("sisc-firm"),
            attempt=int(told["sisc-attempt"]),
            attachments=attachments,
        )
    except KeyError as error:
        raise EnvelopeError(reason=f"header {error.args[0]} is missing") from error
    except ValueError as error:
        raise EnvelopeError(reason=f"a header cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != delivery.sha256:
        raise EnvelopeError(reason="the document is not the one Sisc-Sha256 tells of")
    return delivery


def _member(header: str) -> str:
    words = header.removeprefix("Sisc-").replace("-", "")
    return words[0].lower() + words[1:]


def _mime(told: str) -> str:
    """What the sender called the file, unless it could break the form."""
    return told if _MIME.fullmatch(told) else _OTHER


def _part(field: str, filename: str, mime: str, content: bytes) -> bytes:
    name = quote(filename, safe=" ()+,=@[]")
    head = (
        f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\nContent-Type: {mime}\r\n\r\n'
    )
    return head.encode("ascii") + content


def _read_body(body: Body) -> tuple[bytes, tuple[AttachedFile, ...]]:
    kind, _, boundary = body.content_type.partition("; boundary=")
    if kind != _FORM:
        return body.content, ()
    parts = body.content.split(b"--" + boundary.encode("ascii", "replace"))[1:-1]
    files = [_read_part(part.removeprefix(b"\r\n").removesuffix(b"\r\n")) for part in parts]
    if not files:
        raise EnvelopeError(reason="a form without a document")
    return files[0].content, tuple(files[1:])


def _read_part(part: bytes) -> AttachedFile:
    head, _, content = part.partition(b"\r\n\r\n")
    text = head.decode("ascii", "replace")
    name = re.search(r'filename="([^"]*)"', text)
    mime = re.search(r"^Content-Type: (\S+)", text, re.MULTILINE)
    return AttachedFile(
        content=content, filename=unquote(name[1]) if name else None, mime=mime[1] if mime else _OTHER
    )
