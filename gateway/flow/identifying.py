"""Which numbers lead back to a document: its own, those of its parties, and those its answers tell."""

from collections.abc import Iterable
from typing import Final

from gateway.store.model import Document, Identifier, KeyKind
from routing.model import Answer
from schemas.model import MessageFacts

__all__ = ["numbers_of_answers", "numbers_of_document"]

#: A document of any length may name any number of parties; nobody looks for one by more than these.
_MOST_PARTIES: Final = 50


def numbers_of_document(document: Document, facts: MessageFacts) -> list[Identifier]:
    """The numbers a document names.

    Args:
        document: as stored.
        facts: what its message says of itself.
    """
    own = (
        (KeyKind.OWN_ID, facts.own_id),
        (KeyKind.LRN, facts.lrn),
        (KeyKind.MRN, facts.mrn),
        (KeyKind.ARC, facts.arc),
    )
    parties = [(KeyKind(party.kind.value), party.number) for party in facts.parties[:_MOST_PARTIES]]
    return _identifiers(document, (*own, *parties))


def numbers_of_answers(document: Document, answers: Iterable[Answer]) -> list[Identifier]:
    """The numbers that answers to a document tell, as the MRN under which it was registered."""
    told = (
        number
        for answer in answers
        for number in ((KeyKind.LRN, answer.lrn), (KeyKind.MRN, answer.mrn), (KeyKind.ARC, answer.arc))
    )
    return _identifiers(document, told)


def _identifiers(document: Document, numbers: Iterable[tuple[KeyKind, str | None]]) -> list[Identifier]:
    return [
        Identifier(
            kind=kind,
            value=value,
            sys_ref=document.sys_ref,
            system=document.system,
            account=document.account,
            at=document.received_at,
        )
        for kind, value in dict.fromkeys(numbers)
        if value
    ]
