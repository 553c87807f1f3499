"""What the store keeps: values only."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = [
    "Attachment",
    "Document",
    "DocumentFilter",
    "DocumentState",
    "Event",
    "Holder",
    "Identifier",
    "JsonValue",
    "KeyKind",
    "Lane",
    "MailboxFilter",
    "NewDocument",
    "NewReply",
    "NewWork",
    "Pause",
    "Reply",
    "Withheld",
    "WithheldOutcome",
    "WorkItem",
]

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


class DocumentState(StrEnum):
    """The life of an incoming document (design §3)."""

    RECEIVED = "received"  # sysRef returned
    NOT_SUBMITTED = "not_submitted"  # NPP issued; final
    SUBMITTED = "submitted"  # UPP issued
    DELIVERING = "delivering"  # the back end could not take it yet; retried
    DELIVERED = "delivered"  # the back end has it
    UNDELIVERABLE = "undeliverable"  # retries are over; an operator decides
    CONFIRMED = "confirmed"  # UPO
    REJECTED = "rejected"  # nieUPO / OdrzucenieKomunikatu; final
    ANSWERED = "answered"  # at least one business message came back


class Lane(StrEnum):
    """Kinds of work. Deliveries have one lane per target system: `deliver:NCTS2`."""

    VERIFY = "verify"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file sent beside the main document."""

    content: bytes
    filename: str | None
    mime: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDocument:
    """An incoming document at the moment it is taken in."""

    sys_ref: str
    account: str  # login
    system: str
    type_code: str
    received_at: datetime
    content: bytes  # exactly as sent
    filename: str | None
    mime: str
    attachments: tuple[Attachment, ...] = ()
    sha256: str = field(init=False)  # of the content, lower-case hexadecimal
    sha1: str = field(init=False)  # likewise; some back ends echo it

    def __post_init__(self) -> None:
        """Take the digests once."""
        object.__setattr__(self, "sha256", hashlib.sha256(self.content).hexdigest())
        object.__setattr__(self, "sha1", hashlib.sha1(self.content, usedforsecurity=False).hexdigest())


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """An incoming document without its bytes."""

    sys_ref: str
    account: str
    system: str
    type_code: str
    state: DocumentState
    received_at: datetime
    sha256: str
    sha1: str
    size: int  # bytes of the main document
    filename: str | None
    mime: str
    person: str | None = None  # ID SISC, contexts of the right it was sent under
    middle: str | None = None
    end: str | None = None
    own_id: str | None = None
    lrn: str | None = None
    mrn: str | None = None
    arc: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentFilter:
    """Search over incoming documents; every field given must match. Each is served by an index."""

    account: str | None = None
    system: str | None = None
    state: DocumentState | None = None
    sha256: str | None = None  # lower-case hexadecimal, as the next
    sha1: str | None = None
    own_id: str | None = None
    lrn: str | None = None
    mrn: str | None = None
    arc: str | None = None
    eori: str | None = None  # of a party named in the document or its answers
    excise: str | None = None
    nip: str | None = None
    id_sisc: str | None = None
    received_from: datetime | None = None  # inclusive
    received_to: datetime | None = None  # exclusive


class KeyKind(StrEnum):
    """What kind of number or code a document is found by."""

    OWN_ID = "own_id"  # the message's own number
    LRN = "lrn"
    MRN = "mrn"
    ARC = "arc"
    EORI = "eori"  # of a party it names, as the next three
    EXCISE = "excise"
    NIP = "nip"
    ID_SISC = "id_sisc"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identifier:
    """A number that a document or an answer to it names; the way back from the number to the document."""

    kind: KeyKind
    value: str
    sys_ref: str  # of the incoming document, or of a mailbox document that answers none
    system: str
    account: str  # login: the sender, or the recipient of a mailbox document that answers none
    at: datetime  # when the document was received, or the mailbox document made


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Who is tied to a number by which document."""

    sys_ref: str
    system: str
    account: str
    at: datetime
    state: DocumentState | None  # of the incoming document; None: a mailbox document that answers none


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One step in a document's life: who did what when, with the facts."""

    sys_ref: str
    at: datetime
    action: str  # from gateway.actions.Action
    actor: str  # "gateway", "account:…", "system:NCTS2", "operator:…"
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewReply:
    """A document for a client's mailbox."""

    sys_ref: str  # its own; on the wire it is the dispatchId (idWysylki)
    type_code: str  # UPP, NPP, UPO, CC028C, ...
    account: str  # login of the recipient
    system: str  # back end it comes from; UPP and NPP: the target system of the document
    content: bytes
    filename: str
    mime: str
    created_at: datetime
    correlation_sys_ref: str | None = None  # sysRef of the document answered
    back_end_id: str | None = None  # unique with `system`; None for the gateway's own receipts
    own_id: str | None = None  # the client's own id of the document answered (idDocSysZew)
    case_id: str | None = None  # idSprawy
    person: str | None = None
    middle: str | None = None
    end: str | None = None


class WithheldOutcome(StrEnum):
    """How the waiting for a proof of delivery ended."""

    DELIVERED = "delivered"  # the signed UPD came back; the document is in the mailbox
    LAPSED = "lapsed"  # the term passed; a PND went to the back end


@dataclass(frozen=True, kw_only=True, slots=True)
class Withheld:
    """A document for a client that is handed out against a signed proof of delivery only."""

    proof_id: str  # IdentyfikatorPoswiadczenia of the UPD
    proof: bytes  # the UPD as issued
    due_at: datetime  # when the signed UPD must be back
    reply: NewReply  # content is empty once it is in the mailbox
    outcome: WithheldOutcome | None = None  # None: waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A stored mailbox document."""

    seq: int  # order of arrival
    sys_ref: str
    type_code: str
    account: str
    system: str
    content: bytes
    filename: str
    mime: str
    created_at: datetime
    correlation_sys_ref: str | None
    own_id: str | None
    case_id: str | None
    person: str | None
    middle: str | None
    end: str | None
    collected_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxFilter:
    """Which mailbox documents are meant; every field given must match.

    A document is visible to an account when it is addressed to it, or — with `entities` — when its middle or
    end context is one of these entities and its system one of those covered there.
    """

    account: str
    #: ID SISC whose documents of other employees are visible too → target systems covered; "*": every system.
    entities: Mapping[str, frozenset[str]] = field(default_factory=dict)
    person: str | None = None
    middle: str | None = None
    end: str | None = None
    system: str | None = None
    sys_ref: str | None = None  # of the mailbox document itself
    correlation_sys_ref: str | None = None
    own_id: str | None = None
    case_id: str | None = None
    collected: bool | None = None  # None: both
    created_from: datetime | None = None  # inclusive
    created_to: datetime | None = None  # exclusive


@dataclass(frozen=True, kw_only=True, slots=True)
class NewWork:
    """Work to be done on a document.

    Items with the same `order_key` are claimed one after the other, by `position`; without a position they
    keep others waiting, but wait for none themselves.
    """

    sys_ref: str
    account: str
    order_key: str | None = None
    position: int | None = None  # of the item this one follows; None: whatever number it gets


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkItem:
    """A claimed piece of work."""

    id: int
    lane: str
    sys_ref: str
    account: str
    attempt: int  # 1 on the first try
    lease_owner: str
    added_at: datetime
    order_key: str | None = None
    position: int = 0  # by which what follows keeps its order


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """An operator has stopped deliveries to a target system, or the gateway's intake."""

    subject: str  # target-system code, or `gateway.store.systems.GATEWAY`
    since: datetime
    operator: str
    reason: str
