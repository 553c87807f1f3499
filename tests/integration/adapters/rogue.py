"""A server that answers with whatever bytes a test wants, also over TLS."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["Rogue", "rogue"]

#: What is done with a connection once the request has been read.
Behaviour = Callable[[socket.socket], None]


@dataclass
class Rogue:
    """The server and what it has seen."""

    url: str
    behave: Behaviour
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def last(self) -> bytes:
        return self.requests[-1]

    def heads(self) -> dict[str, str]:
        """Headers of the last request, names in small letters."""
        head = self.last.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}


def says(text: str, body: bytes = b"", *, length: int | None = None) -> Behaviour:
    """Answer with a status line and headers, and a body of another length than told if wanted."""

    def behave(connection: socket.socket) -> None:
        told = len(body) if length is None else length
        head = f"HTTP/1.1 {text}\r\nContent-Length: {told}\r\n\r\n".encode()
        connection.sendall(head + body)

    return behave


def drips(connection: socket.socket) -> None:
    """A byte at a time, for as long as anybody listens."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    with suppress(OSError):
        while True:
            connection.sendall(b" ")
            time.sleep(0.02)


def floods(connection: socket.socket) -> None:
    """More than anybody wants to read."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    with suppress(OSError):
        while True:
            connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


@contextmanager
def rogue(behave: Behaviour, *, tls: ssl.SSLContext | None = None) -> Iterator[Rogue]:
    """Serve until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = Rogue(url=f"http{'s' if tls else ''}://127.0.0.1:{port}/documents", behave=behave)
    thread = threading.Thread(target=_serve, args=(listener, server, tls))
    thread.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _serve(listener: socket.socket, server: Rogue, tls: ssl.SSLContext | None) -> None:
    threads: list[threading.Thread] = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # the test is over
            break
        server.connections += 1
        threads.append(threading.Thread(target=_talk, args=(connection, server, tls)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _talk(raw: socket.socket, server: Rogue, tls: ssl.SSLContext | None) -> None:
    raw.settimeout(20)
    with raw, suppress(OSError):
        connection = tls.wrap_socket(raw, server_side=True) if tls else raw
        with connection:
            while request := _request(connection):
                server.requests.append(request)
                server.behave(connection)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
