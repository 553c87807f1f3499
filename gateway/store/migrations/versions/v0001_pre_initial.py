"""Documents, their events, mailboxes, work items and used tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0001_pre_initial"
down_revision = None

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.BigInteger(), "sqlite")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of the flow."""
    _documents()
    _events()
    _nonces()
    _replies()
    _work_items()
    _attachments()
    _payloads()
    _reply_contents()


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("sha1", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("middle", sa.Text(), nullable=True),
        sa.Column("end", sa.Text(), nullable=True),
        sa.Column("own_id", sa.Text(), nullable=True),
        sa.Column("lrn", sa.Text(), nullable=True),
        sa.Column("mrn", sa.Text(), nullable=True),
        sa.Column("arc", sa.Text(), nullable=True),
        sa.Column("duplicate_key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("sys_ref", name="pk_documents"),
        sa.UniqueConstraint("account", "duplicate_key", name="uq_documents_account_duplicate_key"),
    )
    op.create_index("ix_documents_account_received_at", "documents", ["account", "received_at"])
    op.create_index(
        "ix_documents_arc",
        "documents",
        ["arc"],
        sqlite_where=sa.text("arc IS NOT NULL"),
        postgresql_where=sa.text("arc IS NOT NULL"),
    )
    op.create_index(
        "ix_documents_lrn",
        "documents",
        ["lrn"],
        sqlite_where=sa.text("lrn IS NOT NULL"),
        postgresql_where=sa.text("lrn IS NOT NULL"),
    )
    op.create_index(
        "ix_documents_mrn",
        "documents",
        ["mrn"],
        sqlite_where=sa.text("mrn IS NOT NULL"),
        postgresql_where=sa.text("mrn IS NOT NULL"),
    )
    op.create_index(
        "ix_documents_own_id",
        "documents",
        ["own_id"],
        sqlite_where=sa.text("own_id IS NOT NULL"),
        postgresql_where=sa.text("own_id IS NOT NULL"),
    )
    op.create_index("ix_documents_received_at", "documents", ["received_at"])
    op.create_index("ix_documents_sha256", "documents", ["sha256"])
    op.create_index("ix_documents_state_received_at", "documents", ["state", "received_at"])
    op.create_index("ix_documents_system_received_at", "documents", ["system", "received_at"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", SEQUENCE, nullable=False),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_sys_ref", "events", ["sys_ref"])


def _nonces() -> None:
    op.create_table(
        "nonces",
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("nonce", name="pk_nonces"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_nonces_expires_at", "nonces", ["expires_at"])


def _replies() -> None:
    op.create_table(
        "replies",
        sa.Column("seq", SEQUENCE, nullable=False),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("correlation_sys_ref", sa.Text(), nullable=True),
        sa.Column("back_end_id", sa.Text(), nullable=True),
        sa.Column("own_id", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("middle", sa.Text(), nullable=True),
        sa.Column("end", sa.Text(), nullable=True),
        sa.Column("collected_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_replies"),
        sa.UniqueConstraint("sys_ref", name="uq_replies_sys_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_replies_account_created_at", "replies", ["account", "created_at"])
    op.create_index("ix_replies_account_seq", "replies", ["account", "seq"])
    op.create_index(
        "ix_replies_case_id",
        "replies",
        ["case_id"],
        sqlite_where=sa.text("case_id IS NOT NULL"),
        postgresql_where=sa.text("case_id IS NOT NULL"),
    )
    op.create_index(
        "ix_replies_correlation_sys_ref",
        "replies",
        ["correlation_sys_ref"],
        sqlite_where=sa.text("correlation_sys_ref IS NOT NULL"),
        postgresql_where=sa.text("correlation_sys_ref IS NOT NULL"),
    )
    op.create_index(
        "ix_replies_end_seq",
        "replies",
        ["end", "seq"],
        sqlite_where=sa.text('"end" IS NOT NULL'),
        postgresql_where=sa.text('"end" IS NOT NULL'),
    )
    op.create_index(
        "ix_replies_middle_seq",
        "replies",
        ["middle", "seq"],
        sqlite_where=sa.text("middle IS NOT NULL"),
        postgresql_where=sa.text("middle IS NOT NULL"),
    )
    op.create_index(
        "ix_replies_own_id",
        "replies",
        ["own_id"],
        sqlite_where=sa.text("own_id IS NOT NULL"),
        postgresql_where=sa.text("own_id IS NOT NULL"),
    )
    op.create_index(
        "ix_replies_waiting_account",
        "replies",
        ["account", "seq"],
        sqlite_where=sa.text("collected_at IS NULL"),
        postgresql_where=sa.text("collected_at IS NULL"),
    )
    op.create_index(
        "ix_replies_waiting_account_system",
        "replies",
        ["account", "system", "seq"],
        sqlite_where=sa.text("collected_at IS NULL"),
        postgresql_where=sa.text("collected_at IS NULL"),
    )
    op.create_index(
        "ix_replies_waiting_end",
        "replies",
        ["end", "seq"],
        sqlite_where=sa.text("collected_at IS NULL"),
        postgresql_where=sa.text("collected_at IS NULL"),
    )
    op.create_index(
        "ix_replies_waiting_middle",
        "replies",
        ["middle", "seq"],
        sqlite_where=sa.text("collected_at IS NULL"),
        postgresql_where=sa.text("collected_at IS NULL"),
    )
    op.create_index(
        "uq_replies_system_back_end_id",
        "replies",
        ["system", "back_end_id"],
        unique=True,
        sqlite_where=sa.text("back_end_id IS NOT NULL"),
        postgresql_where=sa.text("back_end_id IS NOT NULL"),
    )


def _work_items() -> None:
    op.create_table(
        "work_items",
        sa.Column("id", SEQUENCE, nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_work_items"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_work_items_lane_account_turn", "work_items", ["lane", "account", "turn"])
    op.create_index(
        "ix_work_items_put_off",
        "work_items",
        ["lane", "due_at"],
        sqlite_where=sa.text("ready = 0"),
        postgresql_where=sa.text("NOT ready"),
    )
    op.create_index(
        "ix_work_items_ready",
        "work_items",
        ["lane", "turn", "id"],
        sqlite_where=sa.text("ready = 1"),
        postgresql_where=sa.text("ready"),
    )


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sys_ref"], ["documents.sys_ref"], name="fk_attachments_sys_ref", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sys_ref", "ordinal", name="pk_attachments"),
    )


def _payloads() -> None:
    op.create_table(
        "payloads",
        sa.Column("sys_ref", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sys_ref"], ["documents.sys_ref"], name="fk_payloads_sys_ref", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sys_ref", name="pk_payloads"),
    )


def _reply_contents() -> None:
    op.create_table(
        "reply_contents",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["replies.seq"], name="fk_reply_contents_seq", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_reply_contents"),
    )
