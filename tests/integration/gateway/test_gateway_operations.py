"""What operators do: documents retried, held, released, rerouted; systems and the intake paused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from lxml import etree

from gateway.actions import Action
from gateway.errors import DuplicateDocumentError, NotFoundError, RefusedOperationError, UnavailableError
from gateway.flow.operations import Operations
from gateway.store.model import DocumentState
from gateway.store.systems import GATEWAY
from routing.breaker import BreakerPolicy
from routing.errors import UnknownSystemError
from routing.model import Accepted, Delivery, Health, Outcome, Rejected, Unavailable
from routing.retry import RetryPolicy
from tests.integration.gateway.world import (
    Member,
    World,
    catalogue,
    declaration,
    validator,
    with_breaker,
)

Decide = Callable[[Delivery], Outcome]


@dataclass
class BackEnd:
    """Does what a test tells it to, and remembers what it was given."""

    decide: Decide
    system: str = "NCTS2"
    given: list[str] = field(default_factory=list)

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        self.given += [delivery.sys_ref for delivery in batch]
        return [self.decide(delivery) for delivery in batch]

    def health(self) -> Health:
        return Health(well=True, detail="a test")


def down(_: Delivery) -> Outcome:
    return Unavailable(reason="down")


def up(_: Delivery) -> Outcome:
    return Accepted()


def operations(world: World) -> Operations:
    return Operations(
        store=world.store, routes=world.routes, clock=world.clock, operator="operator:ola", observe=world.ears
    )


def sent(world: World, decide: Decide = up, system: str = "NCTS2") -> tuple[Member, str, BackEnd]:
    """A document with its UPP, and the back end it goes to."""
    back_end = world.back_ends[system] = BackEnd(decide, system)
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna)
    world.verifier().work_once()
    return anna, sys_ref, back_end


def given_up(world: World) -> tuple[Member, str, BackEnd]:
    """A document that was undeliverable for longer than the gateway's patience."""
    world.retry = RetryPolicy(patience=timedelta(days=1))
    anna, sys_ref, back_end = sent(world, down)
    world.deliverer().work_once()
    world.clock.pass_by(days=1)
    world.deliverer().work_once()
    return anna, sys_ref, back_end


def test_a_held_document_goes_nowhere_until_released(world: World) -> None:
    _, sys_ref, back_end = sent(world)
    operations(world).hold(sys_ref, "customs officer asked")
    assert not world.deliverer().work_once()
    world.clock.pass_by(days=30)
    assert not world.deliverer().work_once()

    operations(world).release(sys_ref, "cleared")
    assert world.deliverer().work_once()

    assert back_end.given == [sys_ref]
    held, released = world.events(sys_ref)[2:4]
    assert (held.action, held.actor, held.facts["reason"]) == (
        Action.DOCUMENT_HELD,
        "operator:ola",
        "customs officer asked",
    )
    assert released.action == Action.DOCUMENT_RELEASED


def test_a_document_held_while_it_is_delivered_is_kept_back_only_if_it_comes_back(world: World) -> None:
    _, sys_ref, back_end = sent(world)

    def hold_and_fail(delivery: Delivery) -> Outcome:
        operations(world).hold(delivery.sys_ref, "wait")
        return Unavailable(reason="down")

    back_end.decide = hold_and_fail
    world.deliverer().work_once()
    world.clock.pass_by(days=1)
    assert not world.deliverer().work_once()
    back_end.decide = up
    operations(world).release(sys_ref, "go on")
    assert world.deliverer().work_once()
    assert world.document(sys_ref).state is DocumentState.DELIVERED


def test_a_retry_makes_postponed_work_due_at_once(world: World) -> None:
    _, sys_ref, back_end = sent(world, lambda _: Unavailable(reason="busy", retry_after=3600.0))
    world.deliverer().work_once()
    assert not world.deliverer().work_once()
    back_end.decide = up

    operations(world).retry(sys_ref, "it is up again")
    assert world.deliverer().work_once()

    assert world.document(sys_ref).state is DocumentState.DELIVERED
    assert Action.DOCUMENT_RETRIED in world.actions(sys_ref)


