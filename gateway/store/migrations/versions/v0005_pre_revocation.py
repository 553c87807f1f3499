"""Revocation data of other certificate authorities: CRLs, OCSP responses, and the evidence used."""

import sqlalchemy as sa
from alembic import op

revision = "0005_pre_revocation"
down_revision = "0004_pre_authority"


def upgrade() -> None:
    """Create the cache of revocation data and the store of evidence."""
    _revocation_crls()
    _revocation_answers()
    _revocation_watch()
    _revocation_evidence()


def _revocation_crls() -> None:
    op.create_table(
        "revocation_crls",
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("delta", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("this_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "scope", "delta"),
    )


def _revocation_answers() -> None:
    op.create_table(
        "revocation_answers",
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("this_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "serial"),
    )


def _revocation_watch() -> None:
    op.create_table(
        "revocation_watch",
        sa.Column("certificate", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("issuer_content", sa.LargeBinary(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("certificate"),
    )
    op.create_index("ix_revocation_watch_wanted", "revocation_watch", ["wanted_at"])


def _revocation_evidence() -> None:
    op.create_table(
        "revocation_evidence",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
