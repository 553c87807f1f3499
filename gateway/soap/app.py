"""The WSGI application of a web service: one path, SOAP by POST, the contract by GET."""

from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from lxml import etree

from gateway.channel import ChannelService, Clock, CredentialStore, IdMaker
from gateway.errors import ChannelError, SecurityError, UnavailableError
from gateway.soap.actions import EdgeAction, Observer
from gateway.soap.addressing import Addressing, is_addressed, read_addressing, reply_headers
from gateway.soap.concurrency import AccountSlots
from gateway.soap.envelope import open_envelope
from gateway.soap.errors import AddressingError, EdgeError, HttpError, PolicyError
from gateway.soap.faults import Fault, fault_of, internal_fault, write_fault
from gateway.soap.guard import RequestGuard, check_content_type
from gateway.soap.names import Operation
from gateway.soap.port import ChannelPort, Port
from gateway.soap.security import Authenticator
from gateway.soap.settings import EdgeSettings
from gateway.soap.token import read_token

__all__ = ["WSGIApplication", "build_app", "serve_port"]

_XML = "text/xml;charset=UTF-8"
_TEXT = "text/plain;charset=UTF-8"

_Refusal = EdgeError | ChannelError | SecurityError | UnavailableError


def build_app(
    *,
    service: ChannelService,
    credentials: CredentialStore,
    settings: EdgeSettings,
    clock: Clock,
    ids: IdMaker,
    observe: Observer,
) -> WSGIApplication:
    """The channel as a WSGI application, serving `/seap_wsChannel/DocumentHandlingPort` and nothing else.

    Args:
        service: the four operations.
        credentials: accounts by login.
        settings: limits.
        clock: tells UTC now.
        ids: makes UUIDs, for message ids and incident ids.
        observe: told once per request how it ended, with the facts for log and metrics.

    Returns:
        An application that may run in any number of threads. Every refusal is a SOAP fault with the HTTP
        header X-Incident-Id, whose value `observe` gets too; nothing internal leaves it.
    """
    return serve_port(
        ChannelPort(service, settings),
        credentials=credentials,
        settings=settings,
        clock=clock,
        ids=ids,
        observe=observe,
    )


def serve_port(
    port: Port,
    *,
    credentials: CredentialStore,
    settings: EdgeSettings,
    clock: Clock,
    ids: IdMaker,
    observe: Observer,
) -> WSGIApplication:
    """A web service as a WSGI application; arguments and promises as for `build_app`."""
    return _Edge(
        port=port,
        authenticator=Authenticator(credentials=credentials, clock=clock, settings=settings),
        settings=settings,
        ids=ids,
        observe=observe,
    )


@dataclass(kw_only=True, slots=True)
class _Exchange:
    """What is known about a request so far; fills up while it is processed."""

    started: float
    peer: str | None
    operation: Operation | None = None
    addressing: Addressing | None = None
    login: str | None = None

    def facts(self) -> dict[str, object]:
        return {
            "peer": self.peer,
            "operation": self.operation.name if self.operation else None,
            "message_id": self.addressing.message_id if self.addressing else None,
            "login": self.login,
            "seconds": perf_counter() - self.started,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reply:
    status: int
    body: bytes
    content_type: str = _XML
    incident: str | None = None
    allow: str | None = None

    def headers(self) -> list[tuple[str, str]]:
        optional = {"X-Incident-Id": self.incident, "Allow": self.allow}
        return [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(self.body))),
            *((name, value) for name, value in optional.items() if value is not None),
        ]


