"""Status changes of the authority's certificates with their history, its CRLs, warnings of expiry."""

import sqlalchemy as sa
from alembic import op

revision = "0006_pre_publication"
down_revision = "0005_pre_revocation"


def upgrade() -> None:
    """Create what suspension, revocation and their publication need."""
    _ca_certificates()
    _ca_history()
    _ca_crls()
    _ca_notices()


def _ca_certificates() -> None:
    op.add_column("ca_certificates", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ca_certificates", sa.Column("authority", sa.String(length=40), nullable=True))
    op.create_index("ix_ca_certificates_status", "ca_certificates", ["status", "not_after"])


def _ca_history() -> None:
    op.create_table(
        "ca_history",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_ca_history_serial", "ca_history", ["serial", "id"])


def _ca_crls() -> None:
    op.create_table(
        "ca_crls",
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("history", sa.Integer(), nullable=False),
        sa.Column("this_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("authority"),
    )


def _ca_notices() -> None:
    op.create_table(
        "ca_notices",
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("serial", "days"),
    )
