"""A customs agency's clerk and an operator at their terminals, on a running gateway."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from tests.acceptance.enrolment import enrol_many
from tests.acceptance.messages import EXAMPLES, fresh_lrn
from tests.acceptance.running import PROJECT, RunningSandbox


@pytest.fixture
def profile(sandbox: RunningSandbox, tmp_path: Path) -> Path:
    """An account of this test alone, so that its mailbox holds what the test sends."""
    (enrolled,) = enrol_many(sandbox, 1)
    password = tmp_path / "password.txt"
    password.write_text(enrolled.account.password + "\n")
    file = tmp_path / "client.toml"
    file.write_text(f'url = "{sandbox.url}"\nlogin = "{enrolled.account.login}"\n')
    return file


def sisc(*arguments: object, profile: Path) -> subprocess.CompletedProcess[str]:
    """`sisc` as the clerk calls it: the password in a file beside the profile."""
    options = ("--profile", profile, "--password-file", profile.parent / "password.txt")
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *map(str, (*arguments, *options))],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def document(sandbox: RunningSandbox, tmp_path: Path) -> Path:
    """An unsigned declaration with an LRN of its own."""
    assert sandbox.url
    file = tmp_path / "declaration.xml"
    file.write_bytes(
        (EXAMPLES / "CC015C.xml").read_bytes().replace(b"DEMO0000000000000001", fresh_lrn().encode())
    )
    return file


def test_sent_waited_for_collected_and_explained(
    document: Path, profile: Path, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    into = tmp_path / "answers"
    key = ("--key", sandbox.account.key, "--key-password-file", tmp_path / "key-password")
    (tmp_path / "key-password").write_text(sandbox.account.key_password)

    sent = sisc("send", document, "--to", "NCTS2", "--wait", "--json", *key, profile=profile)
    first, second = (sisc("poll", "--into", into, "--json", profile=profile) for _ in range(2))
    sys_ref = lines(sent)[0]["sysRef"]
    shown = json.loads(sandbox.sisc("documents", "show", str(sys_ref), "--json").stdout)

    # Signed with the key of somebody else: refused, and every view says so.
    assert sent.returncode == 1
    assert lines(sent)[1]["type"] == "NPP"
    assert lines(sent)[1]["refusal"] is True
    assert [line["type"] for line in lines(first)] == ["NPP"]
    assert (first.returncode, second.returncode, second.stdout) == (0, 0, "")
    (saved,) = into.iterdir()
    assert etree.parse(saved).getroot().tag.endswith("Dokument")
    assert shown["state"] == "not_submitted"


def test_what_the_sandboxes_own_account_sends_is_answered(document: Path, sandbox: RunningSandbox) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "gateway.cli", "send", str(document), "--wait", "--json"),
            *("--profile", str(sandbox.folder / "client.toml")),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )

    assert done.returncode == 0, done.stderr
    assert [line.get("type") for line in lines(done)] == [None, "UPP", "UPO", "CC928C", "CC028C", "CC029C"]
    shown = sandbox.sisc("documents", "show", str(lines(done)[0]["sysRef"])).stdout
    assert "document_submitted" in shown
    listed = sandbox.sisc("documents", "list", "--limit", "1", "--json").stdout
    assert json.loads(listed)["received"].endswith("+00:00")


def test_an_unknown_sysref_is_told_with_the_way_to_find_it(sandbox: RunningSandbox) -> None:
    done = sandbox.sisc("documents", "show", "none", check=False)

    assert done.returncode == 1
    assert done.stderr == "error: no document none; sisc documents list finds documents\n"


def test_a_refused_request_is_one_line(profile: Path, tmp_path: Path, sandbox: RunningSandbox) -> None:
    unknown = tmp_path / "own.xml"
    unknown.write_text("<own/>")
    (tmp_path / "key-password").write_text(sandbox.account.key_password)
    key = ("--key", sandbox.account.key, "--key-password-file", tmp_path / "key-password")

    refused = sisc("send", unknown, *key, profile=profile)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: E003: ")
    assert refused.stderr.count("\n") == 1


def test_a_wrong_password_says_what_to_look_at(
    document: Path, profile: Path, sandbox: RunningSandbox
) -> None:
    (profile.parent / "password.txt").write_text("wrong\n")
    (profile.parent / "key-password").write_text(sandbox.account.key_password)
    key = ("--key", sandbox.account.key, "--key-password-file", profile.parent / "key-password")

    refused = sisc("send", document, *key, profile=profile)

    assert refused.returncode == 1
    assert "check login, password" in refused.stderr
    assert "wrong\n" not in refused.stderr


def test_check_asks_the_register_of_the_gateway(
    sandbox: RunningSandbox, document: Path, tmp_path: Path
) -> None:
    signed = tmp_path / "signed.xml"
    (tmp_path / "key-password").write_text(sandbox.account.key_password)
    key = ("--key", str(sandbox.account.key), "--key-password-file", str(tmp_path / "key-password"))
    sandbox.sisc("sign", str(document), *key, "--out", str(signed))

    told = json.loads(sandbox.sisc("check", str(signed), "--json").stdout)

    assert told["signature"]["indication"] == "TOTAL-PASSED"
    assert told["signature"]["signer"]["class"] == "SC"
    assert told["signature"]["signer"]["person"] == "00000080010112340"
