"""Public customs and excise messages, as they are, through the real service."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lxml import etree

from gateway import clock
from gateway.client.channel_client import ChannelClient, FaultError
from gateway.described import describe
from schemas.catalogue import Catalogue, load_builtin
from schemas.errors import UnknownMessageError
from schemas.model import Direction
from signing.errors import SigningError
from signing.keys import KeyPair
from signing.parsing import ParseLimits, parse
from signing.sign import sign_enveloped
from tests.acceptance.enrolment import Enrolled, enrol_many
from tests.acceptance.running import SHARED, RunningSandbox, replies

SAMPLES = SHARED / "real-messages"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="the public sample messages are not beside the project"),
]


def samples() -> list[Path]:
    found = [path for path in SAMPLES.glob("*/samples/**/*") if path.suffix.lower() == ".xml"]
    assert len(found) > 250
    return sorted(found)


@pytest.fixture(scope="module")
def senders(sandbox: RunningSandbox) -> list[Enrolled]:
    return enrol_many(sandbox, 4)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_builtin()


@pytest.mark.parametrize("signed", [False, True], ids=["as published", "signed"])
def test_every_sample_ends_in_a_definite_explained_outcome(
    signed: bool,  # noqa: FBT001 - a parameter of the test
    sandbox: RunningSandbox,
    senders: list[Enrolled],
    catalogue: Catalogue,
) -> None:
    groups = [samples()[start :: len(senders)] for start in range(len(senders))]

    def send_group(sender: Enrolled, group: list[Path]) -> Counter[str]:
        with sandbox.client(sender.account) as client:
            return Counter(outcome(client, path, sender.key if signed else None, catalogue) for path in group)

    with ThreadPoolExecutor(len(senders)) as pool:
        outcomes = sum(pool.map(send_group, senders, groups), Counter[str]())

    assert outcomes.total() == len(samples())
    assert outcomes["E003"] > 0
    assert outcomes["NPP"] > 0
    assert (outcomes["UPP"] > 0) == signed


def outcome(client: ChannelClient, path: Path, key: KeyPair | None, catalogue: Catalogue) -> str:
    """Send one sample; the code of the fault or the kind of the receipt, each checked to say why."""
    content = path.read_bytes()
    sent = content if key is None else signed_copy(content, key)
    answer = send(client, sent, path.name)
    if isinstance(answer, FaultError):
        assert answer.code in {"E003", "B002"}, (path, answer)
        assert answer.description
        assert answer.code == "B002" or not is_inbound(content, catalogue), (path, answer.description)
        return answer.code or ""
    receipt = describe(replies(client, answer, at_least=1)[0].content)
    assert receipt.kind == "UPP" or receipt.texts, path
    return receipt.kind


def send(client: ChannelClient, content: bytes, filename: str) -> str | FaultError:
    """The sysRef, or the fault."""
    try:
        return client.send(content, filename=filename)
    except FaultError as fault:
        return fault


def is_inbound(content: bytes, catalogue: Catalogue) -> bool:
    try:
        message_type = catalogue.recognise(parse(content, ParseLimits()), on=clock.warsaw_day(clock.now()))
    except (SigningError, UnknownMessageError):
        return False
    return message_type.direction is Direction.INBOUND


def signed_copy(content: bytes, key: KeyPair) -> bytes:
    """The sample with a signature; one that is no XML stays as it is."""
    try:
        root = parse(content, ParseLimits())
    except SigningError:
        return content
    etree.strip_tags(root, etree.Comment)
    return sign_enveloped(root, key, at=clock.now(), ids=clock.signature_id)


@pytest.fixture(autouse=True)
def still_healthy(sandbox: RunningSandbox) -> Iterator[None]:
    yield
    assert sandbox.process.poll() is None
