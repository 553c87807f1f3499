"""Tables of the SC certificate authority, and of what is known of other authorities."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

__all__ = [
    "UtcDateTime",
    "ca_certificates",
    "ca_crls",
    "ca_history",
    "ca_notices",
    "cbtd_certificates",
    "cbtd_imports",
    "metadata",
    "revocation_answers",
    "revocation_crls",
    "revocation_evidence",
    "revocation_watch",
    "trusted_list_checks",
    "trusted_lists",
]


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, with zone on the Python side, UTC in every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zones, so there the zone is dropped after the conversion."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """With zone UTC, whatever zone the connection is set to."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

ca_certificates = Table(
    "ca_certificates",
    metadata,
    Column("serial", String(40), primary_key=True),  # lower-case hexadecimal, at most 20 octets (RFC 5280)
    Column("person_id", String(64), nullable=False),  # ID SISC
    Column("subject", Text, nullable=False),  # RFC 4514
    Column("not_before", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),  # CertificateStatus
    Column("status_at", UtcDateTime, nullable=False),  # since when the status holds
    Column("reason", String(64)),  # why, for statuses other than active
    Column("pem", Text, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),  # when the status was entered; empty: at status_at
    Column(
        "authority", String(40)
    ),  # subjectKeyIdentifier of the issuer, hexadecimal; empty: of the only one
    Index("ix_ca_certificates_person", "person_id", "issued_at"),
    Index("ix_ca_certificates_status", "status", "not_after"),
)

#: What happened to each certificate, and by whose hand; never changed.
ca_history = Table(
    "ca_history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("serial", String(40), nullable=False),  # as in ca_certificates
    Column("at", UtcDateTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("act", String(16), nullable=False),  # Act
    Column("reason", String(64)),  # as in ca_certificates
    Column("note", Text),  # the operator's own words
    Index("ix_ca_history_serial", "serial", "id"),
)

#: The last CRL of each authority.
ca_crls = Table(
    "ca_crls",
    metadata,
    Column("authority", String(40), primary_key=True),  # subjectKeyIdentifier, hexadecimal
    Column("number", Integer, nullable=False),  # CRLNumber
    Column("history", Integer, nullable=False),  # last entry of ca_history that it knows of
    Column("this_update", UtcDateTime, nullable=False),
    Column("next_update", UtcDateTime, nullable=False),
    Column("content", LargeBinary, nullable=False),  # DER
)

#: Which warnings of an approaching end were given.
ca_notices = Table(
    "ca_notices",
    metadata,
    Column("serial", String(40), primary_key=True),
    Column("days", Integer, primary_key=True),  # the threshold
    Column("given_at", UtcDateTime, nullable=False),
)

#: The newest CRL of each issuer and scope, and beside it the newest delta CRL.
revocation_crls = Table(
    "revocation_crls",
    metadata,
    Column("issuer", String(64), primary_key=True),  # SHA-256 of issuer name and key
    Column("scope", String(64), primary_key=True),  # SHA-256 of issuingDistributionPoint; empty: everything
    Column("delta", Boolean, primary_key=True),
    Column("number", String(40), nullable=False),  # cRLNumber, hexadecimal
    Column("this_update", UtcDateTime, nullable=False),
    Column("next_update", UtcDateTime, nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of the DER
    Column("content", LargeBinary, nullable=False),  # DER
    Column("url", Text, nullable=False),  # where it came from
    Column("fetched_at", UtcDateTime, nullable=False),
)

#: The newest OCSP response about each certificate.
revocation_answers = Table(
    "revocation_answers",
    metadata,
    Column("issuer", String(64), primary_key=True),  # as in revocation_crls
    Column("serial", String(40), primary_key=True),  # lower-case hexadecimal
    Column("this_update", UtcDateTime, nullable=False),
    Column("next_update", UtcDateTime),
    Column("digest", String(64), nullable=False),  # SHA-256 of the DER
    Column("content", LargeBinary, nullable=False),  # DER
    Column("url", Text, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
)

#: Certificates whose status is kept fresh in advance.
revocation_watch = Table(
    "revocation_watch",
    metadata,
    Column("certificate", String(64), primary_key=True),  # SHA-256 of the DER
    Column("content", LargeBinary, nullable=False),  # DER
    Column("issuer_content", LargeBinary, nullable=False),  # DER of its issuer's certificate
    Column("wanted_at", UtcDateTime, nullable=False),  # when its status was last asked for
    Index("ix_revocation_watch_wanted", "wanted_at"),
)

#: CRLs, OCSP responses and issuers' certificates that decisions rested on; contents are never changed.
revocation_evidence = Table(
    "revocation_evidence",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the DER
    Column("kind", String(8), nullable=False),  # EvidenceKind
    Column("content", LargeBinary, nullable=False),  # DER
    Column("kept_at", UtcDateTime, nullable=False),  # when a decision last rested on it, to the day
    Index("ix_revocation_evidence_kept", "kept_at"),
)

# Every list ever accepted, as fetched: the newest of a territory is in force, the others are evidence.
trusted_lists = Table(
    "trusted_lists",
    metadata,
    Column("territory", String(8), primary_key=True),  # "EU": the list of lists
    Column("digest", String(64), primary_key=True),  # SHA-256 of the content, lower-case hexadecimal
    Column("sequence", BigInteger, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("location", Text, nullable=False),  # where it was fetched
    Column("signer", LargeBinary, nullable=False),  # certificate, DER
    Column("content", LargeBinary, nullable=False),
    Column("accepted_at", UtcDateTime, nullable=False),
)

# The last look at each list, by whichever process did it.
trusted_list_checks = Table(
    "trusted_list_checks",
    metadata,
    Column("territory", String(8), primary_key=True),
    Column("location", Text, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("problem", Text),  # why the list there was not taken; null: it was, or is the one held
)

# The frozen register of CBTD keys; written once.
cbtd_certificates = Table(
    "cbtd_certificates",
    metadata,
    Column("fingerprint", String(64), primary_key=True),  # SHA-256 of the DER, lower-case hexadecimal
    Column("person_id", String(64), nullable=False),  # ID SISC
    Column("subject", String(64), nullable=False),  # SHA-256 of the subject's name as RFC 4514 writes it
    Column("content", LargeBinary, nullable=False),  # DER
    Index("ix_cbtd_certificates_subject", "subject"),
)

# The one import that froze the register.
cbtd_imports = Table(
    "cbtd_imports",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("imported_at", UtcDateTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("certificates", Integer, nullable=False),  # how many
)
