"""How a database answers: the steps of its plans that touch a table or an index."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from sqlalchemy import Connection, Engine, event, text

__all__ = ["plan_of", "settle"]

_Parameters: TypeAlias = tuple[object, ...] | Mapping[str, object]
_Recorded: TypeAlias = tuple[str, _Parameters]
_TOUCHES = {
    # Not what the statement has found itself, and constants, of which SQLite also tells.
    "sqlite": re.compile(r"(?:SEARCH|SCAN) (?!CONSTANT ROW).*"),
    "postgresql": re.compile(r"(?:Seq|Index Only|Index|Bitmap \w+) Scan .*"),
}


_SETTLE = {"sqlite": "ANALYZE", "postgresql": "VACUUM (ANALYZE)"}


def settle(engine: Engine) -> None:
    """Let a database that was just filled know its rows, as its own upkeep does in time."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(_SETTLE[engine.dialect.name]))
        connection.commit()


def plan_of(
    connection: Connection, read: Callable[[], object], *, through: Engine | None = None
) -> Sequence[str]:
    """Run something, then have the plans of its statements explained.

    Args:
        connection: SQLite or PostgreSQL; what `read` does on it is explained.
        read: reads from the connection.
        through: what it does on any connection of this engine instead.

    Returns:
        The steps that touch tables or indexes, in the database's own words, in the order of the statements.
    """
    with _recorded(through or connection) as statements:
        read()
    return [step for statement in statements for step in _steps(connection, *statement)]


@contextmanager
def _recorded(on: Connection | Engine) -> Iterator[list[_Recorded]]:
    statements: list[_Recorded] = []

    def note(*call: object) -> None:
        _, _, statement, parameters, _, _ = call
        assert isinstance(parameters, tuple | Mapping)
        statements.append((str(statement), parameters))

    event.listen(on, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(on, "before_cursor_execute", note)


def _steps(connection: Connection, statement: str, parameters: _Parameters) -> Iterator[str]:
    database = connection.dialect.name
    explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (COSTS OFF)"}[database]
    cursor = connection.connection.cursor()  # past SQLAlchemy, whose listeners would take it for one more
    cursor.execute(f"{explain} {statement}", parameters)
    found = (_TOUCHES[database].search(str(row[-1])) for row in cursor.fetchall())
    yield from (step.group() for step in found if step is not None)
    cursor.close()
