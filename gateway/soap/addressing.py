"""WS-Addressing: which message is this, and the headers of its answer.

Both versions in use by real clients are understood, and the answer keeps the request's version. Destination
and action take no part in dispatch; the answer goes back on the same connection, whatever ReplyTo says.
"""

from dataclasses import dataclass

from lxml import etree

from gateway.soap.envelope import Envelope
from gateway.soap.errors import AddressingError
from gateway.soap.names import ADDRESSING_2005, ADDRESSING_VERSIONS, WsaVersion

__all__ = ["Addressing", "is_addressed", "read_addressing", "reply_headers"]

_MAX_LENGTH = 2_000  # characters of a header; it comes back in the answer and stands in the log


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressing:
    """The addressing properties of a request that its answer needs."""

    version: WsaVersion
    message_id: str  # verbatim, some clients leave out "urn:"


def is_addressed(envelope: Envelope) -> bool:
    """Whether a request has any header of WS-Addressing."""
    known = {version.namespace for version in ADDRESSING_VERSIONS}
    return any(etree.QName(entry).namespace in known for entry in envelope.headers)


def read_addressing(envelope: Envelope) -> Addressing:
    """Read the addressing headers.

    Raises:
        AddressingError: MessageID or Action is missing, empty, given twice or too long.
    """
    version = _version_of(envelope)
    _required(envelope, version, "Action")
    return Addressing(version=version, message_id=_required(envelope, version, "MessageID"))


def reply_headers(request: Addressing, *, action: str, message_id: str) -> tuple[etree._Element, ...]:
    """The answer's headers in their fixed order, each declaring its own default namespace.

    Args:
        request: the message answered.
        action: Action URI of the answer.
        message_id: bare UUID of the answer.
    """
    version = request.version
    values = (
        ("Action", action),
        ("MessageID", f"urn:uuid:{message_id}"),
        ("To", version.anonymous),
        ("RelatesTo", request.message_id),
    )
    return tuple(_header(version.namespace, name, text) for name, text in values)


def _header(namespace: str, name: str, text: str) -> etree._Element:
    element = etree.Element(f"{{{namespace}}}{name}", nsmap={None: namespace})  # type: ignore[dict-item] # stubs omit None
    element.text = text
    return element


def _version_of(envelope: Envelope) -> WsaVersion:
    used = {etree.QName(entry).namespace for entry in envelope.headers}
    return next((version for version in ADDRESSING_VERSIONS if version.namespace in used), ADDRESSING_2005)


def _required(envelope: Envelope, version: WsaVersion, name: str) -> str:
    tag = f"{{{version.namespace}}}{name}"
    found = [entry.text or "" for entry in envelope.headers if entry.tag == tag]
    if len(found) > 1 or len("".join(found)) > _MAX_LENGTH:
        raise AddressingError(header=name, version=version, invalid=True)
    if not found or not found[0].strip():
        raise AddressingError(header=name, version=version)
    return found[0]
