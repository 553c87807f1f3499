"""EU trusted lists, and the last look at each."""

import sqlalchemy as sa
from alembic import op

revision = "0007_pre_trusted_lists"
down_revision = "0006_pre_publication"


def upgrade() -> None:
    """Create the store of trusted lists."""
    _trusted_lists()
    _trusted_list_checks()


def _trusted_lists() -> None:
    op.create_table(
        "trusted_lists",
        sa.Column("territory", sa.String(length=8), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("signer", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("territory", "digest"),
    )


def _trusted_list_checks() -> None:
    op.create_table(
        "trusted_list_checks",
        sa.Column("territory", sa.String(length=8), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("territory"),
    )
