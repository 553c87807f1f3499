"""Answers of simulated back ends that are handed out against proof of delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0021_pre_simulated_proofs"
down_revision = "0020_pre_simulator_lives"


def upgrade() -> None:
    """Add the mark; no answer from before has it."""
    for table in ("simulator_answers", "simulator_outbox"):
        op.add_column(table, sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
