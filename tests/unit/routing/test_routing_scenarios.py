import pytest

from routing.simulators.scenarios import DEFAULT, SCENARIOS, Behaviour, scenario_named, scenario_of


@pytest.mark.parametrize(
    ("lrn", "system", "prefix"),
    [
        ("DEMO0000000000000001", "NCTS2", ""),
        ("REJ0001", "NCTS2", "REJ"),
        ("rej0001", "AES", "REJ"),
        ("NUP1", "AIS", "NUP"),
        ("DOWN1", "EMCSPL2", "DOWN"),
        ("GUA1", "NCTS2", "GUA"),
        ("GUA1", "AES", ""),  # guarantees are of transit only
        ("XREJ", "NCTS2", ""),
        ("", "NCTS2", ""),
        (None, "NCTS2", ""),
    ],
)
def test_the_first_letters_of_the_lrn_choose_the_scenario(lrn: str | None, system: str, prefix: str) -> None:
    assert prefix == scenario_of(lrn, system).prefix


def test_a_scenario_is_found_by_its_name_where_the_system_knows_it() -> None:
    assert scenario_named("nup", "NCTS2").behaviour is Behaviour.REFUSE
    assert scenario_named("STOP", "NCTS2") is DEFAULT
    assert scenario_named("", "NCTS2") is DEFAULT


def test_no_prefix_hides_another() -> None:
    prefixes = [scenario.prefix for scenario in SCENARIOS]
    assert not [(a, b) for a in prefixes for b in prefixes if a != b and b.startswith(a)]
