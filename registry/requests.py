"""Requests to the help desk: registered, answered, complained about, closed; the history tells each step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import RowMapping, Select, exists, insert, or_, select, update

from registry import tables
from registry.accounts import AccountRecords
from registry.days import polish_day
from registry.errors import ChangedMeanwhileError, InvalidRecordError, NotRegisteredError
from registry.history import Subject
from registry.texts import clean_text

__all__ = [
    "COMPLAINT_DAYS",
    "LONGEST_MESSAGE",
    "Message",
    "MessageKind",
    "Request",
    "RequestCategory",
    "RequestChannel",
    "RequestFilter",
    "RequestRecords",
    "RequestStatus",
]

#: Days after the one of the answer in which a complaint is accepted.
COMPLAINT_DAYS = 5
#: Characters of a description, an answer or a complaint.
LONGEST_MESSAGE = 10_000


class RequestCategory(StrEnum):
    """What somebody wants (Help Desk SISC)."""

    REPORT = "report"  # zgłoszenie: an error or irregularity of a service
    INFORMATION = "information"  # wniosek o informację on a service
    SERVICE = "service"  # wniosek o usługę: one of the acts of the help desk


class RequestStatus(StrEnum):
    """How far it is."""

    OPEN = "open"
    ANSWERED = "answered"
    COMPLAINT = "complaint"  # answered, and complained about: to be answered again
    CLOSED = "closed"


class RequestChannel(StrEnum):
    """How it came."""

    PORTAL = "portal"
    EMAIL = "email"
    PHONE = "phone"


class MessageKind(StrEnum):
    """What a text on a request is."""

    DESCRIPTION = "description"
    ANSWER = "answer"
    COMPLAINT = "complaint"
    ACTION = "action"  # what the help desk did about it


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request; what was said stands in its messages."""

    number: int
    category: RequestCategory
    status: RequestStatus
    channel: RequestChannel
    login: str | None  # account it comes from
    contact: str | None  # how to reach somebody without an account
    service: str  # name of the service it concerns
    system: str | None  # target system behind the service
    registered_at: datetime
    answered_at: datetime | None = None  # the last answer

    @property
    def complaint_until(self) -> date | None:
        """The last day of a complaint, in Poland; None: there is nothing to complain about."""
        if self.status is not RequestStatus.ANSWERED or self.answered_at is None:
            return None
        if self.category is RequestCategory.INFORMATION:
            return None
        return polish_day(self.answered_at) + timedelta(days=COMPLAINT_DAYS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A text on a request."""

    at: datetime
    author: str
    kind: MessageKind
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFilter:
    """Which requests are wanted; everything given must hold."""

    login: str | None = None
    category: RequestCategory | None = None
    status: RequestStatus | None = None
    service: str | None = None  # part of its name, in any case
    system: str | None = None
    text: str | None = None  # part of any message, in any case


def _row(request: Request) -> dict[str, object]:
    return {
        "number": request.number,
        "category": request.category.value,
        "status": request.status.value,
        "channel": request.channel.value,
        "login": request.login,
        "contact": request.contact,
        "service": request.service,
        "system": request.system,
        "registered_at": request.registered_at,
        "answered_at": request.answered_at,
    }


def _request(row: RowMapping) -> Request:
    return Request(
        number=row["number"],
        category=RequestCategory(row["category"]),
        status=RequestStatus(row["status"]),
        channel=RequestChannel(row["channel"]),
        login=row["login"],
        contact=row["contact"],
        service=row["service"],
        system=row["system"],
        registered_at=row["registered_at"],
        answered_at=row["answered_at"],
    )


class RequestRecords(AccountRecords):
    """Requests to the help desk, on one connection; never commits."""

    def register_request(  # noqa: PLR0913 - the parts of a request, all by name
        self,
        *,
        category: RequestCategory,
        channel: RequestChannel,
        service: str,
        text: str,
        operator: str,
        at: datetime,
        login: str | None = None,
        contact: str | None = None,
        system: str | None = None,
    ) -> Request:
        """Register a request.

        Args:
            category: what is wanted.
            channel: how it came. By e-mail only from an account that has used the portal's help desk before.
            service: name of the service it concerns.
            text: description of the matter.
            operator: who registers it.
            at: when.
            login: account it comes from; not needed by phone.
            contact: how to reach somebody without an account.
            system: target system behind the service, where known.

        Raises:
            NotRegisteredError: there is no such account.
            InvalidRecordError: something needed is missing, or a text is not usable.
        """
        account = None if login is None else self.get_account(login).login
        self._check_channel(channel, account, contact)
        values = {
            "category": category.value,
            "status": RequestStatus.OPEN.value,
            "channel": channel.value,
            "login": account,
            "contact": None if contact is None else clean_text("contact", contact),
            "service": clean_text("service", service, longest=100),
            "system": None if system is None else clean_text("system", system, longest=30),
            "registered_at": at,
        }
        number = self._connection.execute(
            insert(tables.requests).values(values).returning(tables.requests.c.number)
        ).scalar_one()
        request = self.get_request(number)
        self._say(request, MessageKind.DESCRIPTION, text, author=account or contact or operator, at=at)
        self._record_request("registered", None, request, operator=operator, at=at)
        return request

    def get_request(self, number: int) -> Request:
        """The request with this number; raises NotRegisteredError."""
        wanted = select(tables.requests).where(tables.requests.c.number == number)
        row = self._connection.execute(wanted).mappings().one_or_none()
        if row is None:
            raise NotRegisteredError(what="request", key=str(number))
        return _request(row)

    def messages(self, number: int) -> Sequence[Message]:
        """What was said on a request, oldest first."""
        table = tables.request_messages
        wanted = select(table).where(table.c.request == number).order_by(table.c.id)
        return [
            Message(at=row["at"], author=row["author"], kind=MessageKind(row["kind"]), text=row["text"])
            for row in self._connection.execute(wanted).mappings()
        ]

    def answer_request(self, number: int, text: str, *, operator: str, at: datetime) -> Request:
        """Answer an open request or a complaint.

        Raises:
            NotRegisteredError: there is no such request.
            InvalidRecordError: it waits for no answer.
            ChangedMeanwhileError: somebody else was faster.
        """
        before = self.get_request(number)
        if before.status not in {RequestStatus.OPEN, RequestStatus.COMPLAINT}:
            raise InvalidRecordError(field="status", reason=f"request {number} is {before.status}")
        after = replace(before, status=RequestStatus.ANSWERED, answered_at=at)
        self._replace_request(before, after)
        self._say(after, MessageKind.ANSWER, text, author=operator, at=at)
        self._record_request("answered", before, after, operator=operator, at=at)
        return after

    def complain(self, number: int, text: str, *, operator: str, at: datetime) -> Request:
        """Take a complaint about the answer, or a plea to explain more.

        Raises:
            NotRegisteredError: there is no such request.
            InvalidRecordError: it is not answered, was one for information, or the days are over.
            ChangedMeanwhileError: somebody else changed it in between.
        """
        before = self.get_request(number)
        last_day = before.complaint_until
        if last_day is None:
            reason = "complaints are about answers to reports and service requests"
            raise InvalidRecordError(field="status", reason=f"{reason}; request {number} is {before.status}")
        if polish_day(at) > last_day:
            reason = f"a complaint is accepted within {COMPLAINT_DAYS} days of the answer, until {last_day}"
            raise InvalidRecordError(field="answered_at", reason=reason)
        after = replace(before, status=RequestStatus.COMPLAINT)
        self._replace_request(before, after)
        author = before.login or before.contact or operator
        self._say(after, MessageKind.COMPLAINT, text, author=author, at=at)
        self._record_request("complaint", before, after, operator=operator, at=at)
        return after

    def close_request(self, number: int, *, operator: str, at: datetime) -> Request:
        """Close an answered request.

        Raises:
            NotRegisteredError: there is no such request.
            InvalidRecordError: it is not answered.
            ChangedMeanwhileError: somebody else changed it in between.
        """
        before = self.get_request(number)
        if before.status is not RequestStatus.ANSWERED:
            raise InvalidRecordError(field="status", reason=f"request {number} is {before.status}")
        after = replace(before, status=RequestStatus.CLOSED)
        self._replace_request(before, after)
        self._record_request("closed", before, after, operator=operator, at=at)
        return after

    def note_action(self, number: int, text: str, *, operator: str, at: datetime) -> None:
        """Keep with a request what was done about it; raises NotRegisteredError."""
        self._say(self.get_request(number), MessageKind.ACTION, text, author=operator, at=at)

    def requests(self, wanted: RequestFilter, *, limit: int, before: int | None = None) -> Sequence[Request]:
        """The newest requests that a filter lets through.

        Args:
            wanted: the filter.
            limit: at most so many.
            before: only those with a smaller number: the last one of the page before.
        """
        query = _filtered(wanted).order_by(tables.requests.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(tables.requests.c.number < before)
        return [_request(row) for row in self._connection.execute(query).mappings()]

    def _check_channel(self, channel: RequestChannel, login: str | None, contact: str | None) -> None:
        if channel is RequestChannel.PHONE:
            if login is None and contact is None:
                raise InvalidRecordError(field="contact", reason="say how to reach who has no account")
            return
        if login is None:
            raise InvalidRecordError(field="login", reason=f"by {channel} a request comes from an account")
        if channel is RequestChannel.EMAIL and not self._has_used_portal(login):
            reason = "by e-mail only after at least one request on the portal"
            raise InvalidRecordError(field="channel", reason=reason)

    def _has_used_portal(self, login: str) -> bool:
        used = exists().where(
            tables.requests.c.login == login, tables.requests.c.channel == RequestChannel.PORTAL.value
        )
        return bool(self._connection.scalar(select(used)))

    def _replace_request(self, before: Request, after: Request) -> None:
        table = tables.requests
        changed = self._connection.execute(
            update(table)
            .where(
                table.c.number == before.number,
                table.c.status == before.status.value,
                table.c.answered_at.is_not_distinct_from(before.answered_at),
            )
            .values(_row(after))
        ).rowcount
        if not changed:
            raise ChangedMeanwhileError(what="request", key=str(before.number))

    def _say(self, request: Request, kind: MessageKind, text: str, *, author: str, at: datetime) -> None:
        self._connection.execute(
            insert(tables.request_messages),
            {
                "request": request.number,
                "at": at,
                "author": author,
                "kind": kind.value,
                "text": clean_text("text", text, longest=LONGEST_MESSAGE, lines=True),
            },
        )

    def _record_request(
        self, action: str, before: Request | None, after: Request, *, operator: str, at: datetime
    ) -> None:
        self._record(
            Subject.REQUEST,
            str(after.number),
            action,
            operator=operator,
            at=at,
            before=None if before is None else _row(before),
            after=_row(after),
        )


def _filtered(wanted: RequestFilter) -> Select[tuple[object, ...]]:
    table, messages = tables.requests.c, tables.request_messages.c
    query = select(tables.requests)
    for column, value in (
        (table.login, wanted.login.lower() if wanted.login else None),
        (table.category, wanted.category),
        (table.status, wanted.status),
        (table.system, wanted.system),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.service:
        query = query.where(table.service.icontains(wanted.service, autoescape=True))
    if wanted.text:
        said = exists().where(
            messages.request == table.number, messages.text.icontains(wanted.text, autoescape=True)
        )
        query = query.where(or_(said, table.service.icontains(wanted.text, autoescape=True)))
    return query
