"""Order among work items, items held by operators, and pauses of target systems."""

import sqlalchemy as sa
from alembic import op

revision = "0015_pre_order_and_pauses"
down_revision = "0014_pre_withheld"

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.BigInteger(), "sqlite")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add columns that older processes need not fill, and the record of pauses."""
    op.add_column("work_items", sa.Column("added_at", MOMENT, nullable=True))
    op.add_column("work_items", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("work_items", sa.Column("order_key", sa.Text(), nullable=True))
    op.add_column("work_items", sa.Column("position", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_work_items_order",
        "work_items",
        ["order_key", "position", "id"],
        sqlite_where=sa.text("order_key IS NOT NULL"),
        postgresql_where=sa.text("order_key IS NOT NULL"),
    )
    op.create_table(
        "system_changes",
        sa.Column("id", SEQUENCE, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_system_changes"),
    )
    op.create_index("ix_system_changes_subject_id", "system_changes", ["subject", "id"])
