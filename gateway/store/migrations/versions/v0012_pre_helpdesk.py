"""Records migrated from PDR, one-time passwords, requests to the help desk."""

import sqlalchemy as sa
from alembic import op

revision = "0012_pre_helpdesk"
down_revision = "0011_pre_register_scopes"


def upgrade() -> None:
    """Create the tables."""
    _migrated()
    _one_time_passwords()
    _requests()
    _request_messages()


def _migrated() -> None:
    op.create_table(
        "registry_migrated",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("migrated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review", sa.String(length=20), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source", name="pk_registry_migrated"),
    )
    op.create_index("uq_registry_migrated_party", "registry_migrated", ["party"], unique=True)
    op.create_index("ix_registry_migrated_review", "registry_migrated", ["kind", "review", "source"])


def _one_time_passwords() -> None:
    op.create_table(
        "registry_one_time_passwords",
        sa.Column("login", sa.String(length=254), nullable=False),
        sa.Column("person_id", sa.String(length=50), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("hashed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["registry_persons.id_sisc"], name="fk_registry_one_time_passwords_person_id"
        ),
        sa.PrimaryKeyConstraint("login", name="pk_registry_one_time_passwords"),
    )
    op.create_index("ix_registry_one_time_passwords_person_id", "registry_one_time_passwords", ["person_id"])


def _requests() -> None:
    op.create_table(
        "registry_requests",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("login", sa.String(length=254), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("system", sa.String(length=30), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_registry_requests"),
    )
    op.create_index("ix_registry_requests_login", "registry_requests", ["login", "number"])
    op.create_index("ix_registry_requests_status", "registry_requests", ["status", "number"])


def _request_messages() -> None:
    op.create_table(
        "registry_request_messages",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["registry_requests.number"], name="fk_registry_request_messages_request"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registry_request_messages"),
    )
    op.create_index("ix_registry_request_messages_request", "registry_request_messages", ["request"])
