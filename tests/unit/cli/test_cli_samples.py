"""`sisc samples`, alone and in a pipe."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.catalogue import load_builtin
from schemas.model import Direction
from tests.unit.cli.cli_kit import Run, write_key, write_pem


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a text on standard input."""

    def put(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return put


def test_there_is_a_sample_of_every_type_declarants_send(run: Run) -> None:
    inbound = [one for one in load_builtin().types() if one.direction is Direction.INBOUND]

    listed = run("samples", "list", "--json").lines

    assert [(one.code, one.version) for one in inbound] == [(one["type"], one["version"]) for one in listed]
    assert {"AIS"} == {one["system"] for one in run("samples", "list", "--system", "AIS", "--json").lines}


def test_a_sample_goes_through_a_pipe_to_be_signed_and_checked(
    run: Run, tmp_path: Path, typed: Callable[[str], None]
) -> None:
    key, password = write_key(tmp_path, "ec")
    typed(run("samples", "show", "CC515C", "--seed", 7).out)

    signed = run("sign", "-", "--key", key, "--key-password-file", password)
    typed(signed.out)
    checked = run("check", "-", "--trust", write_pem(tmp_path, "ec"), "--json")

    assert (signed.code, checked.code) == (0, 0)
    assert checked.lines[0]["type"] == "CC515C"
    assert checked.lines[0]["schema"] == {"valid": True, "findings": []}


def test_a_broken_sample_tells_what_is_wrong_and_the_check_finds_the_same(
    run: Run, typed: Callable[[str], None]
) -> None:
    made = run("samples", "show", "IE818", "--break", "XSD_LENGTH", "--version", "3.13")
    typed(made.out)

    checked = run("check", "-", "--schema-only", "--json")

    (found,) = checked.lines[0]["schema"]["findings"]
    assert (made.code, checked.code) == (0, 1)
    assert made.err == f"XSD_LENGTH line {found['line']} {found['xpath']}: {found['message_en']}\n"
    assert "PHASE4:IE818:V3.13" in made.out


def test_the_rules_a_sample_can_break_are_listed_with_their_places(run: Run) -> None:
    listed = run("samples", "show", "WRR0001", "--breaks", "--json").lines

    assert {"XSD_PATTERN", "XSD_MISSING_ELEMENT", "VALUE_PESEL"} <= {one["rule"] for one in listed}
    assert all(one["line"] and one["xpath"].startswith("/WRR0001") for one in listed)


def test_values_may_be_given_and_the_day(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "sample.xml"
    arguments = ("--set", "MRN=26PL44101000000JK8", "--on", "2026-12-24", "--out", out)

    assert run("samples", "show", "CC007C", *arguments).code == 0

    text = out.read_text(encoding="utf-8")
    assert "<MRN>26PL44101000000JK8</MRN>" in text
    assert "<preparationDateAndTime>2026-12-2" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("CC999C",), "CC999C: is no type"),
        (("CC029C",), "comes from the system"),
        (("CC015C", "--break", "XSD_NONE"), "XSD_NONE is no rule"),
        (("WRR0001", "--break", "VALUE_MRN"), "has no place in a WRR0001"),
        (("CC015C", "--set", "nothing=1"), "no value 'nothing'"),
        (("CC015C", "--set", "LRN"), "NAME=VALUE"),
        (("CC015C", "--set", "LNR=1"), "did you mean LRN?"),
        (("CC015C", "--on", "today"), "is no date"),
        (("CC015C", "--version", "9"), "is no type"),
    ],
)
def test_what_cannot_be_made_is_one_line(arguments: tuple[str, ...], told: str, run: Run) -> None:
    refused = run("samples", "show", *arguments)

    assert (refused.code, refused.out) == (2, "")
    assert told in refused.told
