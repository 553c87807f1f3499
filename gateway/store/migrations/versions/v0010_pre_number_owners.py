"""Whose an MRN, ARC or LRN is."""

import sqlalchemy as sa
from alembic import op

revision = "0010_pre_number_owners"
down_revision = "0009_pre_identifiers"


def upgrade() -> None:
    """Create the table. Numbers given before have no known owner: see `owner_unknown` of the routes."""
    op.create_table(
        "number_owners",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("system", "kind", "number", "owner", name="pk_number_owners"),
        sqlite_with_rowid=False,
    )
