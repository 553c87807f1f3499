"""Which incoming documents a filter means, as a query that an index answers."""

from sqlalchemy import ColumnElement, Select, exists

from gateway.store.filters import found_by, hidden
from gateway.store.model import DocumentFilter, KeyKind
from gateway.store.tables import documents, identifiers

__all__ = ["matching"]

#: The first one given leads the search, unless a number of the document is named.
_HASHES = (documents.c.sha256, documents.c.sha1)
_COLUMNS = (*_HASHES, documents.c.account, documents.c.state, documents.c.system)


def matching(select: Select[tuple[object, ...]], wanted: DocumentFilter) -> Select[tuple[object, ...]]:
    """The rows of documents that match, newest first.

    Args:
        select: columns of documents.
        wanted: every field given must match.
    """
    numbers = [(kind, value) for kind in KeyKind if (value := getattr(wanted, kind.value)) is not None]
    if not numbers or any(getattr(wanted, column.name) for column in _HASHES):
        query = select.where(*found_by(_given(wanted)), *_window(wanted, documents.c.received_at))
        query = query.order_by(documents.c.received_at.desc(), documents.c.sys_ref.desc())
        return query.where(*(_names(kind, value) for kind, value in numbers))
    (kind, value), *others = numbers
    leading = identifiers.c
    return (
        select.join_from(identifiers, documents, leading.sys_ref == documents.c.sys_ref)
        .where(leading.kind == kind.value, leading.value == value, *_window(wanted, leading.at))
        .where(*(hidden(column) == given for column, given in _given(wanted).items()))
        .where(*(_names(kind, value) for kind, value in others))
        .order_by(leading.at.desc(), leading.sys_ref.desc())
    )


def _given(wanted: DocumentFilter) -> dict[ColumnElement[str], str]:
    values = {column: getattr(wanted, column.name) for column in _COLUMNS}
    return {column: value for column, value in values.items() if value is not None}


def _window(wanted: DocumentFilter, moment: ColumnElement[object]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.received_from is not None:
        conditions.append(moment >= wanted.received_from)
    if wanted.received_to is not None:
        conditions.append(moment < wanted.received_to)
    return conditions


def _names(kind: KeyKind, value: str) -> ColumnElement[bool]:
    """A mere test of documents found by something else: by the few numbers of that document."""
    other = identifiers.alias(f"by_{kind.value}")
    return exists().where(
        other.c.sys_ref == documents.c.sys_ref,
        hidden(other.c.kind) == kind.value,
        hidden(other.c.value) == value,
    )
