import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from schemas.catalogue import load_builtin
from schemas.naming import find_type
from tests.unit.cli.cli_kit import EXAMPLE, Run, key_pair, write_key, write_pem


@pytest.fixture
def signed(run: Run, tmp_path: Path) -> Path:
    """An example signed with the EC key."""
    key, password = write_key(tmp_path, "ec")
    out = tmp_path / "signed.xml"
    assert run("sign", EXAMPLE, "--key", key, "--key-password-file", password, "--out", out).code == 0
    return out


def test_one_json_line_a_file_in_their_order(run: Run, signed: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_bytes(EXAMPLE.read_bytes().replace(b"<LRN>", b"<LRN>  "))
    line_of_lrn = 1 + EXAMPLE.read_bytes().partition(b"<LRN>")[0].count(b"\n")

    checked = run("check", signed, bad, EXAMPLE, "--trust", write_pem(tmp_path, "ec"), "--json")

    good, wrong, unsigned = checked.lines
    assert checked.code == 1
    assert [str(signed), str(bad), str(EXAMPLE)] == [line["file"] for line in checked.lines]
    assert {"CC015C"} == {line["type"] for line in checked.lines}
    assert good["schema"] == {"valid": True, "findings": []}
    assert good["signature"]["indication"] == "TOTAL-PASSED"
    assert good["signature"]["sub_indication"] is None
    assert "Jan" in good["signature"]["signer"]["subject"]
    assert wrong["schema"]["valid"] is False
    assert wrong["schema"]["findings"][0]["code"] == "XSD_PATTERN"
    assert wrong["schema"]["findings"][0]["line"] == line_of_lrn
    assert unsigned["schema"]["valid"] is True
    assert unsigned["signature"]["sub_indication"] == "FORMAT_FAILURE"
    assert unsigned["signature"]["signer"] is None


@pytest.mark.parametrize(
    ("option", "good", "asked", "silent"),
    [("--schema-only", True, "schema", "signature"), ("--signature-only", False, "signature", "schema")],
)
def test_only_what_is_asked_for_counts(option: str, asked: str, silent: str, run: Run, *, good: bool) -> None:
    checked = run("check", EXAMPLE, option, "--json")

    line = checked.lines[0]
    assert checked.code == (0 if good else 1)
    assert any(line[asked].values())
    assert not any(line[silent].values())


def test_a_signature_over_an_unknown_type_may_be_good(run: Run, tmp_path: Path) -> None:
    document, out = tmp_path / "own.xml", tmp_path / "own-signed.xml"
    document.write_text('<own xmlns="urn:own">zażółć</own>', encoding="utf-8")
    key, password = write_key(tmp_path, "rsa")
    assert run("sign", document, "--key", key, "--key-password-file", password, "--out", out).code == 0
    trust = ("--trust", write_pem(tmp_path, "rsa"), "--json")

    alone, whole = run("check", out, "--signature-only", *trust), run("check", out, *trust)

    assert (alone.code, alone.lines[0]["type"]) == (0, None)
    assert whole.code == 1
    assert [finding["code"] for finding in whole.lines[0]["schema"]["findings"]] == ["UNKNOWN_MESSAGE"]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "NOT_WELL_FORMED", 1),
        (b"\n\n<a", "NOT_WELL_FORMED", 3),
        (b"\x00\x01\x02\xff", "ENCODING", 1),
        (b'<?xml version="1.0" encoding="ISO-8859-2"?><a/>', "ENCODING", 1),
        (b"<!DOCTYPE a><a/>", "DOCTYPE", 1),
        (b"<a>" * 1000 + b"</a>" * 1000, "TOO_LARGE", None),
    ],
)
def test_what_cannot_be_read_is_told_like_any_other_finding(
    content: bytes, code: str, line: int | None, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "odd.xml"
    file.write_bytes(content)

    checked = run("check", file, "--json")

    told = checked.lines[0]
    assert checked.code == 1
    assert told["schema"]["valid"] is False
    assert [code] == [finding["code"] for finding in told["schema"]["findings"]]
    assert line == told["schema"]["findings"][0]["line"]
    assert told["signature"]["indication"] == "TOTAL-FAILED"
    assert "good" in run("check", file).out


def test_a_bundle_and_a_der_file_are_trusted_and_others_refused(
    run: Run, signed: Path, tmp_path: Path
) -> None:
    der = tmp_path / "ec.der"
    der.write_bytes(key_pair("ec").certificate.public_bytes(Encoding.DER))
    bundle, other = write_pem(tmp_path, "rsa", "ec"), write_pem(tmp_path, "rsa")
    bundle.write_bytes(b"Bag Attributes\n" + bundle.read_bytes().replace(b"\n", b"\r\n"))

    assert run("check", signed, "--trust", der).code == 0
    assert run("check", signed, "--trust", bundle).code == 0
    assert run("check", signed, "--trust", other, "--trust", der).code == 0
    refused = run("check", signed, "--trust", other, "--json")
    assert refused.code == 1
    assert refused.lines[0]["signature"]["fault"]["code"] == "CERT_UNTRUSTED"
    assert "--trust" in run("check", signed).out


def test_the_issuer_named_as_trusted_is_no_signer(run: Run, signed: Path, tmp_path: Path) -> None:
    """What --trust names is trusted as it is: no chain is built."""
    issuer = tmp_path / "issuer.pem"
    issuer.write_bytes(key_pair("ec").chain[0].public_bytes(Encoding.PEM))

    assert run("check", signed, "--trust", issuer).code == 1


def test_dates_of_a_trusted_certificate_count_at_the_moment_asked_for(
    run: Run, signed: Path, tmp_path: Path
) -> None:
    certificate = key_pair("ec").certificate
    late = (certificate.not_valid_after_utc + timedelta(seconds=1)).isoformat()
    trust = ("--trust", write_pem(tmp_path, "ec"), "--json")

    inside = run("check", signed, *trust, "--at", certificate.not_valid_after_utc.isoformat())
    after = run("check", signed, *trust, "--at", late)
    before = run("check", signed, *trust, "--at", "2020-01-01")

    assert (inside.code, after.code, before.code) == (0, 1, 1)
    assert after.lines[0]["signature"]["fault"]["code"] == "CERT_EXPIRED"
    assert before.lines[0]["signature"]["indication"] != "TOTAL-PASSED"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "files"),
        (("none.xml",), "none.xml"),
        ((".",), "directory"),
        ((EXAMPLE, "--schema-only", "--signature-only"), "--signature-only"),
        ((EXAMPLE, "--at", "gestern"), "--at"),
        ((EXAMPLE, "--at", "2026-13-01"), "--at"),
        ((EXAMPLE, "--trust", "none.pem"), "none.pem"),
        ((EXAMPLE, "--trust", "."), "--trust"),
        ((EXAMPLE, "--trust", EXAMPLE), "no certificate"),
        ((EXAMPLE, "--trust", "half.pem"), "no certificate"),
        ((EXAMPLE, "--nonsense"), "--nonsense"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: tuple[object, ...], word: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "half.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n")

    refused = run("check", *arguments)

    assert (refused.code, refused.out) == (2, "")
    assert word in refused.told


