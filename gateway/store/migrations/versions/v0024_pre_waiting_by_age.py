"""What waits in mailboxes, by age: the oldest one young enough is found without passing over older ones."""

import sqlalchemy as sa
from alembic import op

revision = "0024_pre_waiting_by_age"
down_revision = "0023_pre_retention"

_WAITING = (["account"], ["account", "system"], ["middle"], ["end"])


def upgrade() -> None:
    """Put the time into the indexes of what waits, and drop the one that pages of mailboxes went by.

    Older processes find the same by these indexes, only slower.
    """
    for columns in _WAITING:
        name = f"ix_replies_waiting_{'_'.join(columns)}"
        op.drop_index(name, "replies")
        op.create_index(
            name,
            "replies",
            [*columns, "created_at", "seq"],
            sqlite_where=sa.text("collected_at IS NULL"),
            postgresql_where=sa.text("collected_at IS NULL"),
        )
    op.drop_index("ix_replies_account_seq", "replies")
