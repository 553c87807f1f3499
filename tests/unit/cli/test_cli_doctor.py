"""`sisc doctor`: what is wrong with a deployment is told with its remedy, and nothing in it changes."""

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import clock
from gateway.diagnosis.lines import Level, Page, looked
from gateway.settings import load_settings
from gateway.store.model import DocumentState, NewDocument, NewWork
from gateway.store.quarantine import NewQuarantined, Quarantine, QuarantineReason
from gateway.store.sql_store import SqlStore
from gateway.store.unit_of_work import SqlUnitOfWork
from routing.model import Answer, AnswerKind
from tests.unit.cli.cli_kit import PROJECT, Run

LONG_AGO = timedelta(hours=3)


def told(run: Run, *options: str) -> dict[str, dict[str, str]]:
    """What is not well, by subject."""
    done = run(*options, "doctor", "--json")
    bad = {line["subject"]: line for line in done.lines if line["level"] != "ok"}
    assert done.code == (1 if any(line["level"] == "failure" for line in bad.values()) else 0)
    assert all(line["remedy"] and (PROJECT / line["page"]).is_file() for line in bad.values())
    return bad


@contextmanager
def changing(folder: Path) -> Iterator[SqlUnitOfWork]:
    """A transaction on the gateway that is set up in a folder."""
    store = SqlStore.open(load_settings(folder / "sisc.toml").store_url)
    try:
        with store.begin() as work:
            yield work
            work.commit()
    finally:
        store.close()


def test_nothing_is_wrong_with_a_sandbox(run: Run, installed: Path) -> None:
    files = {path: path.stat().st_mtime_ns for path in (installed / "keys").iterdir()}

    assert told(run) == {}
    assert {path: path.stat().st_mtime_ns for path in (installed / "keys").iterdir()} == files


@pytest.mark.usefixtures("installed")
def test_people_get_a_line_a_subject_and_the_sum(run: Run) -> None:
    shown = run("doctor")

    assert shown.code == 0
    assert "ok       database: sqlite" in shown.out
    assert shown.out.splitlines()[-1].endswith(" ok, 0 warning, 0 failure")


def test_an_empty_folder_needs_all_that_the_guide_makes(run: Run) -> None:
    bad = told(run)

    assert {subject for subject, line in bad.items() if line["level"] == "failure"} == {
        "seal",
        "authority",
        "database",
    }
    assert "sisc ca init" in bad["seal"]["remedy"]
    assert "sisc migrate" in bad["database"]["remedy"]


@pytest.mark.parametrize("text", ["[web", "[web]\nprot = 1", "[routes.AES]\nadapter = 'pigeon'"])
def test_settings_that_cannot_be_used_are_all_that_is_told(text: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "sisc.toml").write_text(text)

    assert list(told(run)) == ["settings"]


def test_a_settings_file_that_is_not_there_is_told(run: Run) -> None:
    assert "none.toml" in told(run, "--config", "none.toml")["settings"]["found"]


def _wrong_seal_password(folder: Path, _: pytest.MonkeyPatch) -> None:
    settings = folder / "sisc.toml"
    settings.write_text(settings.read_text().replace("seal_password = ", "seal_password = 'x' # "))


def _no_database(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "data" / "sisc.sqlite3").unlink()


def _damaged_database(folder: Path, _: pytest.MonkeyPatch) -> None:
    for name in ("sisc.sqlite3-wal", "sisc.sqlite3-shm"):
        (folder / "data" / name).unlink(missing_ok=True)
    (folder / "data" / "sisc.sqlite3").write_bytes(b"no database at all" * 100)


