"""Packs: read under limits, checked, put in force at once or not at all, taken back."""

import json
import os
import stat
import subprocess
import sys
import time
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from schemas.errors import CatalogueError, PackError, UnknownMessageError
from schemas.model import Direction, MessageType
from schemas.packs.folder import LEAD, Mode, PackFolder
from schemas.packs.patterns import repetitions
from schemas.packs.source import Limits, read_source
from schemas.packs.trial import Budget, compile_all
from schemas.validation import Validator
from tests.unit.schemas.pack_tools import MANIFEST, NAMESPACE, START, Office, schema, write_zip

GOOD = {"pack.toml": MANIFEST, "sent.xsd": schema("Carriage", "CarriageNumber")}
DAY = date(2026, 3, 30)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(folder=tmp_path)


def root(name: str = "Carriage", number: str = "1", namespace: str = NAMESPACE) -> etree._Element:
    return etree.fromstring(f'<{name} xmlns="{namespace}"><Number>{number}</Number></{name}>')


def recognised(office: Office, name: str = "Carriage") -> MessageType:
    return office.catalogue.recognise(root(name), on=DAY, at=office.at)


def is_known(office: Office) -> bool:
    try:
        recognised(office)
    except UnknownMessageError:
        return False
    return True


# -- installing


def test_a_pack_adds_types_of_a_new_system_in_both_directions(office: Office) -> None:
    office.install(office.write(GOOD))

    sent, answer = recognised(office), recognised(office, "CarriageNumber")
    assert (sent.system, sent.direction, sent.places.lrn) == ("SENT", Direction.INBOUND, ("Number",))
    assert (answer.system, answer.direction, answer.signature_required) == ("SENT", Direction.OUTBOUND, False)
    validator = Validator(office.catalogue)
    assert validator.validate(root(), sent).valid
    assert [f.code for f in validator.validate(root(number="x" * 21), sent).findings] == ["XSD_LENGTH"]


def test_a_zip_with_everything_in_one_folder_is_the_same_pack(office: Office) -> None:
    folder = office.install(office.write(GOOD))
    packed = write_zip(office.folder / "pack.zip", {f"SENT-1/{name}": text for name, text in GOOD.items()})

    assert office.install(packed).line == folder.line  # in force already: nothing is done twice
    assert len(office.packs.lines()) == 1


def test_facts_are_inherited_from_the_type_that_is_replaced(office: Office) -> None:
    own = office.catalogue.get("CC507C")
    namespace = own.namespace
    path = office.write({"a.xsd": schema("CC507C", namespace=namespace)})

    effect = office.install(path, system="AES", version="99").effects[0]

    new = office.catalogue.get("CC507C")
    assert (new.version, new.pack is not None) == ("99", True)
    assert (new.title_pl, new.places, new.parties, new.rights) == (
        own.title_pl,
        own.places,
        own.parties,
        own.rights,
    )
    assert effect.replaces is not None
    assert effect.replaces.message_type == own
    assert effect.replaces.differences > 0
    assert "mrn" in effect.lost  # the new schema has no place for it


def test_a_manifest_may_change_a_single_fact(office: Office) -> None:
    namespace = office.catalogue.get("CC507C").namespace
    manifest = 'system = "AES"\nversion = "2"\n[[message]]\nroot = "CC507C"\nplaces = { mrn = ["Number"] }\n'
    office.install(office.write({"pack.toml": manifest, "a.xsd": schema("CC507C", namespace=namespace)}))

    assert office.catalogue.get("CC507C").places.mrn == ("Number",)
    assert office.catalogue.get("CC507C").title_en == "Arrival at exit"


def test_a_new_version_of_a_pack_inherits_from_the_earlier_pack(office: Office) -> None:
    office.install(office.write(GOOD))
    newer = office.write({"b.xsd": schema("Carriage", length=30)}, "newer")
    office.install(newer, system="SENT", version="2")

    assert recognised(office).version == "2"
    assert recognised(office).places.lrn == ("Number",)
    assert recognised(office, "CarriageNumber").version == "1"


