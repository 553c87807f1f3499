"""RabbitMQ by TLS with certificates on both sides, and stopped for real."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.listening import find_port
from routing.adapters.amqp import AmqpBackEnd
from routing.adapters.settings import AmqpSettings, Tls
from routing.errors import AnswersUnavailableError
from routing.model import Accepted, Unavailable
from tests.acceptance.running import until
from tests.integration.adapters.far_side import delivery
from tests.integration.adapters.test_adapters_amqp import delivered, opened
from tests.integration.adapters.tls_files import write_tls_files
from tests.servers.rabbitmq import OwnRabbitMq, own_rabbitmq, rabbitmq_program


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tls_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def tls_port() -> int:
    return find_port("127.0.0.1", 0, option="port")


@pytest.fixture(scope="module")
def node(files: Path, tls_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRabbitMq]:
    if rabbitmq_program() is None:
        pytest.skip("no rabbitmq-server is installed")
    lines = (
        f"listeners.ssl.default = 127.0.0.1:{tls_port}",
        f"ssl_options.cacertfile = {files / 'ca.pem'}",
        f"ssl_options.certfile = {files / 'server.pem'}",
        f"ssl_options.keyfile = {files / 'server.key'}",
        "ssl_options.verify = verify_peer",
        "ssl_options.fail_if_no_peer_cert = true",
    )
    folder = tmp_path_factory.mktemp("rabbitmq") / "node"
    with own_rabbitmq(folder, more="\n".join([*lines, ""])) as node:
        yield node


@pytest.fixture
def settings(node: OwnRabbitMq, files: Path, tls_port: int) -> AmqpSettings:
    """As an operator writes them, with queues of this test alone."""
    name = uuid.uuid4().hex
    return AmqpSettings(
        url=f"amqps://guest:guest@127.0.0.1:{tls_port}/%2F",
        queue=name,
        answers=f"{name}-answers",
        dead_letters=f"{name}-dead",
        tls=Tls(ca=files / "ca.pem", certificate=files / "client.pem", key=files / "client.key"),
        timeout_seconds=30,
    )


def test_documents_and_answers_pass_where_both_sides_know_each_other(settings: AmqpSettings) -> None:
    with opened(settings) as adapter:
        assert adapter.deliver([delivery(), delivery()]) == [Accepted(), Accepted()]
        assert adapter.collect(1) == []
        assert adapter.health().well


def test_a_broker_that_does_not_know_us_is_away(settings: AmqpSettings) -> None:
    nameless = replace(settings, tls=Tls(ca=settings.tls.ca))
    with opened(nameless) as adapter:
        [outcome] = adapter.deliver([delivery()])
        with pytest.raises(AnswersUnavailableError):
            adapter.collect(1)

    assert isinstance(outcome, Unavailable)


def test_a_broker_that_we_do_not_know_gets_nothing(settings: AmqpSettings, files: Path) -> None:
    with opened(replace(settings, tls=replace(settings.tls, ca=files / "stranger.pem"))) as adapter:
        [outcome] = adapter.deliver([delivery()])

    assert isinstance(outcome, Unavailable)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason


@pytest.mark.parametrize("end", [OwnRabbitMq.stop, OwnRabbitMq.kill], ids=["stopped", "killed"])
def test_what_was_confirmed_is_there_after_a_broker_was_ended_and_started(
    node: OwnRabbitMq, settings: AmqpSettings, end: Callable[[OwnRabbitMq], None]
) -> None:
    with opened(settings) as adapter:
        assert adapter.deliver([delivery() for _ in range(50)]) == [Accepted()] * 50
        end(node)
        [away] = adapter.deliver([delivery()])
        node.start()

        assert isinstance(away, Unavailable)
        assert until(lambda: delivered(adapter))
        assert until(lambda: _holds(adapter, settings.queue, 51))


def _holds(adapter: AmqpBackEnd, queue: str, documents: int) -> bool | None:
    """Whether so many are there; one that was not confirmed may be there, too."""
    found = re.search(rf"{queue}: (\d+)", adapter.health().detail)
    return True if found and int(found[1]) >= documents else None
