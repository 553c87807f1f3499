import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.errors import DuplicateDocumentError, NotFoundError
from gateway.store.model import Attachment, DocumentFilter, DocumentState, NewDocument
from gateway.store.ports import UnitOfWork
from gateway.store.sql_store import SqlStore

Build = Callable[..., NewDocument]
Take = Callable[..., None]


def _move(work: UnitOfWork, sys_ref: str, state: DocumentState) -> None:
    work.documents.update(replace(work.documents.get(sys_ref), state=state))


def test_a_document_is_read_back_as_it_was_stored(
    store: SqlStore, new_document: Build, take_in: Take
) -> None:
    sent = new_document()
    take_in(sent)
    with store.read() as work:
        stored = work.documents.get(sent.sys_ref)
    assert stored.state is DocumentState.RECEIVED
    assert stored.received_at == sent.received_at
    assert stored.received_at.tzinfo is not None
    assert stored.size == len(sent.content)
    for name in ("sys_ref", "account", "system", "type_code", "sha256", "sha1", "filename", "mime"):
        assert getattr(sent, name) == getattr(stored, name)


def test_an_unknown_document_is_not_found(store: SqlStore) -> None:
    with store.read() as work, pytest.raises(NotFoundError) as caught:
        work.documents.get("nothing")
    assert caught.value.key == "nothing"


def test_moments_come_back_to_the_microsecond_whatever_zone_they_were_given_in(
    store: SqlStore, new_document: Build, take_in: Take
) -> None:
    moment = datetime.fromisoformat("2026-03-29T02:30:00.000001+02:00")
    take_in(new_document(sys_ref="early", received_at=moment))
    with store.read() as work:
        stored = work.documents.get("early").received_at
    assert moment == stored
    assert stored.utcoffset() == timedelta(0)


def test_payloads_of_15_mib_and_of_every_byte_come_back_exactly(
    store: SqlStore, new_document: Build, take_in: Take
) -> None:
    large = random.Random(1).randbytes(15 * 2**20)
    odd = bytes(range(256)) + b"\r\n\x00\xff"
    take_in(new_document(sys_ref="large", content=large), new_document(sys_ref="odd", content=odd))
    with store.read() as work:
        assert work.documents.contents(["large", "odd", "nothing"]) == {"large": large, "odd": odd}


def test_attachments_keep_their_order(store: SqlStore, new_document: Build, take_in: Take) -> None:
    files = tuple(
        Attachment(content=bytes([n]) * n, filename=name, mime="application/pdf")
        for n, name in enumerate(["z.pdf", None, "a.pdf", *(f"{n}.pdf" for n in range(12))])
    )
    take_in(new_document(sys_ref="with", attachments=files), new_document(sys_ref="without"))
    with store.read() as work:
        assert work.documents.attachments(["with", "without"]) == {"with": list(files)}


def test_an_identical_payload_of_the_same_account_names_the_original(
    store: SqlStore, new_document: Build, take_in: Take
) -> None:
    take_in(new_document(sys_ref="first", content=b"same"))
    with store.begin() as work, pytest.raises(DuplicateDocumentError) as caught:
        work.documents.add(new_document(sys_ref="second", content=b"same"))
    assert caught.value.original == "first"


def test_another_account_may_send_the_same_payload(new_document: Build, take_in: Take) -> None:
    take_in(new_document(content=b"same"), new_document(content=b"same", account="jan@example.pl"))


@pytest.mark.parametrize("state", [DocumentState.NOT_SUBMITTED, DocumentState.REJECTED])
def test_a_refused_payload_may_be_sent_again(
    store: SqlStore, new_document: Build, take_in: Take, state: DocumentState
) -> None:
    take_in(new_document(sys_ref="moved", content=b"1"), new_document(sys_ref="updated", content=b"2"))
    with store.begin() as work:
        _move(work, "moved", state)
        work.documents.update(replace(work.documents.get("updated"), state=state))
        work.commit()
    take_in(new_document(content=b"1"), new_document(content=b"2"))


