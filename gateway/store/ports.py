"""The store as the flow sees it. One conformance suite holds for every implementation."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from gateway.store.model import (
    Attachment,
    Document,
    DocumentFilter,
    DocumentState,
    Event,
    Holder,
    Identifier,
    KeyKind,
    MailboxFilter,
    NewDocument,
    NewReply,
    NewWork,
    Pause,
    Reply,
    Withheld,
    WithheldOutcome,
    WorkItem,
)
from gateway.store.queue_control import LaneState, QueuedItem

__all__ = [
    "Documents",
    "Events",
    "Identifiers",
    "Mailbox",
    "Nonces",
    "Queue",
    "QueueControl",
    "Retention",
    "Store",
    "Systems",
    "UnitOfWork",
    "WithheldReplies",
]


class Documents(Protocol):
    """Incoming documents."""

    def add(self, document: NewDocument) -> None:
        """Store a document in state RECEIVED with its bytes.

        Raises:
            DuplicateDocumentError: the account has an identical payload that was not refused.
        """

    def get(self, sys_ref: str) -> Document:
        """The document; raises NotFoundError."""

    def get_many(self, sys_refs: Collection[str], *, to_change: bool = False) -> Mapping[str, Document]:
        """Those of the documents that exist; `to_change` keeps others from changing them meanwhile."""

    def contents(self, sys_refs: Collection[str]) -> Mapping[str, bytes]:
        """Main payloads, byte for byte as sent."""

    def attachments(self, sys_refs: Collection[str]) -> Mapping[str, Sequence[Attachment]]:
        """Attachments in the order sent, of those documents that have any."""

    def update(self, document: Document) -> None:
        """Write state, contexts and keys back. A refused document frees its duplicate key."""

    def update_many(self, changed: Sequence[Document]) -> None:
        """As `update`, in one round trip."""

    def stand_in_the_way(self, document: Document) -> None:
        """Refuse identical payloads again for a document that is refused no more.

        Raises DuplicateDocumentError when another one has been accepted meanwhile.
        """

    def reroute(self, sys_ref: str, system: str) -> None:
        """Give a document another target system."""

    def find(self, wanted: DocumentFilter, *, limit: int) -> Sequence[Document]:
        """Newest first."""


class Events(Protocol):
    """The life of documents; only ever added to."""

    def add(self, events: Sequence[Event]) -> None:
        """Append."""

    def of(self, sys_ref: str) -> Sequence[Event]:
        """Oldest first."""


class Identifiers(Protocol):
    """Numbers of documents and of the answers to them."""

    def add(self, identifiers: Collection[Identifier]) -> None:
        """Record numbers; those already known of a document are skipped."""

    def holders(
        self, kind: KeyKind, value: str, *, system: str | None = None, limit: int
    ) -> Sequence[Holder]:
        """Whom a number is tied to, newest first. Documents that were refused tie nothing."""

    def of(self, sys_ref: str) -> Sequence[Identifier]:
        """All numbers of a document, by kind and value."""


class Mailbox(Protocol):
    """Documents for clients."""

    def add(self, replies: Sequence[NewReply]) -> frozenset[str]:
        """Store replies; skip those whose (system, back_end_id) is known already.

        Returns:
            The sysRefs of those that are new.
        """

    def take_next(self, wanted: MailboxFilter, *, at: datetime) -> tuple[Reply | None, bool]:
        """Mark the oldest waiting match as collected and return it, with whether more are waiting.

        Two callers at the same time never get the same document.
        """

    def get(self, sys_ref: str) -> Reply:
        """One by its own sysRef; raises NotFoundError."""

    def about(self, sys_ref: str) -> Sequence[Reply]:
        """Everything that answers a document, whoever it is for, oldest first."""

    def page(self, wanted: MailboxFilter, *, limit: int, max_bytes: int) -> tuple[int, Sequence[Reply]]:
        """How many match in all, and the oldest of them.

        At most `limit` documents and `max_bytes` of content, but at least one document if any matches.
        """

    def last_reader(self, entity: str) -> str | None:
        """The account that got the last document in this firm's context (ID SISC); None: there is none."""


class WithheldReplies(Protocol):
    """Documents for clients that wait for a signed proof of delivery."""

    def add(self, waiting: Sequence[Withheld]) -> frozenset[str]:
        """Store documents that wait; skip those whose (system, back_end_id) waits or waited already.

        Returns:
            The proof identifiers of those that are new.
        """

    def find(self, proof_id: str, *, account: str) -> Withheld | None:
        """The document that this account's proof is about, waiting or settled."""

    def overdue(self, *, at: datetime, limit: int) -> Sequence[Withheld]:
        """Documents whose proof should have been back before `at`, the longest overdue first."""

    def about(self, sys_ref: str) -> Sequence[Withheld]:
        """Everything that answers a document and waits, or waited, for proof; the first due first."""

    def settle(self, proof_ids: Collection[str], outcome: WithheldOutcome, *, at: datetime) -> frozenset[str]:
        """End the waiting, once; returns the proof identifiers of those whose waiting ended just now."""


