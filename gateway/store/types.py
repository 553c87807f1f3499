"""How values are kept by each dialect."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import TIMESTAMP, BigInteger, Dialect, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["Moment", "Sequence", "greatest"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: Numbers the database gives out in order. SQLite counts only in a column of exactly this type.
Sequence = BigInteger().with_variant(Integer(), "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC: timestamptz on PostgreSQL, microseconds since 1970 on SQLite.

    Both keep every microsecond and sort by time.
    """

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of a dialect."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - two dialects
        """To the database. A moment without a zone is refused by the subtraction."""
        if value is None:
            return None
        microseconds = (value - _EPOCH) // _MICROSECOND
        return microseconds if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401 - two dialects
        """From the database, in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return _EPOCH + timedelta(microseconds=value)
        moment: datetime = value
        return moment.astimezone(UTC)


class greatest(GenericFunction[int]):  # noqa: N801 - named as the SQL function is
    """The greater of two numbers, neither of them NULL."""

    type = BigInteger()
    inherit_cache = True


@compiles(greatest, "sqlite")
def _max(element: greatest, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's hook
    return f"max{compiler.process(element.clause_expr, **options)}"