def _database_out_of_reach(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_STORE__URL", "postgresql+psycopg://sisc:hush@127.0.0.1:1/none")


def _unknown_kind_of_database(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_STORE__URL", "oracle://sisc:hush@host/none")


def _other_credentials_key(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "keys" / "credentials.key").write_text("A" * 43 + "=")


def _no_credentials_key(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "keys" / "credentials.key").unlink()


def _open_key_file(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "keys" / "seal.p12").chmod(0o644)


def _data_is_a_file(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_DATA", "sisc.toml/data")


def _tls_without_key(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_WEB__CERTIFICATE", "tls.pem")


def _damaged_packs(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "packs").mkdir()
    (folder / "packs" / "in-force.json").write_text("{")


def _back_end_away(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_ROUTES__AES__ADAPTER", "http")
    monkeypatch.setenv("SISC_ROUTES__AES__URL", "http://127.0.0.1:1/documents")


def _class_of_no_system(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_SIGNERS__ACCEPTED", '{"ntcs2": ["QUALIFIED"]}')


def _stale_revocation_data(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_REVOCATION__STALE_GRACE_HOURS", "5")


def _signers_without_file(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_TRUST__LIST_OF_LISTS_SIGNERS", "lotl.pem")


def _half_a_trusted_profile(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_TRUST__TRUSTED_PROFILE_SEALS", "seals.pem")


@pytest.mark.parametrize(
    ("harm", "subject", "level", "word"),
    [
        (_wrong_seal_password, "seal", Level.FAILURE, "wrong password"),
        (_no_database, "database", Level.FAILURE, "its schema is at nothing"),
        (_damaged_database, "database", Level.FAILURE, "not a database"),
        (_database_out_of_reach, "database", Level.FAILURE, "refused"),
        (_unknown_kind_of_database, "database", Level.FAILURE, "not supported"),
        (_other_credentials_key, "credentials", Level.FAILURE, "no vault key opens"),
        (_no_credentials_key, "credentials", Level.FAILURE, "cannot read"),
        (_open_key_file, "key files", Level.WARNING, "seal.p12"),
        (_data_is_a_file, "folder data", Level.FAILURE, "Not a directory"),
        (_tls_without_key, "TLS", Level.FAILURE, "web.key"),
        (_damaged_packs, "schemas", Level.FAILURE, "packs"),
        (_back_end_away, "back end AES", Level.FAILURE, "http: "),
        (_back_end_away, "choices", Level.WARNING, "are simulated"),
        (_class_of_no_system, "choices", Level.WARNING, "NTCS2"),
        (_stale_revocation_data, "choices", Level.WARNING, "5 hours"),
        (_signers_without_file, "trusted lists", Level.FAILURE, "lotl.pem"),
        (_half_a_trusted_profile, "trusted profile", Level.FAILURE, "together"),
    ],
)
def test_what_is_wrong_is_told_under_its_subject(
    harm: Callable[[Path, pytest.MonkeyPatch], None],
    subject: str,
    level: Level,
    word: str,
    *,
    run: Run,
    installed: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    harm(installed, monkeypatch)

    bad = told(run)

    assert (bad[subject]["level"], word in bad[subject]["found"]) == (level.value, True)
    assert "hush" not in str(bad)


def test_a_port_taken_by_a_stranger_is_a_failure(run: Run, installed: Path) -> None:
    port = load_settings(installed / "sisc.toml").web.port
    with closing(socket.socket()) as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        stranger.settimeout(0.1)

        assert told(run)["port"]["level"] == "failure"


def test_work_that_nobody_does_is_a_failure(run: Run, installed: Path) -> None:
    with changing(installed) as work:
        work.queue.put("verify", NewWork(sys_ref="1", account="a"), at=clock.now() - LONG_AGO)

    bad = told(run)["queue verification"]

    assert (bad["level"], bad["remedy"]) == ("failure", "run sisc worker, or more of them")


def test_work_for_a_system_without_route_is_a_failure(run: Run, installed: Path) -> None:
    with changing(installed) as work:
        work.queue.put("deliver:OLD", NewWork(sys_ref="1", account="a"), at=clock.now())

    assert "no route" in told(run)["queue OLD"]["found"]


@pytest.mark.usefixtures("installed")
def test_a_pause_is_told_with_who_and_why(run: Run) -> None:
    run("systems", "pause", "AES", "--reason", "moved")

    assert told(run)["pauses"]["found"].endswith(": moved")


def test_answers_in_the_quarantine_are_counted(run: Run, installed: Path) -> None:
    answer = Answer(back_end_id="7", kind=AnswerKind.BUSINESS, type_code="", content=b"?", filename="a.xml")
    with changing(installed) as work:
        held = NewQuarantined(
            system="AES",
            answer=answer,
            reason=QuarantineReason.MALFORMED,
            detail="",
            arrived_at=clock.now(),
        )
        Quarantine(work.connection).add([held])

    assert told(run)["quarantine"]["found"].startswith("1 answers wait")


def test_documents_given_up_are_counted(run: Run, installed: Path) -> None:
    document = NewDocument(
        sys_ref="1",
        account="a",
        system="AES",
        type_code="CC515C",
        received_at=clock.now(),
        content=b"x",
        filename=None,
        mime="application/xml",
    )
    with changing(installed) as work:
        work.documents.add(document)
        kept = work.documents.get("1")
        work.documents.update(replace(kept, state=DocumentState.UNDELIVERABLE))

    assert told(run)["given up"]["found"].startswith("1 documents")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written_is_a_failure(run: Run, installed: Path) -> None:
    (installed / "data").chmod(0o500)

    assert told(run)["folder data"]["level"] == "failure"


def test_what_cannot_be_looked_at_is_a_failure() -> None:
    def gone() -> list[object]:
        raise PermissionError(13, "Permission denied", "keys")

    (line,) = looked("keys", gone, "let it", Page.RUN)  # type: ignore[arg-type]  # it never returns

    assert (line.level, line.remedy) == (Level.FAILURE, "let it")


@pytest.mark.usefixtures("installed")
def test_the_page_names_every_subject(run: Run) -> None:
    page = (PROJECT / "docs" / "how-to" / "production" / "doctor.md").read_text("utf-8")
    subjects = {line["subject"] for line in run("doctor", "--json").lines}
    written = {re.sub(r"^(folder|queue|back end) .*", r"\1 …", subject) for subject in subjects}

    assert [subject for subject in written if f"`{subject}`" not in page] == []
