"""Progress bars on standard error, for commands that take long; only where somebody watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

__all__ = ["counting_bar", "reading_bar"]


@contextmanager
def reading_bar(file: BinaryIO, *, size: int) -> Iterator[Callable[[int], None]]:
    """Show how much of a file is read; yields what is told after so many more records.

    Args:
        file: being read; its position is what the bar shows.
        size: bytes of the whole file.
    """
    columns = (
        TextColumn("{task.fields[records]:,} records"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[speed]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    watched = sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=not watched, transient=True) as progress:
        task = progress.add_task("", total=size, records=0, speed=0.0)

        def advance(records: int) -> None:
            shown = progress.tasks[task]
            total = shown.fields["records"] + records
            progress.update(
                task, completed=file.tell(), records=total, speed=total / max(shown.elapsed or 0.0, 0.001)
            )

        yield advance


@contextmanager
def counting_bar(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """Show how many of `total` are done; yields what is told after so many more."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    watched = sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=not watched, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.advance(task, done)
