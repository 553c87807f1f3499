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
from tests.integration.routing.stories import STORIES, Story
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


@pytest.mark.parametrize("story", [one for one in STORIES if one.codes[0].startswith("CC3")], ids=str)
def test_answers_on_entry_are_what_the_official_schemas_allow(story: Story) -> None:
    folder = _MESSAGES / "ics/xsd/decision-v10-0"
    if not folder.is_dir():
        pytest.skip(f"no official schemas in {folder}")
    business = [answer for answer in story.answers() if answer.type_code not in _WITHOUT_SCHEMA]
    for answer in business:
        root = etree.fromstring(answer.content)
        _schema(folder / f"{answer.type_code}-v10-0.xsd").assertValid(root)
    assert business


@pytest.mark.parametrize("code", ["CC906C", "CC917C"])
def test_faults_in_export_have_the_form_they_share_with_transit(code: str) -> None:
    folder = _MESSAGES / "ncts/xsd/p5-51.8"
    if not folder.is_dir():
        pytest.skip(f"no official schemas in {folder}")
    [fault] = [
        answer
        for story in STORIES
        if story.system == "AES" and story.prefix in {"FERR", "XERR"}
        for answer in story.answers()
        if answer.type_code == code
    ]
    as_transit = fault.content.replace(b"http://ecs.dgtaxud.ec", b"http://ncts.dgtaxud.ec")
    _schema(folder / f"{code.lower()}.xsd").assertValid(etree.fromstring(as_transit))


def test_a_certified_import_declaration_has_what_public_readers_of_real_ones_look_for() -> None:
    """Names and places that programs read from real ZC429, all that is public of it."""
    root = next(
        etree.fromstring(answer.content)
        for answer in Story("AIS", "ZC415", ("ZC415",)).answers()
        if answer.type_code == "ZC429"
    )
    assert etree.QName(root).namespace == "http://www.mf.gov.pl/xsd/AISP/ZC429"
    for path in (
        "preparationDateAndTime",
        "Declaration/mrn",
        "Declaration/declarationAcceptanceDate",
        "Declaration/Importer/identificationNumber",
        "Declaration/Declarant/identificationNumber",
        "Declaration/CustomsOfficeOfDeclaration/referenceNumber",
        "Declaration/GoodsShipments/GoodsItem",
    ):
        assert root.findtext("/".join(f"{{*}}{step}" for step in path.split("/"))) is not None, path
