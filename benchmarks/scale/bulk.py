"""Many rows at once: COPY on PostgreSQL, prepared statements on SQLite."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from gateway.store.engine import is_sqlite
from gateway.store.tables import replies

__all__ = ["next_reply", "write"]


def write(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns.

    Args:
        connection: inside a transaction.
        table: where to.
        rows: values by the name of their column.
    """
    if not rows:
        return
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    values = _as_the_driver_wants(connection, table, names, rows)
    driver: Any = connection.connection.driver_connection
    if is_sqlite(connection):
        marks = ", ".join("?" * len(names))
        driver.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", values)  # noqa: S608 - our own names
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def next_reply(connection: Connection, count: int) -> int:
    """The first of so many numbers for documents in mailboxes that nobody else gets."""
    if is_sqlite(connection):
        last = connection.scalar(select(func.max(replies.c.seq)))
        return (last or 0) + 1  # the table's own counter follows
    advance = "SELECT setval(s, nextval(s) + :more) FROM pg_get_serial_sequence('replies', 'seq') AS s"
    end: int = connection.execute(text(advance), {"more": count}).scalar_one()
    return end - count


def _as_the_driver_wants(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Iterable[Sequence[Any]]:
    dialect = connection.dialect
    columns = [
        _column(table.c[name].type.dialect_impl(dialect).bind_processor(dialect), [row[name] for row in rows])
        for name in names
    ]
    return zip(*columns, strict=True)


def _column(processor: Any, values: Sequence[Any]) -> Sequence[Any]:  # noqa: ANN401 - SQLAlchemy's own type is private
    return list(map(processor, values)) if processor else values
