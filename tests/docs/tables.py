"""Tables in Markdown."""

import re
from collections.abc import Iterable

__all__ = ["Row", "table"]

Row = tuple[str, ...]


def table(head: Row, rows: Iterable[Row]) -> str:
    """A table of Markdown."""
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    """A cell of a table; names in braces without their format."""
    return re.sub(r"\{(\w+)![rs]\}", r"{\1}", text).replace("|", "\\|")
