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

__all__ = [
    "AnySystem",
    "JsonFlag",
    "console",
    "local",
    "print_facts",
    "print_json",
    "print_list",
    "print_rows",
    "say",
    "tell",
]

#: `--json` of every command.
JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a table.")]

#: `--system` of lists: codes of target systems are in capitals, whatever is typed.
AnySystem = Annotated[
    str | None, typer.Option("--system", help="Target system, e.g. NCTS2.", parser=str.upper, metavar="TEXT")
]

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
    found = list(rows)
    if as_json:
        for row in found:
            print_json(dict(zip(columns, row, strict=True)))
    elif found:
        console().print(_table(title, columns, found))
    else:
        say(f"{title}: none")


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "sysRef")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def print_facts(title: str, facts: Mapping[str, object], *, as_json: bool) -> None:
    """Print what is known of one thing: a table of fields, or one JSON line."""
    if as_json:
        print_json(facts)
    else:
        print_rows(title, ("field", "value"), facts.items(), as_json=False)


def print_list(title: str, items: Iterable[Mapping[str, object]], *, as_json: bool) -> None:
    """Print things one by one as a table, or as JSON lines; the columns are what any of them has."""
    found = list(items)
    columns = tuple(dict.fromkeys(name for item in found for name in item))
    if as_json:
        for item in found:
            print_json(item)
    else:
        print_rows(title, columns, ([item.get(name) for name in columns] for item in found), as_json=False)


def tell(record: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """Tell what was done: a sentence for people, or one JSON line."""
    if as_json:
        print_json(record)
    else:
        say(text)


def local(moment: datetime) -> str:
    """Polish time for people, to the second."""
    return moment.astimezone(WARSAW).strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: object) -> Text:
    return Text(_words(value))


def _words(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return local(value)
        case Mapping():
            return ":".join(map(_words, value.values()))
        case list() | tuple():
            return ", ".join(map(_words, value))
        case _:
            return str(value)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
