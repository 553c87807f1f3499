"""Handing verified documents to back ends and taking the answers that come at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gateway.actions import Action
from gateway.channel import Clock
from gateway.errors import LostLeaseError
from gateway.flow.answer_intake import Addressed, AnswerIntake, Arrival, Result
from gateway.flow.answers import Answers
from gateway.notices import Notices, Reason
from gateway.observe import Observer
from gateway.store.model import Attachment, Document, DocumentState, Event, WorkItem
from gateway.store.ports import Store, UnitOfWork
from routing.breaker import BreakerState, CircuitBreaker
from routing.model import (
    Accepted,
    Answer,
    AnswerKind,
    AttachedFile,
    BackEnd,
    Delivery,
    Outcome,
    Rejected,
    Unavailable,
)
from routing.retry import RetryPolicy, next_attempt

__all__ = ["DeliveryStep"]

#: States in which the back end has not answered yet.
_ON_ITS_WAY: Final = frozenset(
    {
        DocumentState.SUBMITTED,
        DocumentState.DELIVERING,
        DocumentState.DELIVERED,
        DocumentState.UNDELIVERABLE,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Result:
    """What has become of one document."""

    item: WorkItem
    document: Document
    state: DocumentState  # reached
    action: Action
    facts: dict[str, str | int]  # of the event
    answers: Sequence[Answer] = ()  # of a back end that tells what they are
    arrivals: Sequence[Arrival] = ()  # of one whose answers must be looked into
    due: datetime | None = None  # of the next attempt; None: this was the last
    notice: Reason | None = None  # for the sender, should no answer of the back end tell it


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryStep:
    """Delivers claimed documents to one back end."""

    store: Store
    back_end: BackEnd
    breaker: CircuitBreaker
    answers: Answers
    intake: AnswerIntake
    notices: Notices
    retry: RetryPolicy
    clock: Clock
    random: Callable[[], float]
    observe: Observer

    def handle(self, items: Sequence[WorkItem]) -> None:
        """Deliver a batch and record every outcome in one transaction.

        A crash before the commit leaves the leases to run out: the documents are delivered again under the
        same sysRef, which the back end knows. Of items that another worker has taken over meanwhile nothing
        is recorded.

        Raises:
            UnavailableError: the store is out of reach.
        """
        with self.store.read() as work:
            sys_refs = [item.sys_ref for item in items]
            documents = work.documents.get_many(sys_refs)
            contents = work.documents.contents(sys_refs)
            attachments = work.documents.attachments(sys_refs)
        outcomes = self._deliver(
            [
                _delivery(item, documents[ref], contents[ref], attachments.get(ref, ()))
                for item, ref in zip(items, sys_refs, strict=True)
            ]
        )
        results = [
            self._result(item, documents[item.sys_ref], outcome)
            for item, outcome in zip(items, outcomes, strict=True)
        ]
        with self.store.begin() as work:
            ours = self._record(work, results)
            recorded = [each for each in results if each.item.id in ours]
            taken_in = self._take_in(work, recorded)
            self._give_notice(work, recorded, taken_in)
            work.commit()
        for result in results:
            self._tell(result, ours=result.item.id in ours)
        self.intake.tell(self.back_end.system, taken_in)

    def room(self, work: UnitOfWork, most: int) -> int:
        """How many documents may be tried: none while paused or the circuit is open, then one to find out."""
        state = self.breaker.state
        if state is BreakerState.OPEN or work.systems.paused(self.back_end.system) is not None:
            return 0
        return 1 if state is BreakerState.HALF_OPEN else most

    def _deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        if not self.breaker.allow():
            return [self._closed_to_us()] * len(deliveries)
        before = self.breaker.state
        outcomes = self.back_end.deliver(deliveries)
        self.breaker.record(outcomes)
        self._tell_change(before, self.breaker.state)
        return outcomes

    def _closed_to_us(self) -> Unavailable:
        probe = self.breaker.retry_at()
        pause = (probe - self.clock()).total_seconds() if probe else None
        return Unavailable(reason="circuit open", retry_after=pause)

    def _tell_change(self, before: BreakerState, after: BreakerState) -> None:
        if before is not BreakerState.OPEN and after is BreakerState.OPEN:
            self.observe(Action.CIRCUIT_OPENED, detail=self.back_end.system)
        elif before is not BreakerState.CLOSED and after is BreakerState.CLOSED:
            self.observe(Action.CIRCUIT_CLOSED, detail=self.back_end.system)

    def _result(self, item: WorkItem, document: Document, outcome: Outcome) -> _Result:
        match outcome:
            case Accepted(answers=answers):
                return _Result(
                    item=item,
                    document=document,
                    state=DocumentState.DELIVERED,
                    action=Action.DOCUMENT_DELIVERED,
                    facts={"attempt": item.attempt},
                    answers=_read(answers),
                    arrivals=self._look_into(answers),
                )
            case Rejected(reason=reason, answers=answers):
                return _Result(
                    item=item,
                    document=document,
                    state=DocumentState.REJECTED,
                    action=Action.DELIVERY_REJECTED,
                    facts={"attempt": item.attempt, "reason": reason},
                    answers=_read(answers),
                    arrivals=self._look_into(answers),
                    notice=None
                    if _read(answers)
                    else Reason.refused(document.system, reason, held=bool(answers)),
                )
            case Unavailable():
                return self._postponed(item, document, outcome)

    def _postponed(self, item: WorkItem, document: Document, outcome: Unavailable) -> _Result:
        due = next_attempt(
            item.attempt,
            self.clock(),
            self.retry,
            self.random,
            retry_after=outcome.retry_after,
            since=item.added_at,
        )
        return _Result(
            item=item,
            document=document,
            state=DocumentState.UNDELIVERABLE if due is None else DocumentState.DELIVERING,
            action=Action.DELIVERY_GIVEN_UP if due is None else Action.DELIVERY_POSTPONED,
            facts={"attempt": item.attempt, "reason": outcome.reason},
            due=due,
            notice=Reason.undelivered(document.system) if due is None else None,
        )

    def _record(self, work: UnitOfWork, results: Sequence[_Result]) -> frozenset[int]:
        """Write down what has become of the documents whose items are still ours; returns those items."""
        ours = work.queue.done_many([result.item for result in results if result.due is None])
        ours |= {result.item.id for result in results if result.due and _give_back(work, result)}
        kept = [result for result in results if result.item.id in ours]
        at = self.clock()
        work.events.add([_event(result, at) for result in kept])
        # Answers may have come another way since the documents were read: they are read again, and kept.
        current = work.documents.get_many([result.item.sys_ref for result in kept], to_change=True)
        answered = [(_moved(current[result.item.sys_ref], result.state), result.answers) for result in kept]
        work.documents.update_many(self.answers.take(work, answered))
        return ours

    def _look_into(self, answers: Sequence[Answer]) -> Sequence[Arrival]:
        others = [answer for answer in answers if not _is_for_the_sender(answer)]
        return self.intake.read(self.back_end.system, others)

    def _take_in(self, work: UnitOfWork, results: Sequence[_Result]) -> Sequence[Result]:
        """Answers that had to be looked into: they may be for others, too, or for nobody."""
        arrivals = [arrival for result in results for arrival in result.arrivals]
        return self.intake.record(work, self.back_end.system, arrivals) if arrivals else ()

    def _give_notice(self, work: UnitOfWork, results: Sequence[_Result], taken_in: Sequence[Result]) -> None:
        """Tell senders in our own words what no answer has told: there was none, or all are held."""
        told = {each.sys_ref for each in taken_in if isinstance(each, Addressed)}
        notices = {
            result.item.sys_ref: (result.state, result.notice)
            for result in results
            if result.notice is not None and result.item.sys_ref not in told
        }
        if not notices:
            return
        at, documents = self.clock(), work.documents.get_many(notices)
        work.mailbox.add(
            [
                self.notices.rejection(documents[sys_ref], notice, at)
                for sys_ref, (state, notice) in notices.items()
                if documents[sys_ref].state is state  # else an answer that came another way has led further
            ]
        )

    def _tell(self, result: _Result, *, ours: bool) -> None:
        item = result.item
        if not ours:
            self.observe(Action.LEASE_LOST, detail=item.lane, item=item.id, sys_ref=item.sys_ref)
            return
        codes = [answer.type_code for answer in result.answers]
        self.observe(
            result.action,
            detail=result.document.system,
            sys_ref=item.sys_ref,
            **result.facts,
            **({"answers": codes} if codes else {}),
        )


def _read(answers: Sequence[Answer]) -> Sequence[Answer]:
    """Those for the sender that say themselves what they are."""
    return [answer for answer in answers if _is_for_the_sender(answer)]


def _is_for_the_sender(answer: Answer) -> bool:
    return answer.kind is not AnswerKind.UNREAD and not answer.recipients


def _moved(document: Document, state: DocumentState) -> Document:
    """The document in the state its delivery led to, unless an answer has led further."""
    return replace(document, state=state) if document.state in _ON_ITS_WAY else document


def _give_back(work: UnitOfWork, result: _Result) -> bool:
    """Leave the item for another attempt; whether it was still ours."""
    if result.due is None:
        return False
    try:
        work.queue.retry(result.item, at=result.due)
    except LostLeaseError:
        return False
    return True


def _event(result: _Result, at: datetime) -> Event:
    return Event(
        sys_ref=result.document.sys_ref,
        at=at,
        action=result.action,
        actor=f"system:{result.document.system}",
        facts=dict(result.facts),
    )


def _delivery(
    item: WorkItem, document: Document, content: bytes, attachments: Sequence[Attachment]
) -> Delivery:
    return Delivery(
        sys_ref=document.sys_ref,
        system=document.system,
        type_code=document.type_code,
        content=content,
        sha256=document.sha256,
        filename=document.filename,
        received_at=document.received_at,
        person=document.person or "",
        middle=document.middle,
        end=document.end,
        attempt=item.attempt,
        order_key=document.lrn or document.mrn or document.arc,
        attachments=tuple(
            AttachedFile(content=each.content, filename=each.filename, mime=each.mime) for each in attachments
        ),
    )
