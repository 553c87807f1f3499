"""A web service as the edge sees it: where it is, what it can do, how it is described."""

from typing import Protocol
from wsgiref.types import WSGIEnvironment

from lxml import etree

from gateway.channel import Caller, ChannelService
from gateway.soap.content import ContentReader
from gateway.soap.contract import channel_contract
from gateway.soap.names import OPERATIONS, PATH, Operation
from gateway.soap.service import Call, OperationServer
from gateway.soap.settings import EdgeSettings

__all__ = ["ChannelPort", "Port"]


class Port(Protocol):
    """One web service at one path."""

    @property
    def path(self) -> str:
        """Where it is served."""

    @property
    def addressing(self) -> bool:
        """Whether requests must carry WS-Addressing headers."""

    def operation(self, tag: str) -> Operation | None:
        """The operation of a request element, if it is one."""

    def contract(self, environ: WSGIEnvironment) -> bytes:
        """The WSDL or schema that a GET asks for; raises HttpError."""

    def run(self, payload: etree._Element, caller: Caller, headers: tuple[etree._Element, ...]) -> bytes:
        """Run one operation; raises RequestError, and what the service raises."""


class ChannelPort:
    """The channel: `/seap_wsChannel/DocumentHandlingPort`."""

    path = PATH
    addressing = True

    def __init__(self, service: ChannelService, settings: EdgeSettings) -> None:
        self._service = service
        self._settings = settings
        self._contract = channel_contract(settings.public_url)
        self._operations = OperationServer()

    def operation(self, tag: str) -> Operation | None:
        """See Port."""
        return OPERATIONS.get(tag)

    def contract(self, environ: WSGIEnvironment) -> bytes:
        """See Port."""
        return self._contract.find(environ)

    def run(self, payload: etree._Element, caller: Caller, headers: tuple[etree._Element, ...]) -> bytes:
        """See Port."""
        call = Call(
            service=self._service,
            caller=caller,
            contents=ContentReader(self._settings.max_content_bytes),
            max_attachments=self._settings.max_attachments,
        )
        return self._operations.run(payload, call, headers)
