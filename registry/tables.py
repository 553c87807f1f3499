"""The registry's tables. Moments are UTC; days are days in Poland."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator

__all__ = [
    "UtcDateTime",
    "accounts",
    "applications",
    "decisions",
    "details",
    "entities",
    "history",
    "metadata",
    "migrated",
    "numbers",
    "one_time_passwords",
    "persons",
    "representations",
    "request_messages",
    "requests",
    "signers",
]


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware on both sides, UTC in the database, also where that keeps no zone (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a moment without a zone: the last guard, the repository checks before."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _also_read(name: str, *keys: Column[object], read: Sequence[Column[object]]) -> None:
    """An index of PostgreSQL with columns that are only read from it, so that it answers without the rows."""
    columns = [column.name for column in read]
    Index(name, *keys, postgresql_include=columns).ddl_if(dialect="postgresql")


_ID_SISC = String(50)  # the channel's limit
_LOGIN = String(254)  # longest e-mail address (RFC 5321)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

persons = Table(
    "registry_persons",
    metadata,
    Column("id_sisc", _ID_SISC, primary_key=True),
    Column("given_names", Text, nullable=False),
    Column("surname", Text, nullable=False),
    Column("pesel", String(11), unique=True),
    Column("active", Boolean, nullable=False),
    Column("only_system", String(30)),  # empty: no restriction
)

_also_read("ix_registry_persons_standing", persons.c.id_sisc, read=[persons.c.active, persons.c.only_system])

accounts = Table(
    "registry_accounts",
    metadata,
    Column("login", _LOGIN, primary_key=True),
    Column("level", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("person_id", _ID_SISC, ForeignKey(persons.c.id_sisc), index=True),
    Column("failed_logins", Integer, nullable=False),
    Column("credential", LargeBinary, nullable=False),
)

_also_read(
    "ix_registry_accounts_standing",
    accounts.c.login,
    read=[accounts.c.level, accounts.c.status, accounts.c.person_id, accounts.c.failed_logins],
)

entities = Table(
    "registry_entities",
    metadata,
    Column("id_sisc", _ID_SISC, primary_key=True),
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("owner_person", _ID_SISC, ForeignKey(persons.c.id_sisc)),
)
_also_read(
    "ix_registry_entities_standing", entities.c.id_sisc, read=[entities.c.active, entities.c.owner_person]
)
# Few entities have an owner: counting the others would make SQLite's planner prefer a scan of the table.
Index(
    None,
    entities.c.owner_person,
    entities.c.id_sisc,
    sqlite_where=entities.c.owner_person.is_not(None),
    postgresql_where=entities.c.owner_person.is_not(None),
)

numbers = Table(
    "registry_numbers",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("number", String(50), primary_key=True),
    Column("entity", _ID_SISC, ForeignKey(entities.c.id_sisc), primary_key=True, index=True),
)
# A local unit registered for itself may repeat the REGON of its parent; no other number may be shared.
Index(
    "uq_registry_numbers_kind_number",
    numbers.c.kind,
    numbers.c.number,
    unique=True,
    sqlite_where=text("kind <> 'regon'"),
    postgresql_where=text("kind <> 'regon'"),
)

representations = Table(
    "registry_representations",
    metadata,
    Column("id", String(50), primary_key=True),
    Column("representative", _ID_SISC, nullable=False),  # of a person or an entity
    Column("represented", _ID_SISC, ForeignKey(entities.c.id_sisc), nullable=False),
    Column("systems", JSON, nullable=False),  # sorted list of target-system codes
    Column("level", String(20), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("ended_at", UtcDateTime),
    Column("version", Integer, nullable=False),
    Column("scope", JSON(none_as_null=True)),  # activities, privileges, substitution; empty: whole systems
    Column("basis", String(50)),  # id of the right this one was passed on from
    Index(None, "representative", "represented"),
)
# Holds whole rights: a decision reads nothing else of them. What PostgreSQL only includes need not have an
# order, and JSON has none there; SQLite has no such columns but orders everything.
_pair = (representations.c.represented, representations.c.representative)
_rest = [column for column in representations.c if column not in _pair]
_also_read("ix_registry_representations_standing", *_pair, read=_rest)
Index("ix_registry_representations_standing", *_pair, *_rest).ddl_if(dialect="sqlite")
# Few rights are passed on.
Index(
    None,
    representations.c.basis,
    sqlite_where=representations.c.basis.is_not(None),
    postgresql_where=representations.c.basis.is_not(None),
)

# Foreign signers without PESEL, and who they are. What is bound now is bound once.
signers = Table(
    "registry_signers",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),  # SignerKind
    Column("value", String(200), nullable=False),
    Column("person_id", _ID_SISC, ForeignKey(persons.c.id_sisc), nullable=False, index=True),
    Column("added_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
)
Index(
    "uq_registry_signers_kind_value",
    signers.c.kind,
    signers.c.value,
    unique=True,
    sqlite_where=signers.c.removed_at.is_(None),
    postgresql_where=signers.c.removed_at.is_(None),
)

# What the forms tell of a person or entity beside what rights are decided on: addresses, contacts, areas.
details = Table(
    "registry_details",
    metadata,
    Column("id_sisc", _ID_SISC, primary_key=True),
    Column("data", JSON, nullable=False),
)

# Rows are only ever added: triggers refuse UPDATE and DELETE.
history = Table(
    "registry_history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("subject", String(20), nullable=False),  # person, account, entity, representation
    Column("key", _LOGIN, nullable=False),
    Column("action", String(40), nullable=False),
    Column("document", Text),  # sysRef of the application it rests on
    Column("reason", Text),  # why, in the words of who did it
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Index(None, "subject", "key", "id"),
)

# What came from PDR: which record became which person, entity or representation.
migrated = Table(
    "registry_migrated",
    metadata,
    Column("source", String(64), primary_key=True),  # number in PDR
    Column("kind", String(20), nullable=False),  # PdrKind
    Column("party", String(64), nullable=False),  # ID SISC, id of a representation, or fingerprint of a key
    Column("digest", String(64), nullable=False),  # SHA-256 of the record
    Column("document", Text),  # identity document of a person without PESEL
    Column("migrated_at", UtcDateTime, nullable=False),
    Column("review", String(20)),  # of a representation: confirmed or disputed; empty: not reviewed yet
    Column("reviewed_at", UtcDateTime),
    Column("reviewed_by", Text),
    Column("note", Text),  # in the reviewer's own words
    Index("uq_registry_migrated_party", "party", unique=True),
    Index("ix_registry_migrated_review", "kind", "review", "source"),
)

# The newest one-time password of each account, by which it links itself to a migrated record.
one_time_passwords = Table(
    "registry_one_time_passwords",
    metadata,
    Column("login", _LOGIN, primary_key=True),
    Column("person_id", _ID_SISC, ForeignKey(persons.c.id_sisc), nullable=False, index=True),
    Column("salt", LargeBinary, nullable=False),
    Column("hashed", LargeBinary, nullable=False),  # scrypt
    Column("expires_at", UtcDateTime, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("used_at", UtcDateTime),
)

# What people ask the help desk.
requests = Table(
    "registry_requests",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("category", String(20), nullable=False),  # report, information, service
    Column("status", String(20), nullable=False),  # open, answered, complaint, closed
    Column("channel", String(20), nullable=False),  # portal, email, phone
    Column("login", _LOGIN),  # account it comes from; empty: from somebody without one, by phone
    Column("contact", Text),  # how else to reach who asks
    Column("service", Text, nullable=False),  # name of the service it concerns
    Column("system", String(30)),  # target system behind the service, where known
    Column("registered_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),  # the last answer
    Index("ix_registry_requests_login", "login", "number"),
    Index("ix_registry_requests_status", "status", "number"),
)

request_messages = Table(
    "registry_request_messages",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("request", Integer, ForeignKey(requests.c.number), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("author", Text, nullable=False),
    Column("kind", String(20), nullable=False),  # description, answer, complaint, action
    Column("text", Text, nullable=False),
)

# Forms that were filed to SZPROT; the case is the sysRef of the document.
applications = Table(
    "registry_applications",
    metadata,
    Column("case", String(64), primary_key=True),
    Column("form", String(20), nullable=False),
    Column("login", _LOGIN, nullable=False),
    Column("filed_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),  # granted, refused, waiting
    Column("subject", _ID_SISC),
    Column("waits_for", String(40)),
    Column("decided_at", UtcDateTime),
    Column("decided_by", Text),
    Column("note", Text),
    Index(None, "state", "case"),
)

decisions = Table(
    "registry_decisions",
    metadata,
    Column("case", String(64), ForeignKey(applications.c.case), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1: the first decision on it
    Column("content", LargeBinary, nullable=False),  # sealed
    Column("issued_at", UtcDateTime, nullable=False),
)
