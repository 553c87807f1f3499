"""A worker dies between fetching answers, storing them and telling their source: they are there once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from gateway.flow.collecting import AnswerCollector
from gateway.store.ports import Store
from routing.adapters.amqp import AmqpBackEnd
from routing.adapters.answers import write_envelope, write_sidecar
from routing.adapters.broker import Broker
from routing.adapters.directory import DirectoryBackEnd, drop
from routing.adapters.settings import AmqpSettings, DirectorySettings
from routing.backends import build_back_ends
from routing.model import Answer, AnswerSource
from routing.routes import default_routes
from tests.acceptance.running import until
from tests.integration.adapters.far_side import need_rabbitmq, queues
from tests.integration.adapters.test_adapters_amqp import send
from tests.integration.gateway.test_gateway_answer_intake import Remote, sent
from tests.integration.gateway.test_gateway_crashes import COMPLETE, Crash, crashing
from tests.integration.gateway.world import World, catalogue


@dataclass(frozen=True)
class Source:
    """Where answers lie, and processes that come for them one after the other."""

    put: Callable[[Sequence[Answer]], None]
    opened: Callable[[], AbstractContextManager[AnswerSource]]


@contextmanager
def by_amqp(_folder: Path) -> Iterator[Source]:
    need_rabbitmq()
    with queues() as settings:
        Broker("NCTS2", settings).set_up()
        yield Source(lambda answers: send(settings, write_envelope(answers)), lambda: _consumer(settings))


@contextmanager
def _consumer(settings: AmqpSettings) -> Iterator[AnswerSource]:
    """Its connection ends with it; what it has not acknowledged comes again."""
    adapter = AmqpBackEnd("NCTS2", settings)
    yield adapter
    adapter.close()


@contextmanager
def by_directory(folder: Path) -> Iterator[Source]:
    settings = DirectorySettings(outbox=folder / "out", inbox=folder / "in")
    settings.inbox.mkdir()

    def put(answers: Sequence[Answer]) -> None:
        for answer in answers:
            drop(settings.inbox, f"{answer.back_end_id}.xml", answer.content)
            sidecar = write_sidecar(answer, f"{answer.back_end_id}.xml")
            drop(settings.inbox, f"{answer.back_end_id}.json", sidecar)

    @contextmanager
    def opened() -> Iterator[AnswerSource]:
        yield DirectoryBackEnd("NCTS2", settings)

    yield Source(put, opened)


@pytest.mark.parametrize("lying", [by_amqp, by_directory])
@pytest.mark.parametrize("point", [0, 1], ids=["before the commit", "between commit and acknowledgement"])
def test_answers_are_in_the_mailbox_once_though_their_collector_died(
    world: World, tmp_path: Path, lying: Callable[[Path], AbstractContextManager[Source]], point: int
) -> None:
    simulators = build_back_ends(default_routes(), world.store.engine, world.clock, catalogue())
    world.back_ends["NCTS2"] = remote = Remote(simulators["NCTS2"])
    sys_ref = sent(world)
    with lying(tmp_path) as source:
        source.put(remote.answers[sys_ref])
        with source.opened() as dying, pytest.raises(Crash):
            until(lambda: _collector(world, dying, crashing(world, point)).once() or None)
        stored = world.replies(sys_ref)
        with source.opened() as another:
            collector = _collector(world, another, world.store)
            assert until(lambda: collector.once() or None)  # they came again
            while collector.once():
                pass
        with source.opened() as last:
            assert last.collect(9) == []

    assert (stored == COMPLETE) is (point == 1)
    assert world.replies(sys_ref) == COMPLETE


def _collector(world: World, source: AnswerSource, store: object) -> AnswerCollector:
    intake = world.answer_intake(cast("Store", store))
    return AnswerCollector(source=source, intake=intake, observe=world.ears)
