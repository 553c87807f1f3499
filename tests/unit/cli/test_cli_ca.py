from pathlib import Path

import pytest

from tests.tools import run_tool
from tests.unit.cli.cli_kit import EXAMPLE, KEY_PASSWORD, Run

PERSON = "00000044051401458"
SECRETS = {"SISC_KEYS__AUTHORITY_PASSWORD": "tajne-ca", "SISC_KEYS__SEAL_PASSWORD": "tajne-pieczec"}


@pytest.fixture
def office(run: Run, tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """An installation with an authority and Anna, who has an account with extended access."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sisc.sqlite3").write_bytes(sqlite_template.read_bytes())
    (tmp_path / "sisc.toml").write_text('data = "data"\n')
    (tmp_path / "password.txt").write_text(KEY_PASSWORD + "\n", encoding="utf-8")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert run("ca", "init", "--key-type", "P-256").code == 0
    names = ("--given-names", "Anna", "--surname", "Lis", "--pesel", "44051401458")
    assert run("registry", "person", "add", *names).code == 0
    account = ("anna@example.com", "--person", PERSON, "--password-file", "password.txt")
    assert run("registry", "account", "add", *account).code == 0
    return run


def request(folder: Path, *algorithm: str) -> Path:
    """A PKCS#10 request made by OpenSSL; its key lies beside it."""
    file = folder / "request.csr"
    named = ("-subj", "/CN=whoever", "-keyout", folder / "request.key", "-out", file)
    run_tool("openssl", ["req", "-new", *algorithm, "-nodes", *named])
    return file


RSA = ("-newkey", "rsa:2048")
P256 = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


@pytest.mark.parametrize("algorithm", [RSA, P256], ids=["RSA", "EC"])
def test_a_key_certified_here_signs_what_is_good_here(
    algorithm: tuple[str, ...], office: Run, tmp_path: Path
) -> None:
    certificate, key, signed = tmp_path / "anna.pem", tmp_path / "anna.p12", tmp_path / "signed.xml"

    issued = office("ca", "issue", request(tmp_path, *algorithm), "--person", PERSON, "--out", certificate)
    files = ("-inkey", "request.key", "-in", certificate, "-out", key, "-passout", "file:password.txt")
    run_tool("openssl", ["pkcs12", "-export", *files], folder=tmp_path)
    password = ("--key-password-file", "password.txt")
    assert office("sign", EXAMPLE, "--key", key, *password, "--out", signed).code == 0
    checked = office("check", signed, "--json")

    assert (issued.code, issued.out) == (0, "")
    assert checked.code == 0, checked.out
    signer = checked.lines[0]["signature"]["signer"]
    assert (signer["class"], signer["person"]) == ("SC", PERSON)
    assert "whoever" not in signer["subject"]
    (listed,) = office("ca", "list", "--person", PERSON, "--json").lines
    assert (listed["serial"], listed["status"]) == (signer["serial"], "active")


def test_a_der_request_is_taken_and_the_certificate_goes_to_standard_output(
    office: Run, tmp_path: Path
) -> None:
    pem = request(tmp_path, *P256)
    der = tmp_path / "request.der"
    run_tool("openssl", ["req", "-in", pem, "-outform", "DER", "-out", der])

    issued = office("ca", "issue", der, "--person", PERSON)

    assert issued.code == 0
    assert issued.out.startswith("-----BEGIN CERTIFICATE-----")


def test_an_existing_file_stops_the_issue_before_anything_is_issued(office: Run, tmp_path: Path) -> None:
    out = tmp_path / "kept.pem"
    out.write_text("kept")

    refused = office("ca", "issue", request(tmp_path, *P256), "--person", PERSON, "--out", out)
    nowhere = office("ca", "issue", request(tmp_path, *P256), "--person", PERSON, "--out", "no/such/x.pem")

    assert (refused.code, nowhere.code, out.read_text()) == (2, 2, "kept")
    assert "there already" in refused.told
    assert not office("ca", "list", "--person", PERSON, "--json").lines


@pytest.mark.parametrize(
    ("algorithm", "word"),
    [
        (("-newkey", "rsa:1024"), "1024 bits"),
        (("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"), "secp256k1"),
        (("-newkey", "ed25519"), "neither an RSA nor an EC key"),
    ],
)
def test_a_weak_or_foreign_key_gets_no_certificate(
    algorithm: tuple[str, ...], word: str, office: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out.pem"

    refused = office("ca", "issue", request(tmp_path, *algorithm), "--person", PERSON, "--out", out)

    assert refused.code == 1
    assert word in refused.told
    assert not out.exists()


def test_a_request_that_is_none_is_refused(office: Run, tmp_path: Path) -> None:
    for content in (b"", b"junk", b"-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n", EXAMPLE.read_bytes()):
        file = tmp_path / "junk.csr"
        file.write_bytes(content)

        refused = office("ca", "issue", file, "--person", PERSON)

        assert refused.code == 1
        assert "not a PKCS#10 request" in refused.told


def test_only_a_registered_person_with_extended_access_gets_a_certificate(
    office: Run, tmp_path: Path
) -> None:
    names = ("--given-names", "Jan", "--surname", "Bez", "--pesel", "44051401359")
    assert office("registry", "person", "add", *names).code == 0
    file = request(tmp_path, *P256)

    unknown = office("ca", "issue", file, "--person", "00000000000000000")
    without = office("ca", "issue", file, "--person", "00000044051401359")

    assert (unknown.code, without.code) == (1, 1)
    assert "00000000000000000" in unknown.told
    assert "extended access" in without.told


def test_the_authority_is_never_overwritten(office: Run, tmp_path: Path) -> None:
    before = {file: file.read_bytes() for file in (tmp_path / "keys").iterdir()}

    again = office("ca", "init")

    assert again.code == 2
    assert "never overwritten" in again.told
    assert before == {file: file.read_bytes() for file in (tmp_path / "keys").iterdir()}
    assert {0o600} == {file.stat().st_mode & 0o777 for file in before}


def test_a_seal_that_is_missing_is_made_with_the_authority_that_is_there(office: Run, tmp_path: Path) -> None:
    authority = (tmp_path / "keys" / "ca.p12").read_bytes()
    (tmp_path / "keys" / "seal.p12").unlink()

    assert office("ca", "init").code == 0

    assert (tmp_path / "keys" / "seal.p12").is_file()
    assert (tmp_path / "keys" / "ca.p12").read_bytes() == authority


def test_without_both_passwords_nothing_is_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SISC_KEYS__AUTHORITY_PASSWORD", "tajne")

    refused = run("ca", "init")

    assert refused.code == 2
    assert "SISC_KEYS__SEAL_PASSWORD" in refused.told
    assert not (tmp_path / "keys").exists()


def test_a_wrong_password_is_told_by_its_setting_and_never_shown(
    office: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SISC_KEYS__AUTHORITY_PASSWORD", "nie-to")

    refused = office("ca", "issue", request(tmp_path, *P256), "--person", PERSON)

    assert refused.code == 2
    assert refused.told.startswith("error: keys.authority: wrong password")
    assert "nie-to" not in refused.err
