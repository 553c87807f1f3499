"""Every line of the table that `sisc pki sandbox` writes is true."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which

import pytest
from typer.testing import CliRunner

from gateway.cli import run
from gateway.cli.pki import app
from gateway.pki.sandbox import CASES, PASSWORD

Sisc = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pki") / "sandbox"
    done = CliRunner().invoke(app, ["sandbox", "--dir", str(made)], catch_exceptions=False)
    assert done.exit_code == 0
    assert str(made / "README.md") in done.output
    return made


def rows() -> list[int]:
    return list(range(len(CASES)))


def table(folder: Path) -> list[dict[str, str]]:
    """The last table of the README, by its own headings."""
    lines = [line for line in (folder / "README.md").read_text("utf-8").splitlines() if line[:1] == "|"]
    split = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    start = next(number for number, cells in enumerate(split) if cells[0] == "signer")
    return [dict(zip(split[start], cells, strict=True)) for cells in split[start + 2 :]]


@pytest.fixture
def sisc(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sisc:
    """Runs a command in the folder; exit code and standard output."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SISC_KEY_PASSWORD", PASSWORD)

    def call(*arguments: str) -> tuple[int, str]:
        code = run(arguments)
        return code, capsys.readouterr().out

    return call


@pytest.mark.parametrize("number", rows(), ids=lambda n: f"{CASES[n].signer}-{CASES[n].profile}")
def test_a_line_of_the_table_is_true(folder: Path, number: int, tmp_path: Path, sisc: Sisc) -> None:
    row = table(folder)[number]
    signed = str(tmp_path / "signed.xml")
    key = ("--key", f"signers/{row['signer']}.p12")
    assert sisc("sign", "document.xml", *key, *row["sign with"].split(), "--out", signed) == (0, "")
    code, told = sisc("check", "--signature-only", "--json", *row["check with"].split(), signed)
    found = json.loads(told)["signature"]
    yielded = (found["indication"], found["sub_indication"] or "", (found.get("fault") or {}).get("code", ""))
    assert yielded == (row["indication"], row["sub-indication"], row["code"])
    assert code == (0 if row["indication"] == "TOTAL-PASSED" else 1)


def test_the_table_has_a_line_for_every_signer_there_is(folder: Path) -> None:
    files = {file.stem for file in (folder / "signers").glob("*.p12")}
    assert {row["signer"] for row in table(folder)} == files
    assert {file.stem for file in (folder / "signers").glob("*.pem")} == files


def test_the_status_of_a_signer_is_shown_there(sisc: Sisc) -> None:
    (held,) = sisc("ca", "list", "--status", "held", "--json")[1].splitlines()
    _, told = sisc("ca", "history", json.loads(held)["serial"], "--json")
    assert [json.loads(line)["act"] for line in told.splitlines()] == ["issued", "held"]


@pytest.mark.skipif(which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees_on_who_is_revoked(folder: Path, tmp_path: Path) -> None:
    crl = tmp_path / "crl.pem"
    openssl = ["openssl", "crl", "-inform", "DER", "-in", str(folder / "sc.crl"), "-out", str(crl)]
    subprocess.run(openssl, check=True, capture_output=True)
    for name, code in (("sc-p256", 0), ("released", 0), ("held", 2), ("revoked", 2)):
        check = ["openssl", "verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", str(crl)]
        done = subprocess.run(
            [*check, f"signers/{name}.pem"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == code
        assert ("revoked" in done.stderr) == (code == 2)


def test_a_folder_in_use_is_left_alone(folder: Path) -> None:
    before = (folder / "README.md").read_bytes()
    done = CliRunner().invoke(app, ["sandbox", "--dir", str(folder)])
    assert "not empty" in str(done.exception)
    assert (folder / "README.md").read_bytes() == before
