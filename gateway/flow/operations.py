"""What operators may do with documents and target systems; every step is an event with its reason."""

from dataclasses import dataclass, replace
from typing import Final

from gateway.actions import Action
from gateway.channel import Clock
from gateway.errors import RefusedOperationError
from gateway.flow.lanes import lane_of
from gateway.observe import Observer
from gateway.store.identifiers import REFUSED
from gateway.store.model import Document, DocumentState, Event, Lane, NewWork, Pause
from gateway.store.ports import Store, UnitOfWork
from gateway.store.queue_control import QueuedItem
from gateway.store.systems import GATEWAY
from routing.routes import RouteTable

__all__ = ["Operations"]

#: States of documents that a back end may be given again: it knows those it has by their sysRef.
_DELIVERABLE: Final = frozenset(
    {
        DocumentState.SUBMITTED,
        DocumentState.DELIVERING,
        DocumentState.DELIVERED,
        DocumentState.UNDELIVERABLE,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operations:
    """An operator's hand on the flow."""

    store: Store
    routes: RouteTable
    clock: Clock
    operator: str  # "operator:NAME", for the events
    observe: Observer

    def retry(self, sys_ref: str, reason: str) -> None:
        """Let a document go on at once: work that was put off is due now, work that ended is taken up again.

        Raises:
            NotFoundError: there is no such document.
            RefusedOperationError: it is held, being worked on, or has nothing left to be done.
            DuplicateDocumentError: it was given up, and the sender has sent the same bytes again since.
        """
        with self.store.begin() as work:
            document = work.documents.get(sys_ref)
            item = self._item(work, document)
            if item is None:
                self._take_up(work, document)
            elif item.held or item.leased:
                raise RefusedOperationError(subject=sys_ref, reason=_why(item))
            else:
                work.control.hurry(item, at=self.clock())
            self._record(work, sys_ref, Action.DOCUMENT_RETRIED, reason)

    def hold(self, sys_ref: str, reason: str) -> None:
        """Keep a document back until it is released.

        Raises:
            NotFoundError: there is no such document.
            RefusedOperationError: nothing is left to be done with it, or it is held already.
        """
        with self.store.begin() as work:
            item = self._waiting(work, sys_ref)
            if item.held:
                raise RefusedOperationError(subject=sys_ref, reason=_why(item))
            work.control.hold(item)
            self._record(work, sys_ref, Action.DOCUMENT_HELD, reason)

    def release(self, sys_ref: str, reason: str) -> None:
        """Let a held document go on at once.

        Raises:
            NotFoundError: there is no such document.
            RefusedOperationError: it is not held.
        """
        with self.store.begin() as work:
            item = self._waiting(work, sys_ref)
            if not item.held:
                raise RefusedOperationError(subject=sys_ref, reason="is not held")
            work.control.release(item, at=self.clock())
            self._record(work, sys_ref, Action.DOCUMENT_RELEASED, reason)

    def reroute(self, sys_ref: str, system: str, reason: str) -> None:
        """Deliver a document to another target system.

        Raises:
            NotFoundError: there is no such document.
            NoRouteError: documents for this system are not passed on.
            RefusedOperationError: it waits for no delivery, or is being delivered now.
        """
        self.routes.find(system)
        with self.store.begin() as work:
            document = work.documents.get(sys_ref)
            item = work.control.item_of(document, lane_of(document.system))
            if item is None:
                raise RefusedOperationError(subject=sys_ref, reason="waits for no delivery")
            if not work.control.move(item, lane_of(system), at=self.clock()):
                raise RefusedOperationError(subject=sys_ref, reason=_why(item))
            work.documents.reroute(sys_ref, system)
            facts = {"from": document.system, "to": system}
            self._record(work, sys_ref, Action.DOCUMENT_REROUTED, reason, facts)

    def pause(self, subject: str, reason: str) -> None:
        """Stop deliveries to a system (documents are taken in and wait), or with GATEWAY the intake.

        Raises:
            NoRouteError: documents for this system are not passed on.
            RefusedOperationError: it is paused already.
        """
        self._switch(subject, reason, paused=True)

    def resume(self, subject: str, reason: str) -> None:
        """End a pause.

        Raises:
            NoRouteError: documents for this system are not passed on.
            RefusedOperationError: it is not paused.
        """
        self._switch(subject, reason, paused=False)

    def _switch(self, subject: str, reason: str, *, paused: bool) -> None:
        if subject != GATEWAY:
            self.routes.find(subject)
        with self.store.begin() as work:
            if (work.systems.paused(subject) is not None) == paused:
                state = "is paused already" if paused else "is not paused"
                raise RefusedOperationError(subject=subject, reason=state)
            change = Pause(subject=subject, since=self.clock(), operator=self.operator, reason=reason)
            work.systems.change(change, paused=paused)
            work.queue.wake()
            work.commit()
        action = Action.SYSTEM_PAUSED if paused else Action.SYSTEM_RESUMED
        self.observe(action, detail=subject, operator=self.operator, reason=reason)

    def _take_up(self, work: UnitOfWork, document: Document) -> None:
        again = NewWork(sys_ref=document.sys_ref, account=document.account)
        if document.state is DocumentState.RECEIVED:
            work.queue.put(Lane.VERIFY, again, at=self.clock())
            return
        if document.state not in _DELIVERABLE:
            reason = f"has nothing left to be done: it is {document.state.value}"
            raise RefusedOperationError(subject=document.sys_ref, reason=reason)
        if document.state in REFUSED:
            work.documents.stand_in_the_way(document)
        work.documents.update(replace(document, state=DocumentState.DELIVERING))
        work.queue.put(lane_of(document.system), again, at=self.clock())

    def _item(self, work: UnitOfWork, document: Document) -> QueuedItem | None:
        return work.control.item_of(document, Lane.VERIFY, lane_of(document.system))

    def _waiting(self, work: UnitOfWork, sys_ref: str) -> QueuedItem:
        item = self._item(work, work.documents.get(sys_ref))
        if item is None:
            raise RefusedOperationError(subject=sys_ref, reason="has nothing left to be done")
        return item

    def _record(
        self,
        work: UnitOfWork,
        sys_ref: str,
        action: Action,
        reason: str,
        facts: dict[str, str] | None = None,
    ) -> None:
        event = Event(
            sys_ref=sys_ref,
            at=self.clock(),
            action=action,
            actor=self.operator,
            facts={"reason": reason, **(facts or {})},
        )
        work.events.add([event])
        work.queue.wake()
        work.commit()


def _why(item: QueuedItem) -> str:
    if item.held:
        return "is held; release it first"
    return "is being worked on; try again in a minute"
