"""What the edge's tests share: an account, fakes behind the ports, requests as real clients send them."""

import base64
import hashlib
import io
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from xml.sax.saxutils import escape

from lxml import etree

from gateway.channel import (
    Caller,
    ChannelService,
    Clock,
    Content,
    ContextFilter,
    Credentials,
    DocumentsPage,
    DocumentsQuery,
    MailboxDocument,
    NextDocument,
    Submission,
)
from gateway.errors import SecurityError, SecurityReason
from gateway.soap import PATH, EdgeSettings, build_app, channel_digest

PULL = "http://www.mf.gov.pl/uslugiBiznesowe/WsPull/Usluga/2014/01_v2_0"
CH = "http://www.mf.gov.pl/schematy/SISC/WsChannel/2014/01_v2_0"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA05 = "http://www.w3.org/2005/08/addressing"
WSA04 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DIGEST_TYPE = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
)
TEXT_TYPE = DIGEST_TYPE.replace("PasswordDigest", "PasswordText")
BASE64_TYPE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CREATED = "2026-01-02T03:04:05Z"
LOGIN = "jan.kowalski@example.pl"
PASSWORD = "Zażółć-1"
PASSWORD_HASH = b"cmFKdhUdJH9H1ICh2wf1RQc3S14="
SYS_REF = "6e9a3c3e-5a6b-4c8e-9f3a-0d8f8b1f2c11"
PAYLOAD = b'<?xml version="1.0"?><D xmlns="urn:x">Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87</D>'
NOTHING_NEXT = NextDocument(document=None, has_next=False)
NOTHING_FOUND = DocumentsPage(count=0, documents=())
DEFAULTS = EdgeSettings()
MESSAGE_ID = "urn:uuid:0c5ab1a4-7d3b-4f3a-a1de-2f1a6f0f8f10"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def hash_of(password: str) -> bytes:
    return base64.b64encode(hashlib.sha1(password.encode(), usedforsecurity=False).digest())


def token(
    *,
    login: str = LOGIN,
    created: str = CREATED,
    nonce: bytes = b"0123456789abcdef",
    password_hash: bytes = PASSWORD_HASH,
    digest: str | None = None,
    password_type: str = DIGEST_TYPE,
    encoding_type: str | None = BASE64_TYPE,
) -> str:
    made = digest or b64(channel_digest(nonce=nonce, created=created, password_hash=password_hash))
    encoding = f' EncodingType="{encoding_type}"' if encoding_type else ""
    return (
        f"<wsse:UsernameToken><wsse:Username>{escape(login)}</wsse:Username>"
        f'<wsse:Password Type="{password_type}">{made}</wsse:Password>'
        f"<wsse:Nonce{encoding}>{b64(nonce)}</wsse:Nonce>"
        f"<wsu:Created>{created}</wsu:Created></wsse:UsernameToken>"
    )


def security(inner: str | None = None, attributes: str = "") -> str:
    content = token() if inner is None else inner
    return f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}"{attributes}>{content}</wsse:Security>'


def addressing(message_id: str = MESSAGE_ID, action: str = "AcceptDocument", namespace: str = WSA05) -> str:
    return (
        f'<wsa:Action xmlns:wsa="{namespace}">{action}</wsa:Action>'
        f'<wsa:MessageID xmlns:wsa="{namespace}">{message_id}</wsa:MessageID>'
    )


def content(data: bytes = PAYLOAD, attributes: str = ' mime="application/xml" filename="a.xml"') -> str:
    return f"<ch:content{attributes}>{b64(data)}</ch:content>"


def accept(inner: str | None = None) -> str:
    body = (
        inner
        if inner is not None
        else content() + "<ch:targetSystems><ch:system>AES</ch:system></ch:targetSystems>"
    )
    return (
        f'<p:AcceptDocumentRequest xmlns:p="{PULL}" xmlns:ch="{CH}"><ch:document>{body}</ch:document>'
        "</p:AcceptDocumentRequest>"
    )


def envelope(body: str | None = None, header: str | None = None, namespace: str = SOAP) -> bytes:
    head = addressing() + security() if header is None else header
    return (
        f'<s:Envelope xmlns:s="{namespace}"><s:Header>{head}</s:Header>'
        f"<s:Body>{accept() if body is None else body}</s:Body></s:Envelope>"
    ).encode()


def ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012x}"


