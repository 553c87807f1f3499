import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from gateway.errors import LostLeaseError
from gateway.store.model import NewWork, WorkItem
from gateway.store.sql_store import SqlStore

LANE = "verify"
LEASE = timedelta(minutes=1)


def _put(store: SqlStore, at: datetime, *work: tuple[str, str], lane: str = LANE) -> None:
    with store.begin() as unit:
        unit.queue.put_many(lane, [NewWork(sys_ref=ref, account=account) for ref, account in work], at=at)
        unit.commit()


def _claim(
    store: SqlStore, at: datetime, *, owner: str = "me", limit: int = 10, lane: str = LANE
) -> Sequence[WorkItem]:
    with store.begin() as unit:
        items = unit.queue.claim(lane, owner=owner, at=at, lease=LEASE, limit=limit)
        unit.commit()
    return items


def _done(store: SqlStore, items: Sequence[WorkItem]) -> None:
    with store.begin() as unit:
        assert len(unit.queue.done_many(items)) == len(items)
        unit.commit()


def test_an_item_is_claimed_once_and_gone_when_done(store: SqlStore, at: datetime) -> None:
    _put(store, at, ("doc", "anna"))
    (item,) = _claim(store, at)
    assert item == WorkItem(
        id=item.id,
        lane=LANE,
        sys_ref="doc",
        account="anna",
        attempt=1,
        lease_owner="me",
        added_at=at,
        position=item.id,
    )
    assert not _claim(store, at, owner="other")
    with store.begin() as unit:
        unit.queue.done(item)
        unit.commit()
    assert not _claim(store, at + 2 * LEASE)


def test_items_of_one_account_come_in_the_order_they_were_put(store: SqlStore, at: datetime) -> None:
    _put(store, at, *((f"{n}", "anna") for n in range(20)))
    first, second = _claim(store, at, limit=12), _claim(store, at, limit=12)
    assert [item.sys_ref for item in (*first, *second)] == [f"{n}" for n in range(20)]


def test_lanes_do_not_mix(store: SqlStore, at: datetime) -> None:
    _put(store, at, ("a", "anna"), lane="deliver:AES")
    assert not _claim(store, at)
    assert [item.sys_ref for item in _claim(store, at, lane="deliver:AES")] == ["a"]


def test_an_item_is_not_claimed_before_it_is_due(store: SqlStore, at: datetime) -> None:
    _put(store, at + timedelta(seconds=1), ("a", "anna"))
    assert not _claim(store, at)
    assert len(_claim(store, at + timedelta(seconds=1))) == 1


def test_work_that_is_due_in_the_future_is_found_when_its_time_has_come(store: SqlStore) -> None:
    later = datetime.fromisoformat("2999-01-01T00:00:00+00:00")
    _put(store, later, *((f"{n}", "anna") for n in range(3)))
    assert not _claim(store, later - timedelta(seconds=1))
    assert [item.sys_ref for item in _claim(store, later)] == ["0", "1", "2"]


def test_a_small_sender_is_in_the_first_batch_behind_a_bulk_sender(store: SqlStore, at: datetime) -> None:
    _put(store, at, *((f"bulk {n}", "bulk") for n in range(1000)))
    _put(store, at, ("small", "small"))
    assert "small" in [item.sys_ref for item in _claim(store, at, limit=32)]


def test_accounts_take_turns_also_when_the_bulk_is_half_done(store: SqlStore, at: datetime) -> None:
    _put(store, at, *((f"bulk {n}", "bulk") for n in range(100)))
    _done(store, _claim(store, at, limit=50))
    _put(store, at, *((f"small {n}", "small") for n in range(5)))
    _put(store, at, *((f"late bulk {n}", "bulk") for n in range(5)))
    claimed = Counter(item.account for item in _claim(store, at, limit=10))
    assert claimed == {"small": 5, "bulk": 5}


def test_an_item_that_keeps_failing_gives_no_advantage_over_newer_accounts(
    store: SqlStore, at: datetime
) -> None:
    _put(store, at, ("failing", "unlucky"))
    (failing,) = _claim(store, at)
    _put(store, at, *((f"bulk {n}", "bulk") for n in range(50)))
    _done(store, _claim(store, at, limit=40))
    with store.begin() as unit:
        unit.queue.retry(failing, at=at + LEASE)
        unit.commit()
    _put(store, at, *((f"unlucky {n}", "unlucky") for n in range(20)))
    claimed = Counter(item.account for item in _claim(store, at, limit=11))
    assert claimed == {"unlucky": 5, "bulk": 6}  # the failing item keeps one turn of its account


def test_a_dead_owners_items_come_back_when_the_lease_ends(store: SqlStore, at: datetime) -> None:
    _put(store, at, ("a", "anna"))
    (lost,) = _claim(store, at, owner="dead")
    assert not _claim(store, at + LEASE - timedelta(seconds=1), owner="heir")
    (item,) = _claim(store, at + LEASE, owner="heir")
    assert (item.id, item.attempt) == (lost.id, 2)
    with store.begin() as unit:
        with pytest.raises(LostLeaseError) as caught:
            unit.queue.done(lost)
        with pytest.raises(LostLeaseError):
            unit.queue.retry(lost, at=at)
    assert caught.value.item_id == lost.id
    _done(store, [item])


