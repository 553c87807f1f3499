"""Indexes that hold all a rights decision reads."""

import sqlalchemy as sa
from alembic import op

revision = "0022_pre_covering_indexes"
down_revision = "0021_pre_simulated_proofs"

_STANDING = {
    "accounts": ("login", ["level", "status", "person_id", "failed_logins"]),
    "persons": ("id_sisc", ["active", "only_system"]),
    "entities": ("id_sisc", ["active", "owner_person"]),
}
_PAIR = ["represented", "representative"]
_REST = ["id", "systems", "level", "valid_from", "valid_to", "ended_at", "version", "scope", "basis"]
_OWNED = sa.text("owner_person IS NOT NULL")


def upgrade() -> None:
    """Put wider indexes in the place of narrow ones. No row changes, nothing is looked up by less."""
    on_postgres = op.get_bind().dialect.name == "postgresql"
    op.create_index(
        "ix_registry_representations_standing",
        "registry_representations",
        _PAIR if on_postgres else _PAIR + _REST,
        postgresql_include=_REST,
    )
    op.drop_index("ix_registry_representations_represented_representative", "registry_representations")
    op.drop_index("ix_registry_entities_owner_person", "registry_entities")
    op.create_index(
        "ix_registry_entities_owner_person_id_sisc",
        "registry_entities",
        ["owner_person", "id_sisc"],
        sqlite_where=_OWNED,
        postgresql_where=_OWNED,
    )
    if on_postgres:
        _include()


def _include() -> None:
    for table, (key, read) in _STANDING.items():
        name = f"ix_registry_{table}_standing"
        op.create_index(name, f"registry_{table}", [key], postgresql_include=read)
    op.execute(
        "ALTER TABLE number_owners DROP CONSTRAINT pk_number_owners, ADD CONSTRAINT pk_number_owners "
        "PRIMARY KEY (system, kind, number, owner) INCLUDE (person, entity, sys_ref)"
    )
