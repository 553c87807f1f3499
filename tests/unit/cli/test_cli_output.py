"""What commands print: tables for people, JSON lines for programs."""

import json
from collections.abc import Mapping

import pytest

from gateway.cli.output import print_facts, print_list, tell

FACTS: Mapping[str, object] = {"active": True, "locked": False, "systems": ["AES", "AIS"], "nothing": None}


def test_tables_say_yes_and_no_and_join_lists(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts("Account", FACTS, as_json=False)

    lines = [line.split("│") for line in capsys.readouterr().out.splitlines()]
    assert {cells[1].strip(): cells[2].strip() for cells in lines if len(cells) == 4} == {
        "active": "yes",
        "locked": "no",
        "systems": "AES, AIS",
        "nothing": "",
    }


def test_programs_get_the_values_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts("Account", FACTS, as_json=True)
    print_list("Accounts", [FACTS, {}], as_json=True)

    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [FACTS, FACTS, {}]


def test_an_empty_list_says_so_to_people_and_nothing_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_list("Accounts", [], as_json=False)
    assert capsys.readouterr().out == "Accounts: none\n"

    print_list("Accounts", [], as_json=True)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("as_json", "line"), [(False, "AES is open\n"), (True, '{"system": "AES"}\n')])
def test_what_was_done_is_one_line(line: str, capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    tell({"system": "AES"}, "AES is open", as_json=as_json)

    assert capsys.readouterr().out == line
