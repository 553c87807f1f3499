"""Documents that wait for a signed proof of delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0014_pre_withheld"
down_revision = "0013_pre_signers"

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "withheld",
        sa.Column("proof_id", sa.Text(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("settled_at", MOMENT),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("sys_ref", "type_code", "account", "system", "filename", "mime")
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        *(
            sa.Column(name, sa.Text())
            for name in ("correlation_sys_ref", "back_end_id", "own_id", "case_id", "person", "middle", "end")
        ),
        sa.Column("content", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("proof_id", name="pk_withheld"),
        sa.UniqueConstraint("system", "back_end_id", name="uq_withheld_system_back_end_id"),
    )
    waiting = sa.text("outcome IS NULL")
    op.create_index(
        "ix_withheld_due_at", "withheld", ["due_at"], sqlite_where=waiting, postgresql_where=waiting
    )
