"""From a number back to the documents it is tied to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.store.model import DocumentFilter, DocumentState, Identifier, KeyKind, NewDocument
from gateway.store.sql_store import SqlStore

Build = Callable[..., NewDocument]
Tie = Callable[..., None]


@pytest.fixture
def tie(store: SqlStore, new_document: Build, at: datetime) -> Tie:
    """Stores a document, received some days after the first, and ties numbers to it."""

    def tied(sys_ref: str, *numbers: tuple[KeyKind, str], day: int = 0, system: str = "NCTS2") -> None:
        received = at + timedelta(days=day)
        document = new_document(sys_ref=sys_ref, received_at=received, system=system)
        with store.begin() as work:
            work.documents.add(document)
            work.identifiers.add([identifier(document, kind, value) for kind, value in numbers])
            work.commit()

    return tied


def identifier(document: NewDocument, kind: KeyKind, value: str) -> Identifier:
    return Identifier(
        kind=kind,
        value=value,
        sys_ref=document.sys_ref,
        system=document.system,
        account=document.account,
        at=document.received_at,
    )


@pytest.mark.parametrize("kind", KeyKind)
def test_a_document_is_found_by_every_kind_of_number(store: SqlStore, tie: Tie, kind: KeyKind) -> None:
    other = next(each for each in KeyKind if each is not kind)
    tie("wanted", (kind, "N1"))
    tie("unlike", (kind, "N2"), (other, "N1"))
    with store.read() as work:
        found = work.documents.find(replace(DocumentFilter(), **{kind.value: "N1"}), limit=10)  # type: ignore[arg-type]
    assert [document.sys_ref for document in found] == ["wanted"]


def test_every_number_and_field_asked_for_must_match(store: SqlStore, tie: Tie, at: datetime) -> None:
    tie("both", (KeyKind.LRN, "L"), (KeyKind.EORI, "PL1"), day=1)
    tie("one", (KeyKind.LRN, "L"), day=2)
    both = DocumentFilter(lrn="L", eori="PL1")
    with store.read() as work:
        document = work.documents.get("both")
        for wanted, expected in (
            (both, ["both"]),
            (replace(both, sha256=document.sha256), ["both"]),
            (replace(both, sha256="another"), []),
            (replace(both, account=document.account, state=DocumentState.RECEIVED), ["both"]),
            (replace(both, state=DocumentState.DELIVERED), []),
            (DocumentFilter(lrn="L", received_from=at + timedelta(days=2)), ["one"]),
            (DocumentFilter(lrn="L", received_to=at + timedelta(days=2)), ["both"]),
            (DocumentFilter(lrn="L"), ["one", "both"]),
        ):
            assert [each.sys_ref for each in work.documents.find(wanted, limit=10)] == expected


def test_a_number_told_again_is_kept_once(store: SqlStore, tie: Tie, new_document: Build) -> None:
    document = new_document(sys_ref="doc")
    tie("doc", (KeyKind.MRN, "M"))
    with store.begin() as work:
        work.identifiers.add([identifier(document, KeyKind.MRN, "M"), identifier(document, KeyKind.ARC, "A")])
        work.commit()
    with store.read() as work:
        told = [(each.kind, each.value) for each in work.identifiers.of("doc")]
    assert told == [(KeyKind.ARC, "A"), (KeyKind.MRN, "M")]


def test_the_newest_holder_of_a_number_comes_first(store: SqlStore, tie: Tie) -> None:
    for day, sys_ref in enumerate(("old", "newer", "newest")):
        tie(sys_ref, (KeyKind.MRN, "M"), day=day)
    tie("elsewhere", (KeyKind.MRN, "M"), day=9, system="AES")
    with store.read() as work:
        held = work.identifiers.holders(KeyKind.MRN, "M", system="NCTS2", limit=2)
        anywhere = work.identifiers.holders(KeyKind.MRN, "M", limit=1)
    assert [holder.sys_ref for holder in held] == ["newest", "newer"]
    assert [holder.sys_ref for holder in anywhere] == ["elsewhere"]


@pytest.mark.parametrize("state", [DocumentState.NOT_SUBMITTED, DocumentState.REJECTED])
def test_a_refused_document_ties_no_number(store: SqlStore, tie: Tie, state: DocumentState) -> None:
    tie("refused", (KeyKind.LRN, "L"))
    with store.begin() as work:
        work.documents.update(replace(work.documents.get("refused"), state=state))
        work.commit()
    with store.read() as work:
        assert not work.identifiers.holders(KeyKind.LRN, "L", limit=10)
        assert len(work.documents.find(DocumentFilter(lrn="L"), limit=10)) == 1


def test_a_mailbox_document_that_answers_none_ties_its_recipient(store: SqlStore, at: datetime) -> None:
    """A movement notified to a consignee: later messages of the consignee name its ARC."""
    told = Identifier(
        kind=KeyKind.ARC, value="A", sys_ref="reply", system="EMCSPL2", account="consignee@example.pl", at=at
    )
    with store.begin() as work:
        work.identifiers.add([told])
        work.commit()
    with store.read() as work:
        (holder,) = work.identifiers.holders(KeyKind.ARC, "A", limit=10)
        assert not work.documents.find(DocumentFilter(arc="A"), limit=10)
    assert (holder.account, holder.sys_ref, holder.state) == ("consignee@example.pl", "reply", None)
