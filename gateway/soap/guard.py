"""What a request must look like before anything else reads it: HTTP rules, size, and safe parsing."""

from typing import Final
from wsgiref.types import InputStream, WSGIEnvironment

from lxml import etree

from gateway.soap.errors import HttpError, RequestError
from gateway.soap.settings import EdgeSettings
from signing.errors import Construct, ForbiddenConstructError, NotWellFormedError, TooLargeError
from signing.parsing import ParseLimits, parse

__all__ = ["RequestGuard", "check_content_type"]

_MEDIA_TYPES: Final = frozenset({"text/xml", "application/xml"})
_CHARSETS: Final = frozenset({"", "utf-8", "utf8"})
_CHUNK: Final = 64 * 1024  # bytes per read of a body of unknown length

_FORBIDDEN: Final = {
    Construct.DOCTYPE: "a document type declaration is not allowed in a SOAP message",
    Construct.ENCODING: "only UTF-8 is accepted",
    Construct.VERSION: "only XML 1.0 is accepted",
    Construct.INSTRUCTION: "a processing instruction is not allowed in a SOAP message",
}


def check_content_type(environ: WSGIEnvironment) -> None:
    """Accept SOAP 1.1 over HTTP in UTF-8 only.

    Raises:
        HttpError: 415, another media type or character set.
    """
    media_type, _, parameters = environ.get("CONTENT_TYPE", "").partition(";")
    if media_type.strip().lower() not in _MEDIA_TYPES:
        raise HttpError(
            status=415,
            text=f"Content-Type must be text/xml or application/xml, not '{media_type.strip()}'"
            " (SOAP 1.1, no attachments)",
        )
    charset = _charset(parameters)
    if charset not in _CHARSETS:
        raise HttpError(status=415, text=f"Only charset utf-8 is accepted, not '{charset}'")


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \t\"'").lower()
    return ""


class RequestGuard:
    """Reads and parses a request body within the limits."""

    def __init__(self, settings: EdgeSettings) -> None:
        self._limit = settings.envelope_bytes
        self._parse_limits = ParseLimits(
            max_bytes=settings.envelope_bytes,
            max_depth=settings.max_depth,
            max_nodes=settings.max_nodes,
        )

    def read_tree(self, environ: WSGIEnvironment) -> etree._Element:
        """The parsed envelope; its bytes are let go.

        Raises:
            HttpError: 400, 411 or 413, see `read_body`.
            RequestError: not well-formed, cut short, not UTF-8, with a DOCTYPE, too deep or too many nodes.
        """
        body = self.read_body(environ)
        try:
            return parse(body, self._parse_limits)
        except NotWellFormedError as error:
            where = f"line {error.line}, column {error.column}"
            raise RequestError(f"The request is not well-formed XML: {where}: {error.reason}") from error
        except ForbiddenConstructError as error:
            where = f"line {error.line}: " if error.line else ""
            raise RequestError(f"The request is refused: {where}{_FORBIDDEN[error.rule]}") from error
        except TooLargeError as error:
            raise RequestError(
                f"The request is refused: {error.limit_name} is {error.limit} for a SOAP message"
            ) from error

    def read_body(self, environ: WSGIEnvironment) -> bytes:
        """Read the body, never more than the limit.

        Raises:
            HttpError: 413 too long, 411 of unknown length on a server that cannot tell where it ends,
                400 for a bad Content-Length or a body shorter than announced.
        """
        declared = environ.get("CONTENT_LENGTH") or ""
        stream: InputStream = environ["wsgi.input"]
        if not declared:
            return self._read_to_end(environ, stream)
        if not (declared.isascii() and declared.isdigit()):
            raise HttpError(status=400, text="Content-Length is not a number")
        return self._read_exactly(int(declared), stream)

    def _read_exactly(self, length: int, stream: InputStream) -> bytes:
        if length > self._limit:
            raise self._too_long()
        body = stream.read(length)
        if len(body) == length:
            return body
        parts = [body]
        missing = length - len(body)
        while missing and (part := stream.read(missing)):
            parts.append(part)
            missing -= len(part)
        if missing:
            raise HttpError(status=400, text=f"The body ends {missing} bytes before its Content-Length")
        return b"".join(parts)

    def _read_to_end(self, environ: WSGIEnvironment, stream: InputStream) -> bytes:
        if not environ.get("wsgi.input_terminated"):
            raise HttpError(status=411, text="Content-Length is required")
        body = bytearray()
        while part := stream.read(_CHUNK):
            body += part
            if len(body) > self._limit:
                raise self._too_long()
        return bytes(body)

    def _too_long(self) -> HttpError:
        return HttpError(status=413, text=f"A request may have at most {self._limit} bytes")
