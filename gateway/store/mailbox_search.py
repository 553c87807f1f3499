"""Which mailbox documents a filter means, as queries that an index answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, or_, select, union, union_all

from gateway.store.filters import found_by, hidden
from gateway.store.model import MailboxFilter
from gateway.store.tables import replies

__all__ = ["first_waiting", "matching"]

#: Few documents share one of these: whichever is given leads the search.
_KEYS = (replies.c.sys_ref, replies.c.correlation_sys_ref, replies.c.own_id, replies.c.case_id)
_EVERY = "*"  # stands for all systems in `MailboxFilter.entities`
_CONTEXTS = (replies.c.person, replies.c.middle, replies.c.end)


def matching(wanted: MailboxFilter) -> Select[Any] | CompoundSelect[Any]:
    """The `created_at`, `seq` and `size` of all that match, in no order."""
    found = select(replies.c.created_at, replies.c.seq, replies.c.size)
    conditions = _further(wanted)
    if wanted.collected is not None:
        taken = replies.c.collected_at
        conditions.append(taken.is_not(None) if wanted.collected else taken.is_(None))
    if _has_key(wanted):
        return found.where(_visible(wanted), *conditions)
    branches = [found.where(branch, *conditions) for branch in _ways(wanted)]
    return union(*branches) if len(branches) > 1 else branches[0]


def first_waiting(wanted: MailboxFilter) -> Select[Any]:
    """The `seq` of the oldest of those that match and are not collected."""
    waiting = (
        select(replies.c.created_at, replies.c.seq)
        .where(replies.c.collected_at.is_(None), *_further(wanted))
        .order_by(replies.c.created_at, replies.c.seq)
        .limit(1)
    )
    ways = [_visible(wanted)] if _has_key(wanted) else _ways(wanted)
    oldest = union_all(*(select(waiting.where(way).subquery()) for way in ways)).subquery()
    return select(oldest.c.seq).order_by(oldest.c.created_at, oldest.c.seq).limit(1)


def _has_key(wanted: MailboxFilter) -> bool:
    return bool(_given(wanted, _KEYS))


def _ways(wanted: MailboxFilter) -> list[ColumnElement[bool]]:
    """The ways by which a document is visible, each served by an index of its own."""
    return [replies.c.account == wanted.account, *_by_entity(wanted, replies.c.middle, replies.c.end)]


def _visible(wanted: MailboxFilter) -> ColumnElement[bool]:
    """The same ways as a mere test of documents found by a key."""
    by_entity = _by_entity(wanted, hidden(replies.c.middle), hidden(replies.c.end))
    return or_(hidden(replies.c.account) == wanted.account, *by_entity)


def _by_entity(wanted: MailboxFilter, *columns: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Visible as documents of an entity, in the systems covered for it."""
    return [
        column.in_(entities) if _EVERY in systems else column.in_(entities) & replies.c.system.in_(systems)
        for systems, entities in _by_systems(wanted.entities)
        for column in columns
    ]


def _by_systems(covered: Mapping[str, frozenset[str]]) -> list[tuple[list[str], list[str]]]:
    """Entities with the same systems together: there are few such groups, however many entities."""
    groups: dict[frozenset[str], list[str]] = {}
    for entity in sorted(covered):
        groups.setdefault(covered[entity], []).append(entity)
    return [(sorted(systems), entities) for systems, entities in groups.items()]


def _further(wanted: MailboxFilter) -> list[ColumnElement[bool]]:
    """All other conditions."""
    contexts = _given(wanted, _CONTEXTS).items()
    conditions = found_by(_given(wanted, _KEYS)) + [hidden(column) == value for column, value in contexts]
    if wanted.system is not None:
        conditions.append(replies.c.system == wanted.system)
    if wanted.created_from is not None:
        conditions.append(replies.c.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        conditions.append(replies.c.created_at < wanted.created_to)
    return conditions


def _given(wanted: MailboxFilter, columns: Iterable[ColumnElement[Any]]) -> dict[ColumnElement[Any], str]:
    values = ((column, getattr(wanted, str(column.key))) for column in columns)
    return {column: value for column, value in values if value is not None}
