"""`sisc batch`: every document of a folder is sent once, whenever it is broken off."""

import fcntl
import json
import re
from pathlib import Path

import pytest

from tests.unit.cli.cli_kit import EXAMPLE, KEY_PASSWORD, Run, write_key
from tests.unit.cli.fake_gateway import Answer, FakeGateway, answer, document, fault, served

REFS = [f"0000000{number}-0000-7000-8000-000000000000" for number in range(1, 4)]
UPP = b'<Dokument xmlns="urn:x"><UPP/></Dokument>'
LAST = b"<CC029C><LRN>L1</LRN><MRN>M1</MRN></CC029C>"
REFUSAL = b"<CC056C><LRN>L1</LRN></CC056C>"
DOWN: Answer = (502, b"Bad Gateway")


def accepted(number: int) -> Answer:
    return answer("AcceptDocument", f"<c:sysRef>{REFS[number]}</c:sysRef>")


def replies(*contents: bytes) -> Answer:
    inner = f'<r:documentsCount xmlns:r="urn:other"/>{"".join(map(document, contents))}'
    return answer("GetDocuments", inner)


@pytest.fixture
def profile(run: Run, tmp_path: Path) -> Path:
    """A profile without address: the gateway is named by each test."""
    assert run is not None
    write_key(tmp_path, "ec")
    file = tmp_path / "client.toml"
    values = {"login": "a@b.example", "password": "s3cret", "key": "ec.p12", "key_password": KEY_PASSWORD}
    file.write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in values.items()), encoding="utf-8")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three declarations."""
    folder = tmp_path / "out"
    folder.mkdir()
    for number in range(1, 4):
        (folder / f"{number}.xml").write_bytes(EXAMPLE.read_bytes().replace(b"DEMO", f"D{number}".encode()))
    return folder


def options(gateway: FakeGateway, profile: Path, *further: object) -> tuple[object, ...]:
    return "--url", gateway.url, "--profile", profile, "--json", *further


def contents(gateway: FakeGateway) -> list[str]:
    """What was sent, as it went over the wire."""
    sent = [each.decode() for each in gateway.requests if b"AcceptDocumentRequest" in each]
    return [re.findall(r"<(?:\w+:)?content[^>]*>([^<]+)<", each)[0] for each in sent]


def test_all_are_sent_once_and_their_last_answers_told(run: Run, profile: Path, folder: Path) -> None:
    with served(
        AcceptDocument=[accepted(0), accepted(1), accepted(2)],
        GetDocuments=[replies(UPP), replies(UPP, LAST)],
    ) as gateway:
        first = run("batch", folder, *options(gateway, profile))
        again = run("batch", folder, *options(gateway, profile))
        shown = run("batch", folder, "--url", gateway.url, "--profile", profile)

    assert (first.code, again.code, shown.code) == (0, 0, 0)
    assert [(line["file"], line["sysRef"], line["type"], line["MRN"]) for line in first.lines] == [
        (f"{number}.xml", REFS[number - 1], "CC029C", "M1") for number in range(1, 4)
    ]
    assert again.lines == first.lines
    assert gateway.calls.count("AcceptDocument") == 3
    assert REFS[0] in shown.out


def test_after_a_break_the_same_bytes_go_again_and_their_sysref_is_found(
    run: Run, profile: Path, folder: Path
) -> None:
    """The answer is lost: nobody knows whether the document had arrived."""
    duplicate = fault("duplicate", code="B002", description=f"already accepted, sysRef {REFS[1]}.")
    with served(AcceptDocument=[accepted(0), DOWN, duplicate, accepted(2)]) as gateway:
        broken = run("batch", folder, *options(gateway, profile, "--timeout", 0))
        done = run("batch", folder, *options(gateway, profile, "--timeout", 0))

    assert (broken.code, broken.out) == (1, "")
    assert "unavailable" in broken.told
    assert [line["sysRef"] for line in done.lines] == REFS
    first, second, second_again, third = contents(gateway)
    assert second == second_again
    assert len({first, second, third}) == 3


def test_a_document_that_is_refused_keeps_no_other_back(run: Run, profile: Path, folder: Path) -> None:
    (folder / "0.xml").write_text("no XML")
    unknown = fault("unknown", code="E003", description="no schema")
    with served(AcceptDocument=[accepted(0), unknown, accepted(2)], GetDocuments=[replies(LAST)]) as gateway:
        done = run("batch", folder, *options(gateway, profile))
        run("batch", folder, *options(gateway, profile))

    assert done.code == 1
    assert [(line["file"], line["refusal"]) for line in done.lines] == [
        ("0.xml", True),
        ("1.xml", False),
        ("2.xml", True),
        ("3.xml", False),
    ]
    assert "E003" in done.lines[2]["texts"][0]
    assert gateway.calls.count("AcceptDocument") == 3


def test_a_mended_file_is_a_new_document(run: Run, profile: Path, folder: Path) -> None:
    for name in ("2.xml", "3.xml"):
        (folder / name).unlink()
    with served(
        AcceptDocument=[accepted(0), accepted(1)], GetDocuments=[replies(REFUSAL), replies(LAST)]
    ) as gateway:
        refused = run("batch", folder, *options(gateway, profile))
        (folder / "1.xml").write_bytes((folder / "1.xml").read_bytes().replace(b"D1", b"D9"))
        mended = run("batch", folder, *options(gateway, profile))

    assert (refused.code, mended.code) == (1, 0)
    assert [line["sysRef"] for line in refused.lines + mended.lines] == REFS[:2]


@pytest.mark.parametrize("told", [fault("paused", code="B010"), fault("A security error was encountered")])
def test_a_gateway_that_takes_nothing_now_ends_the_run(
    told: Answer, run: Run, profile: Path, folder: Path
) -> None:
    with served(AcceptDocument=[accepted(0), told]) as gateway:
        ended = run("batch", folder, *options(gateway, profile))

    assert (ended.code, gateway.calls.count("AcceptDocument")) == (1, 2)
    assert ended.told


def test_a_line_that_was_broken_off_is_done_again(run: Run, profile: Path, folder: Path) -> None:
    with served(AcceptDocument=[accepted(0), accepted(1), accepted(2)]) as gateway:
        run("batch", folder, *options(gateway, profile, "--timeout", 0))
    journal = folder / "batch.jsonl"
    journal.write_bytes(journal.read_bytes()[:-10])

    with served(AcceptDocument=[accepted(2)]) as gateway:
        done = run("batch", folder, *options(gateway, profile, "--timeout", 0))

    assert [line["sysRef"] for line in done.lines] == REFS
    assert gateway.calls == ["AcceptDocument"]


def test_answers_that_do_not_come_in_time_are_exit_code_1(run: Run, profile: Path, folder: Path) -> None:
    with served(
        AcceptDocument=[accepted(0), accepted(1), accepted(2)], GetDocuments=[DOWN, replies(UPP)]
    ) as gateway:
        done = run("batch", folder, *options(gateway, profile, "--timeout", 0.1))

    assert done.code == 1
    assert not any(line["final"] for line in done.lines)


def test_two_at_once_are_refused(run: Run, profile: Path, folder: Path) -> None:
    with (folder / "batch.jsonl").open("w") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)

        refused = run("batch", folder, "--url", "http://127.0.0.1:1", "--profile", profile)

    assert (refused.code, "another sisc batch" in refused.told) == (2, True)


def test_an_empty_folder_is_wrong_usage(run: Run, profile: Path, tmp_path: Path) -> None:
    refused = run("batch", tmp_path, "--url", "http://127.0.0.1:1", "--profile", profile)

    assert (refused.code, "no *.xml" in refused.told) == (2, True)
