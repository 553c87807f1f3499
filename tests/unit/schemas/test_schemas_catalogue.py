from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from schemas.catalogue import BUILTIN, Catalogue, load, load_builtin
from schemas.errors import CatalogueError, UnknownMessageError, UnknownTypeError
from schemas.model import Direction, IdentifierKind, PartyRole, Places, RightsRule

TODAY = date(2026, 3, 30)
DOKUMENT = "{http://crd.gov.pl/xml/schematy/UPO/2008/05/09/}"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_builtin()


def folder_with(path: Path, text: str, system: str = "TEST") -> Path:
    home = path / system
    home.mkdir(parents=True)
    (home / "catalogue.toml").write_text(text, encoding="utf-8")
    (home / "A1.xsd").write_text("<a/>", encoding="utf-8")
    return path


def entry(**changes: str) -> str:
    lines = {
        "code": '"A1"',
        "root": '"A1"',
        "namespace": '"urn:a"',
        "version": '"1"',
        "direction": '"inbound"',
        "title_pl": '"Pismo"',
        "title_en": '"Letter"',
    } | changes
    return "[[message]]\n" + "\n".join(f"{key} = {value}" for key, value in lines.items() if value) + "\n"


def test_a_transit_declaration_is_recognised_by_namespace_and_root(catalogue: Catalogue) -> None:
    found = catalogue.recognise(etree.fromstring('<n:CC015C xmlns:n="http://ncts.dgtaxud.ec"/>'), on=TODAY)
    assert found.code == "CC015C"
    assert found.system == "NCTS2"
    assert found.direction is Direction.INBOUND
    assert found.rights is RightsRule.NONE


@pytest.mark.parametrize(
    ("text", "namespace", "root"),
    [
        ("<CC015C/>", "", "CC015C"),
        ('<CC015C xmlns="http://ecs.dgtaxud.ec"/>', "http://ecs.dgtaxud.ec", "CC015C"),
        ('<CC999C xmlns="http://ncts.dgtaxud.ec"/>', "http://ncts.dgtaxud.ec", "CC999C"),
        ('<x><n:CC015C xmlns:n="http://ncts.dgtaxud.ec"/></x>', "", "x"),
    ],
)
def test_other_documents_are_refused_with_what_was_found(
    catalogue: Catalogue, text: str, namespace: str, root: str
) -> None:
    with pytest.raises(UnknownMessageError) as caught:
        catalogue.recognise(etree.fromstring(text), on=TODAY)
    assert (namespace, root) == (caught.value.namespace, caught.value.root)


@pytest.mark.parametrize("part", ["UPP", "NPP"])
def test_the_first_child_tells_receipts_apart(catalogue: Catalogue, part: str) -> None:
    root = etree.Element(f"{DOKUMENT}Dokument")
    root.append(etree.Comment("pieczęć"))
    etree.SubElement(root, f"{DOKUMENT}{part}")
    assert catalogue.recognise(root, on=TODAY).code == part


def test_a_receipt_of_no_kind_is_unknown(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownMessageError):
        catalogue.recognise(etree.Element(f"{DOKUMENT}Dokument"), on=TODAY)


def test_a_code_of_two_systems_needs_the_system(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownTypeError) as caught:
        catalogue.get("CC928C")
    assert caught.value.systems == ("AES", "NCTS2")
    assert catalogue.get("CC928C", system="AES").namespace == "http://ecs.dgtaxud.ec"


def test_an_unknown_code_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownTypeError, match="CC001C is no active message type"):
        catalogue.get("CC001C")


def test_every_inbound_type_names_its_numbers_and_whose_right_it_needs(catalogue: Catalogue) -> None:
    inbound = [one for one in catalogue.types() if one.direction is Direction.INBOUND]
    assert {one.code for one in inbound} >= {"CC015C", "CC515C", "ZC415", "IE815"}
    for one in inbound:
        assert one.signature_required
        assert one.places.own_id
        assert one.places.lrn or one.places.mrn or one.places.arc or one.code == "UPD"  # proves by its own
        if one.rights is RightsRule.PARTIES:
            assert any(party.role is PartyRole.PRINCIPAL for party in one.parties)


def test_the_excise_draft_names_its_consignor_by_excise_number(catalogue: Catalogue) -> None:
    assert [one.kind for one in catalogue.get("IE815").parties] == [IdentifierKind.EXCISE]


def test_titles_are_given_in_both_languages(catalogue: Catalogue) -> None:
    assert all(one.title_pl and one.title_en for one in catalogue.types())