@pytest.mark.parametrize(
    ("files", "options", "said"),
    [
        (
            {"a.xsd": schema("A")},
            {"system": "SENT", "version": "1"},
            "nothing is known of its document elements",
        ),
        ({"a.xsd": schema("A")}, {"version": "1"}, "system is missing"),
        ({"a.xsd": schema("A")}, {"system": "../etc", "version": "1"}, "system may not be"),
        ({"a.xsd": schema("A")}, {"system": "SENT", "version": "a/b"}, "version may not be"),
        ({**GOOD, "pack.toml": MANIFEST + "\nfolder = '/'\n"}, {}, "unknown key folder"),
        ({**GOOD, "pack.toml": "folder = '/'\n" + MANIFEST}, {}, "unknown key folder"),
        ({"pack.toml": "system = ", "a.xsd": schema("A")}, {}, "no TOML"),
        ({"pack.toml": MANIFEST, "a.xsd": schema("Carriage")}, {}, "no schema of the pack declares"),
        (
            {**GOOD, "b.xsd": schema("Carriage", length=5)},
            {},
            "is declared by b.xsd, sent.xsd: name one as schema",
        ),
        (
            {**GOOD, "pack.toml": MANIFEST.replace('rights = "none"', "")},
            {},
            "names no parties, so nobody could send it",
        ),
        (
            {**GOOD, "pack.toml": MANIFEST.replace('direction = "outbound"', "")},
            {},
            "the manifest must tell its direction",
        ),
        ({"pack.toml": MANIFEST, "readme.txt": "x"}, {}, r"holds no \.xsd file"),
    ],
)
def test_what_cannot_be_a_pack_is_refused_with_the_reason(
    office: Office, files: dict[str, str], options: dict[str, Any], said: str
) -> None:
    with pytest.raises((PackError, CatalogueError), match=said):
        office.install(office.write(files), **options)

    assert office.packs.lines() == []
    assert not is_known(office)


def test_a_file_left_out_decides_which_of_two_editions_counts(office: Office) -> None:
    files = {"pack.toml": MANIFEST, "sent.xsd": GOOD["sent.xsd"], "sent-old.xsd": GOOD["sent.xsd"]}
    office.install(office.write(files), skip=["*-old.xsd"])

    assert recognised(office).schema == "sent.xsd"


# -- what hostile packs try


def hostile_zip(path: Path, name: str, *, mode: int = stat.S_IFREG | 0o644, content: str = "x") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, content)
        archive.writestr("sent.xsd", GOOD["sent.xsd"])
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../evil.xsd",
        "a/../../evil.xsd",
        "/etc/evil.xsd",
        "C:/evil.xsd",
        "a\\..\\evil.xsd",
        "a//evil.xsd",
        "a\nb.xsd",
    ],
)
def test_names_that_lead_out_of_a_zip_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackError, match=r"leads out|no name of a file"):
        read_source(hostile_zip(tmp_path / "a.zip", name))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    with pytest.raises(PackError, match="link or a device"):
        read_source(hostile_zip(tmp_path / "a.zip", "evil.xsd", mode=kind | 0o777, content="/etc/passwd"))


def test_a_link_in_a_folder_is_refused(office: Office) -> None:
    folder = office.write(GOOD)
    (folder / "passwd.xsd").symlink_to("/etc/passwd")

    with pytest.raises(PackError, match="link or a device"):
        read_source(folder)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.xsd", " " * 5_000_000)

    with pytest.raises(PackError, match="200 times its packed size"):
        read_source(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(files=1), "more than 1 files"),
        (Limits(file_bytes=10), "is larger than"),
        (Limits(total_bytes=600), "is larger than 0 MiB"),
        (Limits(name_characters=3), "too long a name"),
    ],
)
def test_every_limit_of_a_pack_holds(tmp_path: Path, limits: Limits, said: str) -> None:
    path = write_zip(tmp_path / "a.zip", {"aaaa.xsd": schema("A"), "bbbb.xsd": schema("B")})

    with pytest.raises(PackError, match=said):
        read_source(path, limits)


def test_a_zip_that_lies_about_the_size_of_a_file_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.xsd": schema("A") + " " * 5000})
    data = path.read_bytes()
    size = (len(schema("A")) + 5000).to_bytes(4, "little")
    path.write_bytes(data.replace(size, (100).to_bytes(4, "little")))

    with pytest.raises(PackError):
        read_source(path)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.xsd": schema("A"), "A.XSD": schema("A")})

    with pytest.raises(PackError, match="in it twice"):
        read_source(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_what_is_neither_folder_nor_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)

    with pytest.raises(PackError, match="neither a folder nor a zip"):
        read_source(tmp_path / "a.zip")


