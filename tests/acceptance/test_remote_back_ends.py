"""A gateway and a back end that are strangers: processes of their own, with faults between them."""

import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.described import describe
from signing.keys import load_pkcs12
from tests.acceptance.messages import FIRST_ANSWERS, signed_example
from tests.acceptance.running import PROJECT, RunningSandbox, replies, start
from tests.integration.adapters.far_side import need_rabbitmq, queues

_EXPECTED = Counter(FIRST_ANSWERS["CC015C"][1])
_DOCUMENTS = 5
_FAULTS = ("error=0.2", "lost=0.2", "cut=0.2", "garbage=0.1", "twice=0.3", "shuffle=0.5")


@contextmanager
def simulating(*arguments: str) -> Iterator[str]:
    """`sisc simulate NCTS2` in a process of its own; the address for documents."""
    command = [sys.executable, "-m", "gateway.cli", "simulate", "NCTS2", "--json", *arguments]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the simulator ended before it was ready"
        yield str(json.loads(line)["url"])
        process.terminate()
        assert process.wait(timeout=60) == 0


@contextmanager
def gateway(folder: Path, **route: str) -> Iterator[RunningSandbox]:
    """A sandbox whose NCTS2 is reached by a route."""
    variables = {f"SISC_ROUTES__NCTS2__{key.upper()}": value for key, value in route.items()}
    running = start(folder / "sandbox", environment=variables)
    try:
        yield running
    finally:
        running.stop()


def send_all(sandbox: RunningSandbox) -> list[Counter[str]]:
    """Send documents; what comes back to each, once there is as much as expected."""
    key = load_pkcs12(sandbox.account.key.read_bytes(), sandbox.account.key_password)
    with sandbox.client() as client:
        sent = [client.send(signed_example("CC015C", key)) for _ in range(_DOCUMENTS)]
        answered = [replies(client, sys_ref, at_least=_EXPECTED.total()) for sys_ref in sent]
        return [Counter(describe(each.content).kind for each in answers) for answers in answered]


@pytest.mark.slow
def test_every_answer_is_called_back_once_whatever_goes_wrong(tmp_path: Path) -> None:
    token, secret = tmp_path / "token", tmp_path / "secret"
    token.write_text("what-the-gateway-shows\n")
    secret.write_text("what-the-back-end-shows\n")
    kept = socket.create_server(("127.0.0.1", 0))  # else the gateway may get it
    port = kept.getsockname()[1]
    route = {"adapter": "http", "url": f"http://127.0.0.1:{port}/documents", "token_file": str(token)}
    with kept, gateway(tmp_path, **route, callback_secret_file=str(secret)) as sandbox:
        callback = f"{sandbox.url.rstrip('/')}/backend/answers/NCTS2"
        faults = [word for fault in _FAULTS for word in ("--fault", fault)]
        keys = ["--token-file", str(token), "--callback-secret-file", str(secret)]
        kept.close()
        with simulating("--port", str(port), "--callback", callback, "--seed", "7", *keys, *faults):
            assert send_all(sandbox) == [_EXPECTED] * _DOCUMENTS
        assert not sandbox.sisc("answers", "list", "--json").stdout


@pytest.mark.slow
def test_documents_and_answers_go_through_rabbitmq(tmp_path: Path) -> None:
    need_rabbitmq()
    with queues() as broker:
        names = ("--queue", broker.queue, "--answers", broker.answers)
        route = {"adapter": "amqp", "url": broker.url, "queue": broker.queue, "answers": broker.answers}
        with (
            gateway(tmp_path, **route, dead_letters=broker.dead_letters) as sandbox,
            simulating("--amqp", broker.url, *names, "--dead-letters", broker.dead_letters),
        ):
            assert send_all(sandbox) == [_EXPECTED] * _DOCUMENTS
