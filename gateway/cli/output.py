"""Tables and lines for people, JSON lines for machines."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.clock import WARSAW

__all__ = ["JsonFlag", "console", "local", "print_json", "print_rows", "say"]

#: `--json` of every command.
JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a table.")]

_NEVER_WRAPPED = 10_000  # columns for what is no terminal: a file or a program that reads lines


def console() -> Console:
    """Standard output: as wide as the terminal, or without end for files and pipes."""
    return Console(width=None if sys.stdout.isatty() else _NEVER_WRAPPED)


def say(text: str, *, style: str | None = None) -> None:
    """Print lines as they are: never wrapped, nothing in them taken for markup."""
    console().print(text, style=style, highlight=False, markup=False, soft_wrap=True)
    sys.stdout.flush()


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON line, at once: whoever reads the pipe may be waiting for it."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def print_rows(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, as_json: bool
) -> None:
    """Print rows as a table, or as JSON lines with the columns as keys."""
    if as_json:
        for row in rows:
            print_json(dict(zip(columns, row, strict=True)))
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "sysRef")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console().print(table)


def local(moment: datetime) -> str:
    """Polish time for people, to the second."""
    return moment.astimezone(WARSAW).strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: object) -> Text:
    return Text(local(value) if isinstance(value, datetime) else "" if value is None else str(value))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