DOCTYPE = '<!DOCTYPE xs:schema [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]>'
READING = (
    '<xs:annotation><xs:appinfo><x test="doc(&quot;file:///etc/passwd&quot;)"/></xs:appinfo></xs:annotation>'
)


def including(location: str) -> str:
    return schema("Carriage", head=f'<xs:include schemaLocation="{location}"/>')


def changed(old: str, new: str) -> str:
    return schema("Carriage").replace(old, new)


def matching(pattern: str) -> str:
    return changed("<xs:maxLength", f'<xs:pattern value="{pattern}"/><xs:maxLength')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DOCTYPE + schema("Carriage"), "may not have a DOCTYPE"),
        (including("http://evil.example/a.xsd"), "put that file into the pack"),
        (including("file:///etc/passwd"), "put that file into the pack"),
        (including("//evil.example/a.xsd"), "put that file into the pack"),
        (including("../../a.xsd"), "which is not in the pack|outside of the pack"),
        (including("%2e%2e/a.xsd"), "which is not in the pack|outside of the pack"),
        (including("other.xsd"), "which is not in the pack"),
        (including("sent.xsd"), "refers to itself"),
        (changed('"Number">', '"Number" maxOccurs="100000000">'), "maxOccurs 100000000 is more than"),
        (changed('"Number">', '"Number" maxOccurs="many">'), "maxOccurs is no number"),
        (changed('value="20"', f'value="{"9" * 50}"'), "so many digits"),
        (matching("((a{1,999}){1,999}){1,999}"), "more than 10000 repetitions"),
        (matching("a" * 5000), "more than 4096 characters"),
        (schema("Carriage", head=READING), "reads from elsewhere"),
        ("<html/>", "is no XML Schema"),
        ("<xs:schema", "no well-formed XML"),
    ],
)
def test_schemas_that_would_do_harm_are_refused(office: Office, text: str, said: str) -> None:
    manifest = MANIFEST.partition('[[message]]\nroot = "CarriageNumber"')[0]

    with pytest.raises(PackError, match=said):
        office.install(office.write({"pack.toml": manifest, "sent.xsd": text}))

    assert office.packs.lines() == []


def test_a_doctype_in_another_encoding_is_seen_too(office: Office) -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?>' + DOCTYPE + schema("Carriage")
    folder = office.write(GOOD)
    (folder / "sent.xsd").write_bytes(text.encode("utf-16"))

    with pytest.raises(PackError, match="DOCTYPE"):
        office.install(folder)


def test_a_chain_of_includes_without_end_is_refused(office: Office) -> None:
    chain = {f"c{n}.xsd": schema(head=f'<xs:include schemaLocation="c{n + 1}.xsd"/>') for n in range(40)} | {
        "c40.xsd": schema()
    }
    files = {
        **GOOD,
        "sent.xsd": schema("Carriage", "CarriageNumber", head='<xs:include schemaLocation="c0.xsd"/>'),
    }

    with pytest.raises(PackError, match="a chain of more than 32"):
        office.install(office.write({**files, **chain}))


def test_files_that_include_each_other_are_read_once_as_in_official_sets(office: Office) -> None:
    other = schema("Unused", head='<xs:include schemaLocation="sent.xsd"/>')
    first = schema("Carriage", "CarriageNumber", head='<xs:include schemaLocation="other.xsd"/>')

    office.install(office.write({"pack.toml": MANIFEST, "sent.xsd": first, "other.xsd": other}))

    assert Validator(office.catalogue).validate(root(), recognised(office)).valid


def test_a_schema_that_takes_too_long_to_compile_ends_with_its_process(tmp_path: Path) -> None:
    """Thousands of optional elements in a row: the time of libxml2 grows with the square of their number."""
    elements = "".join(f'<xs:element name="E{n}" minOccurs="0" type="xs:string"/>' for n in range(3000))
    text = schema("Carriage").replace('<xs:element name="Number">', f'{elements}<xs:element name="Number">')
    (tmp_path / "a.xsd").write_text(text)

    with pytest.raises(PackError, match=r"a\.xsd: cannot be compiled within 1 s and 2 GiB"):
        list(compile_all(tmp_path, ["a.xsd"], Budget(cpu_seconds=1)))


