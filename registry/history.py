"""Who changed what in the registry, when, and what it was before."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from registry import tables
from registry.days import require_zone
from registry.rows import JsonObject, json_object

__all__ = ["Change", "Changes", "Subject", "history_row"]


class Subject(StrEnum):
    """What kind of record a change is about."""

    PERSON = "person"
    ACCOUNT = "account"
    ENTITY = "entity"
    REPRESENTATION = "representation"
    REQUEST = "request"  # to the help desk


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change of one record."""

    at: datetime
    operator: str  # who made it, e.g. "operator:anna", "system:SZPROT"
    subject: Subject
    key: str  # login, ID SISC or representation id
    action: str  # "added", "changed", "ended", "locked", ...
    before: JsonObject | None
    after: JsonObject | None
    document: str | None = None  # sysRef of the application it rests on
    reason: str | None = None  # why, in the words of who did it
    version: int = 1  # 1 for the first change of the record


def history_row(  # noqa: PLR0913 - one row, all by name
    subject: Subject,
    key: str,
    action: str,
    *,
    operator: str,
    at: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    document: str | None = None,
    reason: str | None = None,
) -> Mapping[str, object]:
    """Columns of one change. Raises InvalidRecordError where `at` has no time zone."""
    return {
        "at": require_zone(at),
        "operator": operator,
        "subject": subject.value,
        "key": key,
        "action": action,
        "document": document,
        "reason": reason,
        "before": None if before is None else json_object(before),
        "after": None if after is None else json_object(after),
    }


class Changes:
    """The history; only ever added to. Shared base of the record keepers.

    Args:
        connection: open connection, inside a transaction.
        document: sysRef of the application that the changes rest on, for the history.
        reason: why they are made, for the history.
    """

    def __init__(
        self, connection: Connection, *, document: str | None = None, reason: str | None = None
    ) -> None:
        self._connection = connection
        self._document = document
        self._reason = reason

    def _record(  # noqa: PLR0913 - one row, all by name
        self,
        subject: Subject,
        key: str,
        action: str,
        *,
        operator: str,
        at: datetime,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        row = history_row(
            subject,
            key,
            action,
            operator=operator,
            at=at,
            before=before,
            after=after,
            document=self._document,
            reason=self._reason,
        )
        self._connection.execute(insert(tables.history), row)

    def history(self, subject: Subject, key: str) -> Sequence[Change]:
        """The changes of one record, oldest first; empty when there is none."""
        wanted = (
            select(tables.history)
            .where(tables.history.c.subject == subject.value, tables.history.c.key == key)
            .order_by(tables.history.c.id)
        )
        return [
            Change(
                at=row["at"],
                operator=row["operator"],
                subject=Subject(row["subject"]),
                key=row["key"],
                action=row["action"],
                document=row["document"],
                reason=row["reason"],
                version=version,
                before=row["before"],
                after=row["after"],
            )
            for version, row in enumerate(self._connection.execute(wanted).mappings(), start=1)
        ]

    def logins_ever_of(self, person_ids: Collection[str]) -> Sequence[str]:
        """The logins under which accounts were ever linked with these persons.

        Reads the history of all accounts: for questions about the past, which are rare.
        """
        table = tables.history.c
        wanted = (
            select(table.key)
            .where(
                table.subject == Subject.ACCOUNT.value,
                table.after["person_id"].as_string().in_(person_ids),
            )
            .distinct()
        )
        return self._connection.scalars(wanted).all()
