"""The WSDL and the XSD that clients read; hand-written files beside this module."""

import re
from importlib.resources import files
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment
from wsgiref.util import request_uri

from lxml import etree

from gateway.soap.errors import HttpError

__all__ = ["Contract"]

_XSD = "WS_CHANNEL.xsd"
_ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"
_IMPORT = "{http://www.w3.org/2001/XMLSchema}import"
_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\]]+", re.ASCII)


class Contract:
    """Serves the contract with the right address in it.

    Args:
        public_url: the endpoint's address; None takes it from each request.
    """

    def __init__(self, public_url: str | None) -> None:
        folder = files("gateway.soap") / "contract"
        self._wsdl = (folder / "WS_PULL.wsdl").read_bytes()
        self._xsd = (folder / _XSD).read_bytes()
        self._public_url = public_url

    def find(self, environ: WSGIEnvironment) -> bytes:
        """The document that the query string asks for: ?wsdl, ?WSDL or ?xsd=WS_CHANNEL.xsd.

        Raises:
            HttpError: 405 any other query, 404 another schema, 400 where the request's Host is no host name.
        """
        query = environ.get("QUERY_STRING", "")
        if query.lower() == "wsdl":
            return self._wsdl_at(self._public_url or _own_url(environ))
        wanted = parse_qs(query).get("xsd")
        if wanted is None:
            raise HttpError(
                status=405, text="Use POST for SOAP requests and ?wsdl for the WSDL", allow="POST"
            )
        if wanted != [_XSD]:
            raise HttpError(status=404, text=f"The only schema here is ?xsd={_XSD}")
        return self._xsd

    def _wsdl_at(self, url: str) -> bytes:
        root = etree.fromstring(self._wsdl)
        for address in root.iter(_ADDRESS):
            address.set("location", url)
        for schema in root.iter(_IMPORT):
            schema.set("schemaLocation", f"{url}?xsd={_XSD}")
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _own_url(environ: WSGIEnvironment) -> str:
    if not _HOST.fullmatch(environ.get("HTTP_HOST") or environ["SERVER_NAME"]):
        raise HttpError(status=400, text="The Host header is not a host name")
    return request_uri(environ, include_query=False)
