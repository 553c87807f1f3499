"""Foreign signers without PESEL, registered by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0013_pre_signers"
down_revision = "0012_pre_helpdesk"


def upgrade() -> None:
    """Create the table; nobody is registered yet."""
    op.create_table(
        "registry_signers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=50), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["registry_persons.id_sisc"], name="fk_registry_signers_person_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registry_signers"),
    )
    op.create_index("ix_registry_signers_person_id", "registry_signers", ["person_id"])
    now = sa.text("removed_at IS NULL")
    op.create_index(
        "uq_registry_signers_kind_value",
        "registry_signers",
        ["kind", "value"],
        unique=True,
        sqlite_where=now,
        postgresql_where=now,
    )
