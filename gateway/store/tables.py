"""The store's tables. Bytes stand beside the rows, so that looking something up reads no payload."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
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

from gateway.store.types import Moment, Sequence

__all__ = [
    "attachments",
    "documents",
    "events",
    "identifiers",
    "metadata",
    "nonces",
    "number_owners",
    "payloads",
    "quarantined_answers",
    "replies",
    "reply_contents",
    "schema_trials",
    "system_changes",
    "withheld",
    "work_items",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _partial_index(
    name: str, *columns: Column[object], where: ColumnElement[bool], unique: bool = False
) -> Index:
    """An index on some rows only: small, and free for the others."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


documents = Table(
    "documents",
    metadata,
    Column("sys_ref", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("sha1", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("filename", Text),
    Column("mime", Text, nullable=False),
    Column("person", Text),
    Column("middle", Text),
    Column("end", Text),
    Column("own_id", Text),
    Column("lrn", Text),
    Column("mrn", Text),
    Column("arc", Text),
    # The SHA-256 as long as the document is not refused, NULL afterwards: a refused payload may come again.
    Column("duplicate_key", Text),
    UniqueConstraint("account", "duplicate_key"),
    Index(None, "received_at"),
    Index(None, "account", "received_at"),
    Index(None, "system", "received_at"),
    Index(None, "state", "received_at"),
    Index(None, "sha256"),
    Index(None, "sha1"),
)

# Numbers of documents and of the answers to them. A document may have several of a kind.
identifiers = Table(
    "identifiers",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    # When the document was received: whoever looks for a number wants the newest documents first.
    Column("at", Moment, primary_key=True),
    Column("sys_ref", Text, primary_key=True),
    Column("system", Text, nullable=False),
    Column("account", Text, nullable=False),
    Index(None, "sys_ref"),
    sqlite_with_rowid=False,
)

#: Whose an MRN, ARC or LRN is: the one for whom the document was sent that got the number.
number_owners = Table(
    "number_owners",
    metadata,
    Column("system", Text, nullable=False),
    Column("kind", Text, nullable=False),  # mrn, arc, lrn
    Column("number", Text, nullable=False),
    # An LRN is unique for its declarant only: it has an owner for each. An MRN or ARC has one: always "".
    Column("owner", Text, nullable=False),
    Column("person", Text, nullable=False),  # ID SISC of who sent the document
    Column("entity", Text),  # ID SISC of the firm it was sent for
    Column("sys_ref", Text, nullable=False),
    # The key holds whole rows on both databases: a rights decision asks for them.
    PrimaryKeyConstraint(
        "system", "kind", "number", "owner", postgresql_include=["person", "entity", "sys_ref"]
    ),
    sqlite_with_rowid=False,
)

payloads = Table(
    "payloads",
    metadata,
    Column("sys_ref", Text, ForeignKey(documents.c.sys_ref, ondelete="CASCADE"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    Column("sys_ref", Text, ForeignKey(documents.c.sys_ref, ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),  # 1 is the first one sent
    Column("filename", Text),
    Column("mime", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Sequence, primary_key=True),
    Column("sys_ref", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Index(None, "sys_ref"),
)

replies = Table(
    "replies",
    metadata,
    Column("seq", Sequence, primary_key=True),
    Column("sys_ref", Text, nullable=False, unique=True),
    Column("type_code", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("mime", Text, nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes of the content
    Column("created_at", Moment, nullable=False),
    Column("correlation_sys_ref", Text),
    Column("back_end_id", Text),
    Column("own_id", Text),
    Column("case_id", Text),
    Column("person", Text),
    Column("middle", Text),
    Column("end", Text),
    Column("collected_at", Moment),
    Index(None, "account", "created_at"),
    sqlite_autoincrement=True,  # a number is never given out twice
)
_partial_index(
    "uq_replies_system_back_end_id",
    replies.c.system,
    replies.c.back_end_id,
    where=replies.c.back_end_id.is_not(None),
    unique=True,
)
for _key in (replies.c.correlation_sys_ref, replies.c.own_id, replies.c.case_id):
    _partial_index(f"ix_replies_{_key.name}", _key, where=_key.is_not(None))
for _key in (replies.c.middle, replies.c.end):
    _partial_index(f"ix_replies_{_key.name}_seq", _key, replies.c.seq, where=_key.is_not(None))
# What waits to be collected is a small part of what is kept; it is handed out by age, up to an age.
for _columns in (
    (replies.c.account,),
    (replies.c.account, replies.c.system),
    (replies.c.middle,),
    (replies.c.end,),
):
    _partial_index(
        "ix_replies_waiting_" + "_".join(column.name for column in _columns),
        *_columns,
        replies.c.created_at,
        replies.c.seq,
        where=replies.c.collected_at.is_(None),
    )

# Documents that answer none, by when they were read: they go by their own age.
_partial_index(
    "ix_replies_unsolicited", replies.c.collected_at, where=replies.c.correlation_sys_ref.is_(None)
)

reply_contents = Table(
    "reply_contents",
    metadata,
    Column(
        "seq", Sequence, ForeignKey(replies.c.seq, ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("content", LargeBinary, nullable=False),
)

#: Documents for clients that are handed out against a signed proof of delivery only; apart from `replies`, so
#: that no look into a mailbox has to pass over them.
withheld = Table(
    "withheld",
    metadata,
    Column("proof_id", Text, primary_key=True),
    Column("proof", LargeBinary, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("outcome", Text),
    Column("settled_at", Moment),
    *(
        Column(column.name, column.type, nullable=column.nullable)
        for column in replies.c
        if column.name not in {"seq", "size", "collected_at"}
    ),
    Column("content", LargeBinary),  # NULL once it is in the mailbox
    UniqueConstraint("system", "back_end_id"),
    Index(None, "sys_ref"),
)
_partial_index("ix_withheld_due_at", withheld.c.due_at, where=withheld.c.outcome.is_(None))
_partial_index(
    "ix_withheld_correlation_sys_ref",
    withheld.c.correlation_sys_ref,
    where=withheld.c.correlation_sys_ref.is_not(None),
)

work_items = Table(
    "work_items",
    metadata,
    Column("id", Sequence, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("turn", BigInteger, nullable=False),  # round in which the account has its turn
    # True: may be claimed. False: leased, or put off; becomes True again once `due_at` has passed.
    Column("ready", Boolean, nullable=False),
    Column("due_at", Moment, nullable=False),  # of a leased item: when the lease ends
    Column("attempt", Integer, nullable=False),  # claims so far
    Column("sys_ref", Text, nullable=False),
    Column("lease_owner", Text),
    Column("added_at", Moment),  # NULL: by an older version
    Column("held", Boolean, nullable=False, server_default=false()),  # an operator keeps it back
    Column("order_key", Text),  # items with the same key are claimed one after the other
    Column("position", BigInteger),  # their order; NULL: the number of the item itself
    Index(None, "lane", "account", "turn"),
    sqlite_autoincrement=True,  # a late worker must not finish a newer item under an old number
)
Index(
    "ix_work_items_ready",
    work_items.c.lane,
    work_items.c.turn,
    work_items.c.id,
    sqlite_where=text("ready = 1"),  # as queries say it: SQLite matches the condition by its form
    postgresql_where=text("ready"),
)
_partial_index("ix_work_items_put_off", work_items.c.lane, work_items.c.due_at, where=~work_items.c.ready)
_partial_index(
    "ix_work_items_order",
    work_items.c.order_key,
    work_items.c.position,
    work_items.c.id,
    where=work_items.c.order_key.is_not(None),
)

# Every pause and resumption by an operator; the last one of a subject holds.
system_changes = Table(
    "system_changes",
    metadata,
    Column("id", Sequence, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "subject", "id"),
)

#: What packs of schemas on trial have made of live documents, added up.
schema_trials = Table(
    "schema_trials",
    metadata,
    Column("pack", Text, primary_key=True),
    Column("type_code", Text, primary_key=True),
    Column("code", Text, primary_key=True),  # of a finding; empty: all documents of the type
    Column("xpath", Text, primary_key=True),  # without positions
    Column("documents", BigInteger, nullable=False),  # tried; with a code: those that have the finding
    Column("refused", BigInteger, nullable=False),  # valid so far, and not by the pack
    Column("accepted", BigInteger, nullable=False),  # not valid so far, but by the pack
    Column("message", Text, nullable=False),  # of the finding, English
    Column("example", Text, nullable=False),  # sysRef of the last document
    Column("last_at", Moment, nullable=False),
)

nonces = Table(
    "nonces",
    metadata,
    Column("nonce", Text, primary_key=True),
    Column("expires_at", Moment, nullable=False, index=True),
    sqlite_with_rowid=False,
)

quarantined_answers = Table(
    "quarantined_answers",
    metadata,
    Column("id", Sequence, primary_key=True),
    Column("system", Text, nullable=False),
    Column("back_end_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("told", JSON, nullable=False),  # what the back end said of it beside the bytes
    Column("content", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_at", Moment),
    Column("decided_by", Text),
    Column("note", Text),
    UniqueConstraint("system", "back_end_id"),
    Index(None, "state", "id"),
    sqlite_autoincrement=True,  # an operator's number never comes to mean another answer
)
_partial_index(
    "ix_quarantined_answers_decided_at",
    quarantined_answers.c.decided_at,
    where=quarantined_answers.c.decided_at.is_not(None),
)
