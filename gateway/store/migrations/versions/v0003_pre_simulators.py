"""What the simulated back ends remember."""

import sqlalchemy as sa
from alembic import op

revision = "0003_pre_simulators"
down_revision = "0002_pre_registry"


def upgrade() -> None:
    """Create the tables of the simulators."""
    _simulator_answers()
    _simulator_deliveries()
    _simulator_movements()
    _simulator_numbers()


def _simulator_answers() -> None:
    op.create_table(
        "simulator_answers",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("back_end_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=True),
        sa.Column("lrn", sa.Text(), nullable=True),
        sa.Column("mrn", sa.Text(), nullable=True),
        sa.Column("arc", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("system", "sys_ref", "ordinal", name="pk_simulator_answers"),
    )


def _simulator_deliveries() -> None:
    op.create_table(
        "simulator_deliveries",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("system", "sys_ref", name="pk_simulator_deliveries"),
    )


def _simulator_movements() -> None:
    op.create_table(
        "simulator_movements",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("lrn", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("system", "principal", "lrn", name="pk_simulator_movements"),
    )
    op.create_index("ix_simulator_movements_reference", "simulator_movements", ["system", "reference"])


def _simulator_numbers() -> None:
    op.create_table(
        "simulator_numbers",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("system", "kind", "principal", "number", name="pk_simulator_numbers"),
    )