def test_versions_change_over_on_their_day(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        'system = "TEST"\n'
        + entry(version='"1"', valid_to="2026-05-31")
        + entry(version='"2"', valid_from="2026-06-01"),
    )
    catalogue = load((folder,))
    root = etree.Element("{urn:a}A1")
    assert catalogue.recognise(root, on=date(2026, 5, 31)).version == "1"
    assert catalogue.recognise(root, on=date(2026, 6, 1)).version == "2"
    assert catalogue.get("A1", on=date(2026, 5, 31)).version == "1"


def test_of_two_valid_versions_the_newer_counts(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path, 'system = "TEST"\n' + entry(version='"1"') + entry(version='"2"', valid_from="2026-06-01")
    )
    assert load((folder,)).get("A1", on=date(2026, 7, 1)).version == "2"


def test_a_version_is_unknown_before_its_first_and_after_its_last_day(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path, 'system = "TEST"\n' + entry(valid_from="2026-06-01", valid_to="2026-06-02")
    )
    for day in (date(2026, 5, 31), date(2026, 6, 3)):
        with pytest.raises(UnknownMessageError):
            load((folder,)).recognise(etree.Element("{urn:a}A1"), on=day)


def test_folders_given_later_take_precedence(tmp_path: Path) -> None:
    older = folder_with(tmp_path / "older", 'system = "TEST"\n' + entry(version='"1"'))
    newer = folder_with(tmp_path / "newer", 'system = "TEST"\n' + entry(version='"2"'))
    catalogue = load((BUILTIN, older, newer))
    assert catalogue.get("A1").version == "2"
    assert catalogue.recognise(etree.Element("{urn:a}A1"), on=TODAY).version == "2"
    assert catalogue.get("CC015C").system == "NCTS2"


def test_one_entry_describes_several_versions(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        'system = "TEST"\n'
        '[defaults]\nversions = [{ version = "2", valid_from = 2026-06-01 }, { version = "1" }]\n'
        'namespace = "urn:{root}:V{version}"\nplaces = { own_id = ["Id"], arc = ["Arc"] }\n'
        + entry(version="", namespace="", places='{ arc = ["Other"] }'),
    )
    newer, older = load((folder,)).types()
    assert (newer.namespace, newer.version, newer.valid_from) == ("urn:A1:V2", "2", date(2026, 6, 1))
    assert (older.namespace, older.version, older.valid_from) == ("urn:A1:V1", "1", None)
    assert {newer.places, older.places} == {Places(own_id=("Id",), arc=("Other",))}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("system = ", "Invalid value"),
        ('system = "T"\n' + entry(versions='"1"'), "A1: versions is no list of tables"),
        ('system = "T"\n' + entry(versions='[{ version = "1", nonsense = 1 }]'), "unknown key nonsense"),
        (
            'system = "T"\n'
            + entry(parties='[{ role = "principal", kind = "eori", xpath = "A", when = { text = "1" } }]'),
            "unknown key text",
        ),
        ('system = "T"\nnonsense = 1\n', "unknown key nonsense"),
        ('system = "T"\n' + entry(nonsense="1"), "unknown key nonsense"),
        ('system = "T"\n' + entry(places='{ lnr = ["A"] }'), "unknown key lnr"),
        (
            'system = "T"\n' + entry(parties='[{ role = "principal", kind = "eori", path = "A" }]'),
            "unknown key path",
        ),
        (
            'system = "T"\n' + entry(parties='[{ role = "boss", kind = "eori", xpath = "A" }]'),
            "A1: parties.0.role",
        ),
        (entry(), "A1: system"),
        ('system = "T"\n' + entry(title_pl=""), "A1: title_pl"),
        ('system = "T"\n' + entry(direction='"sideways"'), "A1: direction"),
        ('system = "T"\n' + entry(schema='"missing.xsd"'), "schema TEST/missing.xsd is missing"),
        (
            'system = "T"\n' + entry(valid_from="2026-06-01", valid_to="2026-05-31"),
            "valid_to is before valid_from",
        ),
        ('system = "T"\n' + entry() + entry(), "A1 1 is described twice"),
    ],
)
def test_wrong_catalogue_data_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    folder = folder_with(tmp_path, text)
    with pytest.raises(CatalogueError) as caught:
        load((folder,))
    assert reason in caught.value.reason
    assert caught.value.source.endswith("catalogue.toml")


def test_a_folder_without_any_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"no catalogue\.toml"):
        load((tmp_path,))