def test_what_libxml2_and_xmlschema_both_refuse_is_refused(office: Office) -> None:
    broken = schema("Carriage", "CarriageNumber").replace("xs:token", "xs:nothing")

    with pytest.raises(PackError, match="nothing"):
        office.install(office.write({"pack.toml": MANIFEST, "sent.xsd": broken}))


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("[A-Z]{2}[0-9]{6}", 6),
        (r"(a{1,20}b){1,30}", 600),
        (r"\(a{1,20}\){1,30}", 30),
        (r"[({]{3}(x)*", 3),
        ("((a{9}){9}){9}", 729),
        ("(ab)+.*", 1),
        ("a{2,}", 2),
    ],
)
def test_nested_repetitions_of_a_pattern_multiply(pattern: str, count: int) -> None:
    assert repetitions(pattern) == count


@given(st.text(alphabet="ab(){}[]\\0123,*+|", max_size=40))
def test_no_pattern_makes_the_count_fail(pattern: str) -> None:
    assert repetitions(pattern) >= 0


# -- XSD 1.1

ASSERTING = (
    schema("Carriage", "CarriageNumber")
    .replace(
        "</xs:sequence></xs:complexType>",
        "</xs:sequence><xs:assert test=\"Number != '13'\"/></xs:complexType>",
    )
    .replace("<xs:schema ", f'<xs:schema xpathDefaultNamespace="{NAMESPACE}" ')
)


def test_a_schema_that_needs_xsd_11_is_validated_by_xmlschema(office: Office) -> None:
    effect = office.install(office.write({**GOOD, "sent.xsd": ASSERTING})).effects[0]

    assert effect.engine == "xmlschema"
    validator = Validator(office.catalogue)
    validator.warm_up()
    assert validator.validate(root(number="12"), recognised(office)).valid
    refused = validator.validate(root(number="13"), recognised(office))
    assert (refused.valid, refused.total, refused.findings[0].line) == (False, 1, 1)
    assert not validator.validate(root(number="x" * 21), recognised(office)).valid


def test_a_schema_that_only_asks_for_xsd_11_stays_fast(office: Office) -> None:
    asking = GOOD["sent.xsd"].replace(
        "<xs:schema ",
        '<xs:schema xmlns:vc="http://www.w3.org/2007/XMLSchema-versioning" vc:minVersion="1.1" ',
    )
    effect = office.install(office.write({**GOOD, "sent.xsd": asking})).effects[0]

    assert effect.engine == "libxml2"
    report = Validator(office.catalogue).validate(root(number="x" * 21), recognised(office))
    assert [one.code for one in report.findings] == ["XSD_LENGTH"]  # explained by xmlschema for 1.1


def test_a_signature_the_schema_does_not_declare_is_no_error_in_xsd_11_either(office: Office) -> None:
    office.install(office.write({**GOOD, "sent.xsd": ASSERTING}))
    document = root()
    etree.SubElement(document, "{http://www.w3.org/2000/09/xmldsig#}Signature")

    assert Validator(office.catalogue).validate(document, recognised(office)).valid


# -- in force and taken back


def test_a_pack_counts_a_moment_after_it_is_installed_for_all_processes_at_once(office: Office) -> None:
    other = office.opened()
    office.install(office.write(GOOD), wait=False)

    with pytest.raises(UnknownMessageError):
        other.recognise(root(), on=DAY, at=office.at)
    office.pass_by(seconds=LEAD.total_seconds())
    assert other.recognise(root(), on=DAY, at=office.at).code == "Carriage"


def test_a_pack_taken_back_still_judges_what_was_received_while_it_counted(office: Office) -> None:
    office.install(office.write(GOOD))
    received = office.at
    line = office.packs.take_back()
    office.pass_by(days=1)

    assert line.until is not None
    assert office.catalogue.recognise(root(), on=DAY, at=received).code == "Carriage"
    with pytest.raises(UnknownMessageError):
        office.catalogue.recognise(root(), on=DAY, at=office.at)
    assert "Carriage" not in {one.code for one in office.catalogue.types()}


def test_packs_are_taken_back_one_by_one_and_may_come_again(office: Office) -> None:
    first = office.install(office.write(GOOD)).line
    second = office.install(
        office.write({**GOOD, "sent.xsd": schema("Carriage", "CarriageNumber", length=9)}, "2")
    ).line
    assert recognised(office).pack == second.pack

    assert office.packs.take_back().pack == second.pack
    office.pass_by(seconds=10)
    assert recognised(office).pack == first.pack
    office.install(office.folder / "2")
    assert recognised(office).pack == second.pack
    assert office.packs.take_back(first.pack).pack == first.pack
    with pytest.raises(PackError, match="no such pack is in force"):
        office.packs.take_back(first.pack)


