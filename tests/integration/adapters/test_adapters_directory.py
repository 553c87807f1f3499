"""Folders with files that are half written, hostile, too large, or gone."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from routing.adapters.answers import write_sidecar
from routing.adapters.directory import REFUSED, DirectoryBackEnd, drop
from routing.adapters.settings import DirectorySettings
from routing.errors import AnswersUnavailableError
from routing.model import Accepted, Answer, AnswerKind, Unavailable
from tests.integration.adapters.far_side import delivery


@dataclass
class Folders:
    """Two folders, the adapter between them, and a clock that stands still."""

    outbox: Path
    inbox: Path
    now: float = 0.0

    @property
    def adapter(self) -> DirectoryBackEnd:
        settings = DirectorySettings(
            outbox=self.outbox, inbox=self.inbox, settle_seconds=60, answer_bytes=1000
        )
        return DirectoryBackEnd("NCTS2", settings, now=lambda: self.now)

    def write(self, name: str, content: bytes) -> None:
        """A file that was written just now."""
        (self.inbox / name).write_bytes(content)
        os.utime(self.inbox / name, (self.now, self.now))

    def refused(self) -> set[str]:
        folder = self.inbox / REFUSED
        return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path / "out", tmp_path / "in", now=1_800_000_000.0)
    made.outbox.mkdir()
    made.inbox.mkdir()
    return made


def answer(number: str = "1", content: bytes = b"<a/>") -> Answer:
    return Answer(
        back_end_id=number, kind=AnswerKind.UNREAD, type_code="", filename="", content=content, sys_ref="s"
    )


def put(folders: Folders, one: Answer, name: str = "a") -> None:
    folders.write(f"{name}.xml", one.content)
    folders.write(f"{name}.json", write_sidecar(one, f"{name}.xml"))


def test_answers_are_picked_up_oldest_first_and_again_until_they_are_settled(folders: Folders) -> None:
    for number in ("3", "1", "2"):
        put(folders, answer(number), name=f"n{number}")
        folders.now += 1
    adapter = folders.adapter

    found = adapter.collect(2)
    assert [each.back_end_id for each in found] == ["3", "1"]
    assert adapter.collect(2) == found
    adapter.settle(found)

    assert [each.back_end_id for each in adapter.collect(9)] == ["2"]
    assert {path.name for path in folders.inbox.iterdir()} == {"n2.json", "n2.xml"}


@pytest.mark.parametrize(
    "half",
    [
        lambda sidecar: (sidecar[: len(sidecar) // 2], b"<a/>"),  # the sidecar is half there
        lambda sidecar: (sidecar, b"<a"),  # its file is
        lambda sidecar: (sidecar, None),  # its file is not there yet
    ],
)
def test_a_half_written_answer_is_waited_for(
    folders: Folders, half: Callable[[bytes], tuple[bytes, bytes | None]]
) -> None:
    whole = write_sidecar(answer(), "a.xml")
    sidecar, content = half(whole)
    folders.write("a.json", sidecar)
    if content is not None:
        folders.write("a.xml", content)
    adapter = folders.adapter

    assert adapter.collect(9) == []
    folders.now += 59
    assert adapter.collect(9) == []
    assert folders.refused() == set()
    put(folders, answer())
    assert adapter.collect(9) == [answer()]


def test_what_is_still_not_whole_after_its_time_is_refused_with_a_reason(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    folders.write("a.json", write_sidecar(answer(), "a.xml"))
    folders.write("a.xml", b"<a")
    folders.now += 60

    assert folders.adapter.collect(9) == []
    assert folders.refused() == {"a.json", "a.xml"}
    assert "SHA-256" in caplog.text


def sidecar(**changed: object) -> bytes:
    told = {"id": "1", "file": "a.xml", "sha256": hashlib.sha256(b"<a/>").hexdigest()}
    return json.dumps(told | changed).encode()


@pytest.mark.parametrize(
    "file",
    ["../a.xml", "/etc/passwd", "a/../../b.xml", ".hidden.xml", "a.json", "a\nb.xml", "", "ą.xml", "a" * 200],
)
def test_a_sidecar_that_names_a_file_elsewhere_is_refused(folders: Folders, file: str) -> None:
    (folders.inbox.parent / "a.xml").write_bytes(b"<a/>")
    folders.write("a.json", sidecar(file=file))
    folders.now += 60

    assert folders.adapter.collect(9) == []
    assert folders.refused() == {"a.json"}
    assert (folders.inbox.parent / "a.xml").exists()


@pytest.mark.parametrize("name", ["with blank.json", "żółw.json", "-rf.json", "a;b.json", "\x1b[2J.json"])
def test_a_sidecar_with_a_hostile_name_is_refused(folders: Folders, name: str) -> None:
    folders.write(name, sidecar())

    assert folders.adapter.collect(9) == []
    assert folders.refused() == {name}


def test_links_and_pipes_are_not_followed(folders: Folders) -> None:
    secret = folders.inbox.parent / "secret.xml"
    secret.write_bytes(b"<a/>")
    folders.write("a.json", sidecar())
    (folders.inbox / "a.xml").symlink_to(secret)
    folders.write("b.json", sidecar(id="2", file="b.xml"))
    os.mkfifo(folders.inbox / "b.xml")
    folders.now += 60

    assert folders.adapter.collect(9) == []
    assert folders.refused() == {"a.json", "a.xml", "b.json", "b.xml"}
    assert secret.read_bytes() == b"<a/>"


def test_a_file_that_is_too_long_is_not_read_to_the_end(folders: Folders) -> None:
    put(folders, answer(content=b"<a>" + b" " * 1000 + b"</a>"))
    folders.now += 60

    assert folders.adapter.collect(9) == []
    assert folders.refused() == {"a.json", "a.xml"}


def test_other_files_are_left_alone(folders: Folders) -> None:
    for name in (".a.json", "a.xml", "README", ".a.xml.12.part"):
        folders.write(name, b"{")
    (folders.inbox / REFUSED).mkdir()
    folders.now += 3600

    assert folders.adapter.collect(9) == []
    assert folders.refused() == set()
    assert len(list(folders.inbox.iterdir())) == 5


def test_a_folder_that_is_not_there_is_told(folders: Folders) -> None:
    folders.inbox.rmdir()

    with pytest.raises(AnswersUnavailableError, match="in"):
        folders.adapter.collect(9)
    assert not folders.adapter.health().well


def test_a_document_lies_there_whole_before_its_sidecar_does(folders: Folders) -> None:
    sent = delivery()

    assert folders.adapter.deliver([sent]) == [Accepted()]
    names = {path.name for path in folders.outbox.iterdir()}
    assert names == {f"{sent.sys_ref}.xml", f"{sent.sys_ref}.json"}
    stamps = [(folders.outbox / f"{sent.sys_ref}.{kind}").stat().st_mtime_ns for kind in ("xml", "json")]
    assert stamps == sorted(stamps)


def test_a_document_that_lies_there_already_is_not_written_again(folders: Folders) -> None:
    sent = delivery()
    folders.adapter.deliver([sent])
    before = (folders.outbox / f"{sent.sys_ref}.json").stat().st_ino

    assert folders.adapter.deliver([sent]) == [Accepted()]
    assert (folders.outbox / f"{sent.sys_ref}.json").stat().st_ino == before


def test_a_delivery_that_died_half_way_is_done_again(folders: Folders) -> None:
    sent = delivery()
    drop(folders.outbox, f"{sent.sys_ref}.xml", sent.content[:10])
    (folders.outbox / f".{sent.sys_ref}.json.999.part").write_bytes(b"{")

    assert folders.adapter.deliver([sent]) == [Accepted()]
    assert (folders.outbox / f"{sent.sys_ref}.xml").read_bytes() == sent.content


def test_a_file_that_cannot_be_written_leaves_nothing_under_its_name(folders: Folders) -> None:
    sent = delivery()
    (folders.outbox / f"{sent.sys_ref}.xml").mkdir()

    [outcome] = folders.adapter.deliver([sent])

    assert isinstance(outcome, Unavailable)
    assert not (folders.outbox / f"{sent.sys_ref}.json").exists()
    assert [path.name for path in folders.outbox.iterdir()] == [f"{sent.sys_ref}.xml"]
