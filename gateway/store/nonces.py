"""Used tokens in SQL."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Insert, bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite

from gateway.errors import SecurityError, SecurityReason
from gateway.store.engine import COUNTED
from gateway.store.tables import nonces

__all__ = ["SqlNonces"]

_INSERT: Mapping[str, Insert] = {
    "sqlite": sqlite.insert(nonces).on_conflict_do_nothing(index_elements=["nonce"]),
    "postgresql": postgresql.insert(nonces).on_conflict_do_nothing(index_elements=["nonce"]),
}
_PURGE = delete(nonces).where(nonces.c.expires_at < bindparam("before"))


class SqlNonces:
    """Implements `gateway.store.ports.Nonces` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def use(self, nonce: str, *, expires: datetime) -> None:
        """Remember a nonce; it stays known only if the transaction commits.

        Args:
            nonce: unique key of the token.
            expires: from when on it may be forgotten.

        Raises:
            SecurityError: REPLAYED_NONCE, it is known already.
        """
        statement = _INSERT[self._connection.dialect.name]
        row = {"nonce": nonce, "expires_at": expires}
        if self._connection.execute(statement, row, execution_options=COUNTED).rowcount == 0:
            raise SecurityError(reason=SecurityReason.REPLAYED_NONCE)

    def purge(self, *, before: datetime) -> int:
        """Forget those that expired before a moment; returns how many."""
        return self._connection.execute(_PURGE, {"before": before}).rowcount