def test_the_sender_of_an_undeliverable_document_is_told_under_seal(world: World) -> None:
    anna, sys_ref, _ = given_up(world)

    assert world.document(sys_ref).state is DocumentState.UNDELIVERABLE
    assert world.replies(sys_ref) == {"UPP": 1, "OdrzucenieKomunikatu": 1}
    notice = etree.fromstring(world.content(anna, sys_ref, "OdrzucenieKomunikatu"))
    message_type = catalogue().recognise(notice, on=world.clock().date())
    assert message_type.code == "OdrzucenieKomunikatu"
    assert validator().validate(notice, message_type).valid
    texts = {element.get("Jezyk"): element.text for element in notice.iterfind(".//{*}Tekst")}
    assert "nie udało się przekazać do systemu NCTS2" in str(texts["pl"])
    assert "could not be passed on to system NCTS2" in str(texts["en"])
    assert notice.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is not None


def test_a_refusal_without_an_answer_is_told_with_its_reason(world: World) -> None:
    anna, sys_ref, _ = sent(world, lambda _: Rejected(reason="unknown <office>\x00"))
    world.deliverer().work_once()

    assert world.document(sys_ref).state is DocumentState.REJECTED
    notice = etree.fromstring(world.content(anna, sys_ref, "OdrzucenieKomunikatu"))
    assert validator().validate(notice, catalogue().recognise(notice, on=world.clock().date())).valid
    assert any("unknown <office>\ufffd" in str(each.text) for each in notice.iterfind(".//{*}Tekst"))


