"""Conditions that make both databases take the index we mean, whatever they believe about the data."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func

__all__ = ["found_by", "hidden"]


def found_by(keys: Mapping[ColumnElement[Any], Any]) -> list[ColumnElement[bool]]:
    """Equality with all the keys; only the first one, the most selective, may be looked up by an index."""
    return [
        (hidden(column) if place else column) == value for place, (column, value) in enumerate(keys.items())
    ]


def hidden(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as an expression that no index serves.

    Without statistics SQLite prefers an index that gives the right order, and then reads an account's whole
    history to find one document.
    """
    return func.coalesce(column, column)
