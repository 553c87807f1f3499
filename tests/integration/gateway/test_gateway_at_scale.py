"""What the channel's operations cost must not grow with what is stored; `make bench-scale` measures it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.scale.servers import gateway_on
from benchmarks.scale.volume import fill, plans_of
from benchmarks.workshop import Workshop
from gateway.store.engine import is_sqlite

#: Tables that grow with every document.
GROWING = (
    "documents",
    "payloads",
    "identifiers",
    "number_owners",
    "events",
    "replies",
    "reply_contents",
    "nonces",
)
STORED = 2_000


@pytest.fixture
def workshop(store_url: str, tmp_path: Path) -> Iterator[Workshop]:
    """A gateway whose store holds documents of many senders."""
    with gateway_on(tmp_path / "sandbox", store_url) as workshop:
        engine = workshop.gateway.store.engine
        fill(workshop.gateway.store, STORED, own=workshop.login)
        if not is_sqlite(engine):  # nobody tells SQLite, and it goes by the form of a query
            with engine.begin() as connection:
                connection.exec_driver_sql("ANALYZE")
        yield workshop


def _reads_all(line: str) -> bool:
    """Whether a line of a plan passes over all rows of a table that grows."""
    words = line.strip(" ->").split()
    scans = words[:1] == ["SCAN"] or words[:2] == ["Seq", "Scan"]
    return scans and any(table in words for table in GROWING)


def test_every_operation_finds_what_it_reads_by_an_index(workshop: Workshop) -> None:
    plans = plans_of(workshop)
    assert {name.partition(" ")[0].rstrip(",") for name in plans} == {
        "AcceptDocument",
        "GetNextDocument",
        "GetDocuments",
    }
    for name, lines in plans.items():
        assert not [line for line in lines if _reads_all(line)], name


def test_the_next_document_is_reached_past_however_many_that_are_too_old(workshop: Workshop) -> None:
    plans = plans_of(workshop)
    sqlite = is_sqlite(workshop.gateway.store.engine)
    sought = "(account=? AND created_at>?)" if sqlite else "AND (created_at >= "
    for name in ("GetNextDocument", "GetNextDocument, many too old", "GetNextDocument, many waiting"):
        lines = plans[name]
        assert any("ix_replies_waiting_account " in line for line in lines), name
        assert any(sought in line for line in lines), name
