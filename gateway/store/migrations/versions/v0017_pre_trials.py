"""What packs of schemas on trial have made of live documents."""

import sqlalchemy as sa
from alembic import op

revision = "0017_pre_trials"
down_revision = "0016_pre_evidence"

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    key = ("pack", "type_code", "code", "xpath")
    op.create_table(
        "schema_trials",
        *(sa.Column(name, sa.Text(), nullable=False) for name in key),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("documents", "refused", "accepted")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("message", "example")),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint(*key, name="pk_schema_trials"),
    )
