from pathlib import Path

import pytest
from lxml import etree

from gateway.cli.sign import CanonicalForm, Profile
from tests.tools import run_tool
from tests.unit.cli.cli_kit import EXAMPLE, KEY_PASSWORD, Run, write_key, write_pem


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("form", CanonicalForm)
def test_what_is_signed_is_good_here_and_for_an_independent_tool(
    kind: str, profile: Profile, form: CanonicalForm, run: Run, tmp_path: Path
) -> None:
    key, password = write_key(tmp_path, kind)
    out = tmp_path / "signed.xml"
    options = ("--key-password-file", password, "--profile", profile, "--c14n", form, "--out", out)

    assert run("sign", EXAMPLE, "--key", key, *options).code == 0

    checked = run("check", out, "--trust", write_pem(tmp_path, kind), "--json")
    assert checked.code == 0, checked.out
    assert checked.lines[0]["signature"]["signer"]["class"] == "PINNED"
    loose = ("--insecure", "--id-attr:Id", "SignedProperties", "--enabled-key-data", "x509,rsa,ec")
    independent = run_tool("xmlsec1", ["--verify", *loose, out], check=False)
    assert independent.returncode == 0, independent.stderr


def test_without_out_the_document_goes_to_standard_output(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = write_key(tmp_path, "ec")
    monkeypatch.setenv("SISC_KEY_PASSWORD", KEY_PASSWORD)

    signed = run("sign", EXAMPLE, "--key", key)

    assert signed.code == 0
    assert signed.out.startswith("<?xml")
    assert "Signature>" in signed.out


def test_an_existing_file_is_replaced_whole_and_nothing_else_is_left(run: Run, tmp_path: Path) -> None:
    key, password = write_key(tmp_path, "ec")
    out = tmp_path / "out" / "signed.xml"
    out.parent.mkdir()
    out.write_bytes(b"old" * 100_000)

    assert run("sign", EXAMPLE, "--key", key, "--key-password-file", password, "--out", out).code == 0

    assert out.read_bytes().endswith(b">\n") or out.read_bytes().endswith(b">")
    assert [out] == list(out.parent.iterdir())


def test_a_device_is_written_to_not_replaced(run: Run, tmp_path: Path) -> None:
    key, password = write_key(tmp_path, "ec")

    assert run("sign", EXAMPLE, "--key", key, "--key-password-file", password, "--out", "/dev/null").code == 0

    assert Path("/dev/null").is_char_device()


def test_a_signed_document_is_not_signed_again(run: Run, tmp_path: Path) -> None:
    key, password = write_key(tmp_path, "ec")
    out = tmp_path / "signed.xml"
    options = ("--key", key, "--key-password-file", password, "--out", out)
    assert run("sign", EXAMPLE, *options).code == 0
    before = out.read_bytes()

    again = run("sign", out, *options)

    assert (again.code, out.read_bytes()) == (2, before)
    assert "signed already" in again.told


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        ((EXAMPLE,), 2, "--key"),
        ((EXAMPLE, "--key", "none.p12"), 2, "none.p12"),
        ((EXAMPLE, "--key", "."), 2, "Is a directory"),
        ((EXAMPLE, "--key", "ec.p12"), 1, "wrong password"),
        ((EXAMPLE, "--key", "password.txt"), 1, "damaged"),
        ((EXAMPLE, "--key", "ec.p12", "--key-password-file", "wrong.txt"), 1, "wrong password"),
        ((EXAMPLE, "--key", "ec.p12", "--key-password-file", "none.txt"), 2, "none.txt"),
        ((EXAMPLE, "--key", "ec.p12", "--key-password-file", "ec.p12"), 2, "no text"),
        ((EXAMPLE, "--key", "ec.p12", "--key-password-file", "empty.txt"), 2, "empty line"),
        ((EXAMPLE, "--key", "ec.p12", "--key-password-file", "password.txt", "--out", "x/y"), 2, "x/y"),
        (("none.xml", "--key", "ec.p12"), 2, "none.xml"),
        (("empty.txt", "--key", "ec.p12", "--key-password-file", "password.txt"), 1, "empty.txt: line 1"),
    ],
)
def test_every_failure_is_one_line_without_secrets(
    arguments: tuple[object, ...], code: int, word: str, run: Run, tmp_path: Path
) -> None:
    write_key(tmp_path, "ec")
    (tmp_path / "wrong.txt").write_text("not-the-password\n")
    (tmp_path / "empty.txt").touch()

    failed = run("sign", *arguments)

    assert failed.code == code
    assert word in failed.told
    assert KEY_PASSWORD not in failed.err + failed.out
    assert "not-the-password" not in failed.err + failed.out
    assert not failed.out


def test_the_profile_beside_a_key_knows_its_password(run: Run, tmp_path: Path) -> None:
    key, _ = write_key(tmp_path, "ec")
    key.with_suffix(".toml").write_text(f'key = "{key.name}"\nkey_password = "{KEY_PASSWORD}"\n')

    signed = run("sign", EXAMPLE, "--key", key)

    assert signed.code == 0
    assert "Signature>" in signed.out


def test_a_profile_of_another_key_is_left_alone(run: Run, tmp_path: Path) -> None:
    key, _ = write_key(tmp_path, "ec")
    key.with_suffix(".toml").write_text(f'key = "other.p12"\nkey_password = "{KEY_PASSWORD}"\n')

    assert run("sign", EXAMPLE, "--key", key).code == 1


def test_every_element_stays_on_its_line(run: Run, tmp_path: Path) -> None:
    """A receipt names lines of the signed document, a writer looks them up in his own."""
    key, password = write_key(tmp_path, "ec")
    document, out = tmp_path / "own.xml", tmp_path / "signed.xml"
    document.write_text(
        "<?xml version='1.0' encoding='UTF-8'?>\n<!-- for\n  whom -->\n\n\n<a>\n  <b/>\n</a>\n<!-- end -->\n"
    )
    assert run("sign", document, "--key", key, "--key-password-file", password, "--out", out).code == 0

    lines = [[each.sourceline for each in etree.parse(file).iter("a", "b")] for file in (document, out)]

    assert lines[0] == lines[1] == [6, 7]
    assert b"<!-- end -->" in out.read_bytes()
    assert run("check", out, "--signature-only", "--trust", write_pem(tmp_path, "ec")).code == 0
