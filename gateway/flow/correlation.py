"""Which document an answer is about: by sysRef, or by the numbers that it names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.store.model import Document, DocumentFilter, DocumentState, KeyKind
from gateway.store.ports import UnitOfWork
from gateway.store.quarantine import QuarantineReason
from routing.model import Answer

__all__ = ["Correlator", "Uncorrelated"]

#: A back end has never seen these, so it cannot answer them; what they say of themselves is not verified.
_UNSEEN: Final = frozenset({DocumentState.RECEIVED, DocumentState.NOT_SUBMITTED})
_MOST_CANDIDATES: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Uncorrelated:
    """It cannot be told whom the answer is for."""

    reason: QuarantineReason
    detail: str


class Correlator:
    """Tells which documents the answers of one back end are about.

    A sysRef decides alone. Without one the numbers are asked in turn: own number of the message answered,
    LRN, MRN, ARC; the first that leads to documents decides. Documents of different senders or contexts with
    the same number leave it open: an answer must not reach somebody it is not for.

    Args:
        work: the transaction to look in.
        system: target-system code of the back end.
        answers: that will be asked about, as read, for senders of documents.
    """

    def __init__(self, work: UnitOfWork, system: str, answers: Iterable[Answer]) -> None:
        self._work = work
        self._system = system
        self._named = work.documents.get_many({answer.sys_ref for answer in answers if answer.sys_ref})

    def find(self, answer: Answer) -> Document | Uncorrelated:
        """The document that an answer is about."""
        if answer.sys_ref is not None:
            return self._by_sys_ref(answer, answer.sys_ref)
        for wanted in _searches(self._system, answer):
            candidates = self._work.documents.find(wanted, limit=_MOST_CANDIDATES)
            found = [each for each in candidates if _fits(each, answer)]
            if found:
                return _only(found)
        detail = f"no document of {self._system} has a number that it names"
        return Uncorrelated(reason=QuarantineReason.UNCORRELATED, detail=detail)

    def _by_sys_ref(self, answer: Answer, sys_ref: str) -> Document | Uncorrelated:
        document = self._named.get(sys_ref)
        if document is None or document.system != self._system or document.state in _UNSEEN:
            detail = f"no document {sys_ref} was delivered to {self._system}"
            return Uncorrelated(reason=QuarantineReason.UNCORRELATED, detail=detail)
        if answer.lrn and document.lrn and not self._names(document, answer.lrn):
            detail = f"it names LRN {answer.lrn}, but document {sys_ref} has {document.lrn}"
            return Uncorrelated(reason=QuarantineReason.CONTRADICTION, detail=detail)
        return document

    def _names(self, document: Document, lrn: str) -> bool:
        """Whether an LRN is the document's; that of a splitting (IE825) has one for each part."""
        if lrn == document.lrn:
            return True
        numbers = self._work.identifiers.of(document.sys_ref)
        return any(each.kind is KeyKind.LRN and each.value == lrn for each in numbers)


def _searches(system: str, answer: Answer) -> Sequence[DocumentFilter]:
    any_of = DocumentFilter(system=system)
    searches = (
        replace(any_of, own_id=answer.correlation),
        replace(any_of, lrn=answer.lrn),
        replace(any_of, mrn=answer.mrn),
        replace(any_of, arc=answer.arc),
    )
    return [search for search in searches if search != any_of]


def _fits(document: Document, answer: Answer) -> bool:
    """Whether a document found by one number contradicts none of the others."""
    pairs = ((document.lrn, answer.lrn), (document.mrn, answer.mrn), (document.arc, answer.arc))
    return document.state not in _UNSEEN and all(
        own is None or told is None or own == told for own, told in pairs
    )


def _only(found: Sequence[Document]) -> Document | Uncorrelated:
    """The newest, provided that all have the same reader."""
    readers = {(each.account, each.person, each.middle, each.end) for each in found}
    if len(readers) == 1:
        return found[0]
    detail = f"documents of {len(readers)} senders or contexts have its number, e.g. {found[0].sys_ref}"
    return Uncorrelated(reason=QuarantineReason.AMBIGUOUS, detail=detail)
