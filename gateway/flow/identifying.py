"""Which numbers lead back to a document: its own, those of its parties, and those its answers tell."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from gateway.store.model import Document, Identifier, KeyKind, NewReply
from routing.model import Answer
from schemas.model import MessageFacts

__all__ = ["numbers_of_answers", "numbers_of_document", "numbers_of_reply"]

#: A document of any length may name any number of parties and LRNs; nobody looks for one by more than these.
_MOST_OF_A_KIND: Final = 50


def numbers_of_document(document: Document, facts: MessageFacts) -> list[Identifier]:
    """The numbers a document names.

    Args:
        document: as stored.
        facts: what its message says of itself.
    """
    own = (
        (KeyKind.OWN_ID, facts.own_id),
        (KeyKind.LRN, facts.lrn),
        *((KeyKind.LRN, lrn) for lrn in facts.more_lrns[:_MOST_OF_A_KIND]),
        (KeyKind.MRN, facts.mrn),
        (KeyKind.ARC, facts.arc),
    )
    parties = [(KeyKind(party.kind.value), party.number) for party in facts.parties[:_MOST_OF_A_KIND]]
    return _identifiers(document, (*own, *parties))


def numbers_of_answers(document: Document, answers: Iterable[Answer]) -> list[Identifier]:
    """The numbers that answers to a document tell, as the MRN under which it was registered."""
    return _identifiers(document, (number for answer in answers for number in _told(answer)))


def numbers_of_reply(reply: NewReply, answer: Answer) -> list[Identifier]:
    """The numbers that a mailbox document tells which answers no document of its reader."""
    return _identifiers_of(reply.sys_ref, reply.system, reply.account, reply.created_at, _told(answer))


def _told(answer: Answer) -> tuple[tuple[KeyKind, str | None], ...]:
    return (KeyKind.LRN, answer.lrn), (KeyKind.MRN, answer.mrn), (KeyKind.ARC, answer.arc)


def _identifiers(document: Document, numbers: Iterable[tuple[KeyKind, str | None]]) -> list[Identifier]:
    return _identifiers_of(document.sys_ref, document.system, document.account, document.received_at, numbers)


def _identifiers_of(
    sys_ref: str, system: str, account: str, at: datetime, numbers: Iterable[tuple[KeyKind, str | None]]
) -> list[Identifier]:
    return [
        Identifier(
            kind=kind,
            value=value,
            sys_ref=sys_ref,
            system=system,
            account=account,
            at=at,
        )
        for kind, value in dict.fromkeys(numbers)
        if value
    ]
