"""SOAP 1.1 envelopes: taking a request apart, starting an answer."""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from gateway.soap.errors import MustUnderstandError, RequestError, VersionMismatchError
from gateway.soap.names import ADDRESSING_VERSIONS, SOAP_ENVELOPE, WSSE

__all__ = ["Envelope", "local_name", "new_envelope", "open_envelope", "serialise"]

_ENVELOPE, _HEADER, _BODY = (f"{{{SOAP_ENVELOPE}}}{name}" for name in ("Envelope", "Header", "Body"))
_MUST_UNDERSTAND = f"{{{SOAP_ENVELOPE}}}mustUnderstand"
_ACTOR = f"{{{SOAP_ENVELOPE}}}actor"
_OUR_ACTORS = frozenset({None, "", "http://schemas.xmlsoap.org/soap/actor/next"})
_UNDERSTOOD = frozenset({WSSE, *(version.namespace for version in ADDRESSING_VERSIONS)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A request taken apart: header entries for us, and the single child of Body."""

    headers: tuple[etree._Element, ...]
    payload: etree._Element


def open_envelope(root: etree._Element) -> Envelope:
    """Take a parsed request apart (SOAP 1.1 §4).

    Raises:
        VersionMismatchError: an Envelope in another namespace.
        RequestError: not an envelope, or not exactly one Body with exactly one element.
        MustUnderstandError: an unknown header that must be understood.
    """
    _check_version(root)
    headers = [entry for header in _elements(root, _HEADER) for entry in header.iterchildren("*")]
    ours = tuple(entry for entry in headers if entry.get(_ACTOR) in _OUR_ACTORS)
    bodies = list(_elements(root, _BODY))
    if len(bodies) != 1:
        raise RequestError(f"The envelope must hold exactly one soap:Body; it holds {len(bodies)}")
    entries = list(bodies[0].iterchildren("*"))
    if len(entries) != 1:
        raise RequestError(f"soap:Body must hold exactly one request element; it holds {len(entries)}")
    _check_understood(ours)
    return Envelope(headers=ours, payload=entries[0])


def new_envelope(*headers: etree._Element) -> tuple[etree._Element, etree._Element]:
    """An answer's Envelope with these header entries, and its empty Body."""
    envelope = etree.Element(_ENVELOPE, nsmap={"soap": SOAP_ENVELOPE})
    if headers:
        etree.SubElement(envelope, _HEADER).extend(headers)
    return envelope, etree.SubElement(envelope, _BODY)


def serialise(envelope: etree._Element) -> bytes:
    """The bytes to send: UTF-8, without an XML declaration."""
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=False)


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _elements(root: etree._Element, tag: str) -> Iterator[etree._Element]:
    return root.iterchildren(tag)


def _check_version(root: etree._Element) -> None:
    if root.tag == _ENVELOPE:
        return
    if local_name(root) == "Envelope":
        raise VersionMismatchError(namespace=etree.QName(root).namespace or "")
    raise RequestError(f"A SOAP 1.1 Envelope is expected, not the element {root.tag}")


def _check_understood(headers: tuple[etree._Element, ...]) -> None:
    for entry in headers:
        marked = entry.get(_MUST_UNDERSTAND, "0").strip() in {"1", "true"}
        if marked and etree.QName(entry).namespace not in _UNDERSTOOD:
            raise MustUnderstandError(header=entry.tag)
