"""RabbitMQ away, back, and with messages that are none."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pika
import pytest

from routing.adapters.amqp import AmqpBackEnd
from routing.adapters.answers import write_envelope
from routing.adapters.broker import Broker
from routing.adapters.settings import AmqpSettings
from routing.errors import AnswersUnavailableError, RouteConfigurationError
from routing.model import Accepted, Answer, AnswerKind, Unavailable
from tests.acceptance.running import until
from tests.integration.adapters.far_side import AMQP, Proxy, delivery, need_rabbitmq, queues


@pytest.fixture
def settings() -> Iterator[AmqpSettings]:
    need_rabbitmq()
    with queues() as names:
        yield names


@contextmanager
def opened(settings: AmqpSettings) -> Iterator[AmqpBackEnd]:
    adapter = AmqpBackEnd("NCTS2", settings)
    yield adapter
    adapter.close()


def answer(number: str) -> Answer:
    return Answer(
        back_end_id=number, kind=AnswerKind.UNREAD, type_code="", filename="", content=b"<a/>", sys_ref="s"
    )


def send(settings: AmqpSettings, *bodies: bytes) -> None:
    """What a back end puts into the queue of answers."""
    with Broker("NCTS2", replace(settings, url=AMQP)).channel() as channel:
        channel.confirm_delivery()
        for body in bodies:
            channel.basic_publish("", settings.answers, body, pika.BasicProperties(delivery_mode=2))


def depth(settings: AmqpSettings, queue: str) -> int:
    with Broker("NCTS2", replace(settings, url=AMQP)).channel() as channel:
        count: int = channel.queue_declare(queue, passive=True).method.message_count
        return count


def collected(adapter: AmqpBackEnd, count: int) -> Sequence[Answer]:
    def ask() -> Sequence[Answer] | None:
        found = adapter.collect(100)
        return found if len(found) >= count else None

    return until(ask)


def delivered(adapter: AmqpBackEnd) -> bool | None:
    """Whether a document gets through now."""
    return isinstance(adapter.deliver([delivery()])[0], Accepted) or None


def test_messages_are_persistent_and_tell_what_the_contract_says(settings: AmqpSettings) -> None:
    sent = delivery()
    with opened(settings) as adapter:
        assert adapter.deliver([sent]) == [Accepted()]
    with Broker("NCTS2", settings).channel() as channel:
        _, properties, body = channel.basic_get(settings.queue, auto_ack=True)

    assert body == sent.content
    assert properties is not None
    assert (properties.delivery_mode, properties.message_id) == (2, sent.sys_ref)
    assert (properties.type, properties.content_type) == ("CC015C", "application/xml")
    assert properties.headers is not None
    assert properties.headers["Sisc-Sha256"] == sent.sha256


def test_answers_come_again_until_they_are_settled_and_never_afterwards(settings: AmqpSettings) -> None:
    with opened(settings) as adapter:
        adapter.collect(1)  # sets the queues up
        send(settings, write_envelope([answer("1"), answer("2")]), write_envelope([answer("3")]))

        first = collected(adapter, 3)
        assert [each.back_end_id for each in adapter.collect(100)] == ["1", "2", "3"]
        adapter.settle(first[:1])
        assert [each.back_end_id for each in adapter.collect(100)] == ["2", "3"]
    with opened(settings) as another:  # the message of 1 and 2 was not settled as a whole
        again = collected(another, 3)
        assert sorted(each.back_end_id for each in again) == ["1", "2", "3"]
        another.settle(again)
    with opened(settings) as last:
        assert last.collect(100) == []
    assert depth(settings, settings.dead_letters) == 0


def test_what_is_no_envelope_goes_to_the_dead_letters_and_stops_nothing(settings: AmqpSettings) -> None:
    small = replace(settings, message_bytes=500)
    with opened(small) as adapter:
        adapter.collect(1)
        large = write_envelope([replace(answer("large"), content=b"<a>" + b" " * 500 + b"</a>")])
        send(settings, b"garbage", b"", large, write_envelope([]), write_envelope([answer("good")]))

        [good] = collected(adapter, 1)
        adapter.settle([good])

    assert good.back_end_id == "good"
    until(lambda: depth(settings, settings.dead_letters) == 3 or None)
    assert depth(settings, settings.answers) == 0


def test_a_limit_is_kept_though_an_envelope_holds_more(settings: AmqpSettings) -> None:
    with opened(settings) as adapter:
        adapter.collect(1)
        send(settings, write_envelope([answer(str(number)) for number in range(5)]))
        collected(adapter, 5)

        assert len(adapter.collect(2)) == 2


def test_deliveries_and_answers_go_on_when_the_broker_is_back(settings: AmqpSettings) -> None:
    with Proxy.to(AMQP) as line, opened(replace(settings, url=line.url)) as adapter:
        assert adapter.deliver([delivery()]) == [Accepted()]
        adapter.collect(1)
        send(settings, write_envelope([answer("1")]))
        waiting = collected(adapter, 1)

        line.cut()
        [away] = adapter.deliver([delivery()])
        with pytest.raises(AnswersUnavailableError, match="NCTS2"):
            adapter.settle(waiting)
        with pytest.raises(AnswersUnavailableError):
            adapter.collect(1)
        line.mend()

        assert isinstance(away, Unavailable)
        assert until(lambda: delivered(adapter))
        again = until(lambda: _collect(adapter))
        assert [each.back_end_id for each in again] == ["1"]
        adapter.settle(again)
    assert depth(settings, settings.queue) >= 2


def _collect(adapter: AmqpBackEnd) -> Sequence[Answer] | None:
    try:
        return adapter.collect(10) or None
    except AnswersUnavailableError:
        return None


def test_a_connection_that_is_cut_in_the_middle_of_a_batch_is_no_confirmation(settings: AmqpSettings) -> None:
    with Proxy.to(AMQP) as line, opened(replace(settings, url=line.url)) as adapter:
        adapter.deliver([delivery()])
        batch = [delivery() for _ in range(2000)]
        cutter = threading.Timer(0.02, line.cut)
        cutter.start()
        outcomes = adapter.deliver(batch)
        cutter.join()

    confirmed = sum(isinstance(each, Accepted) for each in outcomes)
    assert depth(settings, settings.queue) >= confirmed + 1


def test_a_document_without_a_queue_is_not_delivered(settings: AmqpSettings) -> None:
    with opened(settings) as adapter:
        adapter.deliver([delivery()])
        with Broker("NCTS2", settings).channel() as channel:
            channel.queue_delete(settings.queue)

        [lost, *_] = adapter.deliver([delivery(), delivery()])
        [found] = adapter.deliver([delivery()])  # the queue is declared anew

    assert isinstance(lost, Unavailable)
    assert "no queue" in lost.reason
    assert found == Accepted()


def test_queues_that_others_set_up_are_only_looked_for(settings: AmqpSettings) -> None:
    with opened(replace(settings, declare=False)) as adapter:
        [outcome] = adapter.deliver([delivery()])
        health = adapter.health()

    assert isinstance(outcome, Unavailable)
    assert "NOT_FOUND" in outcome.reason
    assert not health.well


def test_a_broker_that_does_not_answer_is_left_after_the_time_it_has() -> None:
    settings = AmqpSettings(
        url="amqp://guest:secret@127.0.0.1:1/", queue="q", answers="a", dead_letters="d", timeout_seconds=1
    )
    with opened(settings) as adapter:
        [outcome] = adapter.deliver([delivery()])
        health = adapter.health()

    assert isinstance(outcome, Unavailable)
    assert "refused" in outcome.reason
    assert "secret" not in outcome.reason + health.detail + repr(settings)


def test_a_broker_that_lets_in_and_says_nothing_is_left_after_the_time_it_has() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"amqp://guest:secret@127.0.0.1:{silent.getsockname()[1]}/"
        settings = AmqpSettings(url=url, queue="q", answers="a", dead_letters="d", timeout_seconds=0.2)
        with opened(settings) as adapter:
            [outcome] = adapter.deliver([delivery()])
            health = adapter.health()
            with pytest.raises(AnswersUnavailableError, match="Timeout"):
                adapter.collect(1)

    assert isinstance(outcome, Unavailable)
    assert "Timeout" in outcome.reason
    assert not health.well


@pytest.mark.parametrize("url", ["amqp://host:port/", "http://host/", ""])
def test_an_address_that_is_none_is_told_at_the_start(url: str) -> None:
    with pytest.raises(RouteConfigurationError, match="NCTS2"):
        AmqpBackEnd("NCTS2", AmqpSettings(url=url, queue="q", answers="a", dead_letters="d"))