def test_a_refused_payload_that_was_sent_again_does_not_stop_late_answers_to_the_first(
    store: SqlStore, new_document: Build, take_in: Take
) -> None:
    take_in(new_document(sys_ref="first", content=b"1"))
    with store.begin() as work:
        _move(work, "first", DocumentState.REJECTED)
        work.documents.add(new_document(sys_ref="second", content=b"1"))
        _move(work, "first", DocumentState.ANSWERED)
        work.commit()
    with store.read() as work:
        assert work.documents.get("first").state is DocumentState.ANSWERED


def test_of_two_racing_identical_payloads_one_wins(store: SqlStore, new_document: Build) -> None:
    both_ready = threading.Barrier(2)
    outcomes: list[str] = []

    def send(document: NewDocument) -> None:
        both_ready.wait()
        try:
            with store.begin() as work:
                work.documents.add(document)
                work.commit()
            outcomes.append(document.sys_ref)
        except DuplicateDocumentError as error:
            outcomes.append(f"duplicate of {error.original}")

    for number in range(10):
        content = f"same {number}".encode()
        outcomes.clear()
        threads = [threading.Thread(target=send, args=[new_document(content=content)]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = [outcome for outcome in outcomes if not outcome.startswith("duplicate")]
        assert sorted(outcomes) == sorted([winner, f"duplicate of {winner}"])


def test_update_writes_state_contexts_and_keys(store: SqlStore, new_document: Build, take_in: Take) -> None:
    take_in(new_document(sys_ref="a"), new_document(sys_ref="b"))
    with store.begin() as work:
        changed = [
            replace(
                work.documents.get(sys_ref),
                state=DocumentState.SUBMITTED,
                person="P1",
                middle="M1",
                end="E1",
                own_id=f"own {sys_ref}",
                lrn="L",
                mrn="M",
                arc="A",
            )
            for sys_ref in ("a", "b")
        ]
        work.documents.update_many(changed)
        work.commit()
    with store.read() as work:
        assert work.documents.get_many(["a", "b"]) == {"a": changed[0], "b": changed[1]}


def test_changing_an_unknown_document_is_refused(store: SqlStore, new_document: Build, take_in: Take) -> None:
    take_in(new_document(sys_ref="known"))
    with store.read() as work:
        known = work.documents.get("known")
    with store.begin() as work, pytest.raises(NotFoundError) as caught:
        work.documents.update_many([known, replace(known, sys_ref="unknown")])
    assert caught.value.key == "unknown"


@pytest.mark.parametrize(
    "wanted",
    [
        DocumentFilter(account="jan@example.pl"),
        DocumentFilter(system="AES"),
        DocumentFilter(state=DocumentState.DELIVERED),
        DocumentFilter(account="jan@example.pl", system="AES", state=DocumentState.DELIVERED),
    ],
    ids=repr,
)
def test_find_returns_what_matches_every_field(
    store: SqlStore, new_document: Build, take_in: Take, wanted: DocumentFilter
) -> None:
    take_in(new_document(sys_ref="wanted", account="jan@example.pl", system="AES"), new_document())
    with store.begin() as work:
        _move(work, "wanted", DocumentState.DELIVERED)
        work.commit()
    with store.read() as work:
        assert [found.sys_ref for found in work.documents.find(wanted, limit=10)] == ["wanted"]
        assert not work.documents.find(replace(wanted, account="nobody"), limit=10)


def test_find_goes_from_newest_to_oldest_within_the_window(
    store: SqlStore, new_document: Build, take_in: Take, at: datetime
) -> None:
    take_in(*(new_document(sys_ref=f"{day}", received_at=at + timedelta(days=day)) for day in range(6)))
    wanted = DocumentFilter(received_from=at + timedelta(days=1), received_to=at + timedelta(days=5))
    with store.read() as work:
        assert [found.sys_ref for found in work.documents.find(wanted, limit=3)] == ["4", "3", "2"]
        assert len(work.documents.find(wanted, limit=10)) == 4
        assert len(work.documents.find(DocumentFilter(), limit=10)) == 6


def test_find_by_hash_meets_refused_documents_too(
    store: SqlStore, new_document: Build, take_in: Take
) -> None:
    document = new_document()
    take_in(document)
    with store.begin() as work:
        _move(work, document.sys_ref, DocumentState.NOT_SUBMITTED)
        work.commit()
    with store.read() as work:
        (found,) = work.documents.find(DocumentFilter(sha256=document.sha256), limit=10)
    assert found.sys_ref == document.sys_ref
