"""Applications to the register and the decisions on them."""

import sqlalchemy as sa
from alembic import op

revision = "0019_pre_applications"
down_revision = "0018_pre_quarantine"


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "registry_applications",
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("login", sa.String(length=254), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=50), nullable=True),
        sa.Column("waits_for", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case", name="pk_registry_applications"),
    )
    op.create_index("ix_registry_applications_state_case", "registry_applications", ["state", "case"])
    op.create_table(
        "registry_decisions",
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["registry_applications.case"], name="fk_registry_decisions_case"),
        sa.PrimaryKeyConstraint("case", "number", name="pk_registry_decisions"),
    )
