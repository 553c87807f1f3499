"""Applications and the decisions on them, in a database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from registry import tables
from registry.applications.outcome import State
from registry.errors import ChangedMeanwhileError, NotRegisteredError

__all__ = ["Application", "ApplicationRecords", "Decision"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """An application and where it stands."""

    case: str  # sysRef of the document, and number of the case
    form: str  # "WRR0001", …
    login: str  # account that filed it
    filed_at: datetime
    state: State
    subject: str | None = None  # ID SISC of the person or entity it is about, where known
    waits_for: str | None = None  # WaitReason
    decided_at: datetime | None = None
    decided_by: str | None = None  # "register", or the clerk
    note: str | None = None  # of the clerk


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A sealed decision; the last one counts."""

    case: str
    number: int
    content: bytes
    issued_at: datetime


class ApplicationRecords:
    """Applications on a connection; takes part in its transaction.

    Args:
        connection: open connection to a database with `registry.tables.metadata`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, application: Application) -> None:
        """Keep a new application; the case must be new."""
        self._connection.execute(insert(tables.applications), _row(application))

    def add_decision(self, decision: Decision) -> None:
        """Keep a decision on an application."""
        self._connection.execute(
            insert(tables.decisions),
            {
                "case": decision.case,
                "number": decision.number,
                "content": decision.content,
                "issued_at": decision.issued_at,
            },
        )

    def settle(self, application: Application) -> None:
        """Write what became of a waiting application. Of two clerks at once, one is told that he is late.

        Raises:
            ChangedMeanwhileError: it does not wait any more.
        """
        table = tables.applications
        changed = self._connection.execute(
            update(table)
            .where(table.c.case == application.case, table.c.state == State.WAITING.value)
            .values(_row(application))
        ).rowcount
        if not changed:
            raise ChangedMeanwhileError(what="application", key=application.case)

    def find(self, case: str) -> Application | None:
        """The application of this case; None when there is none."""
        wanted = select(tables.applications).where(tables.applications.c.case == case)
        row = self._connection.execute(wanted).mappings().one_or_none()
        return None if row is None else _application(row)

    def get(self, case: str) -> Application:
        """The application of this case; raises NotRegisteredError."""
        found = self.find(case)
        if found is None:
            raise NotRegisteredError(what="application", key=case)
        return found

    def decisions(self, case: str) -> Sequence[Decision]:
        """The decisions on an application, oldest first."""
        table = tables.decisions
        wanted = select(table).where(table.c.case == case).order_by(table.c.number)
        return [Decision(**row) for row in self._connection.execute(wanted).mappings()]

    def list(self, *, state: State, limit: int, after: str = "") -> Sequence[Application]:
        """Applications in a state in the order of their case, from the first behind `after` on."""
        table = tables.applications
        wanted = (
            select(table)
            .where(table.c.state == state.value, table.c.case > after)
            .order_by(table.c.case)
            .limit(limit)
        )
        return [_application(row) for row in self._connection.execute(wanted).mappings()]


def _row(application: Application) -> dict[str, object]:
    return {
        "case": application.case,
        "form": application.form,
        "login": application.login,
        "filed_at": application.filed_at,
        "state": application.state.value,
        "subject": application.subject,
        "waits_for": application.waits_for,
        "decided_at": application.decided_at,
        "decided_by": application.decided_by,
        "note": application.note,
    }


def _application(row: object) -> Application:
    values = dict(row)  # type: ignore[call-overload]  # a RowMapping
    return Application(**values | {"state": State(values["state"])})
