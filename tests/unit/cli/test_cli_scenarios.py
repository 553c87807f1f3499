"""`sisc scenarios` on a gateway that is set up."""

import pytest

from tests.unit.cli.cli_kit import Run

PARTY = "PL123456789000000"


@pytest.mark.usefixtures("installed")
def test_a_scenario_of_a_party_is_set_listed_and_cleared(run: Run) -> None:
    done = run("scenarios", "set", "ncts2", PARTY, "ctrl", "--json")
    assert (done.code, done.lines) == (0, [{"system": "NCTS2", "party": PARTY, "scenario": "CTRL"}])
    assert run("scenarios", "parties", "NCTS2", "--json").lines == [{"party": PARTY, "scenario": "CTRL"}]

    assert run("scenarios", "clear", "NCTS2", PARTY, "--json").lines[0]["scenario"] is None
    assert run("scenarios", "parties", "NCTS2", "--json").lines == []


@pytest.mark.parametrize(
    ("system", "prefix", "told"),
    [
        ("NOPE", "CTRL", "SYSTEM: NOPE is not simulated here; these are: "),
        ("NCTS2", "NOPE", "PREFIX: no scenario NOPE"),
        ("EMCSPL2", "GUA", "PREFIX: GUA is a scenario of NCTS2"),
    ],
)
@pytest.mark.usefixtures("installed")
def test_what_was_named_wrongly_is_told_by_its_name(system: str, prefix: str, told: str, run: Run) -> None:
    refused = run("scenarios", "set", system, PARTY, prefix)

    assert refused.code == 2
    assert told in refused.told
