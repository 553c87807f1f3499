"""Answers of the simulators against the official schemas, where they lie beside the project."""

from functools import cache
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import Engine

from routing.model import Answer
from routing.simulators.scenarios import DEFAULT, SCENARIOS
from routing.tables import metadata
from tests.integration.routing.conftest import sqlite_engine
from tests.integration.routing.life import Life
from tests.integration.routing.test_routing_life_cycles import DECLARATIONS

_MESSAGES = Path(__file__).resolve().parents[3].parent / "shared" / "real-messages"
#: UPO and OdrzucenieKomunikatu are Polish; of IE704 only another country's variant is open.
_WITHOUT_SCHEMA = {"UPO", "OdrzucenieKomunikatu", "IE704"}
_FOLDERS = {
    ("NCTS2", None): "ncts/xsd/p5-51.8",
    ("EMCSPL2", "3.13"): "emcs/xsd/v3.13",
    ("EMCSPL2", "3.23"): "emcs/xsd/v3.23",
}


@cache
def _schema(file: Path) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(file))


def _assert_official(answer: Answer, folder: Path) -> None:
    file = folder / f"{answer.type_code.lower()}.xsd"
    if file.is_file():
        _schema(file).assertValid(etree.fromstring(answer.content))
    else:
        assert answer.type_code in _WITHOUT_SCHEMA


@pytest.mark.parametrize(("system", "version"), _FOLDERS)
def test_every_scenario_gives_what_the_official_schema_allows(
    system: str, version: str | None, tmp_path: Path
) -> None:
    folder = _MESSAGES / _FOLDERS[system, version]
    if not folder.is_dir():
        pytest.skip(f"no official schemas in {folder}")
    engine: Engine = sqlite_engine(tmp_path / "simulators.db")
    metadata.create_all(engine)
    life = Life(system=system, engine=engine)
    code, lrn = DECLARATIONS[system]
    seen = set()
    for scenario in (DEFAULT, *SCENARIOS):
        answers = life.send(code, {lrn: f"{scenario.prefix or 'D'}7"}, version=version)
        answers += [answer for _ in range(9) for answer in life.later(days=9)]
        for answer in answers:
            _assert_official(answer, folder)
            seen.add(answer.type_code)
    engine.dispose()
    assert len(seen) > 6
