"""A client of the channel: what `sisc send`, `sisc poll` and the demo speak to any gateway."""

import base64
from dataclasses import dataclass

from lxml import etree

from gateway.client.soap_client import TIMEOUT_SECONDS, FaultError, SoapClient
from gateway.errors import UnavailableError
from gateway.soap.names import CHANNEL, PULL, endpoint_of

__all__ = ["ChannelClient", "FaultError", "FetchedDocument", "Page"]


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


class ChannelClient(SoapClient):
    """One account's connection to a gateway's channel. Use it as a context manager.

    Args:
        url: address of the gateway, with or without the channel's path.
        login: e-mail address of the account.
        password: its password; only a digest is sent.
        timeout_seconds: how long to wait for each answer.
    """

    def __init__(
        self, url: str, *, login: str, password: str, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        super().__init__(endpoint_of(url), login=login, password=password, timeout_seconds=timeout_seconds)

    def send(self, content: bytes, *, filename: str | None = None, system: str | None = None) -> str:
        """Send a document (AcceptDocument).

        Returns:
            Its sysRef.

        Raises:
            FaultError: the gateway refused it.
            UnavailableError: the gateway cannot be reached.
        """
        request = self.requests.accept_document(content, filename=filename, system=system)
        sys_ref = self.call("AcceptDocument", request).findtext(f".//{{{CHANNEL}}}sysRef")
        if not sys_ref:
            raise UnavailableError(what=self.requests.endpoint, reason="an answer without sysRef")
        return sys_ref

    def next(self, system: str | None = None) -> tuple[FetchedDocument | None, bool]:
        """Collect the next document (GetNextDocument) and tell whether more are waiting.

        Raises:
            FaultError: the gateway refused the call.
            UnavailableError: the gateway cannot be reached.
        """
        answer = self.call("GetNextDocument", self.requests.get_next_document(system))
        document = answer.find(f"{{{CHANNEL}}}document")
        return (None if document is None else _fetched(document)), answer.get("hasNext") == "true"

    def replies(self, sys_ref: str) -> Page:
        """The answers to a document (GetDocuments by korelacjaSysref), collected or not.

        Raises:
            FaultError: the gateway refused the call.
            UnavailableError: the gateway cannot be reached.
        """
        answer = self.call("GetDocuments", self.requests.get_replies(sys_ref))
        documents = tuple(map(_fetched, answer.findall(f"{{{CHANNEL}}}document")))
        count = answer.findtext(f"{{{PULL}}}documentsCount", "0")
        return Page(count=int(count) if count.isdecimal() else len(documents), documents=documents)


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
