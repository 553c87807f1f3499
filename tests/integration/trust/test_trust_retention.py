"""Evidence and lists are kept as long as the settings say, and no longer."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from gateway.actions import Action
from gateway.observe import Observer
from gateway.store.sql_store import SqlStore
from gateway.trust.retention import EvidenceRetention
from signing.evidence import Evidence, EvidenceKind
from signing.revocation.sql import SqlRevocationCache
from signing.trustlists.loading import hold
from signing.trustlists.repository import SqlListRepository
from tests.unit.signing.trustlists.made_lists import NOW, Made, verified

DAY = timedelta(days=1)
EVIDENCE = Evidence.of(EvidenceKind.OCSP, b"an answer")


@dataclass
class Ears(Observer):
    """Remembers what it is told."""

    told: list[tuple[Action, dict[str, object]]] = field(default_factory=list)

    def __call__(self, action: Action, *, detail: str = "", **facts: object) -> None:  # noqa: ARG002 - as told
        self.told.append((action, facts))


@pytest.fixture
def filled(store: SqlStore) -> SqlStore:
    """Evidence of today, and three lists, a day between each."""
    with store.begin() as work:
        SqlRevocationCache(work.connection).keep([EVIDENCE], at=NOW)
        repository = SqlListRepository(work.connection)
        for number in range(3):
            made = verified(Made(sequence=number + 1))
            repository.add(hold(made, location="https://list.example", accepted_at=NOW + number * DAY))
        work.commit()
    return store


def purge(store: SqlStore, *, days: int, at: datetime) -> list[tuple[Action, dict[str, object]]]:
    ears = Ears()
    EvidenceRetention(store=store, keep_for=timedelta(days=days), clock=lambda: at, observe=ears).purge()
    return ears.told


def left(store: SqlStore) -> tuple[int, list[int]]:
    with store.read() as work:
        evidence = work.connection.scalar(text("SELECT count(*) FROM revocation_evidence")) or 0
        query = text("SELECT sequence FROM trusted_lists ORDER BY sequence")
        return evidence, list(work.connection.scalars(query))


def test_what_a_decision_may_have_rested_on_in_time_stays(filled: SqlStore) -> None:
    assert purge(filled, days=30, at=NOW + 30 * DAY) == []
    assert left(filled) == (1, [1, 2, 3])


def test_what_is_older_goes_and_is_told_but_never_the_list_in_force(filled: SqlStore) -> None:
    # The first list was in force until the second came, a day after it.
    assert purge(filled, days=30, at=NOW + 32 * DAY) == [(Action.EVIDENCE_PURGED, {"count": 1, "lists": 1})]
    assert left(filled) == (0, [2, 3])
    purge(filled, days=30, at=NOW + 3000 * DAY)
    assert left(filled) == (0, [3])


def test_zero_days_keep_everything_for_good(filled: SqlStore) -> None:
    assert purge(filled, days=0, at=NOW + 30_000 * DAY) == []
    assert left(filled) == (1, [1, 2, 3])
