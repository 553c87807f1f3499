"""Numbers of documents and of the answers to them in a table of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0009_pre_identifiers"
down_revision = "0008_pre_cbtd"

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_KEYS = ("own_id", "lrn", "mrn", "arc")


def upgrade() -> None:
    """Create the table, fill it from the documents, and drop the indexes it replaces."""
    op.create_table(
        "identifiers",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", "at", "sys_ref", name="pk_identifiers"),
        sqlite_with_rowid=False,
    )
    for key in _KEYS:
        op.execute(
            f"INSERT INTO identifiers (kind, value, at, sys_ref, system, account) "  # noqa: S608 - fixed names
            f"SELECT '{key}', {key}, received_at, sys_ref, system, account "
            f"FROM documents WHERE {key} IS NOT NULL"
        )
        op.drop_index(f"ix_documents_{key}", "documents")
    op.create_index("ix_identifiers_sys_ref", "identifiers", ["sys_ref"])
