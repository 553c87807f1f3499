"""GetNextDocument, GetNextDocumentSisc and GetDocuments: what a client may see and collect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from gateway.actions import Action
from gateway.channel import (
    Caller,
    Clock,
    Content,
    ContextFilter,
    DocumentsPage,
    DocumentsQuery,
    MailboxDocument,
    NextDocument,
)
from gateway.errors import BusinessError
from gateway.flow.dates import parse_moment
from gateway.observe import Observer
from gateway.settings import MailboxOptions
from gateway.store.model import Event, MailboxFilter, Reply
from gateway.store.ports import Store, UnitOfWork

__all__ = ["ContextRights", "MailboxService"]

_NO_PERMISSION: Final = "No permission to idSiscROF/idSiscROP/idSiscP"
_NO_CONTEXT: Final = "At least one of idSisc needs to be provided"
_BAD_WINDOW: Final = "DataOd and DataDo must be defined and must be limited up to {days} days period"


class ContextRights(Protocol):
    """What the register says about an account's contexts."""

    def may_use(self, login: str, context: ContextFilter, *, system: str | None, at: datetime) -> bool:
        """Whether every ID SISC named is the account's own person or reachable by a valid link."""

    def visible_entities(self, login: str, at: datetime) -> Mapping[str, frozenset[str]]:
        """Entities whose documents the account may see beside its own, with the systems covered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxService:
    """Hands mailbox documents out."""

    store: Store
    rights: Callable[[UnitOfWork], ContextRights]
    options: MailboxOptions
    clock: Clock
    observe: Observer

    def next_document(self, caller: Caller, target_system: str | None) -> NextDocument:
        """Collect the account's oldest waiting document of the last month.

        Args:
            caller: the authenticated account.
            target_system: only documents of this back end; None: any.

        Raises:
            SecurityError: the token was used before.
            UnavailableError: the store is out of reach.
        """
        wanted = MailboxFilter(
            account=caller.login,
            system=target_system,
            created_from=self.clock() - timedelta(days=self.options.look_back_days),
        )
        with self.store.begin() as work:
            return self._collect(work, caller, wanted)

    def next_document_sisc(
        self, caller: Caller, context: ContextFilter, target_system: str | None
    ) -> NextDocument:
        """Collect the oldest waiting document in the given contexts, however old.

        Raises:
            BusinessError: B006, no context is named or one may not be used.
            SecurityError: the token was used before.
            UnavailableError: the store is out of reach.
        """
        if not context.named:
            raise BusinessError(code="B006", description=_NO_CONTEXT)
        with self.store.begin() as work:
            wanted = self._in_context(work, caller, context, target_system)
            return self._collect(work, caller, wanted)

    def documents(self, caller: Caller, query: DocumentsQuery) -> DocumentsPage:
        """Find documents; nothing becomes collected.

        Raises:
            BusinessError: B006, a context may not be used, or the dates are absent, bad or too far apart.
            SecurityError: the token was used before.
            UnavailableError: the store is out of reach.
        """
        created_from, created_to = self._window(query)
        with self.store.read() as work:  # a page may be large: nobody who writes waits for it
            wanted = replace(
                self._in_context(work, caller, query.context, query.target_system),
                sys_ref=query.sys_ref or query.dispatch_id,
                correlation_sys_ref=query.correlation_sys_ref,
                own_id=query.own_id,
                case_id=query.case_id,
                collected=_collected(query.collected),
                created_from=created_from,
                created_to=created_to,
            )
            count, replies = work.mailbox.page(
                wanted, limit=self.options.page_documents, max_bytes=self.options.page_bytes
            )
        with self.store.begin() as work:
            work.nonces.use(caller.nonce, expires=caller.nonce_expires)
            work.commit()
        return DocumentsPage(count=count, documents=tuple(map(_on_the_wire, replies)))

    def _collect(self, work: UnitOfWork, caller: Caller, wanted: MailboxFilter) -> NextDocument:
        """Mark and return the next document; the mark and the answer are one transaction."""
        work.nonces.use(caller.nonce, expires=caller.nonce_expires)
        at = self.clock()
        reply, has_next = work.mailbox.take_next(wanted, at=at)
        if reply is not None and reply.correlation_sys_ref is not None:
            work.events.add([_collected_event(reply, reply.correlation_sys_ref, caller.login, at)])
        work.commit()
        if reply is None:
            return NextDocument(document=None, has_next=False)
        self.observe(
            Action.DOCUMENT_COLLECTED, detail=reply.system, dispatch_id=reply.sys_ref, account=caller.login
        )
        return NextDocument(document=_on_the_wire(reply), has_next=has_next)

    def _in_context(
        self, work: UnitOfWork, caller: Caller, context: ContextFilter, system: str | None
    ) -> MailboxFilter:
        at = self.clock()
        rights = self.rights(work)
        if context.named and not rights.may_use(caller.login, context, system=system, at=at):
            raise BusinessError(code="B006", description=_NO_PERMISSION)
        entities = rights.visible_entities(caller.login, at) if context.all_employees else {}
        return MailboxFilter(
            account=caller.login,
            entities=entities,
            person=context.person,
            middle=context.middle,
            end=context.end,
            system=system,
        )

    def _window(self, query: DocumentsQuery) -> tuple[datetime | None, datetime | None]:
        """The dates asked for; needed unless one document or the replies to one document are named."""
        named = query.sys_ref or query.correlation_sys_ref or query.dispatch_id
        if named and not (query.date_from or query.date_to):
            return None, None
        refusal = BusinessError(code="B006", description=_BAD_WINDOW.format(days=self.options.window_days))
        if not (query.date_from and query.date_to):
            raise refusal
        start, end = parse_moment(query.date_from), parse_moment(query.date_to)
        if start is None or end is None or end.after <= start.moment:
            raise refusal
        if end.local - start.local > timedelta(days=self.options.window_days):
            raise refusal
        return start.moment, end.after


def _collected(text: str | None) -> bool | None:
    """`pobrany`: "0" not yet collected, "1" collected, absent or empty both."""
    if not text:
        return None
    if text not in {"0", "1", "false", "true"}:
        raise BusinessError(code="B006", description="pobrany: 0, 1")
    return text in {"1", "true"}


def _collected_event(reply: Reply, sys_ref: str, login: str, at: datetime) -> Event:
    return Event(
        sys_ref=sys_ref,
        at=at,
        action=Action.DOCUMENT_COLLECTED,
        actor=f"account:{login}",
        facts={"type": reply.type_code, "dispatch_id": reply.sys_ref},
    )


def _on_the_wire(reply: Reply) -> MailboxDocument:
    return MailboxDocument(
        content=Content(data=reply.content, mime=reply.mime, filename=reply.filename),
        dispatch_id=reply.sys_ref,
        case_id=reply.case_id,
        person=reply.person,
        middle=reply.middle,
        end=reply.end,
    )
