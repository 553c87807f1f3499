"""SOAP requests of the channel, as a client writes them."""

import base64
import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from gateway.clock import new_id
from gateway.errors import ConfigurationError
from gateway.soap.names import (
    CHANNEL,
    PULL,
    SELF_SERVICE,
    SOAP_ENVELOPE,
    WSA_2005,
    WSSE,
    WSSE_BASE64,
    WSSE_PASSWORD_DIGEST,
    WSU,
)

__all__ = ["Requests"]

_PREFIXES: Final = {"soap": SOAP_ENVELOPE, "wsa": WSA_2005, "wsse": WSSE, "wsu": WSU}
_NONCE_BYTES: Final = 16
#: What no XML document can carry (XML 1.0 §2.2), lone surrogates of odd file names included.
_UNFIT: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Requests:
    """Writes the requests of one account; each has a token of its own and is good for one call.

    Args:
        endpoint: the channel's address.
        login: e-mail address of the account.
        password: its password; only a digest is written.
    """

    def __init__(self, endpoint: str, *, login: str, password: str) -> None:
        self.endpoint = endpoint
        self._login = login
        self._secret = base64.b64encode(hashlib.sha1(password.encode(), usedforsecurity=False).digest())

    def accept_document(self, content: bytes, *, filename: str | None, system: str | None) -> bytes:
        """AcceptDocument with one document and no attachment."""
        request = etree.Element(f"{{{PULL}}}AcceptDocumentRequest", nsmap={"pull": PULL, "ch": CHANNEL})
        document = etree.SubElement(request, f"{{{CHANNEL}}}document")
        part = etree.SubElement(document, f"{{{CHANNEL}}}content", mime="application/xml")
        if filename is not None:
            part.set("filename", _UNFIT.sub("_", filename))
        part.text = base64.b64encode(content).decode()
        if system is not None:
            targets = etree.SubElement(document, f"{{{CHANNEL}}}targetSystems")
            etree.SubElement(targets, f"{{{CHANNEL}}}system").text = _fit(system)
        return self._envelope("AcceptDocument", request)

    def get_next_document(self, system: str | None) -> bytes:
        """GetNextDocument, of one system or any."""
        request = etree.Element(f"{{{PULL}}}GetNextDocumentRequest", nsmap={"pull": PULL})
        if system is not None:
            etree.SubElement(request, f"{{{PULL}}}targetSystem").text = _fit(system)
        return self._envelope("GetNextDocument", request)

    def get_replies(self, sys_ref: str) -> bytes:
        """GetDocuments for the answers to a document."""
        request = etree.Element(f"{{{PULL}}}GetDocumentsRequest", nsmap={"pull": PULL})
        etree.SubElement(request, f"{{{PULL}}}korelacjaSysref").text = sys_ref
        return self._envelope("GetDocuments", request)

    def self_service(self, operation: str, **values: str | None) -> bytes:
        """A request of the self-service, with these values in the order of its contract."""
        request = etree.Element(f"{{{SELF_SERVICE}}}{operation}", nsmap={None: SELF_SERVICE})  # type: ignore[dict-item] # stubs omit None
        for name, text in values.items():
            if text is not None:
                etree.SubElement(request, f"{{{SELF_SERVICE}}}{name}").text = _fit(text)
        return self._envelope(operation, request)

    def _envelope(self, operation: str, request: etree._Element) -> bytes:
        envelope = etree.Element(f"{{{SOAP_ENVELOPE}}}Envelope", nsmap=_PREFIXES)
        header = etree.SubElement(envelope, f"{{{SOAP_ENVELOPE}}}Header")
        addressing = (("Action", operation), ("MessageID", f"urn:uuid:{new_id()}"), ("To", self.endpoint))
        for name, text in addressing:
            etree.SubElement(header, f"{{{WSA_2005}}}{name}").text = text
        self._sign_in(header)
        etree.SubElement(envelope, f"{{{SOAP_ENVELOPE}}}Body").append(request)
        return etree.tostring(envelope, encoding="UTF-8")

    def _sign_in(self, header: etree._Element) -> None:
        """Add the UsernameToken with the channel's own digest formula."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        digest = hashlib.sha1(nonce + created.encode() + self._secret, usedforsecurity=False).digest()
        security = etree.SubElement(header, f"{{{WSSE}}}Security")
        token = etree.SubElement(security, f"{{{WSSE}}}UsernameToken")
        etree.SubElement(token, f"{{{WSSE}}}Username").text = _fit(self._login)
        password = etree.SubElement(token, f"{{{WSSE}}}Password", Type=WSSE_PASSWORD_DIGEST)
        password.text = base64.b64encode(digest).decode()
        part = etree.SubElement(token, f"{{{WSSE}}}Nonce", EncodingType=WSSE_BASE64)
        part.text = base64.b64encode(nonce).decode()
        etree.SubElement(token, f"{{{WSU}}}Created").text = created


def _fit(text: str) -> str:
    """A text that XML can carry as it is. Raises ConfigurationError for any other."""
    if _UNFIT.search(text):
        raise ConfigurationError(key=repr(text), reason="has characters that cannot be sent")
    return text
