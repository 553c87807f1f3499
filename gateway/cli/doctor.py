"""`sisc doctor`: what is wrong with this deployment, and how to mend it."""

from collections import Counter
from typing import Final

import typer

from gateway.cli.output import JsonFlag, print_json, say
from gateway.diagnosis.doctor import examine
from gateway.diagnosis.lines import Level, Line
from gateway.observe import configure_logging

__all__ = ["doctor"]

_STYLES: Final = {Level.OK: None, Level.WARNING: "yellow", Level.FAILURE: "red"}


def doctor(as_json: JsonFlag = False) -> None:
    """Look at everything this gateway needs, and tell how to mend what is wrong.

    Changes nothing. Exits 1 when something does not work; warnings do not count.
    """
    configure_logging("error")  # what it has to say is its output
    counts: Counter[Level] = Counter()
    for line in examine():
        counts[line.level] += 1
        if as_json:
            print_json(_record(line))
        else:
            _show(line)
    if not as_json:
        say(", ".join(f"{counts[level]} {level.value}" for level in Level))
    if counts[Level.FAILURE]:
        raise typer.Exit(1)


def _record(line: Line) -> dict[str, object]:
    return {
        "subject": line.subject,
        "level": line.level.value,
        "found": line.found,
        "remedy": line.remedy or None,
        "page": line.page.value if line.page else None,
    }


def _show(line: Line) -> None:
    say(f"{line.level.value:8} {line.subject}: {line.found}", style=_STYLES[line.level])
    if line.remedy:
        say(f"         {line.remedy} ({line.page})")
