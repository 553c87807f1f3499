"""What kind of message has been sent: the checks that are answered at once (E003)."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.clock import warsaw_day
from gateway.errors import TechnicalError
from schemas.catalogue import Catalogue
from schemas.errors import UnknownMessageError
from schemas.model import Direction, MessageType
from signing.errors import ForbiddenConstructError, NotWellFormedError, ParsingError, TooLargeError
from signing.parsing import ParseLimits, parse

__all__ = ["Recognised", "Recogniser"]

#: Texts of the channel for E003; clients know them.
UNPROCESSABLE = "Problems while processing content or no active XSD schema for current document."
NOT_A_SENDING_SCHEMA = "Dopasowany schemat nie jest schematem wysyłki"
COMMUNICATION_ERROR = "Błąd komunikacji"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recognised:
    """A parsed document and its type."""

    root: etree._Element
    message_type: MessageType


class Recogniser:
    """Parses a payload under limits and finds its type by root element and namespace.

    Args:
        catalogue: the message types known.
        limits: of one document.
    """

    def __init__(self, *, catalogue: Catalogue, limits: ParseLimits) -> None:
        self._catalogue = catalogue
        self._limits = limits

    def recognise(self, content: bytes, *, at: datetime) -> Recognised:
        """The document's tree and type.

        Args:
            content: the payload as sent.
            at: time of receipt: decides which packs count and, by its day in Warsaw, which versions.

        Raises:
            TechnicalError: E003, the document cannot be processed, is of no active type, or of a type that
                only systems send.
        """
        root = self._parse(content)
        try:
            message_type = self._catalogue.recognise(root, on=warsaw_day(at), at=at)
        except UnknownMessageError as error:
            raise _unprocessable(
                f"Document element {{{error.namespace}}}{error.root} is not known."
            ) from error
        if message_type.direction is Direction.OUTBOUND:
            raise TechnicalError(code="E003", description=NOT_A_SENDING_SCHEMA, headline=COMMUNICATION_ERROR)
        return Recognised(root=root, message_type=message_type)

    def _parse(self, content: bytes) -> etree._Element:
        try:
            return parse(content, self._limits)
        except NotWellFormedError as error:
            if _is_base64_text(content):
                raise _unprocessable("The content is encoded in base64 twice; encode it once.") from error
            place = f"line {error.line}, column {error.column}"
            raise _unprocessable(f"Not well-formed XML ({place}): {error.reason}") from error
        except ForbiddenConstructError as error:
            raise _unprocessable(f"Not allowed in a document: {error.rule}.") from error
        except TooLargeError as error:
            raise _unprocessable(
                f"The document exceeds a limit: {error.limit_name} {error.limit}."
            ) from error
        except ParsingError as error:
            raise _unprocessable("The document cannot be read as XML.") from error


def _unprocessable(reason: str) -> TechnicalError:
    return TechnicalError(code="E003", description=f"{UNPROCESSABLE} {reason}", headline=COMMUNICATION_ERROR)


def _is_base64_text(content: bytes) -> bool:
    text = b"".join(content.split())
    try:
        return bool(text) and base64.b64decode(text, validate=True).lstrip().startswith(b"<")
    except binascii.Error:
        return False
