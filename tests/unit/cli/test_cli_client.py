import json
import os
from pathlib import Path

import pytest

from tests.unit.cli.cli_kit import EXAMPLE, KEY_PASSWORD, Run, write_key
from tests.unit.cli.fake_gateway import Answer, FakeGateway, answer, document, fault, served

ACCEPTED = answer("AcceptDocument", "<c:sysRef>ref-1</c:sysRef>")
UPP = b'<Dokument xmlns="urn:x"><UPP/></Dokument>'
LAST = b"<CC029C><LRN>L1</LRN></CC029C>"
REFUSAL = b"<CC056C><LRN>L1</LRN></CC056C>"


def replies(*contents: bytes) -> Answer:
    inner = f'<r:documentsCount xmlns:r="urn:other"/>{"".join(map(document, contents))}'
    return answer("GetDocuments", inner)


def waiting(content: bytes, *, more: bool, filename: str = "UPP.xml", dispatch: str = "d-1") -> Answer:
    inner = document(content, filename=filename, dispatch=dispatch)
    return answer("GetNextDocument", inner, attributes=f'hasNext="{str(more).lower()}"')


@pytest.fixture
def profile(run: Run, tmp_path: Path) -> Path:
    """A profile without address: the gateway is named by each test."""
    assert run is not None
    write_key(tmp_path, "ec")
    file = tmp_path / "client.toml"
    values = {"login": "a@b.example", "password": "s3cret", "key": "ec.p12", "key_password": KEY_PASSWORD}
    file.write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in values.items()), encoding="utf-8")
    return file


def options(gateway: FakeGateway, profile: Path) -> tuple[object, ...]:
    return "--url", gateway.url, "--profile", profile


def test_answers_are_told_as_they_come_until_the_last(run: Run, profile: Path) -> None:
    with served(
        AcceptDocument=[ACCEPTED], GetDocuments=[replies(), replies(UPP), replies(UPP, LAST)]
    ) as gateway:
        sent = run("send", EXAMPLE, "--wait", "--json", *options(gateway, profile))

    assert sent.code == 0
    assert sent.lines[0] == {"sysRef": "ref-1"}
    assert [line["type"] for line in sent.lines[1:]] == ["UPP", "CC029C"]


def test_a_refusal_among_the_answers_is_exit_code_1(run: Run, profile: Path) -> None:
    with served(AcceptDocument=[ACCEPTED], GetDocuments=[replies(UPP, REFUSAL)]) as gateway:
        sent = run("send", EXAMPLE, "--wait", *options(gateway, profile))

    assert sent.code == 1
    assert sent.out.splitlines()[0] == "sysRef ref-1"


def test_waiting_ends_when_its_time_is_over(run: Run, profile: Path) -> None:
    with served(AcceptDocument=[ACCEPTED], GetDocuments=[replies(UPP)]) as gateway:
        sent = run("send", EXAMPLE, "--wait", "--timeout", "1", "--json", *options(gateway, profile))

    assert sent.code == 1
    assert [line.get("type") for line in sent.lines] == [None, "UPP"]
    assert "sisc poll" in sent.told


def test_a_gateway_that_is_started_anew_meanwhile_is_asked_again(run: Run, profile: Path) -> None:
    with served(
        AcceptDocument=[ACCEPTED], GetDocuments=[(502, b"Bad Gateway"), replies(UPP, LAST)]
    ) as gateway:
        sent = run("send", EXAMPLE, "--wait", *options(gateway, profile))

    assert sent.code == 0


def test_a_signed_document_is_sent_as_it_is_and_needs_no_key(
    run: Run, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = tmp_path / "signed.xml"
    key = ("--key", "ec.p12", "--key-password-file", "password.txt", "--out", signed)
    assert run("sign", EXAMPLE, *key).code == 0
    monkeypatch.setenv("SISC_PASSWORD", "other")

    with served(AcceptDocument=[ACCEPTED]) as gateway:
        sent = run("send", signed, "--url", gateway.url, "--login", "a@b.example")
        unsigned = run("send", EXAMPLE, "--url", gateway.url, "--login", "a@b.example")

    assert (sent.code, sent.out) == (0, "sysRef ref-1\n")
    assert unsigned.code == 2
    assert "--key" in unsigned.told
    assert gateway.calls == ["AcceptDocument"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (fault("Błąd komunikacji", code="E003", description="no active XSD schema"), "E003: no active XSD"),
        (fault("A security error was encountered when verifying the message"), "check login, password"),
        ((502, b"<html>Bad Gateway"), "HTTP 502 without a SOAP answer"),
        ((301, b"<html/>"), "empty answer"),
        ((200, b""), "without a SOAP answer"),
        (answer("AcceptDocument", ""), "without sysRef"),
    ],
)
def test_every_bad_answer_is_one_line(given: Answer, word: str, run: Run, profile: Path) -> None:
    with served(AcceptDocument=[given]) as gateway:
        sent = run("send", EXAMPLE, *options(gateway, profile))

    assert (sent.code, sent.out) == (1, "")
    assert word in sent.told
    assert "s3cret" not in sent.err


