"""Tables of the simulated back ends. The gateway's migrations create them beside its own."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

__all__ = [
    "metadata",
    "simulator_answers",
    "simulator_choices",
    "simulator_deliveries",
    "simulator_events",
    "simulator_movements",
    "simulator_numbers",
    "simulator_outbox",
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
    Column("confirmed", Boolean, nullable=False, server_default=false()),  # against a signed UPD only
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
    Column("scenario", Text, nullable=False, server_default=text("''")),
    Column("version", Integer, nullable=False, server_default="1"),  # changes so far
    Column("schema_version", Text, nullable=False, server_default=text("''")),
    Column("type_code", Text, nullable=False, server_default=text("''")),
    Column("own_id", Text),
    Column("declaration", LargeBinary),  # as last amended; none: declared elsewhere
    Column("counterpart", LargeBinary),  # last document of the other side
    Column("facts", Text, nullable=False, server_default="{}"),  # JSON object of texts
    PrimaryKeyConstraint("system", "principal", "lrn", name="pk_simulator_movements"),
    Index("ix_simulator_movements_reference", "system", "reference"),
)

#: What the simulators will do of their own accord, and when.
simulator_events = Table(
    "simulator_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("system", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("event", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("lrn", Text, nullable=False),
    Column("sys_ref", Text, nullable=False),  # of the document that led to it
    Index("ix_simulator_events_due", "system", "due_at", "id"),
    sqlite_autoincrement=True,
)

#: Answers that wait to be collected.
simulator_outbox = Table(
    "simulator_outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("system", Text, nullable=False),
    Column("back_end_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("answers", Text),  # sysRef of the document answered
    Column("correlation", Text),
    Column("lrn", Text),
    Column("mrn", Text),
    Column("arc", Text),
    Column("confirmed", Boolean, nullable=False, server_default=false()),  # against a signed UPD only
    Column("recipients", Text, nullable=False),  # JSON array of [kind, number]
    Index("ix_simulator_outbox_system", "system", "id"),
    UniqueConstraint("system", "back_end_id", name="uq_simulator_outbox_back_end_id"),
    sqlite_autoincrement=True,
)

#: Scenarios that testers have set for a principal.
simulator_choices = Table(
    "simulator_choices",
    metadata,
    Column("system", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("scenario", Text, nullable=False),
    PrimaryKeyConstraint("system", "principal", name="pk_simulator_choices"),
)
