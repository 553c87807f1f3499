"""The rules for values, with the levels of the settings and the code lists in the folder."""

import os
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest
from lxml import etree

from gateway.clock import WARSAW
from gateway.codelists import CodeListFolder, file_of, read_folder
from gateway.errors import ConfigurationError
from gateway.observe import Observer
from gateway.plausibility import GatewayPlausibility, Level
from gateway.settings import load_settings
from schemas.catalogue import load_builtin
from schemas.codelists import CodeList, kept, read_list
from schemas.findings import Finding
from schemas.wording import PlausibilityCode

DAY = date(2026, 3, 30)
CATALOGUE = load_builtin()
NO_LISTS: Mapping[str, CodeList] = {}


def listed(name: str, text: str) -> CodeList:
    return read_list(text.encode(), source="list.csv", name=name, at=datetime(2026, 3, 1, tzinfo=WARSAW))


def found(
    system: str, code: str, body: str, *, level: Level = "warning", lists: Mapping[str, CodeList] = NO_LISTS
) -> list[Finding]:
    kind = CATALOGUE.get(code, system=system)
    root = etree.fromstring(f'<{kind.root} xmlns="{kind.namespace}">{body}</{kind.root}>')
    examined = GatewayPlausibility(lambda: lists, level=level).examine(root, kind, on=DAY)
    return list(examined.findings)


@pytest.mark.parametrize(
    ("system", "code", "place", "good", "bad"),
    [
        ("NCTS2", "CC007C", "TransitOperation/MRN", "26PL44101000000JK8", "26PL44101000000JK9"),
        ("NCTS2", "CC015C", "GuaranteeReference/GRN", "05DE1234567890125", "05DE1234567890126"),
        ("EMCSPL2", "IE818", "AdministrativeReferenceCode", "26PL12345678901234513", "26PL12345678901234514"),
        ("AES", "CC515C", "Declarant/identificationNumber", "PL526021308900000", "PL526021308800000"),
        ("SZPROT", "WRP0001", "Podmiot/Nip", "5260213089", "5260213088"),
        ("SZPROT", "WRP0001", "Podmiot/Regon", "123456785", "123456784"),
        ("SZPROT", "WRR0001", "Osoba/Pesel", "44051401359", "44051401358"),
        ("AIS", "CC315A", "DatOfPreMES9", "260330", "260331"),
        ("AIS", "ZC415", "preparationDateAndTime", "2026-03-30T23:59:59Z", "2026-03-31T00:00:00Z"),
        ("EMCSPL2", "IE818", "DateOfArrivalOfExciseProducts", "2026-03-30", "2026-12-01"),
    ],
)
def test_a_number_or_date_is_told_only_when_it_is_wrong(
    system: str, code: str, place: str, good: str, bad: str
) -> None:
    *_, parent, name = f"Part/{place}".split("/")
    body = f"<{parent}><{name}>{{}}</{name}></{parent}>"

    told = found(system, code, body.format(bad))

    assert [(one.severity, one.value) for one in told] == [("WARNING", bad)]
    assert found(system, code, body.format(good)) == []


def test_an_unknown_code_is_told_where_a_list_is_installed() -> None:
    body = (
        "<CustomsOfficeOfDeparture><referenceNumber>PL000001</referenceNumber></CustomsOfficeOfDeparture>"
        "<Consignment><countryOfDispatch>PL</countryOfDispatch><countryOfDestination>XX</countryOfDestination>"
        "</Consignment>"
    )
    lists = {
        "offices": listed("offices", "code,valid_to\nPL000001,2026-03-29\nPL000002,\n"),
        "countries": listed("countries", "code\nPL\n"),
    }

    assert found("NCTS2", "CC015C", body) == []
    told = found("NCTS2", "CC015C", body, lists=lists)
    assert [(one.code, one.value) for one in told] == [("VALUE_OFFICE", "PL000001"), ("VALUE_COUNTRY", "XX")]
    assert "is not in the list offices valid on 2026-03-30" in told[0].message_en


def test_levels_are_set_in_general_and_for_a_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_PLAUSIBILITY__RULES__VALUE_EORI", "off")
    (tmp_path / "sisc.toml").write_text("[plausibility]\nlevel = 'error'\nrules = {VALUE_GRN = 'warning'}\n")
    options = load_settings(tmp_path / "sisc.toml").plausibility
    kind = CATALOGUE.get("CC015C", system="NCTS2")
    root = etree.fromstring(
        "<CC015C><MRN>x</MRN><GRN>x</GRN><Carrier><identificationNumber>x</identificationNumber></Carrier></CC015C>"
    )

    rules = GatewayPlausibility(lambda: NO_LISTS, level=options.level, rules=options.rules)

    told = {one.code: str(one.severity) for one in rules.examine(root, kind, on=DAY).findings}
    assert told == {PlausibilityCode.MRN: "ERROR", PlausibilityCode.GRN: "WARNING"}


def test_an_unknown_rule_in_the_settings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sisc.toml").write_text("[plausibility.rules]\nVALUE_MNR = 'error'\n")

    with pytest.raises(ConfigurationError, match="VALUE_MNR"):
        load_settings(tmp_path / "sisc.toml")


def test_a_list_installed_meanwhile_is_in_force_at_once(tmp_path: Path) -> None:
    folder = CodeListFolder(tmp_path, Observer("test"))
    kind = CATALOGUE.get("CC015C", system="NCTS2")
    root = etree.fromstring("<CC015C><Consignment><country>XX</country></Consignment></CC015C>")
    rules = GatewayPlausibility(folder.current)
    assert rules.examine(root, kind, on=DAY).total == 0

    put(tmp_path, "countries", kept(listed("countries", "code\nPL\n")))

    assert rules.examine(root, kind, on=DAY).total == 1


def test_a_list_changed_by_hand_is_refused_and_the_one_before_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = kept(listed("countries", "code\nPL\n"))
    put(tmp_path, "countries", content)
    folder = CodeListFolder(tmp_path, Observer("test"))

    put(tmp_path, "countries", content.replace(b"\nPL", b"\nXX"))

    assert folder.current()["countries"].knows("PL", on=DAY)
    assert "code_lists_refused" in capsys.readouterr().out
    with pytest.raises(ConfigurationError, match="changed after it was installed"):
        read_folder(tmp_path)


def put(folder: Path, name: str, content: bytes) -> None:
    """Put a list into a folder, whose time of change is sure to be another one then."""
    before = folder.stat().st_mtime_ns
    file_of(folder, name).write_bytes(content)
    os.utime(folder, ns=(before + 1_000_000, before + 1_000_000))
