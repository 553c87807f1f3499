"""Answers that wait for an operator."""

import sqlalchemy as sa
from alembic import op

revision = "0018_pre_quarantine"
down_revision = "0017_pre_trials"

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.BigInteger(), "sqlite")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "quarantined_answers",
        sa.Column("id", SEQUENCE, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("system", "back_end_id", "kind", "type_code")
        ),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("arrived_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_quarantined_answers"),
        sa.UniqueConstraint("system", "back_end_id", name="uq_quarantined_answers_system_back_end_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quarantined_answers_state_id", "quarantined_answers", ["state", "id"])