def mailbox(**fields: str) -> MailboxDocument:
    document = Content(data=b"<UPP/>", mime="application/xml", filename="UPP.xml")
    return MailboxDocument(content=document, **{"dispatch_id": "D-1", **fields})


@dataclass
class FakeService:
    """Remembers what it was asked; answers, or raises, as told; notices a nonce used twice."""

    calls: list[tuple[str, Any]] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    error: Exception | None = None
    next_document: NextDocument = NOTHING_NEXT
    page: DocumentsPage = NOTHING_FOUND
    meanwhile: Callable[[], None] = lambda: None

    def _enter(self, caller: Caller, name: str, what: object) -> None:
        self.meanwhile()
        if caller.nonce in self.nonces:
            raise SecurityError(reason=SecurityReason.REPLAYED_NONCE, username=caller.login)
        self.nonces.add(caller.nonce)
        self.callers.append(caller)
        self.calls.append((name, what))
        if self.error:
            raise self.error

    def accept_document(self, caller: Caller, submission: Submission) -> str:
        self._enter(caller, "AcceptDocument", submission)
        return SYS_REF

    def get_next_document(self, caller: Caller, target_system: str | None) -> NextDocument:
        self._enter(caller, "GetNextDocument", target_system)
        return self.next_document

    def get_next_document_sisc(
        self, caller: Caller, context: ContextFilter, target_system: str | None
    ) -> NextDocument:
        self._enter(caller, "GetNextDocumentSisc", (context, target_system))
        return self.next_document

    def get_documents(self, caller: Caller, query: DocumentsQuery) -> DocumentsPage:
        self._enter(caller, "GetDocuments", query)
        return self.page

    @property
    def submission(self) -> Submission:
        (_, submission) = self.calls[-1]
        assert isinstance(submission, Submission)
        return submission


@dataclass
class FakeCredentials:
    """Accounts in memory; counts what the edge reports about them."""

    accounts: dict[str, Credentials] = field(
        default_factory=lambda: {
            LOGIN: Credentials(login=LOGIN, password_hash=PASSWORD_HASH, active=True),
        }
    )
    wrong: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    error: Exception | None = None

    def find(self, username: str) -> Credentials | None:
        if self.error:
            raise self.error
        return self.accounts.get(username.lower())

    def wrong_digest(self, login: str) -> None:
        self.wrong.append(login)

    def right_digest(self, login: str) -> None:
        self.right.append(login)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.body)

    def text(self, name: str) -> str | None:
        found = [e.text or "" for e in self.root.iter("{*}" + name)]
        return found[0] if found else None

    @property
    def fault_code(self) -> tuple[str | None, str]:
        element = next(self.root.iter("faultcode"))
        prefix, _, local = (element.text or "").rpartition(":")
        return element.nsmap.get(prefix), local


@dataclass
class Edge:
    """The application under test with its fakes."""

    service: FakeService = field(default_factory=FakeService)
    credentials: FakeCredentials = field(default_factory=FakeCredentials)
    settings: EdgeSettings = DEFAULTS
    clock: Clock = lambda: NOW
    seen: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    app: WSGIApplication = field(init=False)

    def __post_init__(self) -> None:
        service: ChannelService = self.service
        self.app = build_app(
            service=service,
            credentials=self.credentials,
            settings=self.settings,
            clock=self.clock,
            ids=ids(),
            observe=lambda action, facts: self.seen.append((action, facts)),
        )

    @property
    def action(self) -> str:
        return self.seen[-1][0]

    @property
    def facts(self) -> Mapping[str, object]:
        return self.seen[-1][1]

    def post(
        self, body: bytes, content_type: object = "text/xml; charset=utf-8", **environ: object
    ) -> Answer:
        return call(
            self.app,
            **{
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": content_type,
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
                **environ,
            },
        )

    def get(self, query: str = "", **environ: object) -> Answer:
        return call(self.app, QUERY_STRING=query, **environ)


def call(app: WSGIApplication, **environ: object) -> Answer:
    status: list[str] = []
    headers: dict[str, str] = {}

    def start(
        code: str, fields: list[tuple[str, str]], _exc_info: object = None
    ) -> Callable[[bytes], object]:
        status.append(code)
        headers.update(fields)
        return lambda _: None

    start_response: StartResponse = start
    full: WSGIEnvironment = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": PATH,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "HTTP_HOST": "ws.example.pl",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        **environ,
    }
    parts: Iterable[bytes] = app(full, start_response)
    return Answer(int(status[0].split()[0]), headers, b"".join(parts))
