"""One account's connection to a web service of a gateway: posting requests, taking answers apart."""

from types import TracebackType
from typing import Final, Self

import httpx
from lxml import etree

from gateway.client.requests import Requests
from gateway.errors import GatewayError, UnavailableError
from gateway.soap.names import CHANNEL, SOAP_ENVELOPE

__all__ = ["TIMEOUT_SECONDS", "FaultError", "SoapClient"]

TIMEOUT_SECONDS: Final = 180.0  # the channel's own operation time-out
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


class SoapClient:
    """A connection; use it as a context manager.

    Args:
        endpoint: address of the web service.
        login: e-mail address of the account.
        password: its password; only a digest is sent.
        timeout_seconds: how long to wait for each answer.
    """

    def __init__(
        self, endpoint: str, *, login: str, password: str, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self.requests = Requests(endpoint, login=login, password=password)
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

    def call(self, operation: str, request: bytes) -> etree._Element:
        """Post a request and take the body of its answer.

        Raises:
            FaultError: the gateway refused it.
            UnavailableError: the gateway cannot be reached, or its answer is none.
        """
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'}
        try:
            response = self._http.post(self.requests.endpoint, content=request, headers=headers)
        except httpx.TimeoutException as error:
            raise UnavailableError(what=self.requests.endpoint, reason="no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise UnavailableError(what=self.requests.endpoint, reason=reason) from error
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
