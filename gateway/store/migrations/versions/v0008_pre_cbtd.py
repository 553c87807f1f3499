"""The frozen register of CBTD keys."""

import sqlalchemy as sa
from alembic import op

revision = "0008_pre_cbtd"
down_revision = "0007_pre_trusted_lists"


def upgrade() -> None:
    """Create the register and the record of its import."""
    op.create_table(
        "cbtd_certificates",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    op.create_index("ix_cbtd_certificates_subject", "cbtd_certificates", ["subject"])
    op.create_table(
        "cbtd_imports",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("certificates", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
