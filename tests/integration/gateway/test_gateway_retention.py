"""Documents that go: only finished ones, only in time, whole, and written to files before."""

import hashlib
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import func, select

from gateway.actions import Action
from gateway.archive import Archive
from gateway.channel import Content, Submission
from gateway.errors import NotFoundError
from gateway.retention import Leaving, Retention, leaving
from gateway.settings import RetentionOptions
from gateway.store.model import (
    Document,
    DocumentState,
    Identifier,
    KeyKind,
    MailboxFilter,
    NewReply,
    Withheld,
    WithheldOutcome,
)
from gateway.store.quarantine import NewQuarantined, Quarantine, QuarantineReason, QuarantineState
from gateway.store.retention import FINISHED
from gateway.store.tables import metadata
from routing.model import Answer, AnswerKind, Recipient
from schemas.model import IdentifierKind
from tests.integration.gateway.world import Member, World, declaration

YEAR = timedelta(days=365)
TABLES = ("documents", "payloads", "attachments", "events", "identifiers", "replies", "reply_contents")


def retention(
    world: World, *states: DocumentState | Leaving, archive: Archive | None = None, days: int = 365
) -> Retention:
    return Retention(
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


def unsolicited(world: World, number: int = 1) -> NewReply:
    return NewReply(
        sys_ref=f"unasked-{number}",
        type_code="IE813",
        account="anna@example.pl",
        system="EMCSPL2",
        content=b"<unasked/>",
        filename="IE813.xml",
        mime="application/xml",
        created_at=world.clock(),
        back_end_id=f"b{number}",
    )


def brought(world: World, *replies: NewReply) -> None:
    with world.store.begin() as work:
        work.mailbox.add(replies)
        work.identifiers.add(
            [
                Identifier(
                    kind=KeyKind.ARC,
                    value="ARC",
                    sys_ref=reply.sys_ref,
                    system=reply.system,
                    account=reply.account,
                    at=world.clock(),
                )
                for reply in replies
            ]
        )
        work.commit()


def test_what_answers_no_document_goes_so_long_after_it_was_read(small_world: World, tmp_path: Path) -> None:
    world = small_world
    brought(world, unsolicited(world, 1), unsolicited(world, 2))
    archive = Archive(folder=tmp_path)
    keeping = retention(world, Leaving.UNSOLICITED, archive=archive)
    world.clock.pass_by(days=500)
    assert keeping.purge(most=10) == 0  # nobody has read them

    with world.store.begin() as work:
        taken, _ = work.mailbox.take_next(MailboxFilter(account="anna@example.pl"), at=world.clock())
        work.commit()
    assert taken is not None
    world.clock.pass_by(days=364)
    assert keeping.purge(most=10) == 0
    world.clock.pass_by(days=2)

    assert keeping.due(limit=10) == {Leaving.UNSOLICITED: 1}
    assert keeping.purge(most=10) == 1
    assert (Action.DOCUMENTS_PURGED, {"detail": "unsolicited", "count": 1}) in world.ears.told
    with world.store.read() as work:
        assert work.mailbox.get("unasked-2").collected_at is None
        assert not work.identifiers.of("unasked-1")
        with pytest.raises(NotFoundError):
            work.mailbox.get("unasked-1")
    [path] = archive.folder.rglob("*.zip")
    assert path.parts[-5:] == ("unsolicited", *f"{taken.created_at:%Y %m %d}".split(), "unasked-1.zip")
    with zipfile.ZipFile(path) as exported:
        assert exported.read("content") == b"<unasked/>"
        assert json.loads(exported.read("about.json"))["type_code"] == "IE813"


def test_answers_to_documents_do_not_go_as_unsolicited(world: World) -> None:
    anna, sys_ref = answered(world)
    with world.store.begin() as work:
        wanted = MailboxFilter(account=anna.login)
        while work.mailbox.take_next(wanted, at=world.clock())[0] is not None:
            pass
        work.commit()
    world.clock.pass_by(days=10_000)

    assert retention(world, Leaving.UNSOLICITED).purge(most=100) == 0
    assert world.replies(sys_ref)["UPP"] == 1


def held(world: World, number: int) -> NewQuarantined:
    answer = Answer(
        back_end_id=str(number),
        kind=AnswerKind.BUSINESS,
        type_code="",
        content=b"?",
        filename="a.xml",
        recipients=(Recipient(kind=IdentifierKind.EORI, number="PL1"),),
    )
    return NewQuarantined(
        system="AES", answer=answer, reason=QuarantineReason.MALFORMED, detail="", arrived_at=world.clock()
    )


def test_answers_in_the_quarantine_go_so_long_after_the_decision(small_world: World, tmp_path: Path) -> None:
    world = small_world
    with world.store.begin() as work:
        quarantine = Quarantine(work.connection)
        quarantine.add([held(world, 1), held(world, 2), held(world, 3)])
        first, second, _ = quarantine.find(limit=10)
        quarantine.decide(first.id, QuarantineState.DROPPED, at=world.clock(), by="o", note="n")
        quarantine.decide(second.id, QuarantineState.RELEASED, at=world.clock(), by="o", note="n")
        work.commit()
    archive = Archive(folder=tmp_path)
    keeping = retention(world, Leaving.QUARANTINE, archive=archive)
    world.clock.pass_by(days=364)
    assert keeping.purge(most=10) == 0
    world.clock.pass_by(days=2)

    assert keeping.purge(most=1) == 1
    assert keeping.purge(most=10) == 1
    world.clock.pass_by(days=10_000)
    assert keeping.purge(most=10) == 0  # the third one waits for an operator
    with world.store.read() as work:
        [waiting] = Quarantine(work.connection).find(state=None, limit=10)
    assert waiting.state is QuarantineState.WAITING
    paths = sorted(archive.folder.rglob("*.zip"))
    assert [path.name for path in paths] == [f"{first.id}.zip", f"{second.id}.zip"]
    with zipfile.ZipFile(paths[0]) as exported:
        told = json.loads(exported.read("about.json"))
        assert exported.read("content") == b"?"
    assert (told["state"], told["note"], told["answer"]["recipients"][0]["number"]) == ("dropped", "n", "PL1")


def test_what_waited_for_a_proof_goes_with_its_document(world: World, tmp_path: Path) -> None:
    _, sys_ref = answered(world)
    reply = replace(late_answer(world, world.document(sys_ref)), back_end_id="kept back")
    waiting = Withheld(proof_id="p", proof=b"<UPD/>", due_at=world.clock(), reply=reply)
    with world.store.begin() as work:
        work.withheld.add([waiting])
        work.commit()
    world.clock.pass_by(days=400)
    keeping = retention(world, DocumentState.ANSWERED, archive=Archive(folder=tmp_path))
    assert keeping.purge(most=10) == 0  # the proof may come

    with world.store.begin() as work:
        work.withheld.settle(["p"], WithheldOutcome.LAPSED, at=world.clock())
        work.commit()
    assert keeping.purge(most=10) == 1

    with world.store.read() as work:
        assert work.withheld.find("p", account=reply.account) is None
    [path] = tmp_path.rglob("*.zip")
    with zipfile.ZipFile(path) as exported:
        [told] = json.loads(exported.read("document.json"))["withheld"]
        assert (told["outcome"], told["proof_id"]) == ("lapsed", "p")
        assert exported.read(told["file"]) == b"<late/>"
        assert exported.read(told["file"] + "-proof") == b"<UPD/>"


def test_every_name_of_the_settings_means_something() -> None:
    names = get_args(get_args(RetentionOptions.model_fields["days"].annotation)[0])

    assert {leaving(name) for name in names} == {*FINISHED, *Leaving}
