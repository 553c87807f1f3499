"""The back end's own address: takes documents by POST, as docs/reference/back-end-contract.md says."""

import contextlib
import hmac
import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from routing.adapters.answers import JSON, PROBLEM, write_envelope, write_problem
from routing.adapters.documents import Body, read_delivery
from routing.errors import EnvelopeError
from routing.model import Accepted, Answer, BackEnd, Delivery, Rejected, Unavailable
from routing.simulators.remote.faults import Fault, Faults
from routing.simulators.remote.outbox import Outbox

__all__ = ["Reply", "Takes", "serving"]

_LOGGER: Final = logging.getLogger(__name__)
_LARGEST_REQUEST: Final = 64 * 2**20
_TOO_LARGE: Final = 413  # its name differs between versions of Python
_RETRY_AFTER_SECONDS: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What is answered to a request."""

    status: int
    content_type: str = "text/plain; charset=utf-8"
    body: bytes = b""
    retry_after: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Takes:
    """Takes documents for a back end.

    Answers go into the response, or into the outbox if there is one.
    """

    back_end: BackEnd
    outbox: Outbox | None
    token: str | None = None  # that the gateway must show

    def lets_in(self, authorization: str) -> bool:
        """Whether the gateway has shown the token."""
        wanted = f"Bearer {self.token}"
        return self.token is None or hmac.compare_digest(authorization.encode(), wanted.encode())

    def take(self, delivery: Delivery) -> Reply:
        """The reply to a document."""
        if delivery.system != self.back_end.system:
            text = f"This is {self.back_end.system}."
            return Reply(status=HTTPStatus.NOT_FOUND, body=text.encode())
        [outcome] = self.back_end.deliver([delivery])
        match outcome:
            case Accepted(answers=answers):
                return self._taken(answers)
            case Rejected(reason=reason, answers=answers):
                body = write_problem(title="The document is refused.", detail=reason, answers=answers)
                return Reply(status=HTTPStatus.UNPROCESSABLE_ENTITY, content_type=PROBLEM, body=body)
            case Unavailable(reason=reason):
                return Reply(
                    status=HTTPStatus.SERVICE_UNAVAILABLE,
                    body=reason.encode(),
                    retry_after=_RETRY_AFTER_SECONDS,
                )

    def _taken(self, answers: Sequence[Answer]) -> Reply:
        if self.outbox is None:
            return Reply(status=HTTPStatus.OK, content_type=JSON, body=write_envelope(answers))
        self.outbox.put(answers)
        return Reply(status=HTTPStatus.ACCEPTED)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # at the end every request is finished
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], takes: Takes, faults: Faults) -> None:
        super().__init__(address, _Handler)
        self.takes = takes
        self.faults = faults
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - of any family
        """Serve a connection in a thread of its own."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - a socket
        """Close a connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close all connections, those that wait for another request too."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # closed meanwhile
                connection.shutdown(socket.SHUT_RD)
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the response is written in two pieces
    timeout = 60

    def do_GET(self) -> None:
        """Tell that we are well."""
        allowed = self.server.takes.lets_in(self.headers.get("Authorization", ""))
        self._reply(Reply(status=HTTPStatus.OK if allowed else HTTPStatus.UNAUTHORIZED))

    def do_POST(self) -> None:
        """Take a document."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LARGEST_REQUEST:
            self.close_connection = True
            self._reply(Reply(status=_TOO_LARGE))
            return
        body = self.rfile.read(int(length))
        if not self.server.takes.lets_in(self.headers.get("Authorization", "")):
            self._reply(Reply(status=HTTPStatus.UNAUTHORIZED))
            return
        self._take(Body(content_type=self.headers.get("Content-Type", ""), content=body))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Requests are told by what they do, not one by one."""
        _LOGGER.debug(format, *args)

    def _take(self, body: Body) -> None:
        fault = self.server.faults.of_response()
        if fault is Fault.ERROR:
            self._reply(Reply(status=HTTPStatus.INTERNAL_SERVER_ERROR))
            return
        try:
            reply = self.server.takes.take(read_delivery(dict(self.headers), body))
        except EnvelopeError as error:
            problem = write_problem(title="The request cannot be read.", detail=error.reason, answers=())
            reply = Reply(status=HTTPStatus.BAD_REQUEST, content_type=PROBLEM, body=problem)
        self._reply_with(reply, fault)

    def _reply_with(self, reply: Reply, fault: Fault | None) -> None:
        match fault:
            case Fault.LOST:
                self._reply(Reply(status=HTTPStatus.INTERNAL_SERVER_ERROR))
            case Fault.GARBAGE:
                self._reply(Reply(status=HTTPStatus.OK, content_type=JSON, body=b"\x00{]"))
            case Fault.CUT:
                self._reply(reply, left_out=len(reply.body) // 2 + 1)
            case Fault.HANG:
                time.sleep(self.server.faults.hang_seconds)
                self._reply(reply)
            case _:
                self._reply(reply)

    def _reply(self, reply: Reply, *, left_out: int = 0) -> None:
        """Send the reply; with `left_out` the connection ends so many bytes too early."""
        with contextlib.suppress(ConnectionError):  # nobody waits for it any more
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(max(len(reply.body), left_out)))
            if reply.retry_after is not None:
                self.send_header("Retry-After", str(reply.retry_after))
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) - left_out] if left_out else reply.body)
        if left_out:
            self.close_connection = True


@contextlib.contextmanager
def serving(takes: Takes, *, host: str, port: int, faults: Faults) -> Iterator[str]:
    """Serve in the background as long as the block lasts.

    Args:
        takes: takes the documents.
        host: address to listen on.
        port: TCP port; 0: any free one.
        faults: what goes wrong on purpose.

    Yields:
        The URL to which documents are POSTed.

    Raises:
        OSError: the port cannot be listened on.
    """
    server = _Server((host, port), takes, faults)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="back-end")
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}/documents"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
