"""Records of PDR in the register: each once, in the same scope as before, the bad ones told line by line."""

import base64
import io
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Table, func, select

from benchmarks.pdr_records import nip, pesel, write_pdr
from gateway import clock
from gateway.migration import PdrImport
from gateway.store.sql_store import SqlStore
from registry import tables
from registry.history import Subject
from registry.model import Entity, NumberKind, Person, RepresentationLevel
from registry.numbers import person_id_sisc
from registry.pdr.entering import Outcome
from registry.pdr.records import FIELDS, PdrFileError, Problem, ProblemCode
from registry.repository import RegistryRepository
from signing.authority import CertificateSubject, KeyType, create_authority, generate_key, issue
from signing.cbtd_register import SqlCbtdRegister
from signing.tables import cbtd_certificates
from tests.acceptance.running import PROJECT

NOW = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)  # already the next day in Poland
ANNA = person_id_sisc(pesel(1))
FIRM = f"PL{nip(1)}00000"
HEADER = (
    "record,id,pesel,document,given_names,surname,name,nip,regon,eori,excise,owner,representative,represented,"
    "systems,level,valid_from,valid_to,holder,certificate\n"
)
COLUMNS = HEADER.strip().split(",")


def line(**values: str) -> str:
    return ",".join(values.get(column, "") for column in COLUMNS) + "\n"


def person(number: str = "P1", **values: str) -> str:
    return line(**{"record": "person", "id": number, "pesel": pesel(1), "surname": "Lis", **values})


def firm(number: str = "E1", **values: str) -> str:
    given = {"record": "entity", "id": number, "name": "Firma", "nip": nip(1), "eori": FIRM, **values}
    return line(**given)


def right(number: str = "A1", **values: str) -> str:
    given = {"representative": "P1", "represented": "E1", "systems": "CELINA ECS", **values}
    return line(record="authorisation", id=number, **given)


@cache
def certificate(common: str = "Klucz") -> str:
    authority = create_authority("CBTD", KeyType.P256, at=NOW)
    subject = CertificateSubject(id_sisc=ANNA, given_names="Anna", surname=common, pesel=pesel(1))
    made = issue(authority, generate_key(KeyType.P256).public_key(), subject, at=NOW)
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def key(number: str = "K1", **values: str) -> str:
    return line(record="key", id=number, **{"holder": "P1", "certificate": certificate(), **values})


