"""Work items in SQL.

Accounts take turns: an item joins the round after the last one of its account, but never a round that is
over, and rounds are worked in order. So a batch holds one item of every waiting account before it holds a
second one of any, and both adding and claiming cost the same with ten items waiting or ten million.

Items with an order key wait for those with the same key that came before them: a claim that meets one too
early puts it off, and whoever finishes the one before wakes it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Connection,
    ScalarSelect,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from gateway.channel import Clock
from gateway.errors import LostLeaseError
from gateway.store.model import NewWork, WorkItem
from gateway.store.tables import work_items
from gateway.store.types import greatest
from gateway.store.wakeup import EVERY_LANE

__all__ = ["SqlQueue"]

#: At most this many items that have become due are made ready at once: a claim must stay short.
_DUE_AT_ONCE = 1000
#: After so long an item that came too early is looked at again, should nobody wake it.
_BEHIND = timedelta(seconds=5)
#: Batches of items that all came too early, after which a claim leaves it at that.
_MOST_LOOKS = 8

_item = work_items.c
_other = work_items.alias("other")


def _first_ready(lane: ColumnElement[str]) -> ScalarSelect[int]:
    """The round now being worked."""
    return (
        select(_other.c.turn)
        .where(_other.c.lane == lane, _other.c.ready)
        .order_by(_other.c.turn)
        .limit(1)
        .scalar_subquery()
    )


_lane: ColumnElement[str] = bindparam("lane", type_=_item.lane.type)
_account: ColumnElement[str] = bindparam("account", type_=_item.account.type)
_after_own = (
    select(_other.c.turn + 1)
    .where(_other.c.lane == _lane, _other.c.account == _account)
    .order_by(_other.c.turn.desc())
    .limit(1)
    .scalar_subquery()
)
_PUT = insert(work_items).from_select(
    [
        "lane",
        "account",
        "turn",
        "ready",
        "due_at",
        "attempt",
        "sys_ref",
        "added_at",
        "order_key",
        "position",
    ],
    select(
        _lane,
        _account,
        greatest(func.coalesce(_after_own, 0), func.coalesce(_first_ready(_lane), 0)),
        bindparam("ready", type_=_item.ready.type),
        bindparam("due_at", type_=_item.due_at.type),
        literal_column("0"),
        bindparam("sys_ref", type_=_item.sys_ref.type),
        bindparam("added_at", type_=_item.added_at.type),
        bindparam("order_key", type_=_item.order_key.type),
        bindparam("position", type_=_item.position.type),
    ),
    include_defaults=False,
)

_due = (
    select(_item.id)
    .where(_item.lane == bindparam("of_lane"), ~_item.ready, _item.due_at <= bindparam("at"), ~_item.held)
    .order_by(_item.due_at)
    .limit(_DUE_AT_ONCE)
    .with_for_update(skip_locked=True)
    .cte("due")
)
_MAKE_READY = update(work_items).where(_item.id.in_(select(_due.c.id))).values(ready=true())

#: Whether an item with the same key comes before: one with a position, or one that will pass its number on.
_behind = and_(
    _item.position.is_not(None),
    or_(
        exists().where(_other.c.order_key == _item.order_key, _other.c.position < _item.position),
        exists().where(
            _other.c.order_key == _item.order_key,
            _other.c.position.is_(None),
            _other.c.id < _item.position,
        ),
    ),
)
_picked = (
    select(_item.id, _behind.label("behind"))
    .where(_item.lane == bindparam("of_lane"), _item.ready, _item.due_at <= bindparam("at"))
    .order_by(_item.turn, _item.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=work_items)
    .cte("picked")
)
_CLAIM = (
    update(work_items)
    .where(_item.id == _picked.c.id)
    .values(
        ready=~true(),
        due_at=case(
            (_picked.c.behind, bindparam("looked_at_again", type_=_item.due_at.type)),
            else_=bindparam("lease_until", type_=_item.due_at.type),
        ),
        lease_owner=case((_picked.c.behind, null()), else_=bindparam("owner", type_=_item.lease_owner.type)),
        attempt=_item.attempt + case((_picked.c.behind, 0), else_=1),
    )
    .returning(
        _item.turn,
        _item.id,
        _item.sys_ref,
        _item.account,
        _item.attempt,
        _item.lease_owner,
        func.coalesce(_item.added_at, bindparam("at", type_=_item.due_at.type)).label("added_at"),
        _item.order_key,
        func.coalesce(_item.position, _item.id).label("position"),
    )
)

_DONE = (
    delete(work_items)
    .where(
        _item.id.in_(bindparam("ids", expanding=True)),
        _item.lease_owner == bindparam("owner"),
        _item.attempt == bindparam("attempt"),
    )
    .returning(_item.id, _item.order_key)
)
_FOLLOWED = (
    select(_item.order_key, _item.lane)
    .distinct()
    .where(_item.order_key.in_(bindparam("keys", expanding=True)))
)
_next = (
    select(_other.c.id)
    .where(_other.c.order_key == bindparam("key"), _other.c.position.is_not(None))
    .order_by(_other.c.position)
    .limit(1)
    .scalar_subquery()
)
_WAKE = (
    update(work_items)
    .where(_item.id == _next, ~_item.ready, ~_item.held, _item.lease_owner.is_(None))
    .values(ready=true(), due_at=func.coalesce(_item.added_at, _item.due_at))
)
_RETRY = (
    update(work_items)
    .where(
        _item.id == bindparam("key"),
        _item.lease_owner == bindparam("owner"),
        _item.attempt == bindparam("tries"),
    )
    .values(
        # An item that keeps failing must not hold the lane's round back for those that come new.
        turn=greatest(_item.turn, func.coalesce(_first_ready(_item.lane), 0)),
        ready=bindparam("ready"),
        due_at=bindparam("due_at"),
        lease_owner=null(),
    )
)

_DEPTH = select(_item.lane, func.count()).group_by(_item.lane)


class SqlQueue:
    """Implements `gateway.store.ports.Queue` on a connection."""

    def __init__(self, connection: Connection, *, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._lanes_to_wake: set[str] = set()  # on commit

    def put(self, lane: str, work: NewWork, *, at: datetime) -> None:
        """Add work that is due at `at`; wakes waiting workers on commit."""
        self.put_many(lane, [work], at=at)

    def put_many(self, lane: str, work: Sequence[NewWork], *, at: datetime) -> None:
        """As `put` for many, in one round trip."""
        if not work:
            return
        common = {"lane": str(lane), "ready": at <= self._clock(), "due_at": at, "added_at": at}
        self._connection.execute(_PUT, [common | asdict(each) for each in work])
        self._lanes_to_wake.add(str(lane))

    def claim(
        self, lane: str, *, owner: str, at: datetime, lease: timedelta, limit: int
    ) -> Sequence[WorkItem]:
        """Lease due items, taking turns between accounts.

        Two claimers never get the same item; on PostgreSQL neither waits for the other. Items whose lease has
        ended come back, those of the earliest rounds first.

        Args:
            lane: the kind of work.
            owner: names the lease; only who names the same owner may finish the item.
            at: the present moment.
            lease: how long the items are ours.
            limit: how many at most.
        """
        due = {"of_lane": str(lane), "at": at}
        self._connection.execute(_MAKE_READY, due)
        claim = due | {
            "owner": owner,
            "lease_until": at + lease,
            "looked_at_again": at + _BEHIND,
            "limit": limit,
        }
        for _ in range(_MOST_LOOKS):
            rows = self._connection.execute(_CLAIM, claim).all()
            leased = [row for row in rows if row.lease_owner is not None]
            if leased or not rows:
                return [_work_item(row, lane) for row in sorted(leased, key=_by_turn)]
        return []

    def done(self, item: WorkItem) -> None:
        """Remove a finished item.

        Raises:
            LostLeaseError: the item is no longer ours; roll the work back.
        """
        if not self.done_many([item]):
            raise LostLeaseError(item_id=item.id)

    def done_many(self, items: Collection[WorkItem]) -> frozenset[int]:
        """Remove finished items, in one round trip as a rule.

        Returns:
            The ids of those that were still ours. Of the others nothing may be written: call this first.
        """
        ours: set[int] = set()
        keys: set[str] = set()
        for (owner, attempt), leased in groupby(sorted(items, key=_lease), key=_lease):
            rows = self._connection.execute(
                _DONE, {"ids": [item.id for item in leased], "owner": owner, "attempt": attempt}
            )
            for row in rows:
                ours.add(row.id)
                if row.order_key is not None:
                    keys.add(row.order_key)
        self._wake_next(keys)
        return frozenset(ours)

    def retry(self, item: WorkItem, *, at: datetime) -> None:
        """Give the item back, due at `at`.

        Raises:
            LostLeaseError: the item is no longer ours; roll the work back.
        """
        lease = {"key": item.id, "owner": item.lease_owner, "tries": item.attempt}
        ready = at <= self._clock()
        if self._connection.execute(_RETRY, lease | {"ready": ready, "due_at": at}).rowcount == 0:
            raise LostLeaseError(item_id=item.id)

    def wake(self) -> None:
        """Have waiting workers look again once the transaction commits."""
        self._lanes_to_wake.add(EVERY_LANE)

    def announced(self) -> frozenset[str]:
        """The lanes whose workers are to be woken by the commit; asked once for each commit."""
        lanes = frozenset(self._lanes_to_wake)
        self._lanes_to_wake.clear()
        return lanes

    def _wake_next(self, keys: Collection[str]) -> None:
        """Make ready what waited for the finished items with these order keys."""
        if not keys:
            return
        followed = self._connection.execute(_FOLLOWED, {"keys": sorted(keys)}).all()
        if followed:
            self._connection.execute(
                _WAKE, [{"key": key} for key in sorted({row.order_key for row in followed})]
            )
            self._lanes_to_wake.update(row.lane for row in followed)

    def depth(self) -> Mapping[str, int]:
        """Items by lane. Counts every item: for operators, not for the flow."""
        return {lane: count for lane, count in self._connection.execute(_DEPTH)}  # noqa: C416 - a Row is no pair


def _by_turn(row: Any) -> tuple[int, int]:  # noqa: ANN401 - a Row of _CLAIM
    return row.turn, row.id


def _work_item(row: Any, lane: str) -> WorkItem:  # noqa: ANN401 - a Row of _CLAIM
    return WorkItem(
        id=row.id,
        lane=lane,
        sys_ref=row.sys_ref,
        account=row.account,
        attempt=row.attempt,
        lease_owner=row.lease_owner,
        added_at=row.added_at,
        order_key=row.order_key,
        position=row.position,
    )


def _lease(item: WorkItem) -> tuple[str, int]:
    return item.lease_owner, item.attempt
