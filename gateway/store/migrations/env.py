"""Run by Alembic inside the transaction that `gateway.store.migrating` has opened."""

from alembic import context
from sqlalchemy import Connection

from gateway.store.schema import METADATA


def _run(connection: Connection) -> None:
    # SQLite runs DDL in transactions too, once the driver leaves their begin to us.
    context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
