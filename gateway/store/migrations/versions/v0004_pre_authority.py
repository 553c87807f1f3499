"""Certificates the SC certificate authority has issued."""

import sqlalchemy as sa
from alembic import op

revision = "0004_pre_authority"
down_revision = "0003_pre_simulators"


def upgrade() -> None:
    """Create the register of the certificate authority."""
    _ca_certificates()


def _ca_certificates() -> None:
    op.create_table(
        "ca_certificates",
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("serial"),
    )
    op.create_index("ix_ca_certificates_person", "ca_certificates", ["person_id", "issued_at"])
