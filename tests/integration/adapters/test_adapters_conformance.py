"""What holds for every way to a back end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from routing.model import Accepted, AttachedFile, Rejected, Unavailable
from tests.acceptance.running import until
from tests.integration.adapters import far_side
from tests.integration.adapters.far_side import FarSide, delivery, types_of

_KINDS: dict[str, Callable[[Path], AbstractContextManager[FarSide]]] = {
    "simulator": far_side.in_process,
    "http": far_side.http,
    "amqp": far_side.amqp,
    "directory": far_side.directory,
}


@pytest.fixture(params=_KINDS)
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FarSide]:
    with _KINDS[request.param](tmp_path) as opened:
        yield opened


def test_a_document_arrives_byte_for_byte_with_all_that_is_known_of_it(far: FarSide) -> None:
    sent = delivery()
    [outcome] = far.adapter.deliver([sent])
    far.answers([outcome], [sent])

    assert isinstance(outcome, Accepted)
    assert far.spy.deliveries == [sent]


def test_attachments_arrive_byte_for_byte_in_their_order(far: FarSide) -> None:
    attachments = (
        AttachedFile(content=bytes(range(256)) * 3, filename='fak"tura\r\nż.pdf', mime="application/pdf"),
        AttachedFile(content=b"\r\n--\r\n", filename="b.xml", mime="application/xml"),
    )
    sent = delivery(attachments=attachments)
    far.deliver(sent)

    assert far.spy.deliveries[0].attachments == attachments
    assert far.spy.deliveries[0].content == sent.content


def test_the_answers_of_the_back_end_come_back_and_name_their_document(far: FarSide) -> None:
    sent = delivery()
    answers = far.deliver(sent, at_least=2)

    assert types_of(answers)[:2] == ["UPO", "CC928C"]
    assert {answer.sys_ref for answer in answers} == {sent.sys_ref}
    assert len({answer.back_end_id for answer in answers}) == len(answers)


def test_a_document_delivered_again_is_accepted_with_the_same_answers(far: FarSide) -> None:
    sent = delivery()
    first = far.deliver(sent, at_least=2)
    [outcome] = far.adapter.deliver([replace(sent, attempt=2)])
    second = far.answers([outcome], [sent], at_least=2)

    assert isinstance(outcome, Accepted)
    assert [answer.back_end_id for answer in second[:2]] == [answer.back_end_id for answer in first[:2]]
    assert [answer.content for answer in second[:2]] == [answer.content for answer in first[:2]]


def test_every_document_of_a_batch_has_its_outcome_in_its_place(far: FarSide) -> None:
    batch = [delivery(order_key=f"key {number % 3}") for number in range(9)]
    batch[4] = delivery(lrn="NUP00000000000000004")
    outcomes = far.adapter.deliver(batch)

    far.answers(outcomes, batch)
    assert {each.sys_ref for each in far.spy.deliveries} == {each.sys_ref for each in batch}
    refused = [isinstance(outcome, Rejected) for outcome in outcomes]
    assert refused == [number == 4 and far.refuses_at_once for number in range(9)]


def test_documents_with_the_same_key_arrive_in_their_order(far: FarSide) -> None:
    batch = [delivery(order_key="the same") for _ in range(10)]
    far.deliver(*batch)

    assert [each.sys_ref for each in far.spy.deliveries] == [each.sys_ref for each in batch]


def test_a_refusal_is_told_with_the_back_ends_own_words(far: FarSide) -> None:
    sent = delivery(lrn="NUP00000000000000001")
    outcomes = far.adapter.deliver([sent])
    [answer] = far.answers(outcomes, [sent])

    assert types_of([answer]) == ["OdrzucenieKomunikatu"]
    assert isinstance(outcomes[0], Rejected if far.refuses_at_once else Accepted)


def test_a_back_end_that_is_away_is_told_not_raised_and_served_when_it_is_back(far: FarSide) -> None:
    assert far.adapter.health().well
    far.away()
    sent = delivery()
    [outcome] = far.adapter.deliver([sent])
    health = far.adapter.health()
    far.back()

    assert isinstance(outcome, Unavailable)
    assert outcome.reason
    assert not health.well
    assert health.detail
    assert far.spy.deliveries in ([], [sent])  # the simulator in the process is asked and fails itself
    until(lambda: isinstance(far.adapter.deliver([sent])[0], Accepted) or None)
    assert far.adapter.health().well


def test_an_empty_batch_is_nothing(far: FarSide) -> None:
    assert list(far.adapter.deliver([])) == []
