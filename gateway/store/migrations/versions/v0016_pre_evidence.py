"""Evidence is found by the day it was last needed."""

from alembic import op

revision = "0016_pre_evidence"
down_revision = "0015_pre_order_and_pauses"


def upgrade() -> None:
    """Add the index; what is kept stays as it is."""
    op.create_index("ix_revocation_evidence_kept", "revocation_evidence", ["kept_at"])
