"""The official sets install as they are published, and take precedence over our own schemas."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from schemas.catalogue import load_builtin
from schemas.errors import PackError
from schemas.packs.installing import Installed
from schemas.paths import local_name
from schemas.validation import Validator
from tests.unit.schemas.pack_tools import REAL, Office, write_zip

DAY = date(2026, 3, 30)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not REAL.is_dir(), reason="the official schemas are not at hand"),
]


@dataclass(frozen=True, kw_only=True)
class OfficialSet:
    folder: str
    system: str
    version: str
    types: int
    options: dict[str, Any] = field(default_factory=dict)


NCTS_5 = OfficialSet(folder="ncts/xsd/p5-51.8", system="NCTS2", version="51.8", types=25)
NCTS_6 = OfficialSet(folder="ncts/xsd/p6-60.4.16", system="NCTS2", version="60.4.16", types=25)
SETS = (
    NCTS_5,
    NCTS_6,
    OfficialSet(
        folder="emcs/xsd/v3.13", system="EMCSPL2", version="3.13", types=19, options={"skip": ["ie704uk.xsd"]}
    ),
    OfficialSet(
        folder="emcs/xsd/v3.23", system="EMCSPL2", version="3.23", types=19, options={"skip": ["ie704uk.xsd"]}
    ),
    OfficialSet(
        folder="ics/xsd/store-v11-2", system="AIS", version="11.2", types=3, options={"skip": ["*-New.xsd"]}
    ),
    OfficialSet(folder="ics/xsd/decision-v10-0", system="AIS", version="10.0", types=4),
    OfficialSet(folder="aes/xsd/hmrc-ie507", system="AES", version="60.4.15", types=1),
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(folder=tmp_path)


def install(office: Office, one: OfficialSet, *, only: str | None = None) -> Installed:
    """Install a set, or a single message of it."""
    folder = REAL / one.folder
    others = [file.name for file in folder.glob("cc*.xsd") if only and file.stem != only.lower()]
    options = {"skip": others, **one.options}
    return office.install(folder, system=one.system, version=one.version, **options)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, dict[str, Installed]]:
    """All sets, installed one after the other."""
    office = Office(folder=tmp_path_factory.mktemp("official"))
    return office, {one.folder: install(office, one) for one in SETS}


@pytest.mark.parametrize("one", SETS, ids=lambda one: one.folder)
def test_an_official_set_takes_the_place_of_our_schemas(
    everything: tuple[Office, dict[str, Installed]], one: OfficialSet
) -> None:
    office, sets = everything
    installed = sets[one.folder]
    own = {each.code: each for each in load_builtin().types() if each.system == one.system}
    earlier = sets[NCTS_5.folder].line.pack if one is NCTS_6 else None

    assert len(installed.effects) == one.types
    for effect in installed.effects:
        new = effect.message_type
        assert effect.replaces is not None, new.code
        assert effect.replaces.message_type.pack == earlier
        assert effect.engine == "libxml2"
        assert new.title_pl == own[new.code].title_pl
        assert new.direction is own[new.code].direction
        if one is not NCTS_5:  # the set of phase 6 came later
            document = etree.Element(f"{{{new.namespace}}}{new.root}")
            found = office.catalogue.recognise(document, on=DAY, at=office.at)
            assert (found.pack, found.version) == (installed.line.pack, one.version)


def test_every_process_sees_all_sets(everything: tuple[Office, dict[str, Installed]]) -> None:
    opened = everything[0].opened()

    assert len(everything[0].packs.lines()) == len(SETS)
    assert opened.get("CC015C").version == "60.4.16"
    assert opened.get("CC507C").version == "60.4.15"


def test_real_samples_get_the_verdict_of_the_installed_set(office: Office) -> None:
    files = sorted((REAL / "ncts/samples/p6-validator-tests").rglob("*.xml"))
    roots = [root for root in (etree.parse(file).getroot() for file in files) if local_name(root) == "CC013C"]
    validator = Validator(office.catalogue)

    def verdicts() -> list[bool]:
        types = [office.catalogue.recognise(root, on=DAY, at=office.at) for root in roots]
        return [validator.validate(root, one).valid for root, one in zip(roots, types, strict=True)]

    install(office, NCTS_5, only="CC013C")
    before = verdicts()
    install(office, NCTS_6, only="CC013C")
    after = verdicts()

    assert before == [official(NCTS_5, root).validate(root) for root in roots]
    assert after == [official(NCTS_6, root).validate(root) for root in roots]
    assert before != after


def official(one: OfficialSet, root: etree._Element) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(REAL / one.folder / f"{local_name(root).lower()}.xsd"))


def test_two_editions_of_a_message_in_one_set_must_be_told_apart(office: Office) -> None:
    ics = REAL / "ics/xsd/store-v11-2"

    with pytest.raises(PackError, match="leave one out with --skip"):
        office.install(ics, system="AIS", version="11.2")


def test_a_refusal_by_an_official_set_is_explained_as_by_our_own(office: Office) -> None:
    own = Validator(office.catalogue)
    text = (Path(__file__).parents[3] / "examples" / "CC015C.xml").read_text().replace("<LRN>", "<LRN>  ")
    root = etree.fromstring(text.encode())
    before = own.validate(root, office.catalogue.recognise(root, on=DAY))
    install(office, NCTS_5, only="CC015C")
    after = own.validate(root, office.catalogue.recognise(root, on=DAY))

    assert [(one.code, one.xpath) for one in after.findings] == [
        (one.code, one.xpath) for one in before.findings
    ]


def test_a_zip_of_an_official_set_installs_too(office: Office) -> None:
    folder = REAL / "aes/xsd/hmrc-ie507"
    files = {f"AES/{file.name}": file.read_text() for file in folder.glob("*.xsd")}

    installed = office.install(write_zip(office.folder / "aes.zip", files), system="AES", version="60.4.15")

    assert installed.line.pack == install(office, SETS[-1]).line.pack
