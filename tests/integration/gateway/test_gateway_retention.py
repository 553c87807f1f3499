"""Documents that go: only finished ones, only in time, whole, and written to files before."""

import hashlib
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.actions import Action
from gateway.archive import Archive
from gateway.channel import Content, Submission
from gateway.errors import NotFoundError
from gateway.retention import DocumentRetention
from gateway.store.model import Document, DocumentState, NewReply
from gateway.store.tables import metadata
from tests.integration.gateway.world import Member, World, declaration

YEAR = timedelta(days=365)
TABLES = ("documents", "payloads", "attachments", "events", "identifiers", "replies", "reply_contents")


def retention(
    world: World, *states: DocumentState, archive: Archive | None = None, days: int = 365
) -> DocumentRetention:
    return DocumentRetention(
        store=world.store,
        keep_for=dict.fromkeys(states, timedelta(days=days)),
        archive=archive,
        clock=world.clock,
        observe=world.ears,
    )


def answered(world: World) -> tuple[Member, str]:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.channel().accept_document(
        world.caller(anna),
        Submission(
            content=Content(
                data=declaration(key=anna.key), mime="application/xml", filename="../../zgłoszenie.xml"
            ),
            target_systems=(),
            attachments=(Content(data=b"%PDF", mime="application/pdf", filename="faktura.pdf"),),
        ),
    )
    world.work()
    assert world.document(sys_ref).state is DocumentState.ANSWERED
    return anna, sys_ref


def late_answer(world: World, document: Document) -> NewReply:
    return NewReply(
        sys_ref="late",
        type_code="CC029C",
        account=document.account,
        system=document.system,
        content=b"<late/>",
        filename="CC029C.xml",
        mime="application/xml",
        created_at=world.clock(),
        correlation_sys_ref=document.sys_ref,
    )


def rows(world: World) -> int:
    with world.store.read() as work:
        counts = [select(func.count()).select_from(metadata.tables[name]) for name in TABLES]
        return sum(work.connection.scalar(count) or 0 for count in counts)


def test_a_document_goes_in_time_with_all_that_belongs_to_it(world: World) -> None:
    _, sys_ref = answered(world)
    keeping = retention(world, DocumentState.ANSWERED)
    world.clock.pass_by(days=364)
    assert keeping.purge(most=10) == 0
    assert world.document(sys_ref).state is DocumentState.ANSWERED

    world.clock.pass_by(days=2)
    assert keeping.due(limit=10) == {DocumentState.ANSWERED: 1}
    assert keeping.purge(most=10) == 1

    assert rows(world) == 0
    assert (Action.DOCUMENTS_PURGED, {"detail": "answered", "count": 1}) in world.ears.told


def test_states_not_named_stay(world: World) -> None:
    _, sys_ref = answered(world)
    world.clock.pass_by(days=10_000)
    assert retention(world, DocumentState.REJECTED, DocumentState.NOT_SUBMITTED).purge(most=10) == 0
    assert world.document(sys_ref).state is DocumentState.ANSWERED


def test_a_document_that_was_answered_late_stays_until_the_answer_is_old(world: World) -> None:
    _, sys_ref = answered(world)
    world.clock.pass_by(days=300)
    with world.store.begin() as work:
        work.mailbox.add([late_answer(world, work.documents.get(sys_ref))])
        work.commit()
    world.clock.pass_by(days=100)
    assert retention(world, DocumentState.ANSWERED).purge(most=10) == 0
    assert world.replies(sys_ref)["CC029C"] >= 1
    world.clock.pass_by(days=300)
    assert retention(world, DocumentState.ANSWERED).purge(most=10) == 1


def test_a_document_that_changed_since_it_was_chosen_stays(world: World) -> None:
    _, sys_ref = answered(world)
    world.clock.pass_by(days=366)
    with world.store.begin() as work:
        before = world.clock() - YEAR
        gone = work.retention.delete([sys_ref], DocumentState.REJECTED, before=before)
        work.commit()
    assert gone == frozenset()
    assert world.replies(sys_ref)["UPP"] == 1


def test_many_go_in_small_batches_and_never_more_than_asked(small_world: World) -> None:
    anna = small_world.enrol("anna")
    refused = [small_world.send(anna) for _ in range(5)]  # no certificate is known: a NPP each
    small_world.work()
    small_world.clock.pass_by(days=400)
    batches: list[int] = []
    keeping = retention(small_world, *{small_world.document(ref).state for ref in refused})

    assert keeping.purge(most=3, told=batches.append) == 3
    assert keeping.purge(most=100, told=batches.append) == 2
    assert batches == [3, 2]


def test_an_export_holds_everything_byte_for_byte(world: World, tmp_path: Path) -> None:
    _, sys_ref = answered(world)
    document = world.document(sys_ref)
    world.clock.pass_by(days=366)
    archive = Archive(folder=tmp_path / "archive")
    assert retention(world, DocumentState.ANSWERED, archive=archive).purge(most=10) == 1

    path = tmp_path / "archive" / f"{document.received_at:%Y/%m/%d}" / f"{sys_ref}.zip"
    assert [each for each in archive.folder.rglob("*") if each.is_file()] == [path]
    with zipfile.ZipFile(path) as exported:
        told = json.loads(exported.read("document.json"))
        payload, attached = exported.read("payload"), exported.read("attachments/1")
        replies = {each["type_code"]: exported.read(each["file"]) for each in told["replies"]}
    assert hashlib.sha256(payload).hexdigest() == document.sha256 == told["document"]["sha256"]
    assert attached == b"%PDF"
    assert told["attachments"] == [
        {"file": "attachments/1", "filename": "faktura.pdf", "mime": "application/pdf"}
    ]
    assert b"Dokument" in replies["UPP"]
    assert {"UPP", "UPO", "CC028C"} <= replies.keys()
    assert told["events"][0]["action"] == Action.DOCUMENT_RECEIVED
    assert {"kind": "mrn", "value": document.mrn}.items() <= next(
        each for each in told["identifiers"] if each["kind"] == "mrn"
    ).items()


def test_what_cannot_be_exported_does_not_go(world: World, tmp_path: Path) -> None:
    _, sys_ref = answered(world)
    world.clock.pass_by(days=366)
    (tmp_path / "archive").write_text("a file is in the way")
    with pytest.raises(OSError, match="archive"):
        retention(world, DocumentState.ANSWERED, archive=Archive(folder=tmp_path / "archive")).purge(most=10)
    assert world.replies(sys_ref)["UPP"] == 1


def test_exporting_an_unknown_document_leaves_nothing(world: World, tmp_path: Path) -> None:
    with world.store.read() as work, pytest.raises(NotFoundError):
        Archive(folder=tmp_path / "archive").write(work, "unknown")
    assert not (tmp_path / "archive").exists()
