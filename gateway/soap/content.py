"""Contents of documents: base64 in the envelope, bytes inside."""

import binascii

from lxml import etree

from gateway.channel import Content
from gateway.errors import TechnicalError
from gateway.soap.base64_text import Base64Text
from gateway.soap.faults import COMMUNICATION_ERROR

__all__ = ["ContentReader", "unprocessable", "write_content"]

_MIME_TYPES = frozenset({"application/xml", "application/pdf"})
_OTHER_MIME = "other"
_UNPROCESSABLE = "Problems while processing content or no active XSD schema for current document."


def unprocessable(reason: str) -> TechnicalError:
    """The channel's E003 for a payload that cannot be read, with the reason after the fixed text."""
    return TechnicalError(code="E003", description=f"{_UNPROCESSABLE} {reason}", headline=COMMUNICATION_ERROR)


class ContentReader:
    """Reads the contents of one request, whose decoded bytes together stay within a limit.

    Args:
        limit: bytes of document plus attachments after base64 decoding.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit

    def read(self, element: etree._Element) -> Content:
        """Decode one `content` element, once. Its text is taken out of the tree: payloads are large.

        Raises:
            TechnicalError: E001 beyond the limit, E003 not base64 or empty.
        """
        data = self._decode(_take_text(element))
        self._left -= len(data)
        mime = element.get("mime", "").strip()
        return Content(
            data=data,
            mime=mime if mime in _MIME_TYPES else _OTHER_MIME,
            filename=element.get("filename"),
        )

    def _decode(self, text: str) -> bytes:
        try:
            encoded = Base64Text(text)
            self._check(encoded.least_decoded_size)
            data = encoded.decode()
        except ValueError as error:
            raise unprocessable(f"The content is not base64: {error}.") from error
        self._check(len(data))
        if not data:
            raise unprocessable("The content is empty.")
        return data

    def _check(self, size: int) -> None:
        if size > self._left:
            raise TechnicalError(
                code="E001",
                description=f"The document and its attachments may have at most {self._limit} bytes together,"
                " counted after base64 decoding.",
            )


def write_content(parent: etree._Element, tag: str, content: Content) -> None:
    """Append a `content` element."""
    element = etree.SubElement(parent, tag)
    if content.filename is not None:
        element.set("filename", content.filename)
    element.set("mime", content.mime)
    element.text = binascii.b2a_base64(content.data, newline=False).decode("ascii")


def _take_text(element: etree._Element) -> str:
    if next(element.iterchildren("*"), None) is not None:
        raise unprocessable("The content must be base64 text, not elements.")
    # Comments may split the text.
    parts = [element.text, *(comment.tail for comment in element)]
    element.text = None
    return "".join(part for part in parts if part)
