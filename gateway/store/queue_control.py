"""What operators do with waiting work, in SQL."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Update, and_, bindparam, case, false, func, select, true, update

from gateway.store.model import Document
from gateway.store.tables import work_items

__all__ = ["LaneState", "QueuedItem", "SqlQueueControl"]

_item = work_items.c
_leased = and_(_item.lease_owner.is_not(None), ~_item.ready)

_OF = (
    select(_item.id, _item.lane, _item.attempt, _item.due_at, _item.held, _leased.label("leased"))
    .where(
        _item.account == bindparam("account"),
        _item.lane.in_(bindparam("lanes", expanding=True)),
        _item.sys_ref == bindparam("sys_ref"),
    )
    .limit(1)
)
_THIS = update(work_items).where(_item.id == bindparam("key"))
_HOLD = _THIS.values(held=true(), ready=false())
# A leased item comes back by itself when its lease ends.
_RELEASE = _THIS.values(held=false(), ready=case((_leased, false()), else_=true()))
_HURRY = _THIS.where(~_leased, ~_item.held).values(ready=true(), due_at=bindparam("at"))
_MOVE = _THIS.where(~_leased).values(
    lane=bindparam("to"), ready=~_item.held, due_at=bindparam("at"), attempt=0, lease_owner=None
)
_STATE = select(
    _item.lane,
    func.count().label("items"),
    func.sum(case((_item.held, 1), else_=0)).label("held"),
    func.sum(case((and_(_item.attempt > 0, ~_leased), 1), else_=0)).label("retried"),
    func.min(_item.added_at).label("oldest"),
).group_by(_item.lane)


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedItem:
    """Work that waits or is being done."""

    id: int
    lane: str
    attempt: int  # claims so far
    due_at: datetime
    held: bool
    leased: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneState:
    """What waits in a lane."""

    items: int
    held: int  # by operators
    retried: int  # tried before, waiting for the next attempt
    oldest: datetime | None


class SqlQueueControl:
    """Implements `gateway.store.ports.QueueControl` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def item_of(self, document: Document, *lanes: str) -> QueuedItem | None:
        """The work that waits for a document in one of the lanes."""
        query = {"account": document.account, "lanes": list(lanes), "sys_ref": document.sys_ref}
        row = self._connection.execute(_OF, query).one_or_none()
        return QueuedItem(**row._mapping) if row is not None else None  # noqa: SLF001 - public by its documentation

    def hold(self, item: QueuedItem) -> None:
        """Keep an item back until it is released; one being worked on is kept back if it is given back."""
        self._change(_HOLD, item)

    def release(self, item: QueuedItem, *, at: datetime) -> None:
        """Let a held item go on at once."""
        self._change(_RELEASE, item)
        self._change(_HURRY, item, at=at)

    def hurry(self, item: QueuedItem, *, at: datetime) -> None:
        """Make an item due now, unless it is held or being worked on."""
        self._change(_HURRY, item, at=at)

    def move(self, item: QueuedItem, lane: str, *, at: datetime) -> bool:
        """Put an item into another lane, due now; False when it is being worked on."""
        return self._change(_MOVE, item, to=lane, at=at) == 1

    def lanes(self) -> dict[str, LaneState]:
        """What waits, by lane. Reads every item: for operators, not for the flow."""
        return {
            row.lane: LaneState(items=row.items, held=row.held, retried=row.retried, oldest=row.oldest)
            for row in self._connection.execute(_STATE)
        }

    def _change(self, statement: Update, item: QueuedItem, **values: object) -> int:
        return self._connection.execute(statement, {"key": item.id, **values}).rowcount
