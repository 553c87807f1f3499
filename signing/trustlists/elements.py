"""Reading elements of a list: children by name, text without surprises, values."""

from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree

from signing.encoding import time_of
from signing.errors import RefusedError
from signing.names import XML
from signing.nodes import line_of
from signing.trustlists.errors import ListFormatError
from signing.trustlists.model import Address, DigitalIdentity, LocalText, PostalAddress
from signing.trustlists.names import tsl

__all__ = [
    "address_of",
    "child",
    "children",
    "identities_of",
    "identity_of",
    "items",
    "local_name",
    "local_texts",
    "malformed",
    "number_of",
    "oid_of",
    "optional_text",
    "required",
    "text",
    "texts",
    "time",
]

_LANGUAGE = f"{{{XML}}}lang"
_OID_PREFIX = "urn:oid:"


def malformed(element: etree._Element, reason: str) -> ListFormatError:
    """The error of a place in a list."""
    return ListFormatError(reason=f"{local_name(element)}: {reason}", line=line_of(element))


def local_name(element: etree._Element) -> str:
    """The name without its namespace."""
    return etree.QName(element).localname


def children(element: etree._Element | None, name: str) -> list[etree._Element]:
    """Children of a name; none of an absent element."""
    return [] if element is None else [found for found in element if found.tag == name]


def items(element: etree._Element | None, *names: str) -> list[etree._Element]:
    """Elements down a path of names in the lists' own namespace; there may be many at the last step only."""
    *way, last = names
    for name in way:
        element = None if element is None else child(element, tsl(name))
    return children(element, tsl(last))


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The only child of a name, or None.

    Raises:
        ListFormatError: there are several.
    """
    found = children(element, name)
    if len(found) > 1:
        raise malformed(found[1], "only one expected")
    return found[0] if found else None


def required(element: etree._Element, name: str) -> etree._Element:
    """The only child of a name.

    Raises:
        ListFormatError: there is none, or several.
    """
    found = child(element, name)
    if found is None:
        raise malformed(element, f"{etree.QName(name).localname} is missing")
    return found


def text(element: etree._Element) -> str:
    """The text of an element that holds text alone, without blanks around it.

    Raises:
        ListFormatError: there is something else in it; behind a comment text could hide.
    """
    if len(element):
        raise malformed(element, "text expected")
    return (element.text or "").strip()


def optional_text(element: etree._Element, name: str) -> str | None:
    """The text of the only child of a name, or None."""
    found = child(element, name)
    return None if found is None else text(found)


def texts(elements: list[etree._Element]) -> tuple[str, ...]:
    """The texts of several elements."""
    return tuple(text(element) for element in elements)


def local_texts(elements: list[etree._Element]) -> tuple[LocalText, ...]:
    """Texts with their languages."""
    return tuple(LocalText(language=element.get(_LANGUAGE, ""), text=text(element)) for element in elements)


def time(element: etree._Element) -> datetime:
    """An xs:dateTime with zone, as UTC.

    Raises:
        ListFormatError: it is none.
    """
    try:
        return time_of(element)
    except RefusedError as error:
        raise malformed(element, "a time with zone expected") from error


def number_of(element: etree._Element) -> int:
    """A whole number that is not negative.

    Raises:
        ListFormatError: it is none, or absurdly long.
    """
    digits = text(element)
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 19):  # noqa: PLR2004 - 64 bits
        raise malformed(element, "a number expected")
    return int(digits)


def oid_of(element: etree._Element) -> str:
    """An object identifier, dotted; lists write it bare or as urn:oid:, with blanks around."""
    value = text(element)
    return value[len(_OID_PREFIX) :] if value.lower().startswith(_OID_PREFIX) else value


def address_of(element: etree._Element | None) -> Address:
    """Postal and electronic addresses."""
    if element is None:
        return Address()
    return Address(
        postal=tuple(_postal(found) for found in items(element, "PostalAddresses", "PostalAddress")),
        electronic=local_texts(items(element, "ElectronicAddress", "URI")),
    )


def _postal(element: etree._Element) -> PostalAddress:
    return PostalAddress(
        language=element.get(_LANGUAGE, ""),
        street=optional_text(element, tsl("StreetAddress")) or "",
        locality=optional_text(element, tsl("Locality")) or "",
        state=optional_text(element, tsl("StateOrProvince")),
        postal_code=optional_text(element, tsl("PostalCode")),
        country=optional_text(element, tsl("CountryName")) or "",
    )


def identities_of(element: etree._Element | None) -> tuple[DigitalIdentity, ...]:
    """Each ServiceDigitalIdentity of ServiceDigitalIdentities."""
    return tuple(identity_of(found) for found in items(element, "ServiceDigitalIdentity"))


def identity_of(element: etree._Element) -> DigitalIdentity:
    """A ServiceDigitalIdentity."""
    values = list(_identifiers(element))
    certificates = [_certificate(value) for value in values if value.tag == tsl("X509Certificate")]
    known = {tsl("X509Certificate"), tsl("X509SubjectName"), tsl("X509SKI")}
    return DigitalIdentity(
        certificates=tuple(certificate for certificate in certificates if certificate is not None),
        subject_names=texts([value for value in values if value.tag == tsl("X509SubjectName")]),
        key_identifiers=tuple(_octets(value) for value in values if value.tag == tsl("X509SKI")),
        others=tuple(local_name(value) for value in values if value.tag not in known),
        unreadable=certificates.count(None),
    )


def _identifiers(element: etree._Element) -> Iterator[etree._Element]:
    for digital_id in items(element, "DigitalId"):
        yield from digital_id.iterchildren("*")


def _octets(element: etree._Element) -> bytes:
    try:
        return b64decode("".join(text(element).split()), validate=True)
    except ValueError as error:
        raise malformed(element, "base64 expected") from error


def _certificate(element: etree._Element) -> x509.Certificate | None:
    """None for what cannot be used as a certificate: one bad entry must not cost the whole list.

    Extensions are not looked at: some certificates on real lists break their rules, and are listed anyway.
    """
    try:
        certificate = x509.load_der_x509_certificate(_octets(element))
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        return None
    return certificate
