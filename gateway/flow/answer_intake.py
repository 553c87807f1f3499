"""Taking in what remote back ends answer: every way in leads through here.

```text
read ── unfit ───────────────┐
  │ fit                      ▼
correlate ── for nobody ──► quarantine, alert ──► an operator releases or drops it
  │ document, or firms named
  ▼
mailbox
```
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.actions import Action
from gateway.channel import Clock
from gateway.flow.addressing import Addressee, addressees, nobody_known
from gateway.flow.answer_reading import AnswerReader, Unfit
from gateway.flow.answers import Answers
from gateway.flow.correlation import Correlator, Uncorrelated
from gateway.observe import Observer
from gateway.store.model import Document, Event
from gateway.store.ports import Store, UnitOfWork
from gateway.store.quarantine import NewQuarantined, Quarantine, QuarantineReason
from routing.model import Answer

__all__ = ["Addressed", "AnswerIntake", "Arrival", "Brought", "Held", "Result"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressed:
    """An answer that was put into a mailbox, now or when it came first."""

    answer: Answer
    sys_ref: str  # of the document it is about


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """An answer that was put into the mailboxes of firms that it is for, now or when it came first."""

    answer: Answer
    addressees: Sequence[Addressee]


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """An answer that was put into the quarantine, now or when it came first."""

    answer: Answer
    reason: QuarantineReason | None  # None: it was there before
    detail: str


#: An answer that has been looked into.
Arrival = Answer | Unfit
#: What has become of an answer.
Result = Addressed | Brought | Held


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerIntake:
    """Takes answers in. What it has taken is durable, is passed on once, and only to whom it is for."""

    store: Store
    reader: AnswerReader
    answers: Answers
    clock: Clock
    observe: Observer

    def take(self, system: str, answers: Sequence[Answer]) -> Sequence[Result]:
        """Take answers in, in one transaction of their own.

        Args:
            system: target-system code of the back end they come from.
            answers: as they came, in order; those taken in before change nothing.

        Returns:
            What has become of each, in the same order.

        Raises:
            UnavailableError: the store is out of reach; nothing was taken.
        """
        arrivals = self.read(system, answers)
        with self.store.begin() as work:
            results = self.record(work, system, arrivals)
            work.commit()
        self.tell(system, results)
        return results

    def read(self, system: str, answers: Sequence[Answer]) -> Sequence[Arrival]:
        """Look into answers; needs no transaction."""
        return [self.reader.read(system, answer) for answer in answers]

    def record(self, work: UnitOfWork, system: str, arrivals: Sequence[Arrival]) -> Sequence[Result]:
        """Correlate and store answers that have been looked into.

        Args:
            work: the transaction to do it in.
            system: target-system code of the back end they come from.
            arrivals: from `read`.
        """
        answers = [_answer_of(arrival) for arrival in arrivals]
        known = Quarantine(work.connection).known(system, {answer.back_end_id for answer in answers})
        correlator = Correlator(work, system, answers)
        results = [
            _repeated(answer)
            if answer.back_end_id in known
            else self._place(work, system, arrival, correlator)
            for answer, arrival in zip(answers, arrivals, strict=True)
        ]
        self._keep(work, system, [each for each in results if isinstance(each, Held)])
        self._address(work, [each for each in results if isinstance(each, Addressed)])
        brought = [(each.answer, each.addressees) for each in results if isinstance(each, Brought)]
        self.answers.bring(work, system, brought)
        return results

    def tell(self, system: str, results: Sequence[Result]) -> None:
        """Log and count what has been committed; what is held is an alert."""
        for each in results:
            facts = {"back_end_id": each.answer.back_end_id, "type_code": each.answer.type_code}
            if isinstance(each, Addressed):
                self.observe(Action.ANSWER_RECEIVED, detail=system, sys_ref=each.sys_ref, **facts)
            elif isinstance(each, Brought):
                firms = [addressee.entity for addressee in each.addressees]
                self.observe(Action.ANSWER_RECEIVED, detail=system, firms=firms, **facts)
            elif each.reason is not None:
                self.observe(Action.ANSWER_QUARANTINED, detail=system, reason=each.reason.value, **facts)

    def _place(self, work: UnitOfWork, system: str, arrival: Arrival, correlator: Correlator) -> Result:
        if isinstance(arrival, Unfit):
            return Held(answer=arrival.answer, reason=arrival.reason, detail=arrival.detail)
        if arrival.recipients:
            return self._for_firms(work, system, arrival)
        found = correlator.find(arrival)
        if isinstance(found, Uncorrelated):
            return Held(answer=arrival, reason=found.reason, detail=found.detail)
        return Addressed(answer=arrival, sys_ref=found.sys_ref)

    def _for_firms(self, work: UnitOfWork, system: str, answer: Answer) -> Brought | Held:
        found = addressees(work, answer, system=system, at=self.clock())
        if found:
            return Brought(answer=answer, addressees=found)
        return Held(answer=answer, reason=QuarantineReason.UNCORRELATED, detail=nobody_known(answer))

    def _keep(self, work: UnitOfWork, system: str, held: Sequence[Held]) -> None:
        at = self.clock()
        new = [
            NewQuarantined(
                system=system, answer=each.answer, reason=each.reason, detail=each.detail, arrived_at=at
            )
            for each in held
            if each.reason is not None
        ]
        Quarantine(work.connection).add(new)
        named = work.documents.get_many({each.answer.sys_ref for each in new if each.answer.sys_ref})
        work.events.add(
            [_held(each, at) for each in new if _is_about(each, named.get(each.answer.sys_ref or ""))]
        )

    def _address(self, work: UnitOfWork, addressed: Sequence[Addressed]) -> None:
        """Put answers into mailboxes; a document changes with all its answers at once."""
        by_document: dict[str, list[Answer]] = {}
        for each in addressed:
            by_document.setdefault(each.sys_ref, []).append(each.answer)
        if not by_document:
            return
        documents = work.documents.get_many(by_document, to_change=True)
        answered: list[tuple[Document, Sequence[Answer]]] = [
            (documents[sys_ref], answers) for sys_ref, answers in by_document.items()
        ]
        work.documents.update_many(self.answers.take(work, answered))


def _is_about(kept: NewQuarantined, document: Document | None) -> bool:
    """Whether the document it names is one of its system: a back end learns nothing of others."""
    return document is not None and document.system == kept.system


def _held(kept: NewQuarantined, at: datetime) -> Event:
    """On the document's page, for who is asked why no answer comes."""
    return Event(
        sys_ref=kept.answer.sys_ref or "",
        at=at,
        action=Action.ANSWER_QUARANTINED,
        actor=f"system:{kept.system}",
        facts={"reason": kept.reason.value, "back_end_id": kept.answer.back_end_id},
    )


def _repeated(answer: Answer) -> Held:
    return Held(answer=answer, reason=None, detail="it has been in the quarantine before")


def _answer_of(arrival: Arrival) -> Answer:
    return arrival.answer if isinstance(arrival, Unfit) else arrival
