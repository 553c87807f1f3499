"""What remote back ends answer: looked into, correlated, put into the right mailbox or the quarantine."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.actions import Action
from gateway.flow.answer_intake import Addressed, Held, Result
from gateway.flow.collecting import AnswerCollector
from gateway.flow.quarantine_desk import NotReleasedError, QuarantineDesk, Remedy
from gateway.store.model import DocumentState
from gateway.store.quarantine import Quarantine, Quarantined, QuarantineReason
from routing.backends import build_back_ends
from routing.model import (
    Accepted,
    Answer,
    AnswerKind,
    BackEnd,
    Delivery,
    Health,
    Outcome,
    Recipient,
    Rejected,
)
from routing.routes import default_routes
from schemas.model import IdentifierKind
from tests.integration.gateway.world import Member, World, catalogue, declaration

_HINTS = ("sys_ref", "correlation", "lrn", "mrn", "arc")


@dataclass
class Remote:
    """A simulator far away: takes documents, and its answers come when a test wants them."""

    simulator: BackEnd
    at_once: bool = False
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    system: str = "NCTS2"

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        return [self._one(delivery) for delivery in batch]

    def health(self) -> Health:
        return Health(well=True, detail="a test")

    def _one(self, delivery: Delivery) -> Outcome:
        [outcome] = self.simulator.deliver([delivery])
        assert isinstance(outcome, Accepted | Rejected)
        unread = [as_sent(answer) for answer in outcome.answers]
        self.answers[delivery.sys_ref] = unread
        return replace(outcome, answers=tuple(unread) if self.at_once else ())


def as_sent(answer: Answer, **changed: Any) -> Answer:  # noqa: ANN401 - fields of every type
    """An answer as it arrives: nobody has looked inside, and nothing but the sysRef is told of it."""
    bare = replace(
        answer, kind=AnswerKind.UNREAD, type_code="", correlation=None, lrn=None, mrn=None, arc=None
    )
    return replace(bare, **changed)


@pytest.fixture
def remote(world: World) -> Remote:
    simulators = build_back_ends(default_routes(), world.store.engine, world.clock, catalogue())
    world.back_ends["NCTS2"] = opened = Remote(simulators["NCTS2"])
    return opened


def sent(world: World, member: Member | None = None, lrn: str | None = None) -> str:
    """A document that was delivered and is not answered yet."""
    sender = member or world.enrol("anna", "NCTS2")
    sys_ref = world.send(sender, declaration(key=sender.key, lrn=lrn))
    world.work()
    return sys_ref


def held(world: World) -> Sequence[Quarantined]:
    with world.store.read() as work:
        return Quarantine(work.connection).find(limit=10)


def take(world: World, *answers: Answer) -> Sequence[Result]:
    return world.answer_intake().take("NCTS2", answers)


def reason_of(result: Result) -> QuarantineReason | None:
    assert isinstance(result, Held)
    return result.reason


def test_answers_that_come_later_are_recognised_and_reach_the_sender(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    assert world.document(sys_ref).state is DocumentState.DELIVERED

    results = take(world, *remote.answers[sys_ref])

    assert [type(each) for each in results] == [Addressed] * len(results)
    assert world.replies(sys_ref) == Counter(["UPP", "UPO", "CC928C", "CC028C", "CC029C"])
    assert world.document(sys_ref).state is DocumentState.ANSWERED
    assert world.document(sys_ref).mrn
    assert world.actions(sys_ref).count(Action.ANSWER_RECEIVED) == 4
    assert not held(world)


def test_answers_at_once_are_looked_into_as_well(world: World, remote: Remote) -> None:
    remote.at_once = True
    sys_ref = sent(world)

    assert world.replies(sys_ref) == Counter(["UPP", "UPO", "CC928C", "CC028C", "CC029C"])
    assert world.document(sys_ref).state is DocumentState.ANSWERED


def test_a_refusal_whose_answers_are_all_held_is_told_in_our_words(world: World, remote: Remote) -> None:
    class Garbling(Remote):
        def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
            outcomes = super().deliver(batch)
            return [
                replace(each, answers=tuple(as_sent(one, content=b"<garbage/>") for one in each.answers))
                for each in outcomes
                if isinstance(each, Rejected)
            ]

    world.back_ends["NCTS2"] = Garbling(remote.simulator, at_once=True)
    anna = world.enrol("anna", "NCTS2")
    sys_ref = sent(world, anna, lrn="NUP0000000000000009")

    assert world.document(sys_ref).state is DocumentState.REJECTED
    assert world.replies(sys_ref) == Counter(["UPP", "OdrzucenieKomunikatu"])
    notice = world.content(anna, sys_ref, "OdrzucenieKomunikatu").decode()
    assert "Refused as the scenario asks." in notice
    assert "zatrzymano do sprawdzenia" in notice
    assert world.actions(sys_ref)[-2:] == [Action.DELIVERY_REJECTED, Action.ANSWER_QUARANTINED]
    assert Action.ANSWER_QUARANTINED in world.ears.actions()
    assert [each.answer.sys_ref for each in held(world)] == [sys_ref]


def test_a_refusal_one_of_whose_answers_is_passed_on_needs_no_words_of_ours(
    world: World, remote: Remote
) -> None:
    remote.at_once = True
    sys_ref = sent(world, lrn="NUP0000000000000009")

    assert world.document(sys_ref).state is DocumentState.REJECTED
    assert world.replies(sys_ref) == Counter(["UPP", "OdrzucenieKomunikatu"])


def test_answers_that_come_again_or_in_another_order_are_passed_on_once(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    answers = remote.answers[sys_ref]

    take(world, *reversed(answers))
    again = take(world, *answers, *answers)

    assert all(isinstance(each, Addressed) for each in again)
    assert world.replies(sys_ref) == Counter(["UPP", "UPO", "CC928C", "CC028C", "CC029C"])
    assert world.document(sys_ref).state is DocumentState.ANSWERED
    assert world.actions(sys_ref).count(Action.ANSWER_RECEIVED) == 4


def test_an_answer_that_overtakes_the_end_of_its_delivery_is_not_undone(world: World, remote: Remote) -> None:
    class Hasty(Remote):
        def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
            outcomes = super().deliver(batch)
            take(world, *self.answers[batch[0].sys_ref])
            return outcomes

    world.back_ends["NCTS2"] = Hasty(remote.simulator)
    sys_ref = sent(world)

    assert world.document(sys_ref).state is DocumentState.ANSWERED
    assert world.document(sys_ref).mrn


@pytest.mark.parametrize("number", ["correlation", "lrn", "mrn"])
def test_an_answer_without_a_sysref_finds_its_document_by_its_numbers(
    world: World, remote: Remote, number: str
) -> None:
    sys_ref = sent(world)
    upo, _, mrn_given, release = remote.answers[sys_ref]
    take(world, upo, mrn_given)  # the document has its MRN now

    [result] = take(world, without(world, release, keep=number))

    assert isinstance(result, Addressed)
    assert result.sys_ref == sys_ref
    assert world.replies(sys_ref)["CC029C"] == 1


def without(world: World, answer: Answer, *, keep: str) -> Answer:
    """A read answer that names its document by one number only."""
    read = world.answer_intake().reader.read("NCTS2", answer)
    assert isinstance(read, Answer)
    assert getattr(read, keep)
    others: dict[str, Any] = dict.fromkeys(set(_HINTS) - {keep})
    return replace(read, **others)


def test_a_upo_names_its_document_itself(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    upo = remote.answers[sys_ref][0]

    [result] = take(world, replace(upo, sys_ref=None))

    assert isinstance(result, Addressed)
    assert result.sys_ref == sys_ref


# -- what is not passed on


def broken(answer: Answer) -> Answer:
    assert b"MRN" in answer.content
    return replace(answer, content=answer.content.replace(b"MRN", b"XRN"))


def test_a_number_that_two_senders_use_leads_to_neither(world: World, remote: Remote) -> None:
    anna, bogdan = world.enrol("anna", "NCTS2"), world.enrol("bogdan", "NCTS2")
    lrn = "SAME0000000000000001"
    first, second = sent(world, anna, lrn), sent(world, bogdan, lrn)

    [result] = take(world, without(world, remote.answers[first][1], keep="lrn"))

    assert reason_of(result) is QuarantineReason.AMBIGUOUS
    assert world.replies(first) == world.replies(second) == Counter(["UPP"])


def test_an_answer_for_another_party_is_not_given_to_the_sender(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    consignee = Recipient(kind=IdentifierKind.EORI, number="PL526021308900001")

    [result] = take(world, replace(remote.answers[sys_ref][2], recipients=(consignee,)))

    assert reason_of(result) is QuarantineReason.UNCORRELATED
    assert held(world)[0].answer.recipients == (consignee,)
    assert world.replies(sys_ref) == Counter(["UPP"])


def test_what_is_held_stays_held_when_it_comes_again(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    bad = broken(remote.answers[sys_ref][2])
    take(world, bad)

    [again] = take(world, bad)

    assert isinstance(again, Held)
    assert again.reason is None
    assert len(held(world)) == 1
    assert world.ears.actions().count(Action.ANSWER_QUARANTINED) == 1


# -- fetching


class Shelf:
    """Answers that lie ready until they are settled."""

    system = "NCTS2"

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.waiting = list(answers)

    def collect(self, limit: int) -> Sequence[Answer]:
        return self.waiting[:limit]

    def settle(self, answers: Sequence[Answer]) -> None:
        self.waiting = [each for each in self.waiting if each not in answers]


def test_collected_answers_are_settled_once_they_are_stored(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    shelf = Shelf(remote.answers[sys_ref])
    collector = AnswerCollector(source=shelf, intake=world.answer_intake(), observe=world.ears)

    assert collector.once()
    assert not collector.once()

    assert not shelf.waiting
    assert world.replies(sys_ref)["CC029C"] == 1


# -- the operator decides


def desk(world: World) -> QuarantineDesk:
    intake = world.answer_intake()
    return QuarantineDesk(
        store=world.store,
        reader=intake.reader,
        answers=intake.answers,
        operator="operator:test",
        clock=world.clock,
        observe=world.ears,
    )


def test_an_answer_for_nobody_known_is_released_to_the_document_an_operator_names(
    world: World, remote: Remote
) -> None:
    sys_ref = sent(world)
    take(world, replace(remote.answers[sys_ref][2], sys_ref="11111111-2222-3333-4444-555555555555"))
    [kept] = held(world)
    with pytest.raises(NotReleasedError) as refused:
        desk(world).release(kept.id, note="looks good")
    assert refused.value.remedy is Remedy.NAME_DOCUMENT

    desk(world).release(kept.id, note="a misprint", sys_ref=sys_ref)

    assert world.replies(sys_ref)["CC028C"] == 1
    assert world.events(sys_ref)[-1].facts["reason"] == "a misprint"
    assert not held(world)
    with pytest.raises(NotReleasedError, match="decided"):
        desk(world).release(kept.id, note="again", sys_ref=sys_ref)


def test_an_invalid_answer_is_released_only_by_force(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    take(world, broken(remote.answers[sys_ref][2]))
    [kept] = held(world)
    with pytest.raises(NotReleasedError, match="XSD_") as refused:
        desk(world).release(kept.id, note="please")
    assert refused.value.remedy is Remedy.FORCE

    desk(world).release(kept.id, note="agreed with the back end", force=True)

    assert world.replies(sys_ref)["CC028C"] == 1
    assert Action.QUARANTINE_RELEASED in world.ears.actions()


def test_a_dropped_answer_stays_dropped_when_it_comes_again(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    bad = broken(remote.answers[sys_ref][2])
    take(world, bad)
    desk(world).drop(held(world)[0].id, note="no")

    take(world, bad)

    assert not held(world)
    assert world.replies(sys_ref) == Counter(["UPP"])
