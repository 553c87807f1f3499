"""A gateway that answers what a test wants it to, over real HTTP."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from gateway.soap.names import CHANNEL, PULL, SOAP_ENVELOPE

__all__ = ["Answer", "FakeGateway", "answer", "document", "fault", "served"]

#: HTTP status and body.
Answer = tuple[int, bytes]
_OPERATION = re.compile(rb"<(?:\w+:)?(\w+)Request\b")


@dataclass
class FakeGateway:
    """Answers by operation; a list is answered one by one, the last one again and again."""

    answers: dict[str, list[Answer | Callable[[], Answer]]]
    url: str = ""
    calls: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)

    def answer(self, request: bytes) -> Answer:
        """The next answer to a request."""
        match = _OPERATION.search(request)
        assert match is not None
        operation = match[1].decode()
        self.calls.append(operation)
        self.requests.append(request)
        prepared = self.answers[operation]
        chosen = prepared.pop(0) if len(prepared) > 1 else prepared[0]
        return chosen if isinstance(chosen, tuple) else chosen()


@contextmanager
def served(**answers: list[Answer | Callable[[], Answer]]) -> Iterator[FakeGateway]:
    """Serve a fake gateway on a free port while the block runs."""
    gateway = FakeGateway(answers=answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = gateway.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gateway.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(operation: str, inner: str, *, attributes: str = "") -> Answer:
    """A good answer of an operation."""
    return 200, (
        f'<s:Envelope xmlns:s="{SOAP_ENVELOPE}"><s:Body>'
        f'<r:{operation}Response xmlns:r="{PULL}" xmlns:c="{CHANNEL}" {attributes}>'
        f"{inner}</r:{operation}Response>"
        "</s:Body></s:Envelope>"
    ).encode()


def document(content: bytes, *, filename: str = "UPP.xml", dispatch: str = "d-1") -> str:
    """A document in an answer."""
    encoded = base64.b64encode(content).decode()
    return (
        f'<c:document><c:content filename="{filename}">{encoded}</c:content>'
        f"<c:dispatchId>{dispatch}</c:dispatchId></c:document>"
    )


def fault(text: str, *, code: str | None = None, description: str = "") -> Answer:
    """A SOAP fault."""
    detail = (
        f'<detail><c:e xmlns:c="{CHANNEL}"><c:errorCode>{code}</c:errorCode>'
        f"<c:errorDesc>{description}</c:errorDesc></c:e></detail>"
        if code
        else ""
    )
    return 500, (
        f'<s:Envelope xmlns:s="{SOAP_ENVELOPE}"><s:Body><s:Fault><faultcode>s:Client</faultcode>'
        f"<faultstring>{text}</faultstring>{detail}</s:Fault></s:Body></s:Envelope>"
    ).encode()
