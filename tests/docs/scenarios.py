"""The catalogue of scenarios: what the simulators answer when they are asked, tried out for the page."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from routing.model import Answer
from routing.simulators.scenarios import DEFAULT, SCENARIOS, Behaviour, Scenario
from routing.tables import metadata
from schemas.catalogue import load_builtin
from tests.integration.routing.conftest import sqlite_engine
from tests.integration.routing.life import Life
from tests.integration.routing.stories import recipes

__all__ = ["flows", "messages", "scenarios"]

#: Of every system: its declaration, and where its LRN stands.
_DECLARATIONS: Final = {
    "NCTS2": ("CC015C", "TransitOperation/LRN"),
    "AES": ("CC515C", "ExportOperation/LRN"),
    "AIS": ("ZC415", "Declaration/lrn"),
    "EMCSPL2": ("IE815", "Body/SubmittedDraftOfEADESAD/EadEsadDraft/LocalReferenceNumber"),
}
#: Looked at after so many hours.
_HOURS: Final = (2, 6, 12, 24, 48, 72, 192, 720, 1440, 2880)


def scenarios() -> str:
    """All scenarios."""
    head = "| LRN begins with | systems | what happens |\n|---|---|---|\n"
    rows = (
        f"| {f'`{one.prefix}`' if one.prefix else 'any other, e.g. DEMO'} "
        f"| {', '.join(sorted(one.systems))} | {one.title} |\n"
        for one in (*SCENARIOS, DEFAULT)
    )
    return head + "".join(rows)


def flows() -> str:
    """What comes back on a declaration alone, by system and scenario."""
    head = "| system | LRN begins with | at once | later |\n|---|---|---|---|\n"
    rows = (
        _row(system, one)
        for system in _DECLARATIONS
        for one in (DEFAULT, *SCENARIOS)
        if system in one.systems and one.behaviour is not Behaviour.DOWN
    )
    return head + "".join(rows)


def messages() -> str:
    """How to get each message of a procedure that a system can send."""
    titles = {(one.system, one.code): one.title_en for one in load_builtin().types()}
    head = "| system | message | | sent after |\n|---|---|---|---|\n"
    found = (
        (system, code, story.told) for (system, code), story in recipes().items() if (system, code) in titles
    )
    return head + "".join(
        f"| {system} | {code} | {titles[system, code]} | {told} |\n"
        for system, code, told in sorted(found, key=_place)
    )


def _place(row: tuple[str, str, str]) -> tuple[int, str]:
    return list(_DECLARATIONS).index(row[0]), row[1]


def _row(system: str, scenario: Scenario) -> str:
    with TemporaryDirectory() as folder:
        engine = sqlite_engine(Path(folder) / "simulators.db")
        metadata.create_all(engine)
        life = Life(system=system, engine=engine)
        code, lrn = _DECLARATIONS[system]
        at_once = _codes(life.send(code, {lrn: f"{scenario.prefix or 'DEMO'}1"}))
        later = []
        begun = life.at
        for hours in _HOURS:
            life.at = begun
            if answers := life.later(hours=hours):
                later.append(f"after {_time(hours)} {_codes(answers)}")
        engine.dispose()
    prefix = f"`{scenario.prefix}`" if scenario.prefix else "anything else"
    return f"| {system} | {prefix} | {at_once} | {'; '.join(later) or '–'} |\n"


def _codes(answers: list[Answer]) -> str:
    return ", ".join(answer.type_code for answer in answers)


def _time(hours: int) -> str:
    return f"{hours} h" if timedelta(hours=hours) < timedelta(days=1) else f"{hours // 24} d"
