"""Whole lives of simulated movements: events to come, answers to be collected, scenarios set."""

import sqlalchemy as sa
from alembic import op

revision = "0020_pre_simulator_lives"
down_revision = "0019_pre_applications"


def upgrade() -> None:
    """Give movements what their later messages need, and create the tables around them.

    Movements from before have no declaration: nothing can be told about them any more.
    """
    _movements()
    _events()
    _outbox()
    op.create_table(
        "simulator_choices",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("system", "principal", name="pk_simulator_choices"),
    )


def _movements() -> None:
    texts = (("scenario", "''"), ("schema_version", "''"), ("type_code", "''"), ("facts", "'{}'"))
    for name, default in texts:
        op.add_column(
            "simulator_movements", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text(default))
        )
    op.add_column(
        "simulator_movements", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("simulator_movements", sa.Column("own_id", sa.Text(), nullable=True))
    op.add_column("simulator_movements", sa.Column("declaration", sa.LargeBinary(), nullable=True))
    op.add_column("simulator_movements", sa.Column("counterpart", sa.LargeBinary(), nullable=True))
    op.execute("UPDATE simulator_movements SET state = 'closed'")


def _events() -> None:
    op.create_table(
        "simulator_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("lrn", sa.Text(), nullable=False),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_simulator_events_due", "simulator_events", ["system", "due_at", "id"])


def _outbox() -> None:
    texts = ("correlation", "lrn", "mrn", "arc")
    op.create_table(
        "simulator_outbox",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("back_end_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in texts),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.UniqueConstraint("system", "back_end_id", name="uq_simulator_outbox_back_end_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_simulator_outbox_system", "simulator_outbox", ["system", "id"])
