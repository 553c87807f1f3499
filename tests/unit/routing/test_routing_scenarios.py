from pathlib import Path

import pytest

from routing.simulators.scenarios import Scenario, scenario_of, scenario_table

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "scenarios.md"


@pytest.mark.parametrize(
    ("lrn", "scenario"),
    [
        ("DEMO0000000000000001", Scenario.RELEASE),
        ("REJ0001", Scenario.REJECT),
        ("rej0001", Scenario.REJECT),
        ("NUP1", Scenario.REFUSE),
        ("DOWN1", Scenario.DOWN),
        ("XREJ", Scenario.RELEASE),
        ("", Scenario.RELEASE),
        (None, Scenario.RELEASE),
    ],
)
def test_the_first_letters_of_the_lrn_choose_the_scenario(lrn: str | None, scenario: Scenario) -> None:
    assert scenario is scenario_of(lrn)


def test_the_reference_page_has_the_table() -> None:
    assert scenario_table() in PAGE.read_text(encoding="utf-8")
