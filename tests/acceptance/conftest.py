from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.client.channel_client import ChannelClient
from signing.keys import KeyPair, load_pkcs12
from tests.acceptance.running import RunningSandbox, start


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A running sandbox, shared by the tests of a process; documents of each test have their own LRN."""
    running = start(tmp_path_factory.mktemp("sandbox"))
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[ChannelClient]:
    with sandbox.client() as client:
        yield client


@pytest.fixture(scope="session")
def signer(sandbox: RunningSandbox) -> KeyPair:
    return load_pkcs12(sandbox.account.key.read_bytes(), sandbox.account.key_password)


@pytest.fixture(scope="session")
def examples() -> Path:
    return Path(__file__).parents[2] / "examples"