class Run:
    """Imports texts into a store, and remembers what was told."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.problems: list[Problem] = []

    def __call__(self, *lines: str, dry: bool = False) -> Counter[Outcome]:
        self.problems.clear()
        file = io.BytesIO((HEADER + "".join(lines)).encode())
        return self._run.rehearse(file) if dry else self._run.run(file)

    def file(self, file: Path) -> Counter[Outcome]:
        with file.open("rb") as opened:
            return self._run.run(opened)

    @property
    def _run(self) -> PdrImport:
        return PdrImport(
            store=self.store,
            operator="operator:ola",
            at=NOW,
            new_id=clock.new_id,
            on_problem=self.problems.append,
            on_progress=lambda _records: None,
        )

    @property
    def told(self) -> list[tuple[int, str, ProblemCode]]:
        return [(problem.line, problem.field, problem.code) for problem in self.problems]


@pytest.fixture
def run(store: SqlStore) -> Run:
    return Run(store)


def count(store: SqlStore, *counted: Table) -> list[int]:
    with store.read() as work:
        return [work.connection.scalar(select(func.count()).select_from(table)) or 0 for table in counted]


#: For what does not depend on the kind of database.
ON_SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
EVERYTHING: Sequence[Table] = (
    tables.persons,
    tables.entities,
    tables.numbers,
    tables.representations,
    tables.migrated,
    tables.history,
    cbtd_certificates,
)


def test_persons_entities_authorisations_and_keys_are_entered(run: Run) -> None:
    lines = (
        person(given_names="Anna"),
        firm(owner="P1", excise="PL12345678901 PL12345678902"),
        right(),
        key(),
    )
    assert run(*lines) == {Outcome.ENTERED: 4}
    with run.store.read() as work:
        registry = RegistryRepository(work.connection)
        assert registry.get_person(ANNA).given_names == "Anna"
        entity = registry.get_entity(FIRM)
        assert entity.owner_person == ANNA
        assert (NumberKind.EXCISE, "PL12345678902") in entity.numbers
        assert [one.person_id for one in SqlCbtdRegister(work.connection).list_all()] == [ANNA]
        (change,) = registry.history(Subject.PERSON, ANNA)
        assert (change.operator, change.action, change.document) == ("operator:ola", "migrated", "PDR P1")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("CELINA", {"CELINA", "AIS"}),
        ("ECS", {"ECS", "AES"}),
        ("ICS", {"ICS"}),
        ("INTRASTAT", {"INTRASTAT"}),
        ("emcs NCTS", {"EMCS", "EMCSPL2", "NCTS", "NCTS2"}),
    ],
)
def test_a_migrated_right_has_the_same_scope_as_before(run: Run, before: str, now: set[str]) -> None:
    run(person(), firm(), right(systems=before, valid_to="2027-01-31"))
    with run.store.read() as work:
        (found,) = RegistryRepository(work.connection).representations(limit=9)
    assert found.systems == now
    assert (found.representative, found.represented) == (ANNA, FIRM)
    assert (found.level, found.version) == (RepresentationLevel.BASIC, 1)
    assert (found.valid_from.isoformat(), str(found.valid_to)) == ("2026-03-11", "2027-01-31")


def test_running_a_file_again_doubles_nothing(run: Run) -> None:
    lines = (person(), firm(), right(), key())
    run(*lines)
    before = count(run.store, *EVERYTHING)
    assert run(*lines) == {Outcome.PRESENT: 4}
    assert count(run.store, *EVERYTHING) == before


def test_a_dry_run_tells_the_same_and_enters_nothing(run: Run) -> None:
    lines = (person(), person("P2"), firm(), right(), right("A2", representative="P9"), key(), key("K2"))
    dry = run(*lines, dry=True)
    told = list(run.told)
    assert count(run.store, *EVERYTHING) == [0] * len(EVERYTHING)
    assert dry == run(*lines) == {Outcome.ENTERED: 4, Outcome.REFUSED: 3}
    assert told == run.told
    assert run(*lines, dry=True) == {Outcome.PRESENT: 4, Outcome.REFUSED: 3}


def test_duplicates_are_reported_line_by_line(run: Run) -> None:
    run(
        person(),
        person("P1", surname="Inna"),
        person("P2"),
        firm(),
        firm("E2", eori="", regon="123456785"),
        firm("E3"),
        key(),
        key("K2"),
    )
    assert run.told == [
        (3, "id", ProblemCode.DUPLICATE),
        (4, "id_sisc", ProblemCode.DUPLICATE),
        (6, "nip", ProblemCode.DUPLICATE),
        (7, "id_sisc", ProblemCode.DUPLICATE),
        (9, "certificate", ProblemCode.DUPLICATE),
    ]
    assert all(problem.message_pl and problem.message_en for problem in run.problems)
    assert run.problems[2].message_en == f"nip {nip(1)} belongs to {FIRM} already"


@ON_SQLITE
@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        (person(pesel="44051401459"), "PESEL", ProblemCode.BAD_NUMBER),
        (firm(nip="1234567890"), "NIP", ProblemCode.BAD_NUMBER),
        (firm(regon="123456789"), "REGON", ProblemCode.BAD_NUMBER),
        (firm(eori="PL123"), "EORI", ProblemCode.BAD_NUMBER),
        (firm(excise="PL1"), "excise number", ProblemCode.BAD_NUMBER),
        (firm(eori="", nip=""), "ID SISC", ProblemCode.BAD_NUMBER),
        (person(pesel=""), "pesel", ProblemCode.BAD_RECORD),
        (person(pesel="", document="FE123456"), "document", ProblemCode.BAD_VALUE),
        (person(pesel="", document="UA --"), "document", ProblemCode.BAD_VALUE),
        (person(surname=""), "surname", ProblemCode.BAD_RECORD),
        (person(id=""), "id", ProblemCode.BAD_RECORD),
        (person(name="Firma"), "name", ProblemCode.BAD_RECORD),
        (line(record="persona", id="P1"), "record", ProblemCode.BAD_RECORD),
        (person(surname="a\x01b"), "surname", ProblemCode.BAD_VALUE),
        (person(surname="a" * 501), "surname", ProblemCode.BAD_VALUE),
        (person("P" * 65), "id", ProblemCode.BAD_VALUE),
        (right(systems="cel-ina"), "systems", ProblemCode.BAD_VALUE),
        (right(level="full"), "level", ProblemCode.BAD_VALUE),
        (right(valid_to="2026-02-30"), "valid_to", ProblemCode.BAD_VALUE),
        (right(valid_to="20260228"), "valid_to", ProblemCode.BAD_VALUE),
        (right(valid_from="2026-02-02", valid_to="2026-02-01"), "valid_to", ProblemCode.BAD_VALUE),
        (right(), "representative", ProblemCode.UNKNOWN_PARTY),
        (key(certificate="???"), "certificate", ProblemCode.BAD_CERTIFICATE),
        (key(), "holder", ProblemCode.UNKNOWN_PARTY),
    ],
)
def test_a_bad_record_is_told_by_line_and_field_and_keeps_only_itself_out(
    run: Run, bad: str, field: str, code: ProblemCode
) -> None:
    good = person("P7", pesel=pesel(7))
    assert run(bad, good) == {Outcome.REFUSED: 1, Outcome.ENTERED: 1}
    assert run.told == [(2, field, code)]
    assert count(run.store, tables.persons, tables.migrated) == [1, 1]


def test_no_field_of_any_record_brings_a_batch_down(run: Run) -> None:
    """NUL is what PostgreSQL cannot even be asked about."""
    whole = {"person": person("X"), "entity": firm("X"), "authorisation": right("X"), "key": key("X")}
    spoilt = [
        _with(whole[kind], name, "ab\0cdefghijk")
        for kind, fields in FIELDS.items()
        for name in ("record", *fields)
    ]
    assert run(*spoilt, person()) == {Outcome.REFUSED: len(spoilt), Outcome.ENTERED: 1}


def _with(record: str, name: str, value: str) -> str:
    values = dict(zip(COLUMNS, record.rstrip("\n").split(","), strict=True))
    return line(**values | {name: value})


def test_nobody_represents_himself_and_a_certificate_must_be_one(run: Run) -> None:
    nonsense = base64.b64encode(b"no certificate").decode()
    run(firm(), right(representative="E1"), person(), key(certificate=nonsense))
    assert run.told == [
        (3, "representative", ProblemCode.BAD_VALUE),
        (5, "certificate", ProblemCode.BAD_CERTIFICATE),
    ]


def test_a_record_that_came_too_early_is_entered_by_the_next_run(run: Run) -> None:
    lines = (right(), person(), firm())
    assert run(*lines) == {Outcome.REFUSED: 1, Outcome.ENTERED: 2}
    assert run(*lines) == {Outcome.ENTERED: 1, Outcome.PRESENT: 2}


def test_names_are_stored_as_they_are_written(run: Run) -> None:
    surname = "Żółć-Ĳsselmeer \N{COMBINING ACUTE ACCENT}e \N{RIGHT-TO-LEFT MARK}לוי 李 O’Neill \U0001d518"
    run(person(surname=surname))
    with run.store.read() as work:
        assert RegistryRepository(work.connection).get_person(ANNA).surname == surname


def test_who_is_registered_already_keeps_his_data_and_gets_his_record(run: Run) -> None:
    with run.store.begin() as work:
        registry = RegistryRepository(work.connection)
        known = Person(id_sisc=ANNA, given_names="Anna Maria", surname="Lis-Nowa", pesel=pesel(1))
        registry.add_person(known, operator="test", at=NOW)
        business = Entity(id_sisc=FIRM, name="Nowa nazwa", numbers=((NumberKind.NIP, nip(1)),))
        registry.add_entity(business, operator="test", at=NOW)
        work.commit()
    assert run(person(), firm(), right()) == {Outcome.MATCHED: 2, Outcome.ENTERED: 1}
    with run.store.read() as work:
        registry = RegistryRepository(work.connection)
        assert registry.get_person(ANNA) == known
        assert registry.get_entity(FIRM) == business
        assert [change.action for change in registry.history(Subject.PERSON, ANNA)] == ["added", "matched"]


def test_a_person_known_by_passport_gets_one_id_sisc(run: Run) -> None:
    run(
        person(pesel="", document="UA FE123456"),
        person("P2", pesel="", document="UA FE123457"),
        person("P3", pesel="", document="UA FE123456"),
    )
    assert run.told == [(4, "id_sisc", ProblemCode.DUPLICATE)]
    with run.store.read() as work:
        found = RegistryRepository(work.connection).persons(limit=9)
    assert [one.id_sisc for one in found] == ["UA0000000FE123456", "UA0000000FE123457"]
    assert [one.pesel for one in found] == [None, None]


def test_keys_are_taken_until_the_register_is_frozen(run: Run) -> None:
    run(person(), key())
    with run.store.begin() as work:
        SqlCbtdRegister(work.connection).freeze([], operator="ola", at=NOW)
        work.commit()
    assert run(person(), key(), key("K2", certificate=certificate("Inny"))) == {
        Outcome.PRESENT: 2,
        Outcome.REFUSED: 1,
    }
    assert run.told == [(4, "certificate", ProblemCode.KEYS_FROZEN)]


def test_a_file_that_breaks_keeps_what_stands_before(run: Run) -> None:
    with pytest.raises(PdrFileError):
        run(person(), firm(), ",".join("x" * 99) + "\n")
    assert count(run.store, tables.persons, tables.entities) == [1, 1]


def test_two_runs_at_once_double_nothing(store: SqlStore) -> None:
    lines = [person(f"P{i}", pesel=pesel(i)) for i in range(600)]
    with ThreadPoolExecutor(2) as pool:
        results = [pool.submit(Run(store), *lines) for _ in range(2)]
    outcomes = sum((result.result() for result in results), Counter[Outcome]())
    assert outcomes == {Outcome.ENTERED: 600, Outcome.PRESENT: 600}
    assert count(store, tables.persons, tables.migrated, tables.history) == [600] * 3


@pytest.fixture
def sisc(store: SqlStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sequence[str]:
    """The command, on the database of this test."""
    monkeypatch.setenv("SISC_STORE__URL", store.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SISC_CONFIG", "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    return [sys.executable, "-m", "gateway.cli", "registry", "import-pdr"]


#: Imports a file and kills itself in the middle of a batch: when the 700th right gets its id.
KILLED = """
import itertools, os, signal, sys
from gateway import clock
from gateway.migration import PdrImport
from gateway.store.sql_store import SqlStore