def test_an_undeliverable_document_may_be_sent_again(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    content = declaration(key=anna.key)
    world.retry = RetryPolicy(max_attempts=1)
    world.back_ends["NCTS2"] = BackEnd(down)
    first = world.send(anna, content)
    world.work()
    again = world.send(anna, content)

    with pytest.raises(DuplicateDocumentError) as caught:
        operations(world).retry(first, "try")
    assert caught.value.original == again


def test_an_undeliverable_document_taken_up_again_is_delivered_and_stands_in_the_way(world: World) -> None:
    anna, sys_ref, back_end = given_up(world)
    with world.store.read() as work:
        content = work.documents.contents([sys_ref])[sys_ref]
    back_end.decide = up

    operations(world).retry(sys_ref, "NCTS2 is back")
    world.deliverer().work_once()

    assert world.document(sys_ref).state is DocumentState.DELIVERED
    with pytest.raises(Exception, match=sys_ref):
        world.send(anna, content)


def test_a_document_is_rerouted_to_another_system(world: World) -> None:
    _, sys_ref, back_end = sent(world, down)
    other = world.back_ends["AES"] = BackEnd(up, "AES")
    world.deliverer().work_once()

    operations(world).reroute(sys_ref, "AES", "moved")
    world.clock.pass_by(hours=1)
    assert not world.deliverer().work_once()
    assert world.deliverer("AES").work_once()

    assert (back_end.given, other.given) == ([sys_ref], [sys_ref])
    assert world.document(sys_ref).system == "AES"
    (event,) = [each for each in world.events(sys_ref) if each.action == Action.DOCUMENT_REROUTED]
    assert event.facts == {"reason": "moved", "from": "NCTS2", "to": "AES"}


def test_what_cannot_be_done_is_refused_and_changes_nothing(world: World) -> None:
    _, sys_ref, _ = sent(world)
    do = operations(world)
    with pytest.raises(RefusedOperationError, match="is not held"):
        do.release(sys_ref, "x")
    with pytest.raises(UnknownSystemError):
        do.reroute(sys_ref, "NOWHERE", "x")
    with pytest.raises(NotFoundError):
        do.hold("unknown", "x")
    do.hold(sys_ref, "x")
    with pytest.raises(RefusedOperationError, match="held"):
        do.retry(sys_ref, "x")
    do.release(sys_ref, "x")
    world.deliverer().work_once()
    with pytest.raises(RefusedOperationError, match="nothing left"):
        do.hold(sys_ref, "x")
    with pytest.raises(RefusedOperationError, match="is not paused"):
        do.resume("NCTS2", "x")
    assert [action for action in world.actions(sys_ref) if action.startswith("document_h")] == [
        Action.DOCUMENT_HELD
    ]


def test_documents_for_a_paused_system_are_taken_in_and_wait(world: World) -> None:
    anna, first, back_end = sent(world)
    operations(world).pause("NCTS2", "maintenance")
    second = world.send(anna)
    world.work()

    assert back_end.given == []
    assert world.replies(second) == {"UPP": 1}
    with pytest.raises(RefusedOperationError, match="paused already"):
        operations(world).pause("NCTS2", "again")
    operations(world).resume("NCTS2", "done")
    world.work()
    assert sorted(back_end.given) == sorted([first, second])
    with world.store.read() as work:
        changes = work.systems.history("NCTS2", limit=10)
    assert [(paused, by, reason) for paused, _, by, reason in changes] == [
        (False, "operator:ola", "done"),
        (True, "operator:ola", "maintenance"),
    ]


def test_a_paused_system_stops_no_other(world: World) -> None:
    _, sys_ref, back_end = sent(world)
    operations(world).pause("AES", "maintenance")
    world.work()
    assert back_end.given == [sys_ref]


def test_a_closed_intake_takes_nothing_and_hands_everything_out(world: World) -> None:
    anna, _, _ = sent(world)
    operations(world).pause(GATEWAY, "emergency")
    with pytest.raises(UnavailableError, match="emergency"):
        world.send(anna)
    assert world.collect(anna) == ["UPP.xml"]
    operations(world).resume(GATEWAY, "over")
    world.send(anna)


def test_after_the_pause_of_a_circuit_one_document_finds_out(world: World) -> None:
    world.routes = with_breaker(BreakerPolicy(failures=1, pause=timedelta(seconds=30)))
    anna, _, back_end = sent(world, down)
    for _ in range(3):
        world.send(anna)
    world.work()
    given = len(back_end.given)
    world.clock.pass_by(seconds=30)

    assert world.deliverer().work_once()
    assert len(back_end.given) == given + 1  # still down: one document was tried, and it alone
    back_end.decide = up
    world.clock.pass_by(seconds=30)
    assert world.deliverer().work_once()
    assert len(back_end.given) == given + 2
    world.clock.pass_by(minutes=5)
    world.work()
    assert world.depth() == 0


def test_an_amendment_never_overtakes_its_declaration(world: World) -> None:
    """Same sender, same LRN: the second waits while the first is retried."""
    anna = world.enrol("anna", "NCTS2")
    back_end = world.back_ends["NCTS2"] = BackEnd(down)
    first, second = (world.send(anna, declaration(key=anna.key, lrn="SAME")) for _ in range(2))
    other = world.send(anna, declaration(key=anna.key, lrn="OTHER"))
    world.work()
    assert sorted(back_end.given) == sorted([first, other])
    back_end.decide = up
    back_end.given.clear()
    world.clock.pass_by(minutes=5)
    world.work()
    assert back_end.given.index(first) < back_end.given.index(second)


def test_answers_that_came_another_way_meanwhile_are_kept(world: World) -> None:
    """A callback may be faster than our own record of the delivery."""
    _, sys_ref, back_end = sent(world)

    def answer_first(delivery: Delivery) -> Outcome:
        with world.store.begin() as work:
            document = work.documents.get(delivery.sys_ref)
            answered = replace(document, state=DocumentState.ANSWERED, mrn="26PL44101000000AB0")
            work.documents.update(answered)
            work.commit()
        return Accepted()

    back_end.decide = answer_first
    world.deliverer().work_once()
    document = world.document(sys_ref)
    assert (document.state, document.mrn) == (DocumentState.ANSWERED, "26PL44101000000AB0")
