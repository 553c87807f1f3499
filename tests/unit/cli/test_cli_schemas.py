"""`sisc schemas`: what exists, how versions differ, packs installed and taken back."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.settings import load_settings
from gateway.store.sql_store import SqlStore
from gateway.store.trials import SqlTrials, TrialSum
from schemas.catalogue import load_builtin
from tests.unit.cli.cli_kit import Run
from tests.unit.schemas.pack_tools import MANIFEST, START, schema, write_zip

GOOD = {"pack.toml": MANIFEST, "sent.xsd": schema("Carriage", "CarriageNumber")}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "sent.zip", GOOD)


def test_every_type_is_listed_and_lists_are_narrowed(run: Run) -> None:
    everything = run("schemas", "list", "--json").lines
    excise = run("schemas", "list", "--system", "EMCSPL2", "--direction", "inbound", "--json").lines

    assert len(everything) == len(load_builtin().types())
    assert {(one["system"], one["direction"]) for one in excise} == {("EMCSPL2", "inbound")}
    assert {one["version"] for one in excise} == {"3.13", "3.23"}


def test_a_type_is_shown_with_its_facts_and_elements(run: Run) -> None:
    (shown,) = run("schemas", "show", "NCTS2/CC015C", "--json").lines

    assert (shown["type"], shown["lrn"], shown["source"]) == ("CC015C", ["TransitOperation/LRN"], "built-in")
    elements = shown["elements"]
    number = next(one for one in elements if one["path"] == "TransitOperation/LRN")
    assert (number["minimum"], number["maximum"], number["facets"]["maxLength"]) == (1, 1, "22")
    assert "TransitOperation/LRN" in run("schemas", "show", "CC015C").out


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("CC928C", "is a code of AES, NCTS2: name the system"),
        ("NCTS2/NONE", "is no active message type"),
        ("CC015C@7", "is no active message type"),
    ],
)
def test_a_type_that_is_not_meant_clearly_is_told(run: Run, reference: str, said: str) -> None:
    refused = run("schemas", "show", reference)

    assert refused.code == 1
    assert said in refused.told


def test_two_versions_are_compared_element_by_element(run: Run) -> None:
    found = run("schemas", "diff", "IE815@3.13", "IE815@3.23", "--json").lines
    same = run("schemas", "diff", "IE815@3.13", "IE815@3.13", "--json")

    assert found
    assert {one["change"] for one in found} <= {"added", "removed", "cardinality", "value"}
    assert (same.code, same.out) == (0, "")


def test_schemas_are_exported_so_that_they_compile_where_they_are(run: Run, tmp_path: Path) -> None:
    done = run("schemas", "export", str(tmp_path / "out"), "--system", "NCTS2")

    assert done.code == 0
    types = (tmp_path / "out" / "types.jsonl").read_text().splitlines()
    assert {json.loads(one)["system"] for one in types} == {"NCTS2"}
    installed = run(
        "schemas",
        "install",
        str(tmp_path / "out" / "built-in"),
        "--system",
        "NCTS2",
        "--version",
        "9",
        "--json",
    )
    (told,) = installed.lines
    effects = told["types"]
    assert len(effects) == len(types)
    assert {one["remark"] for one in effects} == {"0 differences"}


def test_exporting_into_a_folder_in_use_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()

    refused = run("schemas", "export", str(tmp_path / "out"))

    assert refused.code == 2
    assert "is not empty" in refused.told


def test_a_pack_is_installed_listed_and_taken_back(run: Run, pack: Path) -> None:
    (told,) = run("schemas", "install", str(pack), "--json").lines
    listed = run("schemas", "packs", "--json").lines
    new = run("schemas", "list", "--system", "SENT", "--json").lines
    back = run("schemas", "rollback", "--json")

    assert [one["change"] for one in told["types"]] == ["new", "new"]
    assert [one["pack"] for one in listed] == [told["pack"]]
    assert [one["source"] for one in new] == [told["pack"]] * 2
    assert back.lines[0]["pack"] == told["pack"]
    assert run("schemas", "packs", "--json").out == ""
    assert len(run("schemas", "packs", "--all", "--json").lines) == 1
    assert run("schemas", "rollback").code == 1


def test_options_win_over_the_manifest_and_a_manifest_may_lie_elsewhere(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MANIFEST.replace('version = "1"', 'version = "2"'))
    pack = write_zip(tmp_path / "bare.zip", {"sent.xsd": GOOD["sent.xsd"]})

    (told,) = run(
        "schemas",
        "install",
        str(pack),
        "--manifest",
        str(tmp_path / "mine.toml"),
        "--valid-from",
        "2030-01-01",
        "--json",
    ).lines

    assert {(one["version"], one["valid_from"]) for one in told["types"]} == {("2", "2030-01-01")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--valid-from", "soon"], "valid_from"),
        (["--system", "sent"], "system may not be"),
        (["--system", "OTHER"], None),
    ],
)
def test_wrong_options_of_an_installation_are_told(
    run: Run, pack: Path, arguments: list[str], said: str | None
) -> None:
    answer = run("schemas", "install", str(pack), *arguments)

    if said is None:
        assert answer.code == 0  # the manifest describes its messages, whatever the system is called
    else:
        assert answer.code == 1
        assert said in answer.told


def test_a_pack_for_xsd_11_is_installed_with_a_word_on_what_it_costs(run: Run, tmp_path: Path) -> None:
    asserting = GOOD["sent.xsd"].replace(
        "</xs:sequence></xs:complexType>", '</xs:sequence><xs:assert test="true()"/></xs:complexType>'
    )

    done = run("schemas", "install", str(write_zip(tmp_path / "a.zip", {**GOOD, "sent.xsd": asserting})))

    assert done.code == 0
    assert "2 of the types need XSD 1.1" in done.out
    assert "sixty times slower" in done.out


def test_a_manifest_is_drafted_that_can_be_filled_in(run: Run, tmp_path: Path) -> None:
    bare = write_zip(tmp_path / "bare.zip", {"sent.xsd": GOOD["sent.xsd"]})
    draft = run("schemas", "manifest", str(bare), "--system", "SENT", "--version", "1").out
    (tmp_path / "draft.toml").write_text(draft.replace('rights = "parties"', 'rights = "none"'))

    refused = run("schemas", "install", str(bare), "--system", "SENT", "--version", "1")
    done = run("schemas", "install", str(bare), "--manifest", str(tmp_path / "draft.toml"))

    assert refused.code == 1
    assert "sisc schemas manifest" in refused.told
    assert done.code == 0


def test_packs_count_in_sisc_check(run: Run, pack: Path, tmp_path: Path) -> None:
    (tmp_path / "sisc.toml").touch()
    document = tmp_path / "carriage.xml"
    document.write_text('<Carriage xmlns="urn:example:sent"><Number>7</Number></Carriage>')
    before = run("check", "--schema-only", str(document))

    run("schemas", "install", str(pack))

    assert before.code == 1
    assert run("check", "--schema-only", str(document)).code == 0


def test_a_trial_is_reported(run: Run, tmp_path: Path, sqlite_template: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sisc.sqlite3").write_bytes(sqlite_template.read_bytes())
    store = SqlStore.open(load_settings().store_url)
    whole = TrialSum(
        pack="P",
        type_code="CC015C",
        code="",
        xpath="",
        documents=7,
        refused=2,
        accepted=0,
        message="",
        example="ref",
        last_at=START,
    )
    place = replace(whole, code="XSD_LENGTH", xpath="/CC015C/LRN", documents=2, message="Too long.")
    with store.begin() as work:
        SqlTrials(work.connection).add([whole, place])
        work.commit()
    store.close()

    told = run("schemas", "shadow", "--json").lines

    assert [(one["code"], one["documents"]) for one in told] == [("", 7), ("XSD_LENGTH", 2)]
    assert "Too long." in run("schemas", "shadow").out
    unknown = run("schemas", "shadow", "other", "--json")
    assert (unknown.code, unknown.out) == (1, "")
    assert "no pack on trial other; sisc schemas packs --all" in unknown.told