@pytest.mark.parametrize("command", ["send", "poll"])
def test_an_unreachable_gateway_is_one_line(command: str, run: Run, profile: Path) -> None:
    file = (EXAMPLE,) if command == "send" else ()

    refused = run(command, *file, "--url", "http://127.0.0.1:1", "--profile", profile)

    assert refused.code == 1
    assert "Connection refused" in refused.told


def test_odd_names_are_sent_as_well_as_xml_allows(run: Run, profile: Path, tmp_path: Path) -> None:
    odd = tmp_path / "a\x01<&>\udcff.xml"
    odd.write_bytes(EXAMPLE.read_bytes())

    with served(AcceptDocument=[ACCEPTED]) as gateway:
        sent = run("send", odd, *options(gateway, profile))
        refused = run("send", EXAMPLE, "--to", "NC\x01TS", *options(gateway, profile))

    assert sent.code == 0
    assert b"a_&lt;&amp;&gt;_.xml" in gateway.requests[0]
    assert refused.code == 2
    assert "cannot be sent" in refused.told


def test_documents_are_saved_under_names_of_their_own(run: Run, profile: Path, tmp_path: Path) -> None:
    into = tmp_path / "in" / "box"
    evil = waiting(b"<evil/>", more=True, filename="../../../evil.xml", dispatch="../../d")
    long = waiting(b"<long/>", more=True, filename="n" * 300 + ".xml", dispatch="d-3")
    with served(GetNextDocument=[evil, long, waiting(UPP, more=False)]) as gateway:
        polled = run("poll", "--into", into, "--json", *options(gateway, profile))

    saved = [Path(line["saved"]) for line in polled.lines]
    assert polled.code == 0
    assert [file.read_bytes() for file in saved] == [b"<evil/>", b"<long/>", UPP]
    assert sorted(saved) == sorted(into.iterdir())
    assert [into] == list((tmp_path / "in").iterdir())


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/none"])
def test_nothing_is_collected_for_a_folder_that_cannot_be_written(
    folder: str, run: Run, profile: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with served(GetNextDocument=[waiting(UPP, more=False)]) as gateway:
        refused = run("poll", "--into", folder, *options(gateway, profile))

    assert refused.code == 2
    assert "nothing more was collected" in refused.told
    assert not gateway.calls


def test_collecting_stops_when_the_folder_goes_away(run: Run, profile: Path, tmp_path: Path) -> None:
    into = tmp_path / "box"

    def vanish() -> Answer:
        """The second document finds no place; the third is not asked for."""
        for file in into.iterdir():
            file.unlink()
        into.rmdir()
        into.touch()
        return waiting(LAST, more=True, dispatch="d-2")

    with served(GetNextDocument=[waiting(UPP, more=True), vanish, waiting(LAST, more=False)]) as gateway:
        polled = run("poll", "--into", into, "--json", *options(gateway, profile))

    assert polled.code == 1
    assert "d-2" in polled.told
    assert "GetDocuments still shows it" in polled.told
    assert len(gateway.calls) == 2


def test_an_empty_mailbox_is_no_failure(run: Run, profile: Path) -> None:
    empty = answer("GetNextDocument", "", attributes='hasNext="false"')
    with served(GetNextDocument=[empty]) as gateway:
        polled = run("poll", *options(gateway, profile))
        as_json = run("poll", *options(gateway, profile), "--json")

    assert (polled.code, polled.out) == (0, "nothing is waiting\n")
    assert (as_json.code, as_json.out) == (0, "")


def test_the_profile_comes_from_the_environment_and_the_password_too(
    run: Run, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SISC_CLIENT", str(profile))
    with served(AcceptDocument=[ACCEPTED]) as gateway:
        assert run("send", EXAMPLE, "--url", gateway.url).code == 0
    assert "SISC_PASSWORD" not in os.environ


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--profile", "none.toml"), "none.toml"),
        (("--profile", "."), "directory"),
        (("--profile", "ec.p12"), "no TOML"),
        (("--profile", "odd.toml"), "pasword"),
        (("--profile", "client.toml"), "--url: not given, and not in client.toml"),
        ((), "sisc sandbox"),
        (("--profile", "client.toml", "--url", "127.0.0.1:8080"), "https://host:8080"),
        (("--profile", "client.toml", "--url", "ftp://host"), "https://host:8080"),
        (("--profile", "client.toml", "--url", "http://host:99999"), "https://host:8080"),
        (("--profile", "client.toml", "--url", "http://[bad"), "https://host:8080"),
        (("--profile", "client.toml", "--url", "http://h", "--password-file", "none"), "none"),
        (("--profile", "client.toml", "--url", "http://h", "--password-file", "empty"), "empty line"),
    ],
)
def test_wrong_profiles_are_one_line(
    arguments: tuple[str, ...], word: str, run: Run, profile: Path, tmp_path: Path
) -> None:
    assert profile.is_file()
    (tmp_path / "odd.toml").write_text('pasword = "x"\n')
    (tmp_path / "empty").touch()

    refused = run("send", EXAMPLE, *arguments)

    assert (refused.code, refused.out) == (2, "")
    assert word in refused.told
    assert "s3cret" not in refused.err