def test_the_same_owner_cannot_finish_a_lease_it_has_outlived(store: SqlStore, at: datetime) -> None:
    _put(store, at, ("a", "anna"))
    (old,) = _claim(store, at)
    (new,) = _claim(store, at + LEASE)
    with store.begin() as unit, pytest.raises(LostLeaseError):
        unit.queue.done(old)
    _done(store, [new])


def test_an_overdue_item_may_be_finished_as_long_as_nobody_took_it(store: SqlStore, at: datetime) -> None:
    _put(store, at, ("a", "anna"))
    _done(store, _claim(store, at))
    assert not _claim(store, at + 10 * LEASE)


def test_finishing_a_batch_tells_which_items_were_still_ours(store: SqlStore, at: datetime) -> None:
    _put(store, at, ("a", "anna"), ("b", "anna"), ("c", "anna"))
    a, b, c = _claim(store, at)
    with store.begin() as unit:
        unit.queue.retry(a, at=at)
        unit.commit()
    (again,) = _claim(store, at, owner="other")
    with store.begin() as unit:
        assert unit.queue.done_many([a, b, c]) == {b.id, c.id}
        unit.commit()
    _done(store, [again])


def test_a_late_worker_cannot_finish_a_newer_item_under_an_old_number(store: SqlStore, at: datetime) -> None:
    _put(store, at, ("a", "anna"))
    (old,) = _claim(store, at)
    _done(store, [old])
    _put(store, at, ("b", "anna"))
    (new,) = _claim(store, at)
    assert old.id != new.id
    with store.begin() as unit, pytest.raises(LostLeaseError):
        unit.queue.done(old)


def test_a_retried_item_waits_and_counts_its_attempts(store: SqlStore, at: datetime) -> None:
    _put(store, at, ("a", "anna"))
    for attempt in range(1, 4):
        (item,) = _claim(store, at)
        assert item.attempt == attempt
        at += timedelta(minutes=5)
        with store.begin() as unit:
            unit.queue.retry(item, at=at)
            unit.commit()
        assert not _claim(store, at - timedelta(seconds=1))


def test_competing_workers_do_everything_once(store: SqlStore, at: datetime) -> None:
    _put(store, at, *((f"{n}", f"account {n % 3}") for n in range(120)))
    seen: list[str] = []

    def work(owner: str) -> None:
        while items := _claim(store, at, owner=owner, limit=7):
            seen.extend(item.sys_ref for item in items)
            _done(store, items)

    workers = [threading.Thread(target=work, args=[f"worker {n}"]) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(seen, key=int) == [f"{n}" for n in range(120)]


@pytest.mark.postgres
def test_on_postgres_a_claimer_does_not_wait_for_another_ones_commit(postgres_url: str, at: datetime) -> None:
    store = SqlStore.open(postgres_url)
    _put(store, at, *((f"{n}", "anna") for n in range(6)))
    with store.begin() as one, store.begin() as two:
        first = one.queue.claim(LANE, owner="one", at=at, lease=LEASE, limit=3)
        second = two.queue.claim(LANE, owner="two", at=at, lease=LEASE, limit=3)
    assert len({item.id for item in (*first, *second)}) == 6
    store.close()


def test_the_depth_tells_what_is_there(store: SqlStore, at: datetime) -> None:
    with store.read() as unit:
        assert unit.queue.depth() == {}
    _put(store, at, ("a", "anna"), ("b", "anna"))
    _put(store, at + LEASE, ("a", "anna"), lane="deliver:AES")
    _claim(store, at, limit=1)
    with store.read() as unit:
        assert unit.queue.depth() == {"deliver:AES": 1, LANE: 2}


_CLAIM_AND_DIE = """
import os, sys
from datetime import datetime, timedelta
from gateway.store.sql_store import SqlStore
url, at, committing = sys.argv[1:]
with SqlStore.open(url).begin() as work:
    lease = timedelta(minutes=1)
    items = work.queue.claim("verify", owner="dead", at=datetime.fromisoformat(at), lease=lease, limit=9)
    assert len(items) == 2
    work.nonces.use("half done", expires=datetime.fromisoformat(at))
    if committing == "yes":
        work.commit()
    os.kill(os.getpid(), 9)
"""


def _claim_in_the_end(store: SqlStore, at: datetime) -> Sequence[WorkItem]:
    """A server may need a moment to notice that its client is gone."""
    while not (items := _claim(store, at)):
        time.sleep(0.02)
    return items


@pytest.mark.parametrize("committed", [False, True])
def test_work_of_a_killed_process_is_taken_over(
    store: SqlStore, store_url: str, at: datetime, *, committed: bool
) -> None:
    """Killed before the commit nothing has happened; killed after it the lease runs out."""
    _put(store, at, ("a", "anna"), ("b", "jan"))
    arguments = [store_url, at.isoformat(), "yes" if committed else "no"]
    killed = subprocess.run([sys.executable, "-c", _CLAIM_AND_DIE, *arguments], check=False)
    assert killed.returncode == -9
    if committed:
        assert not _claim(store, at)
    assert len(_claim_in_the_end(store, at + LEASE if committed else at)) == 2
    with store.begin() as unit:
        assert unit.nonces.purge(before=at + LEASE) == int(committed)
