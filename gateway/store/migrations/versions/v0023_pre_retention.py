"""Indexes by which what has served its time is found, and documents by their SHA-1."""

import sqlalchemy as sa
from alembic import op

revision = "0023_pre_retention"
down_revision = "0022_pre_covering_indexes"


def upgrade() -> None:
    """Create the indexes."""
    op.create_index("ix_documents_sha1", "documents", ["sha1"])
    op.create_index("ix_withheld_sys_ref", "withheld", ["sys_ref"])
    _partial_index("ix_replies_unsolicited", "replies", "collected_at", "correlation_sys_ref IS NULL")
    _partial_index(
        "ix_withheld_correlation_sys_ref",
        "withheld",
        "correlation_sys_ref",
        "correlation_sys_ref IS NOT NULL",
    )
    _partial_index(
        "ix_quarantined_answers_decided_at", "quarantined_answers", "decided_at", "decided_at IS NOT NULL"
    )


def _partial_index(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