calls = itertools.count(1)

def new_id():
    if next(calls) == 700:
        os.kill(os.getpid(), signal.SIGKILL)
    return clock.new_id()

run = PdrImport(
    store=SqlStore.open(sys.argv[1]), operator="operator:ola", at=clock.now(), new_id=new_id,
    on_problem=print, on_progress=print,
)
run.run(open(sys.argv[2], "rb"))
"""


def test_an_import_killed_in_the_middle_is_simply_run_again(run: Run, tmp_path: Path) -> None:
    file, url = tmp_path / "pdr.csv", run.store.engine.url.render_as_string(hide_password=False)
    records = write_pdr(file, persons=100, authorisations=1500)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url, str(file)], stdout=subprocess.DEVNULL, check=False, cwd=PROJECT
    )
    assert killed.returncode == -signal.SIGKILL
    assert count(run.store, tables.migrated, tables.representations) == [1000, 500]

    assert run.file(file) == {Outcome.PRESENT: 1000, Outcome.ENTERED: records - 1000}

    assert count(run.store, tables.persons, tables.entities, tables.representations) == [100, 400, 1500]
    assert count(run.store, tables.migrated, tables.history) == [records, records]


@ON_SQLITE
def test_problems_go_to_people_programs_and_a_report(sisc: Sequence[str], tmp_path: Path) -> None:
    file, report = tmp_path / "pdr.csv", tmp_path / "report.jsonl"
    bad = "".join(person(f"P{i}", pesel="1") for i in range(30))
    file.write_text(HEADER + person() + key() + bad, "utf-8")
    shown = subprocess.run(
        [*sisc, str(file), "--report", str(report), "--freeze-keys"],
        capture_output=True,
        text=True,
        check=False,
    )
    asked = subprocess.run([*sisc, str(file), "--json"], capture_output=True, text=True, check=False)

    assert (shown.returncode, asked.returncode) == (1, 1)
    assert "line 4: person P0: BAD_NUMBER: PESEL 1: 11 digits are needed" in shown.stdout
    assert "… and 10 more\n" in shown.stdout
    assert "frozen with 1 certificates" in shown.stdout
    *problems, summary = [json.loads(one) for one in asked.stdout.splitlines()]
    assert problems == [json.loads(one) for one in report.read_text("utf-8").splitlines()]
    assert {problem["code"] for problem in problems} == {"BAD_NUMBER"}
    assert (summary["present"], summary["refused"]) == (2, 30)


@ON_SQLITE
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--dry-run", "--freeze-keys"), "nothing to freeze"),
        (("--report", "/nowhere/report"), "/nowhere/report"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_entered(
    sisc: Sequence[str], tmp_path: Path, store: SqlStore, arguments: tuple[str, ...], says: str
) -> None:
    file = tmp_path / "pdr.csv"
    file.write_text(HEADER + person(), "utf-8")
    refused = subprocess.run([*sisc, str(file), *arguments], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert says in refused.stderr
    assert count(store, tables.persons) == [0]
