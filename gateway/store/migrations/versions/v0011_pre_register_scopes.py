"""Scopes of rights, details of persons and entities, and a history nobody can rewrite."""

import sqlalchemy as sa
from alembic import op

revision = "0011_pre_register_scopes"
down_revision = "0010_pre_number_owners"

_REFUSAL = "the history of the register is only ever added to"


def upgrade() -> None:
    """Add what is new; everything registered before stays as it was."""
    op.add_column("registry_persons", sa.Column("only_system", sa.String(length=30), nullable=True))
    op.add_column("registry_representations", sa.Column("scope", sa.JSON(), nullable=True))
    op.add_column("registry_representations", sa.Column("basis", sa.String(length=50), nullable=True))
    present = sa.text("basis IS NOT NULL")
    op.create_index(
        "ix_registry_representations_basis",
        "registry_representations",
        ["basis"],
        sqlite_where=present,
        postgresql_where=present,
    )
    op.create_table(
        "registry_details",
        sa.Column("id_sisc", sa.String(length=50), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id_sisc", name="pk_registry_details"),
    )
    op.add_column("registry_history", sa.Column("document", sa.Text(), nullable=True))
    op.add_column("registry_history", sa.Column("reason", sa.Text(), nullable=True))
    protect = _protect_sqlite if op.get_bind().dialect.name == "sqlite" else _protect_postgresql
    protect()


def _protect_sqlite() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER registry_history_no_{change.lower()} BEFORE {change} ON registry_history "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )


def _protect_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION registry_history_is_final() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER registry_history_is_final BEFORE UPDATE OR DELETE ON registry_history "
        "FOR EACH ROW EXECUTE FUNCTION registry_history_is_final()"
    )
