"""Taking back-end answers in: de-duplicated, correlated, addressed to the sender and the contexts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Final

from gateway.actions import Action
from gateway.channel import Clock, IdMaker
from gateway.flow.addressing import Addressee
from gateway.flow.confirming import ConfirmedDelivery
from gateway.flow.identifying import numbers_of_answers, numbers_of_reply
from gateway.store.model import Document, DocumentState, Event, NewReply
from gateway.store.owners import GivenNumber, NumberOwners, OwnedKind
from gateway.store.ports import UnitOfWork
from routing.model import Answer, AnswerKind

__all__ = ["Answers"]

#: The state a document reaches by an answer. A later state never falls back to an earlier one.
_STATE: Final = {
    AnswerKind.CONFIRMATION: DocumentState.CONFIRMED,
    AnswerKind.REJECTION: DocumentState.REJECTED,
    AnswerKind.BUSINESS: DocumentState.ANSWERED,
}
_RANK: Final = {
    DocumentState.DELIVERED: 0,
    DocumentState.CONFIRMED: 1,
    DocumentState.ANSWERED: 2,
    DocumentState.REJECTED: 3,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """Puts answers into the mailbox."""

    clock: Clock
    new_id: IdMaker
    confirmed: ConfirmedDelivery

    def take(
        self, work: UnitOfWork, answered: Sequence[tuple[Document, Sequence[Answer]]]
    ) -> Sequence[Document]:
        """Store answers to documents for their senders.

        Args:
            work: the transaction to do it in.
            answered: documents with the answers to each, in the order the back end gave them; answers that
                were stored before are skipped.

        Returns:
            The documents with their new states and the numbers that the answers told (MRN, ARC).
        """
        at = self.clock()
        coming = [
            (document, answer, self._reply(document, answer, at))
            for document, answers in answered
            for answer in answers
        ]
        new = self._put(work, [(answer, reply) for _, answer, reply in coming])
        work.identifiers.add(
            [number for document, answers in answered for number in numbers_of_answers(document, answers)]
        )
        work.events.add(
            [_event(document, answer, at) for document, answer, reply in coming if reply.sys_ref in new]
        )
        NumberOwners(work.connection).add(
            [given for document, answers in answered for given in _given(document, answers)]
        )
        return [reduce(_advance, answers, document) for document, answers in answered]

    def bring(
        self, work: UnitOfWork, system: str, unasked: Sequence[tuple[Answer, Sequence[Addressee]]]
    ) -> None:
        """Store documents of a back end for firms that it names, whoever gave rise to them.

        Args:
            work: the transaction to do it in.
            system: target-system code of the back end.
            unasked: documents with whom each is for; those stored before are skipped.
        """
        at = self.clock()
        coming = [
            (answer, self._unasked(system, answer, addressee, at))
            for answer, addressed in unasked
            for addressee in addressed
        ]
        self._put(work, coming)
        work.identifiers.add([each for answer, reply in coming for each in numbers_of_reply(reply, answer)])

    def _put(self, work: UnitOfWork, coming: Sequence[tuple[Answer, NewReply]]) -> frozenset[str]:
        """Store each in the mailbox, or keep it back for proof; the sysRefs of those that were new."""
        at_once = [reply for answer, reply in coming if not answer.confirmed_delivery]
        against_proof = [reply for answer, reply in coming if answer.confirmed_delivery]
        return work.mailbox.add(at_once) | self.confirmed.withhold(work, against_proof)

    def _unasked(self, system: str, answer: Answer, addressee: Addressee, at: datetime) -> NewReply:
        """It answers no document of its reader; whose it does answer is nobody else's business."""
        return NewReply(
            sys_ref=self.new_id(),
            type_code=answer.type_code,
            account=addressee.account,
            system=system,
            content=answer.content,
            filename=answer.filename,
            mime="application/xml",
            created_at=at,
            back_end_id=f"{answer.back_end_id} {addressee.entity}",
            person=addressee.person,
            end=addressee.entity,
        )

    def _reply(self, document: Document, answer: Answer, at: datetime) -> NewReply:
        return NewReply(
            sys_ref=self.new_id(),
            type_code=answer.type_code,
            account=document.account,
            system=document.system,
            content=answer.content,
            filename=answer.filename,
            mime="application/xml",
            created_at=at,
            correlation_sys_ref=document.sys_ref,
            back_end_id=answer.back_end_id,
            own_id=document.own_id,
            person=document.person,
            middle=document.middle,
            end=document.end,
        )


def _given(document: Document, answers: Sequence[Answer]) -> Iterator[GivenNumber]:
    """The numbers that answers gave to a document: an LRN once it is taken in, an MRN or ARC it did not have.

    What a document says of itself proves nothing: a stranger may write any number into it.
    """
    taken_in = [answer for answer in answers if answer.kind is not AnswerKind.REJECTION]
    if document.person is None:
        return
    new = [(OwnedKind.MRN, answer.mrn) for answer in taken_in if answer.mrn != document.mrn]
    new += [(OwnedKind.ARC, answer.arc) for answer in taken_in if answer.arc != document.arc]
    new += [(OwnedKind.LRN, document.lrn)] if taken_in else []
    for kind, number in dict.fromkeys(new):
        if number:
            yield GivenNumber(
                system=document.system,
                kind=kind,
                number=number,
                person=document.person,
                entity=document.end,
                sys_ref=document.sys_ref,
            )


def _advance(document: Document, answer: Answer) -> Document:
    reached = _STATE[answer.kind]
    state = reached if _RANK[reached] > _RANK.get(document.state, 0) else document.state
    return replace(document, state=state, mrn=document.mrn or answer.mrn, arc=document.arc or answer.arc)


def _event(document: Document, answer: Answer, at: datetime) -> Event:
    return Event(
        sys_ref=document.sys_ref,
        at=at,
        action=Action.ANSWER_WITHHELD if answer.confirmed_delivery else Action.ANSWER_RECEIVED,
        actor=f"system:{document.system}",
        facts={"type": answer.type_code, "kind": answer.kind.value, "back_end_id": answer.back_end_id},
    )
