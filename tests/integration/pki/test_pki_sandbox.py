"""Every line of the table that `sisc pki sandbox` writes is true."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID
from typer.testing import CliRunner

from gateway.bootstrap import Gateway, open_gateway
from gateway.cli import run
from gateway.cli.pki import app
from gateway.clock import now
from gateway.flow.checks import Case as Judged
from gateway.flow.checks import Sender, SignatureCheck
from gateway.pki.sandbox.cases import CASES, Case
from gateway.pki.sandbox.making import PERSON
from gateway.pki.sandbox.others import WWW
from gateway.pki.sandbox.readme import PASSWORD
from gateway.settings import load_settings
from gateway.trust.lists import list_updater
from registry.model import Account, AccountLevel, AccountStatus
from schemas.findings import Severity
from signing.parsing import ParseLimits, parse
from signing.revocation.crl import read_crl
from signing.revocation.names import crl_urls
from signing.trust import issued_by
from signing.verdict import Indication, SignerClass

Sisc = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pki") / "sandbox"
    done = CliRunner().invoke(app, ["sandbox", "--dir", str(made)], catch_exceptions=False)
    assert done.exit_code == 0
    assert str(made / "README.md") in done.output
    return made


def table(folder: Path) -> list[dict[str, str]]:
    """The last table of the README, by its own headings."""
    lines = [line for line in (folder / "README.md").read_text("utf-8").splitlines() if line[:1] == "|"]
    split = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    start = next(number for number, cells in enumerate(split) if cells[0] == "signed document")
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


def yielded(line: str) -> tuple[str, str, str]:
    """What `sisc check --json` says, in the words of the table."""
    found = json.loads(line)["signature"]
    return found["indication"], found["sub_indication"] or "", (found.get("fault") or {}).get("code", "")


def expected(row: dict[str, str]) -> tuple[str, str, str]:
    return row["indication"], row["sub-indication"], row["code"]


def test_every_line_of_the_table_is_true_of_the_documents_signed_already(folder: Path, sisc: Sisc) -> None:
    rows = [row for row in table(folder) if not row["check with"]]
    code, told = sisc("check", "--signature-only", "--json", *(row["signed document"] for row in rows))
    assert code == 1
    assert {
        row["signed document"]: yielded(line) for row, line in zip(rows, told.splitlines(), strict=True)
    } == {row["signed document"]: expected(row) for row in rows}
    for row in table(folder):
        if row["check with"]:
            told = sisc(
                "check", "--signature-only", "--json", *row["check with"].split(), row["signed document"]
            )[1]
            assert yielded(told) == expected(row)


#: Only the state can name somebody in a trusted signature; those documents are signed already.
BY_HAND = [number for number, case in enumerate(CASES) if not case.role]


@pytest.mark.parametrize("number", BY_HAND, ids=lambda number: CASES[number].document)
def test_a_line_of_the_table_is_true_of_documents_signed_by_hand(
    folder: Path, number: int, tmp_path: Path, sisc: Sisc
) -> None:
    row = table(folder)[number]
    signed = str(tmp_path / "signed.xml")
    key = ("--key", f"signers/{row['signer']}.p12")
    assert sisc("sign", "document.xml", *key, *row["sign with"].split(), "--out", signed) == (0, "")
    code, told = sisc("check", "--signature-only", "--json", *row["check with"].split(), signed)
    assert yielded(told) == expected(row)
    assert code == (0 if row["indication"] == "TOTAL-PASSED" else 1)


SENDER = Sender(
    login="teresa@example.pl",
    account=Account(
        login="teresa@example.pl",
        level=AccountLevel.EXTENDED,
        status=AccountStatus.ACTIVE,
        person_id=PERSON.id_sisc,
    ),
    person=None,
)


@pytest.fixture(scope="module")
def gateway(folder: Path) -> Iterator[Gateway]:
    opened = open_gateway(load_settings(folder / "sisc.toml"), component="test")
    yield opened
    opened.store.close()


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.pinned], ids=lambda case: str(case.document)
)
def test_the_gateway_itself_comes_to_the_verdict_of_the_table(
    folder: Path, gateway: Gateway, case: Case
) -> None:
    (check,) = (each for each in gateway.verification.checks if isinstance(each, SignatureCheck))
    with gateway.store.read() as work:
        judged = Judged(
            root=parse((folder / "signed" / case.document).read_bytes(), ParseLimits()),
            message_type=gateway.catalogue.get("CC015C"),
            received_at=now(),
            sender=SENDER,
            work=work,
        )
        errors = [finding.code for finding in check(judged) if finding.severity is Severity.ERROR]
    verdict = judged.verdict
    assert verdict is not None
    assert (verdict.indication, verdict.sub_indication) == (case.indication, case.sub_indication)
    assert errors == ([case.rule.value] if case.rule else [])
    if case.rule is None:
        assert verdict.signer is not None
        assert verdict.signer.signer_class is case.kind


def test_the_lists_of_the_folder_are_those_that_an_update_takes(folder: Path, gateway: Gateway) -> None:
    def fetch(location: str) -> bytes:
        assert location.startswith(WWW)
        return (folder / "www" / location.rpartition("/")[2]).read_bytes()

    updater = list_updater(gateway.settings, store=gateway.store, clock=now, observe=gateway.observe)
    checks = list(replace(updater, fetch=fetch).update(all_lists=True))
    assert [(check.territory, check.problem) for check in checks] == [("EU", None), ("PL", None)]


@pytest.mark.parametrize("name", ["sc-p256", "qualified-qscd", "profile-seal"])
def test_certificates_name_issuer_crl_and_responder_as_real_ones_do(folder: Path, name: str) -> None:
    certificate = x509.load_pem_x509_certificate((folder / "signers" / f"{name}.pem").read_bytes())
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert {description.access_method for description in access} == {
        AuthorityInformationAccessOID.OCSP,
        AuthorityInformationAccessOID.CA_ISSUERS,
    }
    (url,) = crl_urls(certificate)
    if url.startswith(WWW):
        issuer = x509.load_der_x509_certificate((folder / "www" / f"{Path(url).stem}.cer").read_bytes())
        assert read_crl((folder / "www" / Path(url).name).read_bytes(), issuer).number == 1
        assert issued_by(certificate, issuer)


@pytest.mark.parametrize("language", ["en", "pl"])
def test_every_broken_rule_is_told_in_words(sisc: Sisc, language: str) -> None:
    cases = [case for case in CASES if not case.pinned]
    moment = ("--at", now().replace(microsecond=0).isoformat())  # some messages tell it
    check = ("check", "--signature-only", *moment, *(f"signed/{case.document}" for case in cases))
    faults = [json.loads(line)["signature"]["fault"] for line in sisc(*check, "--json")[1].splitlines()]
    blocks = re.split(r"^(?=signed/)", sisc(*check, "--lang", language)[1], flags=re.MULTILINE)[1:]
    for case, fault, told in zip(cases, faults, blocks, strict=True):
        assert told.startswith(f"signed/{case.document} ")
        assert case.indication.value in told
        if case.rule is not None:
            assert f"({case.sub_indication}) " in told.replace("\n", " ")
            assert (fault["code"] in told, fault[f"message_{language}"] in told) == (True, True)
            assert fault[f"remedy_{language}"] in told
            assert fault["message_pl"] != fault["message_en"]


def test_class_qualification_and_lists_of_a_good_signer_are_told(sisc: Sisc) -> None:
    told = sisc("check", "--signature-only", "signed/qualified-seal.xml")[1]
    assert "class QUALIFIED, QESeal, PL 1" in told
    assert "organizationIdentifier=VATPL-5260001246" in told
    told = sisc("check", "--signature-only", "signed/profile-seal-PodpisZP.xml")[1]
    assert "signer Teresa Testowa, by the seal CN=Sandbox minister,C=PL" in told


def test_an_exemption_of_the_settings_counts_as_at_the_gateway(
    sisc: Sisc, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "exempting.toml"
    exemption = (
        '[[trust.cbtd_exemptions]]\nissuer = "CN=Sandbox CBTD CA,C=PL"\nuntil = 2999-01-01\nrsa_bits = 1024\n'
    )
    text = (folder / "sisc.toml").read_text("utf-8").replace('"trust/', f'"{folder}/trust/')
    keys = f'authority_certificates = "{folder}/keys/ca.pem"\n'
    settings.write_text(
        f'data = "{folder}/data"\n' + text.replace("[keys]\n", f"[keys]\n{keys}") + exemption, "utf-8"
    )
    monkeypatch.setenv("SISC_CONFIG", str(settings))
    code, told = sisc("check", "--signature-only", "signed/cbtd-weak-rsa1024.xml")
    assert code == 0
    assert "warning KEY_SIZE" in told


def test_the_end_of_a_short_key_is_told_in_time(sisc: Sisc) -> None:
    _, told = sisc("check", "--signature-only", "--json", "signed/sc-rsa2048.xml", "signed/sc-rsa3072.xml")
    assert [json.loads(line)["signature"]["weak_from"] for line in told.splitlines()] == ["2029-01-01", None]
    assert "too short from 2029-01-01 on" in sisc("check", "--signature-only", "signed/sc-rsa2048.xml")[1]


def test_the_table_for_programs_says_the_same(folder: Path) -> None:
    lines = [json.loads(line) for line in (folder / "index.jsonl").read_text("utf-8").splitlines()]
    assert [
        (line["file"], line["class"], line["indication"], line["sub_indication"] or "", line["code"] or "")
        for line in lines
    ] == [(row["signed document"], row["class"], *expected(row)) for row in table(folder)]
    assert all((folder / line["key"]).is_file() and (folder / line["file"]).is_file() for line in lines)


def test_there_are_good_and_bad_signers_of_every_class() -> None:
    for kind in SignerClass:
        indications = {case.indication for case in CASES if case.kind is kind}
        assert Indication.TOTAL_PASSED in indications
        assert len(indications) > 1


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
