"""Tables of the simulated back ends. The gateway's migrations create them beside its own."""

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

__all__ = [
    "metadata",
    "simulator_answers",
    "simulator_deliveries",
    "simulator_movements",
    "simulator_numbers",
]

metadata = MetaData()

#: One row per document a simulator has taken or refused: the key that makes deliveries idempotent.
simulator_deliveries = Table(
    "simulator_deliveries",
    metadata,
    Column("system", Text, nullable=False),
    Column("sys_ref", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("refusal", Text),
    PrimaryKeyConstraint("system", "sys_ref", name="pk_simulator_deliveries"),
)

#: What was answered, byte for byte, so that a document delivered again gets the same.
simulator_answers = Table(
    "simulator_answers",
    metadata,
    Column("system", Text, nullable=False),
    Column("sys_ref", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("back_end_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("correlation", Text),
    Column("lrn", Text),
    Column("mrn", Text),
    Column("arc", Text),
    PrimaryKeyConstraint("system", "sys_ref", "ordinal", name="pk_simulator_answers"),
)

#: Numbers that may be used once: LRN and message number per principal, MRN and ARC per system.
simulator_numbers = Table(
    "simulator_numbers",
    metadata,
    Column("system", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("sys_ref", Text, nullable=False),
    PrimaryKeyConstraint("system", "kind", "principal", "number", name="pk_simulator_numbers"),
)

#: Procedures under way: later messages about them name the LRN, the MRN or the ARC.
simulator_movements = Table(
    "simulator_movements",
    metadata,
    Column("system", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("lrn", Text, nullable=False),
    Column("reference", Text),  # MRN or ARC; none before a pre-lodged declaration is presented
    Column("state", Text, nullable=False),
    Column("sys_ref", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("system", "principal", "lrn", name="pk_simulator_movements"),
    Index("ix_simulator_movements_reference", "system", "reference"),
)
