"""Work about the same movement is claimed one after the other, whatever happens to the one before."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from gateway.errors import LostLeaseError
from gateway.store.model import NewWork, WorkItem
from gateway.store.sql_store import SqlStore

LANE = "deliver:AES"
LEASE = timedelta(minutes=1)


def put(store: SqlStore, at: datetime, *names: str, key: str | None = "key", lane: str = LANE) -> None:
    """Items named by their positions within a key, e.g. "1"."""
    work = [NewWork(sys_ref=name, account="anna", order_key=key, position=int(name)) for name in names]
    with store.begin() as unit:
        unit.queue.put_many(lane, work, at=at)
        unit.commit()


def claim(store: SqlStore, at: datetime, *, limit: int = 10, lane: str = LANE) -> Sequence[WorkItem]:
    with store.begin() as unit:
        items = unit.queue.claim(lane, owner="me", at=at, lease=LEASE, limit=limit)
        unit.commit()
    return items


def names(items: Sequence[WorkItem]) -> list[str]:
    return [item.sys_ref for item in items]


def done(store: SqlStore, items: Sequence[WorkItem]) -> None:
    with store.begin() as unit:
        assert len(unit.queue.done_many(items)) == len(items)
        unit.commit()


def test_a_follower_is_claimed_once_the_one_before_is_done(store: SqlStore, at: datetime) -> None:
    put(store, at, "2", "1", "3")
    for expected in ("1", "2", "3"):
        items = claim(store, at)
        assert names(items) == [expected]
        assert not claim(store, at)
        done(store, items)


def test_work_with_other_keys_or_none_overtakes(store: SqlStore, at: datetime) -> None:
    put(store, at, "1", "2")
    put(store, at, "3", key="another")
    put(store, at, "4", key=None)
    assert names(claim(store, at)) == ["1", "3", "4"]


def test_a_follower_waits_while_the_one_before_is_put_off(store: SqlStore, at: datetime) -> None:
    put(store, at, "1", "2")
    (first,) = claim(store, at)
    with store.begin() as unit:
        unit.queue.retry(first, at=at + LEASE)
        unit.commit()
    assert not claim(store, at + timedelta(seconds=30))
    (again,) = claim(store, at + LEASE)
    assert (again.sys_ref, again.attempt) == ("1", 2)


def test_waiting_behind_another_counts_no_attempt(store: SqlStore, at: datetime) -> None:
    put(store, at, "1", "2")
    first = claim(store, at)
    for seconds in range(0, 50, 10):
        assert not claim(store, at + timedelta(seconds=seconds))
    done(store, first)
    (second,) = claim(store, at + timedelta(seconds=50))
    assert (second.sys_ref, second.attempt) == ("2", 1)


def test_many_that_came_too_early_keep_nobody_else_waiting(store: SqlStore, at: datetime) -> None:
    put(store, at, *(f"{place}" for place in range(1, 30)))
    put(store, at, "99", key="another")
    claimed = [*claim(store, at, limit=4), *claim(store, at, limit=4)]
    assert sorted(names(claimed)) == ["1", "99"]


def test_a_delivery_waits_for_the_verification_of_what_came_before(store: SqlStore, at: datetime) -> None:
    """Two documents are taken in; the second is verified first."""
    early = NewWork(sys_ref="early", account="anna", order_key="key")
    late = NewWork(sys_ref="late", account="anna", order_key="key")
    with store.begin() as unit:
        unit.queue.put_many("verify", [early, late], at=at)
        unit.commit()
    first, second = claim(store, at, lane="verify")
    done(store, [second])
    put(store, at, f"{second.position}")
    assert not claim(store, at)
    with store.begin() as unit:
        unit.queue.done(first)
        onward = NewWork(sys_ref="early", account="anna", order_key="key", position=first.position)
        unit.queue.put(LANE, onward, at=at)
        unit.commit()
    items = claim(store, at)
    assert names(items) == ["early"]
    done(store, items)
    assert names(claim(store, at)) == [f"{second.position}"]


def test_a_follower_nobody_woke_is_looked_at_again(store: SqlStore, at: datetime) -> None:
    """As when it was put off while the one before was being finished elsewhere."""
    put(store, at, "1", "2")
    first = claim(store, at)
    assert not claim(store, at)
    with store.begin() as unit:
        unit.connection.exec_driver_sql(f"DELETE FROM work_items WHERE id = {first[0].id}")  # noqa: S608 - a number
        unit.commit()
    assert not claim(store, at)
    assert names(claim(store, at + timedelta(seconds=5))) == ["2"]


def test_a_finished_item_of_another_owner_wakes_nobody(store: SqlStore, at: datetime) -> None:
    put(store, at, "1", "2")
    (first,) = claim(store, at)
    claim(store, at + LEASE)  # the lease has ended: another worker has it now
    with store.begin() as unit, pytest.raises(LostLeaseError):
        unit.queue.done(first)
    assert not claim(store, at + LEASE)
