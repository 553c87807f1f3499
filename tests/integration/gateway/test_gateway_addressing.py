"""Answers for firms that sent nothing: found by number, read by those who may read for the firm."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from gateway.actions import Action
from gateway.flow.addressing import addressees
from gateway.flow.answer_intake import Brought
from gateway.flow.quarantine_desk import NotReleasedError, QuarantineDesk
from gateway.store.model import DocumentState, KeyKind, NewReply
from gateway.store.quarantine import Quarantine, QuarantineReason
from registry.model import AccountLevel, Entity, NumberKind
from registry.numbers import entity_id_sisc
from registry.repository import RegistryRepository
from routing.model import Accepted, Answer, AnswerKind, Delivery, Health, Outcome, Recipient
from schemas.model import IdentifierKind
from tests.integration.gateway.world import AGENCY, AGENCY_EORI, EORI, World, context

MRN = "26PL322080NS00001T"
_NOTICE = b"<notice/>"


@dataclass
class Notifier:
    """Tells a firm of every declaration of somebody else."""

    recipients: tuple[Recipient, ...]
    system: str = "NCTS2"

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        return [Accepted(answers=(self.notice(delivery.sys_ref),)) for delivery in batch]

    def notice(self, sys_ref: str) -> Answer:
        return Answer(
            back_end_id="notice-1",
            kind=AnswerKind.BUSINESS,
            type_code="NOTICE",
            filename="notice.xml",
            content=_NOTICE,
            sys_ref=sys_ref,
            mrn=MRN,
            recipients=self.recipients,
        )

    def health(self) -> Health:
        return Health(well=True, detail="a test")


AGENCY_NAMED = Recipient(kind=IdentifierKind.EORI, number=AGENCY_EORI)
FIRM_NAMED = Recipient(kind=IdentifierKind.EORI, number=EORI)
LATE_FIRM = Recipient(kind=IdentifierKind.EORI, number="PL123456321800000")
NOBODY = Recipient(kind=IdentifierKind.EXCISE, number="PL00000000001")


def notified(world: World, *recipients: Recipient) -> str:
    """The sysRef of a declaration by somebody else that a notice to the recipients arose from."""
    world.back_ends["NCTS2"] = Notifier(recipients=recipients)
    sys_ref = world.send(world.enrol("anna"))  # NCTS2 asks for no right
    world.work()
    return sys_ref


def test_a_firm_named_by_number_gets_the_document_through_its_representative(world: World) -> None:
    celina = world.enrol("celina", "NCTS2", represented=AGENCY)
    sys_ref = notified(world, AGENCY_NAMED)

    assert world.replies(sys_ref) == {"UPP": 1}  # the sender gets no copy
    assert world.collect(celina) == ["notice.xml"]
    assert world.document(sys_ref).state is DocumentState.DELIVERED
    assert world.document(sys_ref).mrn is None


def test_the_reader_is_told_nothing_of_the_senders_document(world: World) -> None:
    celina = world.enrol("celina", "NCTS2", represented=AGENCY)
    sys_ref = notified(world, AGENCY_NAMED)
    (found,) = world.documents(celina, date_from="2026-03-25", date_to="2026-03-31").documents

    assert found.end == AGENCY
    assert not world.documents(celina, correlation_sys_ref=sys_ref).documents
    with world.store.read() as work:
        (holder,) = work.identifiers.holders(KeyKind.MRN, MRN, limit=10)
    assert holder.account == celina.login


def test_every_firm_named_gets_one_copy_however_often_it_is_named(world: World) -> None:
    bogdan = world.enrol("bogdan", "NCTS2")
    celina = world.enrol("celina", "NCTS2", represented=AGENCY)
    notified(world, AGENCY_NAMED, FIRM_NAMED, AGENCY_NAMED)

    assert world.collect(bogdan) == ["notice.xml"]
    assert world.collect(celina) == ["notice.xml"]


def reader(world: World) -> str:
    """Whom a notice for the agency would go to now."""
    notice = Notifier(recipients=(AGENCY_NAMED,)).notice("")
    with world.store.begin() as work:
        (found,) = addressees(work, notice, system="NCTS2", at=world.clock())
    assert found.entity == AGENCY
    return found.account


def correspond(world: World, account: str) -> None:
    """A document in the agency's context reaches this account."""
    last = NewReply(
        sys_ref=f"to {account}",
        type_code="CC028C",
        account=account,
        system="NCTS2",
        content=b"<x/>",
        filename="x.xml",
        mime="application/xml",
        created_at=world.clock(),
        end=AGENCY,
    )
    with world.store.begin() as work:
        work.mailbox.add([last])
        work.commit()


