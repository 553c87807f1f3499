"""A client of the channel: what `sisc send`, `sisc poll` and the demo speak to any gateway."""

import base64
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx
from lxml import etree

from gateway.client.requests import Requests
from gateway.errors import GatewayError, UnavailableError
from gateway.soap.names import CHANNEL, PULL, SOAP_ENVELOPE, endpoint_of

__all__ = ["ChannelClient", "FaultError", "FetchedDocument", "Page"]

_TIMEOUT_SECONDS: Final = 180.0  # the channel's own operation time-out
_CONNECT_SECONDS: Final = 15.0


class FaultError(GatewayError):
    """The gateway answered with a SOAP fault.

    Args:
        text: faultstring.
        code: errorCode of the channel, where the fault carries one.
        description: errorDesc.
        incident: what the operators need to find it in their logs.
    """

    def __init__(
        self,
        *,
        text: str,
        code: str | None = None,
        description: str | None = None,
        incident: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {description}" if code else text)
        self.text = text
        self.code = code
        self.description = description
        self.incident = incident


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedDocument:
    """A document from the mailbox."""

    content: bytes
    filename: str | None
    dispatch_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Answer of GetDocuments."""

    count: int
    documents: tuple[FetchedDocument, ...]


class ChannelClient:
    """One account's connection to a gateway. Use it as a context manager.

    Args:
        url: address of the gateway, with or without the channel's path.
        login: e-mail address of the account.
        password: its password; only a digest is sent.
        timeout_seconds: how long to wait for each answer.
    """

    def __init__(
        self, url: str, *, login: str, password: str, timeout_seconds: float = _TIMEOUT_SECONDS
    ) -> None:
        self._requests = Requests(endpoint_of(url), login=login, password=password)
        timeout = httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, _CONNECT_SECONDS))
        self._http = httpx.Client(timeout=timeout)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._http.close()

    def send(self, content: bytes, *, filename: str | None = None, system: str | None = None) -> str:
        """Send a document (AcceptDocument).

        Returns:
            Its sysRef.

        Raises:
            FaultError: the gateway refused it.
            UnavailableError: the gateway cannot be reached.
        """
        request = self._requests.accept_document(content, filename=filename, system=system)
        sys_ref = self._call("AcceptDocument", request).findtext(f".//{{{CHANNEL}}}sysRef")
        if not sys_ref:
            raise UnavailableError(what=self._requests.endpoint, reason="an answer without sysRef")
        return sys_ref

    def next(self, system: str | None = None) -> tuple[FetchedDocument | None, bool]:
        """Collect the next document (GetNextDocument) and tell whether more are waiting.

        Raises:
            FaultError: the gateway refused the call.
            UnavailableError: the gateway cannot be reached.
        """
        answer = self._call("GetNextDocument", self._requests.get_next_document(system))
        document = answer.find(f"{{{CHANNEL}}}document")
        return (None if document is None else _fetched(document)), answer.get("hasNext") == "true"

    def replies(self, sys_ref: str) -> Page:
        """The answers to a document (GetDocuments by korelacjaSysref), collected or not.

        Raises:
            FaultError: the gateway refused the call.
            UnavailableError: the gateway cannot be reached.
        """
        answer = self._call("GetDocuments", self._requests.get_replies(sys_ref))
        documents = tuple(map(_fetched, answer.findall(f"{{{CHANNEL}}}document")))
        count = answer.findtext(f"{{{PULL}}}documentsCount", "0")
        return Page(count=int(count) if count.isdecimal() else len(documents), documents=documents)

    def _call(self, operation: str, request: bytes) -> etree._Element:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'}
        try:
            response = self._http.post(self._requests.endpoint, content=request, headers=headers)
        except httpx.TimeoutException as error:
            raise UnavailableError(what=self._requests.endpoint, reason="no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise UnavailableError(what=self._requests.endpoint, reason=reason) from error
        return _answer(response)


def _answer(response: httpx.Response) -> etree._Element:
    """The body's element; raises FaultError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        envelope = etree.fromstring(response.content, parser)
    except etree.XMLSyntaxError as error:
        raise UnavailableError(
            what=str(response.url), reason=f"HTTP {response.status_code} without a SOAP answer"
        ) from error
    body = envelope.find(f"{{{SOAP_ENVELOPE}}}Body")
    if body is None or not len(body):
        raise UnavailableError(what=str(response.url), reason=f"HTTP {response.status_code}, empty answer")
    if body[0].tag == f"{{{SOAP_ENVELOPE}}}Fault":
        raise FaultError(
            text=body[0].findtext("faultstring", ""),
            code=body[0].findtext(f".//{{{CHANNEL}}}errorCode"),
            description=body[0].findtext(f".//{{{CHANNEL}}}errorDesc"),
            incident=response.headers.get("X-Incident-Id"),
        )
    return body[0]


def _fetched(document: etree._Element) -> FetchedDocument:
    content = document.find(f"{{{CHANNEL}}}content")
    if content is None:
        raise UnavailableError(what="document", reason="an answer without content")
    try:
        octets = base64.b64decode(content.text or "")
    except ValueError as error:
        raise UnavailableError(what="document", reason="an answer whose content is not base64") from error
    return FetchedDocument(
        content=octets,
        filename=content.get("filename"),
        dispatch_id=document.findtext(f"{{{CHANNEL}}}dispatchId"),
    )
