"""`sisc helpdesk request`: what people ask, and what they are answered."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from gateway.cli.context import open_configured, operator
from gateway.cli.files import read_input
from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_json, print_rows
from gateway.clock import now
from gateway.errors import ConfigurationError
from registry.helpdesk import HelpDeskRecords
from registry.requests import (
    Message,
    Request,
    RequestCategory,
    RequestChannel,
    RequestFilter,
    RequestStatus,
)

__all__ = ["app"]

app = group("Requests: reports, wishes for information, service requests.")

_COLUMNS = ("number", "category", "status", "service", "system", "from", "registered", "answered")
_Number = Annotated[int, typer.Argument(help="Number of the request.")]
_Text = Annotated[str | None, typer.Option(help="The text; else --file, else it is piped in.")]
_File = Annotated[
    Path | None, typer.Option("--file", exists=True, dir_okay=False, help="File with the text.")
]


class _Act(NamedTuple):
    records: HelpDeskRecords
    operator: str
    at: datetime


@contextmanager
def _act() -> Iterator[_Act]:
    with open_configured() as gateway, gateway.store.begin() as work:
        yield _Act(HelpDeskRecords(work.connection), operator(), now())
        work.commit()


def _read_text(text: str | None, file: Path | None) -> str:
    if text is not None:
        return text
    if file is None and sys.stdin.isatty():
        raise typer.BadParameter("give --text or --file, or pipe the text in")
    try:
        return read_input(file).decode("utf-8") if file is not None else sys.stdin.read()
    except UnicodeDecodeError as error:
        raise ConfigurationError(key="--file", reason="is no text in UTF-8") from error


def _row(request: Request) -> tuple[object, ...]:
    return (
        request.number,
        request.category.value,
        request.status.value,
        request.service,
        request.system,
        request.login or request.contact,
        request.registered_at,
        request.answered_at,
    )


def _show(request: Request, *, as_json: bool) -> None:
    print_rows("Request", _COLUMNS, [_row(request)], as_json=as_json)


@app.command("add")
def add(
    category: Annotated[RequestCategory, typer.Option(help="What is wanted.")],
    service: Annotated[str, typer.Option(help="Name of the service it concerns.")],
    channel: Annotated[RequestChannel, typer.Option(help="How it came.")],
    text: _Text = None,
    file: _File = None,
    login: Annotated[str | None, typer.Option(help="Account it comes from; not needed by phone.")] = None,
    contact: Annotated[str | None, typer.Option(help="How to reach somebody without an account.")] = None,
    system: Annotated[str | None, typer.Option(help="System behind the service, e.g. AES.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Register a request."""
    said = _read_text(text, file)
    with _act() as act:
        request = act.records.register_request(
            category=category,
            channel=channel,
            service=service,
            text=said,
            login=login,
            contact=contact,
            system=system,
            operator=act.operator,
            at=act.at,
        )
    _show(request, as_json=as_json)


@app.command("list")
def list_requests(
    login: Annotated[str | None, typer.Option(help="Of this account.")] = None,
    category: Annotated[RequestCategory | None, typer.Option(help="Of this category.")] = None,
    status: Annotated[RequestStatus | None, typer.Option(help="With this status.")] = None,
    service: Annotated[str | None, typer.Option(help="Part of the service's name.")] = None,
    system: Annotated[str | None, typer.Option(help="Concerning this system.")] = None,
    text: Annotated[str | None, typer.Option(help="Part of what was said.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    before: Annotated[int | None, typer.Option(help="Go on below this number.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Find requests, newest first."""
    wanted = RequestFilter(
        login=login, category=category, status=status, service=service, system=system, text=text
    )
    with open_configured() as gateway, gateway.store.read() as work:
        found = HelpDeskRecords(work.connection).requests(wanted, limit=limit, before=before)
    print_rows("Requests", _COLUMNS, map(_row, found), as_json=as_json)


@app.command("show")
def show(number: _Number, as_json: JsonFlag = False) -> None:
    """Show a request with everything said on it."""
    with open_configured() as gateway, gateway.store.read() as work:
        records = HelpDeskRecords(work.connection)
        request, messages = records.get_request(number), records.messages(number)
    if as_json:
        print_json(_facts(request, messages))
        return
    _show(request, as_json=False)
    rows = [(message.at, message.author, message.kind.value, message.text) for message in messages]
    print_rows("Messages", ("at", "by", "kind", "text"), rows, as_json=False)


def _facts(request: Request, messages: Sequence[Message]) -> dict[str, object]:
    said = [
        {"at": message.at.isoformat(), "by": message.author, "kind": message.kind.value, "text": message.text}
        for message in messages
    ]
    until = request.complaint_until
    return {
        **dict(zip(_COLUMNS, _row(request), strict=True)),
        "complaint_until": until.isoformat() if until else None,
        "messages": said,
    }


@app.command("answer")
def answer(number: _Number, text: _Text = None, file: _File = None, as_json: JsonFlag = False) -> None:
    """Answer an open request or a complaint."""
    said = _read_text(text, file)
    with _act() as act:
        request = act.records.answer_request(number, said, operator=act.operator, at=act.at)
    _show(request, as_json=as_json)


@app.command("complain")
def complain(number: _Number, text: _Text = None, file: _File = None, as_json: JsonFlag = False) -> None:
    """Take a complaint about an answer; accepted within 5 days of it."""
    said = _read_text(text, file)
    with _act() as act:
        request = act.records.complain(number, said, operator=act.operator, at=act.at)
    _show(request, as_json=as_json)


@app.command("close")
def close(number: _Number, as_json: JsonFlag = False) -> None:
    """Close an answered request."""
    with _act() as act:
        request = act.records.close_request(number, operator=act.operator, at=act.at)
    _show(request, as_json=as_json)
