"""What operators decide about answers in the quarantine: pass them on, or never."""

from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.actions import Action
from gateway.channel import Clock
from gateway.errors import GatewayError, NotFoundError
from gateway.flow.addressing import addressees, nobody_known
from gateway.flow.answer_reading import AnswerReader
from gateway.flow.answers import Answers
from gateway.flow.correlation import Correlator, Uncorrelated
from gateway.observe import Observer
from gateway.store.model import Document, Event
from gateway.store.ports import Store, UnitOfWork
from gateway.store.quarantine import Quarantine, Quarantined, QuarantineState
from routing.model import Answer, AnswerKind

__all__ = ["NotReleasedError", "QuarantineDesk", "Released", "Remedy"]


class Remedy(StrEnum):
    """What lets an answer out of the quarantine."""

    NONE = "sisc answers drop ends its wait"
    FORCE = "--force passes it on as it is"
    REGISTER = "register the firm first, or --sys-ref names a document whose sender gets it"
    NAME_DOCUMENT = "--sys-ref names the document it is about"


class NotReleasedError(GatewayError):
    """The answer is still unfit, for nobody known, or decided upon."""

    def __init__(self, *, number: int, reason: str, remedy: Remedy) -> None:
        super().__init__(f"answer {number} stays: {reason}; {remedy.value}")
        self.number = number
        self.remedy = remedy


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """Where an answer went."""

    to: str  # "document SYSREF", or "firm ID, ID"


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineDesk:
    """Releases and drops answers in the name of an operator."""

    store: Store
    reader: AnswerReader
    answers: Answers
    operator: str
    clock: Clock
    observe: Observer

    def release(self, number: int, *, note: str, sys_ref: str | None = None, force: bool = False) -> Released:
        """Look at an answer again and pass it on.

        Args:
            number: of the answer in the quarantine.
            note: the operator's reason.
            sys_ref: the document it is about, where the answer does not tell; its sender gets the answer.
            force: pass it on although it is against its schema, or contradicts the document.

        Returns:
            Where it went.

        Raises:
            NotFoundError: no such answer, or no such document.
            NotReleasedError: it is still not fit, or somebody has decided before.
            UnavailableError: the store is out of reach.
        """
        with self.store.begin() as work:
            kept = self._waiting(work, number)
            answer = self._fit(kept, force=force)
            if answer.recipients and sys_ref is None:
                released = self._to_firms(work, kept, answer)
            else:
                released = self._to_sender(work, kept, answer, sys_ref, note)
            self._decide(work, number, QuarantineState.RELEASED, note)
            work.commit()
        self._tell(Action.QUARANTINE_RELEASED, kept, to=released.to)
        return released

    def drop(self, number: int, *, note: str) -> None:
        """Decide that an answer is passed on to nobody.

        Raises:
            NotFoundError: no such answer.
            NotReleasedError: somebody has decided before.
            UnavailableError: the store is out of reach.
        """
        with self.store.begin() as work:
            kept = self._waiting(work, number)
            self._decide(work, number, QuarantineState.DROPPED, note)
            work.commit()
        self._tell(Action.QUARANTINE_DROPPED, kept)

    def _waiting(self, work: UnitOfWork, number: int) -> Quarantined:
        kept = Quarantine(work.connection).get(number)
        if kept is None:
            raise NotFoundError(what="answer", key=str(number))
        if kept.state is not QuarantineState.WAITING:
            raise _decided(number)
        return kept

    def _fit(self, kept: Quarantined, *, force: bool) -> Answer:
        """The answer, looked into anew: schemas may have changed since."""
        unread = replace(kept.answer, kind=AnswerKind.UNREAD, type_code="")
        read = self.reader.read(kept.system, unread)
        if isinstance(read, Answer):
            return read
        recognised = bool(read.answer.type_code)
        if force and recognised:
            return read.answer
        remedy = Remedy.FORCE if recognised else Remedy.NONE
        raise NotReleasedError(number=kept.id, reason=f"{read.reason.value}: {read.detail}", remedy=remedy)

    def _to_sender(
        self, work: UnitOfWork, kept: Quarantined, answer: Answer, sys_ref: str | None, note: str
    ) -> Released:
        document = self._document(work, kept, answer, sys_ref)
        about = replace(answer, sys_ref=document.sys_ref, recipients=())
        work.documents.update_many(self.answers.take(work, [(document, [about])]))
        work.events.add([self._event(document, kept, note)])
        return Released(to=f"document {document.sys_ref}")

    def _to_firms(self, work: UnitOfWork, kept: Quarantined, answer: Answer) -> Released:
        """The firms that it names, if one has been registered since."""
        found = addressees(work, answer, system=kept.system, at=self.clock())
        if not found:
            raise NotReleasedError(number=kept.id, reason=nobody_known(answer), remedy=Remedy.REGISTER)
        self.answers.bring(work, kept.system, [(answer, found)])
        return Released(to=f"firm {', '.join(addressee.entity for addressee in found)}")

    def _document(self, work: UnitOfWork, kept: Quarantined, answer: Answer, sys_ref: str | None) -> Document:
        correlator = Correlator(work, kept.system, [answer])
        found = work.documents.get(sys_ref) if sys_ref else correlator.find(answer)
        if isinstance(found, Uncorrelated):
            reason = f"{found.reason.value}: {found.detail}"
            raise NotReleasedError(number=kept.id, reason=reason, remedy=Remedy.NAME_DOCUMENT)
        return work.documents.get_many([found.sys_ref], to_change=True)[found.sys_ref]

    def _decide(self, work: UnitOfWork, number: int, state: QuarantineState, note: str) -> None:
        decided = Quarantine(work.connection).decide(
            number, state, at=self.clock(), by=self.operator, note=note
        )
        if not decided:
            raise _decided(number)

    def _event(self, document: Document, kept: Quarantined, note: str) -> Event:
        return Event(
            sys_ref=document.sys_ref,
            at=self.clock(),
            action=Action.QUARANTINE_RELEASED,
            actor=self.operator,
            facts={"answer": kept.id, "was": kept.reason.value, "reason": note},
        )

    def _tell(self, action: Action, kept: Quarantined, **facts: str) -> None:
        self.observe(action, detail=kept.system, answer=kept.id, by=self.operator, **facts)


def _decided(number: int) -> NotReleasedError:
    return NotReleasedError(number=number, reason="it has been decided upon", remedy=Remedy.NONE)
