"""A real HTTP server on this machine that plays certificate authorities."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Page = bytes | Callable[[bytes], bytes]


@dataclass
class Server:
    """What is served, and what was asked."""

    url: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)  # method, path, body
    silent: float = 0  # seconds before anything is said
    slow: float = 0  # seconds between two octets

    def answer(self, method: str, path: str, body: bytes) -> bytes | None:
        self.asked.append((method, path, body))
        page = self.pages.get(path)
        return page(body) if callable(page) else page


@contextmanager
def serving() -> Iterator[Server]:
    """A server while the block runs."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            self._serve(self.rfile.read(int(self.headers["content-length"])))

        def _serve(self, body: bytes) -> None:
            time.sleep(state.silent)
            content = state.answer(self.command, self.path, body)
            self.send_response(200 if content is not None else 404)
            if self.path == "/moved":
                self.send_header("location", f"{state.url}/elsewhere")
            self.send_header("content-length", str(len(content or b"")))
            self.end_headers()
            self._write(content or b"")

        def _write(self, content: bytes) -> None:
            try:
                for piece in [content] if not state.slow else [bytes([octet]) for octet in content]:
                    self.wfile.write(piece)
                    time.sleep(state.slow)
            except OSError:
                return  # the client has had enough

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