class _Edge:
    def __init__(
        self,
        *,
        port: Port,
        authenticator: Authenticator,
        settings: EdgeSettings,
        ids: IdMaker,
        observe: Observer,
    ) -> None:
        self._port = port
        self._authenticator = authenticator
        self._ids = ids
        self._observe = observe
        self._guard = RequestGuard(settings)
        self._slots = AccountSlots(settings.max_concurrent_requests)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        exchange = _Exchange(started=perf_counter(), peer=environ.get("REMOTE_ADDR"))
        reply = self._reply(environ, exchange)
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", reply.headers())
        return [reply.body]

    def _reply(self, environ: WSGIEnvironment, exchange: _Exchange) -> _Reply:
        try:
            reply, action = self._route(environ, exchange)
        except (EdgeError, ChannelError, SecurityError, UnavailableError) as error:
            return self._refuse(environ, exchange, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender gets a fault and the log the details
            return self._break_down(exchange, error)
        self._observe(action, exchange.facts())
        return reply

    def _route(self, environ: WSGIEnvironment, exchange: _Exchange) -> tuple[_Reply, EdgeAction]:
        if environ.get("PATH_INFO") != self._port.path:
            raise HttpError(status=404, text=f"Nothing is here; the service is at {self._port.path}")
        match environ["REQUEST_METHOD"]:
            case "POST":
                return _Reply(status=200, body=self._serve(environ, exchange)), EdgeAction.ANSWERED
            case "GET":
                return _Reply(status=200, body=self._port.contract(environ)), EdgeAction.CONTRACT_SERVED
            case method:
                raise HttpError(status=405, text=f"{method[:20]} is not served here", allow="GET, POST")

    def _serve(self, environ: WSGIEnvironment, exchange: _Exchange) -> bytes:
        check_content_type(environ)
        envelope = open_envelope(self._guard.read_tree(environ))
        exchange.operation = self._port.operation(envelope.payload.tag)
        if self._port.addressing or is_addressed(envelope):
            exchange.addressing = read_addressing(envelope)
        caller = self._authenticator.authenticate(read_token(envelope))
        exchange.login = caller.login
        with self._slots.hold(caller.login):
            return self._port.run(envelope.payload, caller, self._headers(exchange))

    def _refuse(self, environ: WSGIEnvironment, exchange: _Exchange, error: _Refusal) -> _Reply:
        incident = self._incident()
        self._observe(_action_of(error), {**exchange.facts(), "incident": incident, **_facts_of(error)})
        if isinstance(error, HttpError) and environ["REQUEST_METHOD"] != "POST":
            return _Reply(
                status=error.status,
                body=f"{error.text}\n".encode(),
                content_type=_TEXT,
                incident=incident,
                allow=error.allow,
            )
        status = error.status if isinstance(error, HttpError) else 500
        return self._fault_reply(fault_of(error), exchange, incident, status)

    def _break_down(self, exchange: _Exchange, error: Exception) -> _Reply:
        incident = self._incident()
        facts = {**exchange.facts(), "incident": incident, "exc_info": error}
        self._observe(EdgeAction.INTERNAL_ERROR, facts)
        return self._fault_reply(internal_fault(incident), exchange, incident, 500)

    def _fault_reply(self, fault: Fault, exchange: _Exchange, incident: str, status: int) -> _Reply:
        headers = self._headers(exchange, fault)
        return _Reply(status=status, body=write_fault(fault, headers), incident=incident)

    def _headers(self, exchange: _Exchange, fault: Fault | None = None) -> tuple[etree._Element, ...]:
        """The answer's WS-Addressing headers; none where the request's own could not be read."""
        request, operation = exchange.addressing, exchange.operation
        if request is None:
            return ()
        if fault is None and operation is not None:
            action = operation.reply_action
        elif fault is not None and fault.detail is not None and operation is not None:
            action = operation.fault_action(fault.detail.element)
        else:
            action = request.version.fault_action
        return reply_headers(request, action=action, message_id=self._ids())

    def _incident(self) -> str:
        return self._ids().replace("-", "")[-12:]


# The first kind that fits names the action.
_ACTIONS: tuple[tuple[type[_Refusal], EdgeAction], ...] = (
    (HttpError, EdgeAction.REFUSED_HTTP),
    (AddressingError, EdgeAction.REFUSED_ADDRESSING),
    (PolicyError, EdgeAction.REFUSED_POLICY),
    (EdgeError, EdgeAction.REFUSED_ENVELOPE),
    (SecurityError, EdgeAction.REFUSED_SECURITY),
    (ChannelError, EdgeAction.REFUSED_BY_CHANNEL),
    (UnavailableError, EdgeAction.UNAVAILABLE),
)


def _action_of(error: _Refusal) -> EdgeAction:
    return next(action for kind, action in _ACTIONS if isinstance(error, kind))


def _facts_of(error: _Refusal) -> dict[str, object]:
    match error:
        case HttpError():
            return {"status": error.status, "text": error.text}
        case AddressingError():
            return {"header": error.header, "text": error.text}
        case EdgeError():
            return {"code": error.code, "text": error.text}
        case SecurityError():
            return {"reason": error.reason.value, "username": error.username}
        case ChannelError():
            return {"code": error.code, "text": error.description}
        case UnavailableError():
            return {"what": error.what, "reason": error.reason}
