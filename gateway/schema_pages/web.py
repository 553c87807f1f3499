"""Serving schemas and their pages over HTTP, to anybody: they are public."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from gateway.schema_pages.pages import index_page, page_path, type_page, xsd_path
from gateway.schema_pages.words import Language
from schemas.catalogue import Catalogue
from schemas.errors import CatalogueError
from schemas.model import MessageType

__all__ = ["PREFIX", "SchemaApplication"]

#: Every path of this application begins so.
PREFIX: Final = "/schemas"
_INDEX: Final = "/schemas/"
_STYLE_PATH: Final = "/schemas/style.css"
_CACHE_SECONDS: Final = 300
_PAGES_KEPT: Final = 64
_HTML: Final = "text/html; charset=utf-8"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": f"public, max-age={_CACHE_SECONDS}",
}
_STYLE: Final = b"""\
body { font: 16px/1.5 system-ui, sans-serif; color: #1c1c1c; margin: 0 auto; max-width: 80rem; padding: 1rem }
a { color: #0b5394 }
table { border-collapse: collapse; width: 100%; margin: 0 0 2rem }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ddd }
td { overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem }
dt { color: #555 }
dd { margin: 0; overflow-wrap: anywhere }
.language { float: right; margin: 0 }
""" + b"".join(b".d%d { padding-left: %.1frem }\n" % (depth, 0.6 + 1.2 * depth) for depth in range(10))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reply:
    status: str
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Contents:
    """What is published of one state of the catalogue. Nothing else can be asked for."""

    types: Sequence[MessageType]
    pages: Mapping[str, MessageType]
    files: Mapping[str, Path]


class SchemaApplication:
    """A WSGI application.

    Args:
        catalogue: what is published, as it changes.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = Lock()
        self._contents: _Contents | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        reply = _conditional(environ, self._reply(environ))
        headers = {"Content-Type": reply.content_type, "Content-Length": str(len(reply.body)), **_SAFE}
        start_response(reply.status, list({**headers, **reply.headers}.items()))
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [reply.body]

    def _reply(self, environ: WSGIEnvironment) -> _Reply:
        if environ.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
            return _Reply(
                status="405 Method Not Allowed",
                body=b"GET or HEAD expected\n",
                headers={"Allow": "GET, HEAD"},
            )
        path = str(environ.get("PATH_INFO", "")).encode("latin-1", "replace").decode("utf-8", "replace")
        if path == PREFIX:
            return _Reply(status="301 Moved Permanently", headers={"Location": _INDEX})
        if path == _STYLE_PATH:
            return _Reply(status="200 OK", body=_STYLE, content_type="text/css; charset=utf-8")
        contents = self._current()
        if path in contents.files:
            return _schema(contents.files[path])
        if path != _INDEX and path not in contents.pages:
            return _NOT_FOUND
        return _page(contents, path, _language(environ))

    def _current(self) -> _Contents:
        types = self._catalogue.types()
        with self._lock:
            if self._contents is None or self._contents.types is not types:
                self._contents = _published(types)
            return self._contents


def _published(types: Sequence[MessageType]) -> _Contents:
    by_folder = {one.folder: one for one in reversed(types)}
    files = {
        _file_path(one, path.relative_to(folder)): path
        for folder, one in by_folder.items()
        for path in folder.rglob("*")
        if path.suffix.lower() == ".xsd"
    }
    return _Contents(types=types, pages={page_path(one): one for one in reversed(types)}, files=files)


def _file_path(one: MessageType, relative: Path) -> str:
    """The path of another file of the folder a type lies in."""
    return xsd_path(one).removesuffix(one.schema) + relative.as_posix()


def _schema(path: Path) -> _Reply:
    return _Reply(
        status="200 OK",
        body=path.read_bytes(),
        content_type="application/xml",
        headers={
            "Content-Security-Policy": "default-src 'none'; sandbox"
        },  # whatever a pack holds, no script runs
    )


def _page(contents: _Contents, path: str, language: Language) -> _Reply:
    headers = {"Content-Security-Policy": _POLICY, "Vary": "Accept-Language", "Content-Language": language}
    try:
        body = (
            index_page(contents.types, language) if path == _INDEX else _kept(contents.pages[path], language)
        )
    except CatalogueError:  # the files of a pack were tampered with, or are too large to tell
        return _NOT_TOLD
    return _Reply(status="200 OK", body=body, content_type=_HTML, headers=headers)


@lru_cache(maxsize=_PAGES_KEPT)
def _kept(one: MessageType, language: Language) -> bytes:
    """Rendering takes up to 50 ms."""
    return type_page(one, language)


def _language(environ: WSGIEnvironment) -> Language:
    """The one asked for by ?lang=, else the first of Accept-Language that there is, else Polish."""
    asked = parse_qs(str(environ.get("QUERY_STRING", ""))[:200]).get("lang", [])
    accepted = str(environ.get("HTTP_ACCEPT_LANGUAGE", ""))[:200].split(",")
    for one in (*asked, *accepted):
        if (code := one.strip()[:2].lower()) in set(Language):
            return Language(code)
    return Language.PL


def _conditional(environ: WSGIEnvironment, reply: _Reply) -> _Reply:
    """304 where the client has it already."""
    if reply.status != "200 OK":
        return reply
    tag = f'"{hashlib.sha256(reply.body).hexdigest()[:32]}"'
    headers = {**reply.headers, "ETag": tag}
    known = tag in str(environ.get("HTTP_IF_NONE_MATCH", ""))
    return _Reply(
        status="304 Not Modified" if known else reply.status,
        body=b"" if known else reply.body,
        content_type=reply.content_type,
        headers=headers,
    )


_NOT_FOUND: Final = _Reply(
    status="404 Not Found",
    body=b"not found; /schemas/ lists everything\n",
    headers={"Cache-Control": "no-store"},
)
_NOT_TOLD: Final = _Reply(
    status="500 Internal Server Error",
    body=b"this schema cannot be shown as a page\n",
    headers={"Cache-Control": "no-store"},
)