class Queue(Protocol):
    """Work items with leases."""

    def put(self, lane: str, work: NewWork, *, at: datetime) -> None:
        """Add work that is due at `at`; wakes waiting workers on commit."""

    def put_many(self, lane: str, work: Sequence[NewWork], *, at: datetime) -> None:
        """As `put` for many, in one round trip."""

    def claim(
        self, lane: str, *, owner: str, at: datetime, lease: timedelta, limit: int
    ) -> Sequence[WorkItem]:
        """Lease due items, taking turns between accounts; items of dead owners come back when leases end.

        An item with an order key is left until those before it with the same key are done.
        """

    def done(self, item: WorkItem) -> None:
        """Remove a finished item; raises LostLeaseError when it is no longer ours."""

    def done_many(self, items: Collection[WorkItem]) -> frozenset[int]:
        """Remove finished items, in one round trip as a rule.

        Returns:
            The ids of those that were still ours. Of the others nothing may be written: call this first.
        """

    def retry(self, item: WorkItem, *, at: datetime) -> None:
        """Give the item back, due at `at`, with one more attempt counted; raises LostLeaseError."""

    def wake(self) -> None:
        """Have waiting workers look again once the transaction commits."""

    def depth(self) -> Mapping[str, int]:
        """Items by lane."""


class QueueControl(Protocol):
    """What operators do with waiting work."""

    def item_of(self, document: Document, *lanes: str) -> QueuedItem | None:
        """The work that waits for a document in one of the lanes."""

    def hold(self, item: QueuedItem) -> None:
        """Keep an item back until it is released; one being worked on is kept back if it is given back."""

    def release(self, item: QueuedItem, *, at: datetime) -> None:
        """Let a held item go on at once."""

    def hurry(self, item: QueuedItem, *, at: datetime) -> None:
        """Make an item due now, unless it is held or being worked on."""

    def move(self, item: QueuedItem, lane: str, *, at: datetime) -> bool:
        """Put an item into another lane, due now; False when it is being worked on."""

    def lanes(self) -> Mapping[str, LaneState]:
        """What waits, by lane."""


class Systems(Protocol):
    """Pauses of target systems and of the gateway, the same for all processes."""

    def paused(self, subject: str) -> Pause | None:
        """The pause in force, if there is one."""

    def all_paused(self) -> Mapping[str, Pause]:
        """The pauses in force, by subject."""

    def change(self, change: Pause, *, paused: bool) -> None:
        """Record that an operator paused or resumed a subject."""

    def history(self, subject: str, *, limit: int) -> Sequence[tuple[bool, datetime, str, str]]:
        """Pauses (True) and resumptions with time, operator and reason, newest first."""


class Retention(Protocol):
    """Documents that are old enough to go."""

    def ripe(self, state: DocumentState, *, before: datetime, limit: int) -> Sequence[str]:
        """The oldest documents in a finished state, received and last answered before a moment."""

    def delete(self, sys_refs: Collection[str], state: DocumentState, *, before: datetime) -> frozenset[str]:
        """Delete documents with all that belongs to them, unless they have changed; returns those gone."""

    def ripe_unsolicited(self, *, before: datetime, limit: int) -> Sequence[str]:
        """Mailbox documents that answer none, read before a moment; those nobody has read stay."""

    def delete_unsolicited(self, sys_refs: Collection[str], *, before: datetime) -> frozenset[str]:
        """Delete mailbox documents that answer none, with all that belongs to them; returns those gone."""


class Nonces(Protocol):
    """Tokens seen within their lifetime."""

    def use(self, nonce: str, *, expires: datetime) -> None:
        """Remember a nonce; raises SecurityError(REPLAYED_NONCE) when it is known."""

    def purge(self, *, before: datetime) -> int:
        """Forget expired ones."""


class UnitOfWork(Protocol):
    """One transaction. Leaving it without `commit` rolls everything back."""

    @property
    def connection(self) -> Connection:
        """For the repositories of other packages that take part in the transaction."""

    @property
    def documents(self) -> Documents:
        """Incoming documents."""

    @property
    def events(self) -> Events:
        """The life of documents."""

    @property
    def identifiers(self) -> Identifiers:
        """Numbers of documents and of the answers to them."""

    @property
    def mailbox(self) -> Mailbox:
        """Documents for clients."""

    @property
    def withheld(self) -> WithheldReplies:
        """Documents that wait for a proof of delivery."""

    @property
    def queue(self) -> Queue:
        """Work items."""

    @property
    def control(self) -> QueueControl:
        """What operators do with waiting work."""

    @property
    def systems(self) -> Systems:
        """Pauses of target systems and of the gateway."""

    @property
    def retention(self) -> Retention:
        """Documents that are old enough to go."""

    @property
    def nonces(self) -> Nonces:
        """Used tokens."""

    def commit(self) -> None:
        """Make the work durable."""


class Store(Protocol):
    """Where everything is kept."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A writing transaction. Raises UnavailableError when the database is out of reach."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A reading transaction: sees one state, blocks nobody; commit is refused."""

    def wait_for_work(self, lane: str, *, timeout: float) -> bool:
        """Sleep until work may have been added to a lane by any process, at most `timeout` seconds."""

    def migrate(self) -> str | None:
        """Bring the schema to the newest version, which is returned; safe from several processes at once."""

    def check(self) -> None:
        """Raise UnavailableError unless the database answers and its schema is the one expected."""

    def close(self) -> None:
        """Release connections."""
