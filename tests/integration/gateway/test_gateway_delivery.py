"""Delivering: back-off, circuit, giving up, rejections, repeated answers, back ends that misbehave."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from gateway.actions import Action
from gateway.channel import Content
from gateway.flow.answers import Answers
from gateway.flow.checks import Case
from gateway.flow.lanes import lane_of
from gateway.settings import WorkerOptions
from gateway.store.model import Document, DocumentState, KeyKind
from routing.breaker import BreakerPolicy, BreakerState
from routing.model import Accepted, Answer, AnswerKind, Delivery, Health, Outcome, Rejected, Unavailable
from routing.retry import RetryPolicy
from schemas.findings import Finding
from tests.integration.gateway.world import EORI, World, declaration, submission, with_breaker

_NUMBERS = count(1)


def answer(
    kind: AnswerKind = AnswerKind.BUSINESS,
    type_code: str = "CC028C",
    **changed: Any,  # noqa: ANN401 - fields of every type
) -> Answer:
    plain = Answer(
        back_end_id=f"answer-{next(_NUMBERS)}",
        kind=kind,
        type_code=type_code,
        filename=f"{type_code}.xml",
        content=b"<answer/>",
    )
    return replace(plain, **changed)


@dataclass
class BackEnd:
    """Answers what a test tells it to."""

    decide: Callable[[Delivery], Outcome]
    system: str = "NCTS2"
    batches: list[list[Delivery]] = field(default_factory=list)

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        self.batches.append(list(batch))
        return [self.decide(delivery) for delivery in batch]

    def health(self) -> Health:
        return Health(well=True, detail="a test")


def down(_: Delivery) -> Outcome:
    return Unavailable(reason="down")


def submitted(world: World, decide: Callable[[Delivery], Outcome]) -> tuple[str, BackEnd]:
    """A document that waits for a back end."""
    back_end = BackEnd(decide)
    world.back_ends["NCTS2"] = back_end
    sys_ref = world.send(world.enrol("anna", "NCTS2"))
    world.verifier().work_once()
    return sys_ref, back_end


def test_a_back_end_that_is_down_is_tried_again_after_growing_waits(world: World) -> None:
    sys_ref, back_end = submitted(world, down)
    worker = world.deliverer()
    waits = []
    for _ in range(4):
        before = world.clock()
        while not worker.work_once():
            world.clock.pass_by(seconds=0.5)
        waits.append((world.clock() - before).total_seconds())

    assert waits == [0, 1, 2, 4]  # half of 2, 4, 8 seconds: the dice always show a half
    assert [batch[0].attempt for batch in back_end.batches] == [1, 2, 3, 4]
    assert world.document(sys_ref).state is DocumentState.DELIVERING
    assert world.actions(sys_ref)[2:] == [Action.DELIVERY_POSTPONED] * 4
    assert [event.facts["attempt"] for event in world.events(sys_ref)[2:]] == [1, 2, 3, 4]


def test_a_back_end_that_names_a_time_is_left_alone_until_then(world: World) -> None:
    _, back_end = submitted(world, lambda _: Unavailable(reason="busy", retry_after=90.0))
    worker = world.deliverer()
    worker.work_once()
    world.clock.pass_by(seconds=89)
    assert not worker.work_once()
    world.clock.pass_by(seconds=1)

    assert worker.work_once()
    assert len(back_end.batches) == 2


def test_retries_end_with_an_undeliverable_document(world: World) -> None:
    world.retry = RetryPolicy(max_attempts=2)
    sys_ref, _ = submitted(world, down)
    worker = world.deliverer()
    worker.work_once()
    world.clock.pass_by(seconds=2)
    worker.work_once()

    assert world.document(sys_ref).state is DocumentState.UNDELIVERABLE
    assert world.actions(sys_ref)[2:] == [Action.DELIVERY_POSTPONED, Action.DELIVERY_GIVEN_UP]
    assert world.depth() == 0


def test_after_an_outage_the_document_goes_all_its_way(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna, declaration(key=anna.key, lrn="DOWN000000000000001"))
    for _ in range(5):
        world.work()
        world.clock.pass_by(minutes=5)

    assert world.document(sys_ref).state is DocumentState.ANSWERED
    assert world.actions(sys_ref) == [
        Action.DOCUMENT_RECEIVED,
        Action.DOCUMENT_SUBMITTED,
        *[Action.DELIVERY_POSTPONED] * 2,
        Action.DOCUMENT_DELIVERED,
        *[Action.ANSWER_RECEIVED] * 4,
    ]


def test_the_circuit_opens_probes_and_closes(world: World) -> None:
    policy = BreakerPolicy(failures=2, pause=timedelta(seconds=30))
    world.routes = with_breaker(policy)
    sys_ref, back_end = submitted(world, down)
    worker = world.deliverer()
    worker.work_once()
    world.clock.pass_by(seconds=2)
    worker.work_once()
    breaker = world.breakers["NCTS2"]
    assert breaker.state is BreakerState.OPEN
    world.clock.pass_by(seconds=29)
    assert not worker.work_once()  # due long since, but the circuit is open

    world.clock.pass_by(seconds=1)
    assert worker.work_once()  # the probe fails
    assert len(back_end.batches) == 3
    assert breaker.state is BreakerState.OPEN
    back_end.decide = lambda _: Accepted()
    world.clock.pass_by(seconds=30)
    assert worker.work_once()

    assert world.document(sys_ref).state is DocumentState.DELIVERED
    circuit = [each for each in world.ears.actions() if each.startswith("circuit")]
    assert circuit == [Action.CIRCUIT_OPENED, Action.CIRCUIT_CLOSED]


def test_refusals_open_no_circuit(world: World) -> None:
    policy = BreakerPolicy(failures=1)
    world.routes = with_breaker(policy)
    submitted(world, lambda _: Rejected(reason="no"))
    world.deliverer().work_once()

    assert world.breakers["NCTS2"].state is BreakerState.CLOSED


def test_a_circuit_that_opens_between_portions_spares_the_back_end(world: World) -> None:
    policy = BreakerPolicy(failures=1, pause=timedelta(seconds=30))
    world.routes = with_breaker(policy)
    world.worker_options = WorkerOptions(batch_bytes=1)
    sys_ref, back_end = submitted(world, down)
    second = world.send(world.enrol("bogdan", "NCTS2"))
    world.verifier().work_once()

    world.deliverer().work_once()

    assert len(back_end.batches) == 1
    assert [world.actions(ref)[-1] for ref in (sys_ref, second)] == [Action.DELIVERY_POSTPONED] * 2
    world.clock.pass_by(seconds=29)
    assert not world.deliverer().work_once()


def test_a_rejection_reaches_the_mailbox_and_ends_the_documents_life(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna, declaration(key=anna.key, lrn="NUP0000000000000009"))
    world.work()

    assert world.document(sys_ref).state is DocumentState.REJECTED
    assert world.replies(sys_ref) == Counter(["UPP", "OdrzucenieKomunikatu"])
    assert world.actions(sys_ref)[2:] == [Action.DELIVERY_REJECTED, Action.ANSWER_RECEIVED]
    assert world.depth() == 0


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ([], DocumentState.DELIVERED),
        ([AnswerKind.CONFIRMATION], DocumentState.CONFIRMED),
        ([AnswerKind.CONFIRMATION, AnswerKind.BUSINESS], DocumentState.ANSWERED),
        ([AnswerKind.BUSINESS, AnswerKind.CONFIRMATION], DocumentState.ANSWERED),
        ([AnswerKind.CONFIRMATION, AnswerKind.REJECTION], DocumentState.REJECTED),
        ([AnswerKind.REJECTION, AnswerKind.CONFIRMATION], DocumentState.REJECTED),
    ],
)
def test_answers_move_a_document_on_and_never_back(
    small_world: World, kinds: list[AnswerKind], state: DocumentState
) -> None:
    sys_ref, _ = submitted(small_world, lambda _: Accepted(answers=tuple(map(answer, kinds))))
    small_world.deliverer().work_once()

    assert small_world.document(sys_ref).state is state


def test_numbers_told_by_answers_are_kept(world: World) -> None:
    told = (answer(mrn="26PL44101000000AB0"), answer(arc="26PL12345678901234567"), answer())
    sys_ref, _ = submitted(world, lambda _: Accepted(answers=told))
    world.deliverer().work_once()

    document = world.document(sys_ref)
    assert (document.mrn, document.arc) == ("26PL44101000000AB0", "26PL12345678901234567")


def test_a_document_is_found_by_its_own_numbers_and_those_of_its_answers(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna, declaration(key=anna.key, at=world.clock(), lrn="LOCAL-1"))
    world.work()
    document = world.document(sys_ref)
    with world.store.read() as work:
        told = {each.kind: each.value for each in work.identifiers.of(sys_ref)}
        (holder,) = work.identifiers.holders(KeyKind.MRN, str(document.mrn), limit=10)
    assert (holder.sys_ref, holder.account) == (sys_ref, anna.login)
    assert told[KeyKind.LRN] == "LOCAL-1"
    assert told[KeyKind.OWN_ID] == document.own_id
    assert told[KeyKind.EORI] == EORI


def test_an_answer_that_comes_twice_is_taken_once(world: World) -> None:
    twice, once = answer(), answer()
    sys_ref, _ = submitted(world, lambda _: Accepted(answers=(twice, twice, once)))
    second = world.send(world.enrol("bogdan", "NCTS2"))
    world.verifier().work_once()
    world.deliverer().work_once()

    assert world.replies(sys_ref) == Counter({"UPP": 1, "CC028C": 2})
    assert world.replies(second) == Counter(["UPP"])
    told = [event.facts.get("back_end_id") for event in world.events(sys_ref)]
    assert told[-2:] == [twice.back_end_id, once.back_end_id]
    assert world.actions(sys_ref).count(Action.ANSWER_RECEIVED) == 2


def test_answers_of_a_batch_keep_their_order_document_by_document(world: World) -> None:
    codes = ["UPO", "CC928C", "CC028C", "CC029C"]
    anna = world.enrol("anna", "NCTS2")
    world.back_ends["NCTS2"] = BackEnd(
        lambda _: Accepted(answers=tuple(answer(type_code=code) for code in codes))
    )
    sent = [world.send(anna) for _ in range(5)]
    world.work()

    for sys_ref in sent:
        page = world.documents(anna, correlation_sys_ref=sys_ref)
        names = [document.content.filename for document in page.documents]
        assert names == ["UPP.xml", *(f"{code}.xml" for code in codes)]


def test_a_document_is_delivered_with_all_that_is_known_of_it(world: World) -> None:
    sys_ref, back_end = submitted(world, lambda _: Accepted())
    world.deliverer().work_once()

    ((delivery,),) = back_end.batches
    with world.store.read() as work:
        assert delivery.content == work.documents.contents([sys_ref])[sys_ref]
    document = world.document(sys_ref)
    assert (delivery.sys_ref, delivery.sha256) == (sys_ref, document.sha256)
    assert (delivery.person, delivery.end) == (document.person, document.end)
    assert delivery.received_at == document.received_at


def test_attachments_are_delivered_with_their_document(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    invoice = Content(data=b"%PDF", mime="application/pdf", filename="faktura.pdf")
    back_end = world.back_ends["NCTS2"] = BackEnd(lambda _: Accepted())
    sent = replace(submission(declaration(key=anna.key)), attachments=(invoice,))
    world.channel().accept_document(world.caller(anna), sent)
    world.send(anna)
    world.verifier().work_once()
    world.deliverer().work_once()

    attached = [each for batch in back_end.batches for delivery in batch for each in delivery.attachments]
    assert [(a.content, a.filename, a.mime) for a in attached] == [
        (b"%PDF", "faktura.pdf", "application/pdf")
    ]


def test_a_back_end_that_fails_on_one_document_takes_the_others(world: World) -> None:
    def decide(delivery: Delivery) -> Outcome:
        if delivery.sys_ref == poison:
            raise RuntimeError("no")
        return Accepted()

    anna = world.enrol("anna", "NCTS2")
    world.back_ends["NCTS2"] = BackEnd(decide)
    poison, *others = [world.send(anna) for _ in range(4)]
    world.verifier().work_once()
    world.deliverer().work_once()

    assert world.document(poison).state is DocumentState.SUBMITTED
    assert [world.document(ref).state for ref in others] == [DocumentState.DELIVERED] * 3
    ((error, facts),) = world.ears.failures
    assert isinstance(error, RuntimeError)
    assert facts == {"lane": "deliver:NCTS2", "sys_ref": poison, "attempt": 1}
    assert world.depth() == 1


class FullDisk(Answers):
    __slots__ = ()

    def take(self, *_: object) -> Sequence[Document]:
        raise OSError("no space left on device")


def test_what_was_rolled_back_is_never_told(world: World) -> None:
    sys_ref, _ = submitted(world, lambda _: Accepted(answers=(answer(),)))
    step = replace(
        world.delivery(),
        answers=FullDisk(clock=world.clock, new_id=str, confirmed=world.confirmed_delivery()),
    )
    world.worker(lane_of("NCTS2"), step).work_once()

    assert world.actions(sys_ref) == [Action.DOCUMENT_RECEIVED, Action.DOCUMENT_SUBMITTED]
    assert Action.DOCUMENT_DELIVERED not in world.ears.actions()


# -- a poison document in verification


def test_a_poison_document_stops_no_other_and_comes_back_after_growing_pauses(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    poison, *others = [world.send(anna) for _ in range(4)]
    bytes_of_poison = world.document(poison).sha256

    def fail(case: Case) -> list[Finding]:
        if lrn_of(case) == lrns[bytes_of_poison]:
            raise RuntimeError("a defect")
        return []

    lrns = {world.document(ref).sha256: lrn_in(world, ref) for ref in (poison, *others)}
    world.more_checks = (fail,)
    worker = world.verifier()
    worker.work_once()
    assert [world.replies(ref) for ref in others] == [Counter(["UPP"])] * 3
    pauses = []
    for _ in range(9):
        before = world.clock()
        while not worker.work_once():
            world.clock.pass_by(seconds=1)
        pauses.append(int((world.clock() - before).total_seconds()))

    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert [facts["attempt"] for _, facts in world.ears.failures] == list(range(1, 11))
    assert {facts["sys_ref"] for _, facts in world.ears.failures} == {poison}
    assert world.document(poison).state is DocumentState.RECEIVED
    world.more_checks = ()
    world.clock.pass_by(seconds=300)
    world.verifier().work_once()
    assert world.document(poison).state is DocumentState.SUBMITTED


def test_a_document_that_may_end_processes_is_worked_on_alone_and_last(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    first = world.send(anna)
    for _ in range(3):  # claimed, and never heard of again
        with world.store.begin() as work:
            lease = timedelta(seconds=60)
            assert work.queue.claim("verify", owner="dead", at=world.clock(), lease=lease, limit=1)
            work.commit()
        world.clock.pass_by(seconds=60)
    others = [world.send(anna) for _ in range(2)]
    seen: list[str] = []

    class Die(BaseException):
        pass

    def kill(case: Case) -> list[Finding]:
        seen.append(lrn_of(case))
        if lrn_of(case) == deadly:
            raise Die
        return []

    deadly = lrn_in(world, first)
    world.more_checks = (kill,)
    with pytest.raises(Die):
        world.verifier().work_once()

    assert seen[-1] == deadly
    assert [world.replies(ref) for ref in others] == [Counter(["UPP"])] * 2


def lrn_of(case: Case) -> str:
    return str(case.root.findtext("TransitOperation/LRN"))


def lrn_in(world: World, sys_ref: str) -> str:
    with world.store.read() as work:
        content = work.documents.contents([sys_ref])[sys_ref].decode()
    return content.partition("<LRN>")[2].partition("</LRN>")[0]


# -- memory


def test_a_batch_is_loaded_in_portions(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    back_end = BackEnd(lambda _: Accepted())
    world.back_ends["NCTS2"] = back_end
    sent = [world.send(anna) for _ in range(5)]
    world.verifier().work_once()
    size = max(world.document(ref).size for ref in sent)
    world.worker_options = WorkerOptions(batch_bytes=2 * size)

    assert world.deliverer().work_once()

    assert [len(batch) for batch in back_end.batches] == [2, 2, 1]
    assert [each.sys_ref for batch in back_end.batches for each in batch] == sent
