"""The channel's operations as the flow offers them to the SOAP edge: values and ports, no XML, no SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = [
    "Caller",
    "ChannelService",
    "Clock",
    "Content",
    "ContextFilter",
    "CredentialStore",
    "Credentials",
    "DocumentsPage",
    "DocumentsQuery",
    "IdMaker",
    "MailboxDocument",
    "NextDocument",
    "Submission",
]

Clock = Callable[[], datetime]  # always time-zone aware, UTC
IdMaker = Callable[[], str]  # lower-case hyphenated UUIDs


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """One file of a document."""

    data: bytes  # after one base64 decoding
    mime: str  # application/xml, application/pdf or other
    filename: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What AcceptDocument brings (seap-wire §4.1)."""

    content: Content
    attachments: tuple[Content, ...] = ()
    target_systems: tuple[str, ...] = ()  # empty: route by the payload's root
    reply_emails: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What the edge needs to check a token."""

    login: str
    password_hash: bytes  # the 28 ASCII bytes Base64(SHA-1(password)): a password equivalent
    active: bool  # False: locked or closed
    failed_logins: int = 0  # consecutive wrong digests so far


class CredentialStore(Protocol):
    """Where accounts are looked up while a token is checked."""

    def find(self, username: str) -> Credentials | None:
        """The account with this login (case does not matter), or None."""

    def wrong_digest(self, login: str) -> None:
        """Count one more consecutive wrong digest; locks the account at the limit. Commits by itself."""

    def right_digest(self, login: str) -> None:
        """Forget earlier wrong digests; call it only if there were any. Commits by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """An authenticated account and the token it came with.

    The flow uses up the nonce in the same transaction as the effect of the call.
    """

    login: str
    nonce: str  # unique key of the token: hexadecimal SHA-256 over login and nonce bytes
    nonce_expires: datetime  # until when a second use must be noticed


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextFilter:
    """idSiscROF / idSiscROP / idSiscP of a query (person, agency, company) and allEmployees."""

    person: str | None = None
    middle: str | None = None
    end: str | None = None
    all_employees: bool = False

    @property
    def named(self) -> bool:
        """Whether at least one ID SISC is given."""
        return bool(self.person or self.middle or self.end)


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentsQuery:
    """What GetDocuments asks for (seap-wire §4.4). Texts as received; the flow judges them."""

    context: ContextFilter = ContextFilter()
    sys_ref: str | None = None
    dispatch_id: str | None = None  # idWysylki
    own_id: str | None = None  # idDocSysZew
    case_id: str | None = None  # idSprawy
    collected: str | None = None  # pobrany: "0", "1" or absent
    date_from: str | None = None  # dataOd: xs:date or xs:dateTime, zone-less is Europe/Warsaw
    date_to: str | None = None  # dataDo
    correlation_sys_ref: str | None = None  # korelacjaSysref
    target_system: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxDocument:
    """A document for the client (seap-wire §4.1, fields SEAP to client)."""

    content: Content
    dispatch_id: str
    case_id: str | None = None
    person: str | None = None
    middle: str | None = None
    end: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NextDocument:
    """Answer of GetNextDocument and GetNextDocumentSisc."""

    document: MailboxDocument | None
    has_next: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentsPage:
    """Answer of GetDocuments: how many match, and the oldest of them."""

    count: int
    documents: tuple[MailboxDocument, ...]


class ChannelService(Protocol):
    """The four operations. Each raises ChannelError, SecurityError (replayed nonce) or UnavailableError."""

    def accept_document(self, caller: Caller, submission: Submission) -> str:
        """Take a document in; returns its sysRef once it is durably stored."""

    def get_next_document(self, caller: Caller, target_system: str | None) -> NextDocument:
        """Collect the oldest waiting document of the account."""

    def get_next_document_sisc(
        self, caller: Caller, context: ContextFilter, target_system: str | None
    ) -> NextDocument:
        """Collect the oldest waiting document in the given contexts."""

    def get_documents(self, caller: Caller, query: DocumentsQuery) -> DocumentsPage:
        """Find documents without collecting them."""
