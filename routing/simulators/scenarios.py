"""What a tester can ask of a simulated back end, by the first letters of the LRN."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "DEFAULT",
    "DOWN_ATTEMPTS",
    "SCENARIOS",
    "Scenario",
    "ScenarioRule",
    "scenario_of",
    "scenario_table",
]

#: How many attempts find the back end down in scenario DOWN.
DOWN_ATTEMPTS = 2


class Scenario(StrEnum):
    """How the back end behaves towards a document."""

    RELEASE = "release"  # takes it through the procedure, unless a rule of the back end is broken
    REJECT = "reject"  # takes it in, then rejects the declaration with a functional error
    REFUSE = "refuse"  # does not take it in: OdrzucenieKomunikatu
    DOWN = "down"  # is down for the first attempts, then as RELEASE


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioRule:
    """A row of the table."""

    prefix: str  # of the LRN; letter case does not matter
    scenario: Scenario
    answers: str  # for the reference page


#: Looked through in order.
SCENARIOS = (
    ScenarioRule(
        prefix="REJ",
        scenario=Scenario.REJECT,
        answers="UPO, then the functional rejection: CC056C, CC556C, ZC416 or IE704",
    ),
    ScenarioRule(
        prefix="NUP",
        scenario=Scenario.REFUSE,
        answers="OdrzucenieKomunikatu only; the document is not taken in",
    ),
    ScenarioRule(
        prefix="DOWN",
        scenario=Scenario.DOWN,
        answers=f"none for {DOWN_ATTEMPTS} attempts (the back end is unavailable), then as any other LRN",
    ),
)
#: For every other LRN.
DEFAULT = ScenarioRule(
    prefix="any other, e.g. DEMO",
    scenario=Scenario.RELEASE,
    answers="UPO, then the answers of a procedure that goes well; a broken rule gives a functional rejection",
)


def scenario_of(lrn: str | None) -> Scenario:
    """The scenario that a document's LRN asks for."""
    wanted = (lrn or "").upper()
    rules = (rule.scenario for rule in SCENARIOS if wanted.startswith(rule.prefix))
    return next(rules, DEFAULT.scenario)


def scenario_table() -> str:
    """The table of docs/reference/scenarios.md, in Markdown."""
    head = "| LRN begins with | scenario | answers |\n|---|---|---|\n"
    rows = (f"| `{rule.prefix}` | {rule.scenario.value} | {rule.answers} |\n" for rule in SCENARIOS)
    return head + "".join(rows) + f"| {DEFAULT.prefix} | {DEFAULT.scenario.value} | {DEFAULT.answers} |\n"
