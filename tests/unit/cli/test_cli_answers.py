"""`sisc answers`: the quarantine as an operator sees it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.store.quarantine import NewQuarantined, Quarantine, QuarantineReason
from gateway.store.sql_store import SqlStore
from routing.model import Answer, AnswerKind
from tests.unit.cli.cli_kit import Run


@pytest.fixture
def run_on_store(run: Run, sqlite_url: str, sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`sisc` on a database with one answer in the quarantine."""
    monkeypatch.setenv("SISC_STORE__URL", sqlite_url)
    answer = Answer(
        back_end_id="26PL-7",
        kind=AnswerKind.UNREAD,
        type_code="",
        filename="answer.xml",
        content=b"<unheard-of/>",
        sys_ref="11111111-2222-3333-4444-555555555555",
    )
    held = NewQuarantined(
        system="NCTS2",
        answer=answer,
        reason=QuarantineReason.UNKNOWN_TYPE,
        detail="no such message",
        arrived_at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
    )
    with sqlite_store.begin() as work:
        Quarantine(work.connection).add([held])
        work.commit()
    return run


def test_what_is_held_is_listed_with_its_reason(run_on_store: Run) -> None:
    listed = run_on_store("answers", "list", "--system", "ncts2", "--json")

    assert listed.code == 0
    [line] = listed.lines
    assert (line["answer"], line["id"], line["reason"]) == (1, "26PL-7", "unknown_type")
    assert line["state"] == "waiting"
    assert not run_on_store("answers", "list", "--system", "AES", "--json").out


def test_the_table_is_for_people(run_on_store: Run) -> None:
    listed = run_on_store("answers", "list")

    assert "unknown_type" in listed.out
    assert "2026-11-21 10:00:00" in listed.out  # in Warsaw


def test_an_answer_is_shown_and_saved_byte_for_byte(run_on_store: Run, tmp_path: Path) -> None:
    file = tmp_path / "held.xml"

    shown = run_on_store("answers", "show", 1, "--save", file, "--json")

    assert json.loads(shown.out)["sysRef"] == "11111111-2222-3333-4444-555555555555"
    assert file.read_bytes() == b"<unheard-of/>"
    again = run_on_store("answers", "show", 1, "--save", file)
    assert again.code == 2
    assert "is there already" in again.told


def test_a_number_that_is_not_there_is_told(run_on_store: Run) -> None:
    assert run_on_store("answers", "show", 9).code == 1
