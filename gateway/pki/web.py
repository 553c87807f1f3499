"""What the SC authority publishes, over HTTP: its certificate, the last CRL, OCSP (RFC 5280, RFC 6960).

Needs the store and the responder's key only: the authority's key stays where certificates are issued.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import clock
from gateway.actions import Action
from gateway.bootstrap import Gateway
from gateway.channel import Clock
from gateway.errors import ConfigurationError, UnavailableError
from gateway.observe import Observer
from gateway.pki.responding import ResponderFile
from gateway.settings import Settings
from gateway.store.ports import Store
from gateway.trust.sources import authority_certificates
from signing.errors import KeyFileError
from signing.publication import SqlCrls
from signing.register import SqlCertificateRegister
from signing.responder import OcspAnswer, try_later

__all__ = ["PREFIX", "PkiApplication", "pki_application"]

#: Every path of this application begins so.
PREFIX: Final = "/pki/"
_CERTIFICATE, _CRL, _OCSP = "/pki/ca.cer", "/pki/sc.crl", "/pki/ocsp"
_OCSP_REQUEST: Final = "application/ocsp-request"
_LARGEST_REQUEST: Final = 16 * 1024  # bytes; a request about one certificate has some hundred
_CRL_CACHE_SECONDS: Final = 300  # how much later than the register a cached CRL may be


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reply:
    status: str
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class PkiApplication:
    """A WSGI application."""

    def __init__(self, *, settings: Settings, store: Store, clock: Clock, observe: Observer) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._observe = observe
        self._responder = ResponderFile(settings)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        reply = self._reply(environ)
        headers = {
            "Content-Type": reply.content_type,
            "Content-Length": str(len(reply.body)),
            **reply.headers,
        }
        start_response(reply.status, list(headers.items()))
        return [reply.body]

    def _reply(self, environ: WSGIEnvironment) -> _Reply:
        path, method = str(environ.get("PATH_INFO", "")), environ.get("REQUEST_METHOD")
        if path == _OCSP or path.startswith(f"{_OCSP}/"):
            return self._ocsp(environ, path, method)
        if path not in {_CERTIFICATE, _CRL}:
            return _NOT_FOUND
        if method != "GET":
            return _not_allowed("GET")
        try:
            authority = _newest(authority_certificates(self._settings))
            return self._crl(authority) if path == _CRL else _certificate(authority)
        except ConfigurationError:  # no authority here
            return _NOT_FOUND
        except UnavailableError as error:
            return _Reply(status="503 Service Unavailable", body=f"{error.what} is unavailable\n".encode())

    def _crl(self, authority: x509.Certificate) -> _Reply:
        with self._store.read() as work:
            crl = SqlCrls(work.connection).find(authority)
        if crl is None:
            return _NOT_FOUND
        return _Reply(
            status="200 OK",
            body=crl.content,
            content_type="application/pkix-crl",
            headers={"Cache-Control": f"max-age={_CRL_CACHE_SECONDS}"},
        )

    def _ocsp(self, environ: WSGIEnvironment, path: str, method: object) -> _Reply:
        if method == "GET":
            return self._answer(_from_path(path))
        if method != "POST" or path != _OCSP:
            return _not_allowed("GET, POST")
        if str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower() != _OCSP_REQUEST:
            return _Reply(status="415 Unsupported Media Type", body=f"{_OCSP_REQUEST} expected\n".encode())
        length = str(environ.get("CONTENT_LENGTH", ""))
        if not length.isascii() or not length.isdigit():
            return _Reply(status="411 Length Required", body=b"Content-Length expected\n")
        if int(length) > _LARGEST_REQUEST:
            return _Reply(status="413 Content Too Large", body=b"no request is so long\n")
        return self._answer(environ["wsgi.input"].read(int(length)))

    def _answer(self, request: bytes) -> _Reply:
        answer, facts = self._judge(request)
        self._observe(Action.OCSP_ANSWERED, detail=answer.outcome.value, serial=answer.serial, **facts)
        return _Reply(
            status="200 OK",
            body=answer.content,
            content_type="application/ocsp-response",
            headers={"Cache-Control": "no-store"},  # the status holds at this moment
        )

    def _judge(self, request: bytes) -> tuple[OcspAnswer, dict[str, object]]:
        try:
            responder = self._responder.current()
            with self._store.read() as work:
                find = SqlCertificateRegister(work.connection).find
                return responder.answer(request, find, at=self._clock()), {}
        except (ConfigurationError, KeyFileError, UnavailableError) as error:
            return try_later(), {"reason": str(error)}


def pki_application(gateway: Gateway) -> WSGIApplication:
    """What is mounted under PREFIX."""
    return PkiApplication(
        settings=gateway.settings, store=gateway.store, clock=clock.now, observe=gateway.observe
    )


def _from_path(path: str) -> bytes:
    """The request of a GET: base64 after /pki/ocsp/ (RFC 6960 appendix A.1); empty where it is none."""
    try:
        text = path.removeprefix(_OCSP).removeprefix("/")
        return b64decode(text, validate=True) if len(text) <= 2 * _LARGEST_REQUEST else b""
    except (binascii.Error, ValueError):
        return b""


def _newest(authorities: Iterable[x509.Certificate]) -> x509.Certificate:
    """The authority that issues today."""
    return max(authorities, key=lambda certificate: certificate.not_valid_before_utc)


def _certificate(authority: x509.Certificate) -> _Reply:
    return _Reply(
        status="200 OK",
        body=authority.public_bytes(Encoding.DER),
        content_type="application/pkix-cert",
    )


def _not_allowed(methods: str) -> _Reply:
    return _Reply(
        status="405 Method Not Allowed", body=f"{methods} expected\n".encode(), headers={"Allow": methods}
    )


_NOT_FOUND: Final = _Reply(status="404 Not Found", body=b"not found\n")
