"""The back-end contract: every example on its page is what the gateway sends or takes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway import clock
from gateway.flow.answer_reading import AnswerReader
from gateway.listening import find_port
from routing.adapters.answers import read_envelope, read_problem, read_sidecar
from routing.adapters.directory import DirectoryBackEnd
from routing.adapters.http import HttpBackEnd
from routing.adapters.settings import DirectorySettings, HttpSettings
from routing.model import Accepted, Answer, AnswerKind, AttachedFile, Rejected
from schemas.model import IdentifierKind
from schemas.validation import Validator
from signing.parsing import ParseLimits
from tests.acceptance.running import until
from tests.docs.pages import DOCS, blocks
from tests.docs.terminal import Terminal
from tests.docs.test_docs_walks import walk
from tests.integration.adapters.far_side import catalogue, delivery

_PAGE = DOCS / "reference" / "back-end-contract.md"
_SYS_REF = "0d9f4f1e-5a8b-4c0e-9c57-0f4b7f1c2a11"
_FILES = {block.value: block.text for block in blocks(_PAGE.read_text(encoding="utf-8")) if block.value}


def test_the_envelope_is_one_the_gateway_reads() -> None:
    first, second = read_envelope(_FILES["answers.json"].encode())

    assert (first.back_end_id, first.sys_ref) == ("26NCTS0000000017", _SYS_REF)
    assert first.content.startswith(b"<CC028C")
    assert second.recipients[0].kind is IdentifierKind.EORI
    assert second.confirmed_delivery


def test_the_problem_object_is_one_the_gateway_reads() -> None:
    reason, answers = read_problem(_FILES["problem.json"].encode())

    assert reason == "The document cannot be taken in. Message type CC999C is not known here."
    assert answers == ()


def test_the_sidecar_of_an_answer_is_one_the_gateway_reads() -> None:
    assert read_sidecar(_FILES["26NCTS0000000017.json"].encode()).file == "26NCTS0000000017.xml"


def test_the_answer_to_a_callback_has_the_members_the_gateway_gives() -> None:
    taken, held = json.loads(_FILES["taken.json"])["answers"]

    assert set(taken) == {"id", "result", "sysRef"}
    assert set(held) == {"id", "result", "reason", "detail"}


def test_the_sidecar_of_a_document_is_the_one_the_gateway_writes(tmp_path: Path) -> None:
    attached = AttachedFile(content=b"%PDF", filename="faktura.pdf", mime="application/pdf")
    sent = delivery(
        sys_ref=_SYS_REF,
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        person="00000080010112340",
        middle=None,
        attachments=(attached,),
    )
    DirectoryBackEnd("NCTS2", DirectorySettings(outbox=tmp_path, inbox=tmp_path)).deliver([sent])

    assert (tmp_path / f"{_SYS_REF}.json").read_text(encoding="utf-8") == _FILES[f"{_SYS_REF}.json"].strip()


@contextmanager
def back_end_of_the_page(folder: Path) -> Iterator[HttpBackEnd]:
    (folder / "backend.py").write_text(_FILES["backend.py"], encoding="utf-8")
    port = find_port("127.0.0.1", 0, option="test")
    command = [sys.executable, "backend.py", str(port)]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        settings = HttpSettings(
            url=f"http://127.0.0.1:{port}/documents", timeout_seconds=60, batch_seconds=120
        )
        adapter = HttpBackEnd("NCTS2", settings)
        try:
            until(lambda: adapter.health().well or None)
            yield adapter
        finally:
            adapter.close()
            process.kill()


def test_the_back_end_of_the_page_takes_documents_and_confirms_them(tmp_path: Path) -> None:
    reader = AnswerReader(
        catalogue=catalogue(),
        validate=Validator(catalogue()).validate,
        limits=ParseLimits(),
        clock=clock.now,
    )
    sent = delivery()
    with back_end_of_the_page(tmp_path) as adapter:
        [first] = adapter.deliver([sent])
        assert adapter.deliver([sent]) == [first]
        attachment = AttachedFile(content=b"%PDF", filename="a.pdf", mime="application/pdf")
        [refused] = adapter.deliver([delivery(attachments=(attachment,))])

    assert isinstance(first, Accepted)
    [answer] = first.answers
    read = reader.read("NCTS2", answer)
    assert isinstance(read, Answer), read.detail
    assert (read.kind, read.type_code, read.sys_ref) == (AnswerKind.CONFIRMATION, "UPO", sent.sys_ref)
    assert (tmp_path / "documents" / f"{sent.sys_ref}.xml").read_bytes() == sent.content
    assert isinstance(refused, Rejected)
    assert "without attachments" in refused.reason


@pytest.mark.slow
def test_a_back_end_is_connected_as_the_page_says(terminal: Terminal) -> None:
    page = (DOCS / "how-to" / "connect-a-back-end.md").read_text(encoding="utf-8")
    for port in ("9100", "9180"):
        assert port in page
        page = page.replace(port, str(find_port("127.0.0.1", 0, option="test")))

    walk(page, terminal)