def test_schema_only_needs_no_database_and_no_keys(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sisc.toml").write_text("[store]\nurl = 'postgresql+psycopg://nobody@127.0.0.1:1/none'\n")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ca.pem").write_text("no certificate")

    assert run("check", EXAMPLE, "--schema-only").code == 0
    assert run("check", EXAMPLE).code == 1


def test_markup_in_names_and_texts_is_shown_as_it_is(run: Run, tmp_path: Path) -> None:
    odd = tmp_path / "[red]a[bold].xml"
    odd.write_bytes(EXAMPLE.read_bytes().replace(b"DEMO0000000000000001", b"  [bold]x[/y]"))

    checked = run("check", odd)

    assert checked.code == 1
    assert str(odd) in checked.out


def test_a_name_that_is_no_text_is_told_escaped(tmp_path: Path) -> None:
    odd = Path(str(tmp_path), "b\udcffd.xml")
    try:
        odd.write_bytes(b"<a/>")
    except OSError:
        pytest.skip("file names are text on this system")

    checked = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "check", "--json", str(odd)], capture_output=True, check=False
    )

    assert checked.returncode == 1, checked.stderr
    assert str(odd) == json.loads(checked.stdout)["file"]


@pytest.mark.parametrize(
    ("accepted", "code"),
    [('ncts2 = ["SC"]', 0), ('AES = ["QUALIFIED"]', 0), ('ncts2 = ["QUALIFIED", "CBTD"]', 1)],
)
def test_classes_of_signers_count_as_the_settings_say(
    accepted: str, code: int, run: Run, installed: Path
) -> None:
    """A system named in small letters is named all the same."""
    assert run("sign", EXAMPLE, "--key", "client.p12", "--out", "signed.xml").code == 0
    with (installed / "sisc.toml").open("a") as settings:
        settings.write(f"\n[signers.accepted]\n{accepted}\n")

    checked, told = run("check", "signed.xml", "--json"), run("check", "signed.xml")

    refused = checked.lines[0]["signature"]["refused_class"]
    assert (checked.code, told.code) == (code, code)
    assert checked.lines[0]["signature"]["indication"] == "TOTAL-PASSED"
    assert (refused["code"] if refused else None) == ("SIGNER_CLASS_NOT_ACCEPTED" if code else None)
    assert ("QUALIFIED, CBTD" in told.out) == bool(code)


def test_a_message_that_needs_no_signature_is_good_without(run: Run, tmp_path: Path) -> None:
    answer = tmp_path / "answer.xml"
    decision = find_type(load_builtin().types(), "SZPROT/DecyzjaWRR")
    answer.write_text(f'<{decision.root} xmlns="{decision.namespace}"/>')

    told = run("check", answer, "--signature-only")
    checked = run("check", answer, "--signature-only", "--json")

    assert (told.code, checked.code) == (0, 0)
    assert "none is needed" in told.out
    assert checked.lines[0]["signature"]["required"] is False
