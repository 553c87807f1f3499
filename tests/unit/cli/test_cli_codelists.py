"""`sisc codelists`, and what a list changes for `sisc check`."""

from pathlib import Path

import pytest

from tests.unit.cli.cli_kit import EXAMPLE, Run


@pytest.fixture
def installed(run: Run, tmp_path: Path) -> Path:
    """A settings file with a list of countries in its folder."""
    settings = tmp_path / "sisc.toml"
    settings.write_text("")
    (tmp_path / "eu.csv").write_text("code,valid_to,description\nPL,,Polska\nDE,2026-01-31,Niemcy\n")
    assert run("codelists", "install", "eu.csv", "--as", "countries").out == "countries: 2 codes\n"
    return settings


def test_lists_are_installed_listed_shown_and_replaced(run: Run, installed: Path) -> None:
    listed = run("codelists", "list", "--json").lines
    assert [(one["name"], one["codes"], one["valid today"], one["source"]) for one in listed] == [
        ("countries", 2, 1, "eu.csv")
    ]
    shown = run("codelists", "show", "countries", "--at", "2026-01-31", "--json").lines
    assert [one["code"] for one in shown] == ["PL", "DE"]
    german = run("codelists", "show", "countries", "--code", "DE", "--json").lines
    assert german == [{"code": "DE", "valid from": "", "valid to": "2026-01-31", "description": "Niemcy"}]
    again = run("codelists", "install", "eu.csv", "--as", "countries", "--json").lines[0]
    assert (again["codes"], again["codes_before"]) == (2, 2)
    assert [file.name for file in (installed.parent / "codelists").iterdir()] == ["countries.codes"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "offices"), "installed lists: countries"),
        (("show", "countries", "--at", "soon"), "'soon' is no day"),
        (("install", "eu.csv", "--as", "../etc"), "is no name for a list"),
        (("install", "sisc.toml"), "no column 'code'"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: tuple[str, ...], told: str, run: Run, installed: Path
) -> None:
    refused = run("codelists", *arguments)

    assert refused.code == 2
    assert told in refused.told


def test_a_code_that_is_not_there_exits_with_1(run: Run, installed: Path) -> None:
    assert run("codelists", "show", "countries", "--code", "XX").code == 1


def test_check_warns_of_unknown_codes_and_refuses_them_where_settings_say_so(
    run: Run, installed: Path
) -> None:
    warned = run("check", EXAMPLE, "--schema-only", "--json")
    assert warned.code == 0
    findings = warned.lines[0]["schema"]["findings"]
    assert {(one["code"], one["severity"]) for one in findings} == {("VALUE_COUNTRY", "WARNING")}
    people = run("check", EXAMPLE, "--schema-only").out
    assert "good, with warnings" in people
    assert "warning VALUE_COUNTRY" in people

    installed.write_text("[plausibility.rules]\nVALUE_COUNTRY = 'error'\n")

    refused = run("check", EXAMPLE, "--schema-only", "--json")
    assert refused.code == 1
    assert refused.lines[0]["schema"]["valid"] is False
