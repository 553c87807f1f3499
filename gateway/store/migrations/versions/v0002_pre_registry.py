"""Accounts, persons, entities and representations."""

import sqlalchemy as sa
from alembic import op

revision = "0002_pre_registry"
down_revision = "0001_pre_initial"


def upgrade() -> None:
    """Create the tables of the registry."""
    _registry_history()
    _registry_persons()
    _registry_accounts()
    _registry_entities()
    _registry_numbers()
    _registry_representations()


def _registry_history() -> None:
    op.create_table(
        "registry_history",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=254), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_registry_history"),
    )
    op.create_index("ix_registry_history_subject_key_id", "registry_history", ["subject", "key", "id"])


def _registry_persons() -> None:
    op.create_table(
        "registry_persons",
        sa.Column("id_sisc", sa.String(length=50), nullable=False),
        sa.Column("given_names", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("pesel", sa.String(length=11), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id_sisc", name="pk_registry_persons"),
        sa.UniqueConstraint("pesel", name="uq_registry_persons_pesel"),
    )


def _registry_accounts() -> None:
    op.create_table(
        "registry_accounts",
        sa.Column("login", sa.String(length=254), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=50), nullable=True),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["registry_persons.id_sisc"], name="fk_registry_accounts_person_id"
        ),
        sa.PrimaryKeyConstraint("login", name="pk_registry_accounts"),
    )
    op.create_index("ix_registry_accounts_person_id", "registry_accounts", ["person_id"])


def _registry_entities() -> None:
    op.create_table(
        "registry_entities",
        sa.Column("id_sisc", sa.String(length=50), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("owner_person", sa.String(length=50), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_person"], ["registry_persons.id_sisc"], name="fk_registry_entities_owner_person"
        ),
        sa.PrimaryKeyConstraint("id_sisc", name="pk_registry_entities"),
    )
    op.create_index(
        "ix_registry_entities_owner_person",
        "registry_entities",
        ["owner_person"],
        sqlite_where=sa.text("owner_person IS NOT NULL"),
        postgresql_where=sa.text("owner_person IS NOT NULL"),
    )


def _registry_numbers() -> None:
    op.create_table(
        "registry_numbers",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("entity", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(["entity"], ["registry_entities.id_sisc"], name="fk_registry_numbers_entity"),
        sa.PrimaryKeyConstraint("kind", "number", "entity", name="pk_registry_numbers"),
    )
    op.create_index("ix_registry_numbers_entity", "registry_numbers", ["entity"])
    op.create_index(
        "uq_registry_numbers_kind_number",
        "registry_numbers",
        ["kind", "number"],
        unique=True,
        sqlite_where=sa.text("kind <> 'regon'"),
        postgresql_where=sa.text("kind <> 'regon'"),
    )


def _registry_representations() -> None:
    op.create_table(
        "registry_representations",
        sa.Column("id", sa.String(length=50), nullable=False),
        sa.Column("representative", sa.String(length=50), nullable=False),
        sa.Column("represented", sa.String(length=50), nullable=False),
        sa.Column("systems", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["represented"], ["registry_entities.id_sisc"], name="fk_registry_representations_represented"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registry_representations"),
    )
    op.create_index(
        "ix_registry_representations_representative_represented",
        "registry_representations",
        ["representative", "represented"],
    )
    op.create_index(
        "ix_registry_representations_represented_representative",
        "registry_representations",
        ["represented", "representative"],
    )
