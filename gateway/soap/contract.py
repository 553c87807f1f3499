"""The WSDL and the XSD that clients read, with the right address in them."""

import re
from collections.abc import Mapping
from importlib.resources import files
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment
from wsgiref.util import request_uri

from lxml import etree

from gateway.soap.errors import HttpError

__all__ = ["Contract", "channel_contract"]

_XSD = "WS_CHANNEL.xsd"
_ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"
_IMPORT = "{http://www.w3.org/2001/XMLSchema}import"
_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\]]+", re.ASCII)


def channel_contract(public_url: str | None) -> "Contract":
    """The channel's contract: hand-written files beside this module."""
    folder = files("gateway.soap") / "contract"
    return Contract(
        (folder / "WS_PULL.wsdl").read_bytes(), public_url, schemas={_XSD: (folder / _XSD).read_bytes()}
    )


class Contract:
    """Serves a contract with the right address in it.

    Args:
        wsdl: the WSDL.
        public_url: the endpoint's address; None takes it from each request.
        schemas: schemas the WSDL imports, by file name.
    """

    def __init__(
        self, wsdl: bytes, public_url: str | None, *, schemas: Mapping[str, bytes] | None = None
    ) -> None:
        self._wsdl = wsdl
        self._schemas = schemas or {}
        self._public_url = public_url

    def find(self, environ: WSGIEnvironment) -> bytes:
        """The document that the query string asks for: ?wsdl, ?WSDL or ?xsd=NAME.

        Raises:
            HttpError: 405 any other query, 404 another schema, 400 where the request's Host is no host name.
        """
        query = environ.get("QUERY_STRING", "")
        if query.lower() == "wsdl":
            return self._wsdl_at(self._public_url or _own_url(environ))
        wanted = parse_qs(query).get("xsd")
        if wanted is None or not self._schemas:
            raise HttpError(
                status=405, text="Use POST for SOAP requests and ?wsdl for the WSDL", allow="POST"
            )
        found = self._schemas.get(wanted[0]) if len(wanted) == 1 else None
        if found is None:
            raise HttpError(status=404, text=f"The only schema here is ?xsd={', '.join(self._schemas)}")
        return found

    def _wsdl_at(self, url: str) -> bytes:
        root = etree.fromstring(self._wsdl)
        for address in root.iter(_ADDRESS):
            address.set("location", url)
        for schema in root.iter(_IMPORT):
            schema.set("schemaLocation", f"{url}?xsd={schema.get('schemaLocation')}")
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _own_url(environ: WSGIEnvironment) -> str:
    if not _HOST.fullmatch(environ.get("HTTP_HOST") or environ["SERVER_NAME"]):
        raise HttpError(status=400, text="The Host header is not a host name")
    return request_uri(environ, include_query=False)