def test_where_no_pack_was_ever_installed_none_is_taken_back(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no such pack is in force"):
        PackFolder(tmp_path / "none", lambda: START).take_back()
    assert not (tmp_path / "none").exists()


def test_the_later_version_counts_from_its_first_day_on(office: Office) -> None:
    office.install(office.write(GOOD))
    newer = office.write({"b.xsd": schema("Carriage", length=30)}, "newer")
    office.install(newer, system="SENT", version="2", valid_from=date(2026, 6, 1))

    def version(day: date) -> str:
        return office.catalogue.recognise(root(), on=day, at=office.at).version

    assert version(date(2026, 5, 31)) == "1"
    assert version(date(2026, 6, 1)) == "2"


def test_a_file_changed_after_installation_is_not_used(office: Office) -> None:
    line = office.install(office.write(GOOD)).line
    file = office.folder / "packs" / line.pack / "xsd" / "sent.xsd"
    file.write_text(file.read_text() + " ")

    with pytest.raises(CatalogueError, match="was changed after it was installed"):
        office.opened()


def test_a_running_gateway_keeps_what_it_has_when_a_change_cannot_be_read(office: Office) -> None:
    office.install(office.write(GOOD))
    assert is_known(office)
    listed = office.folder / "packs" / "in-force.json"
    good = listed.read_text()
    listed.with_name("new").write_text("{")
    listed.with_name("new").replace(listed)

    assert is_known(office)
    assert is_known(office)
    assert len(office.failures) == 1  # told once, not for every document
    office.pass_by(seconds=60)
    assert is_known(office)
    assert len(office.failures) == 2  # and again as long as it lasts
    listed.write_text(good)
    assert is_known(office)
    assert office.packs.stamp() is not None


def test_a_pack_on_trial_changes_nothing_and_can_be_put_in_force(office: Office) -> None:
    trial = office.install(office.write(GOOD), mode=Mode.SHADOW).line

    assert not is_known(office)
    assert [one.pack for one in office.catalogue.shadows()] == [trial.pack]
    office.install(office.folder / "pack")
    assert is_known(office)
    assert office.catalogue.shadows() == {}


KILLED = """
import sys
from pathlib import Path
from tests.unit.schemas.pack_tools import Office
office = Office(folder=Path(sys.argv[1]))
print("ready", flush=True)
for number in range(1000):
    (office.folder / "pack" / "pack.toml").write_text(sys.argv[2].replace('"1"', f'"1.{number}"'))
    office.install(office.folder / "pack")
    print(number, flush=True)
"""


@pytest.mark.parametrize("millis", [0, 20, 60])
def test_killed_at_any_moment_the_old_packs_or_the_new_ones_are_in_force(office: Office, millis: int) -> None:
    office.install(office.write(GOOD))
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(office.folder), MANIFEST],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.readline()  # one is installed, the next has begun
        time.sleep(millis / 1000)
        child.kill()

    opened = office.opened()  # every pack of the list is whole, or this fails
    versions = {one.version for one in opened.types() if one.system == "SENT"}
    assert "1.0" in versions
    office.install(office.write({**GOOD, "pack.toml": MANIFEST.replace('"1"', '"2"')}, "later"))
    assert recognised(office).version == "2"  # the lock went with its holder


def test_an_installation_that_fails_leaves_nothing_behind(office: Office) -> None:
    broken = schema("Carriage", "CarriageNumber").replace("xs:token", "xs:nothing")
    with pytest.raises(PackError):
        office.install(office.write({"pack.toml": MANIFEST, "sent.xsd": broken}))

    assert list((office.folder / "packs").iterdir()) == []


def test_what_a_killed_installation_left_is_removed_a_day_later(office: Office) -> None:
    left = office.folder / "packs" / ".staged-abc"
    left.mkdir(parents=True)
    then = (START - timedelta(days=2)).timestamp()
    os.utime(left, (then, then))

    office.install(office.write(GOOD))

    assert not left.exists()


def test_the_list_says_who_installed_what_and_when(office: Office) -> None:
    office.install(office.write(GOOD))
    listed = json.loads((office.folder / "packs" / "in-force.json").read_text())

    assert [(one["by"], one["mode"], one["until"]) for one in listed] == [("test", "active", None)]
    assert listed[0]["since"].startswith("2026-03-30T09:00:05")