def test_the_representative_with_whom_the_firm_corresponded_last_gets_it(world: World) -> None:
    bogdan = world.enrol("bogdan", "NCTS2", represented=AGENCY)
    world.clock.pass_by(days=1)
    celina = world.enrol("celina", "NCTS2", represented=AGENCY)
    assert reader(world) == bogdan.login  # who has had the right longer

    correspond(world, celina.login)
    assert reader(world) == celina.login

    world.end_rights(celina)
    world.clock.pass_by(seconds=1)
    assert reader(world) == bogdan.login


@pytest.mark.parametrize("unfit", ["other system", "basic account", "no account"])
def test_who_may_not_read_for_the_firm_gets_nothing(world: World, unfit: str) -> None:
    if unfit == "other system":
        world.enrol("bogdan", "AES", represented=AGENCY)
    elif unfit == "basic account":
        world.enrol("bogdan", "NCTS2", represented=AGENCY, level=AccountLevel.BASIC)
    assert reader(world) == f"({AGENCY})"


def test_a_document_nobody_could_read_is_found_by_whoever_may_read_for_the_firm_later(world: World) -> None:
    notified(world, AGENCY_NAMED)
    celina = world.enrol("celina", "NCTS2", represented=AGENCY)

    assert world.collect(celina) == []
    found = world.channel().get_next_document_sisc(world.caller(celina), context(end=AGENCY), None)
    assert found.document is None or found.document.content.data == _NOTICE
    everything = world.documents(
        celina,
        date_from="2026-03-25",
        date_to="2026-03-31",
        context=context(end=AGENCY, all_employees=True),
    )
    assert [document.content.data for document in everything.documents] == [_NOTICE]


def test_a_notice_to_nobody_registered_is_held_until_somebody_decides(world: World) -> None:
    sys_ref = notified(world, NOBODY)

    with world.store.read() as work:
        (held,) = Quarantine(work.connection).find(limit=10)
    assert held.reason is QuarantineReason.UNCORRELATED
    assert "PL00000000001" in held.detail
    assert world.replies(sys_ref) == {"UPP": 1}
    assert Action.ANSWER_QUARANTINED in world.ears.actions()


def test_a_held_notice_goes_to_the_firm_once_it_is_registered_and_never_to_the_sender(world: World) -> None:
    notice = replace(notified_unread(world), recipients=(LATE_FIRM,))
    world.answer_intake().take("NCTS2", [notice])
    with world.store.read() as work:
        (held,) = Quarantine(work.connection).find(limit=10)
    desk = QuarantineDesk(
        store=world.store,
        reader=world.answer_intake().reader,
        answers=world.delivery().answers,
        operator="operator:test",
        clock=world.clock,
        observe=world.ears,
    )
    with pytest.raises(NotReleasedError, match="register the firm first"):
        desk.release(held.id, note="try")
    register(world, LATE_FIRM.number)

    assert desk.release(held.id, note="it is registered now").to.startswith("firm ")
    assert notice.sys_ref is not None
    assert world.replies(notice.sys_ref) == {"UPP": 1, "UPO": 1, "CC928C": 1, "CC028C": 1, "CC029C": 1}


def notified_unread(world: World) -> Answer:
    """An answer as a remote back end sends it, to a document that has all its own answers."""
    sender = world.enrol("anna")
    sys_ref = world.send(sender)
    world.work()
    return Answer(
        back_end_id="late-1",
        kind=AnswerKind.UNREAD,
        type_code="",
        filename="CC028C.xml",
        content=world.content(sender, sys_ref, "CC028C"),
        sys_ref=sys_ref,
    )


def register(world: World, eori: str) -> None:
    firm = Entity(id_sisc=entity_id_sisc(eori=eori), name="Nowa", numbers=((NumberKind.EORI, eori),))
    with world.store.begin() as work:
        RegistryRepository(work.connection).add_entity(firm, operator="test", at=world.clock())
        work.commit()


def test_a_notice_that_no_document_gave_rise_to_reaches_the_firm(world: World) -> None:
    celina = world.enrol("celina", "NCTS2", represented=AGENCY)
    notice = replace(Notifier(recipients=(AGENCY_NAMED,)).notice(""), sys_ref=None)
    (result,) = world.answer_intake().take("NCTS2", [notice])

    assert isinstance(result, Brought)
    assert world.collect(celina) == ["notice.xml"]


def test_the_same_notice_again_is_taken_once(world: World) -> None:
    celina = world.enrol("celina", "NCTS2", represented=AGENCY)
    notified(world, AGENCY_NAMED)
    bogdan = world.enrol("bogdan")
    world.send(bogdan)
    world.work()

    assert world.collect(celina) == ["notice.xml"]
