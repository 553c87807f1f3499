"""PDR records from CSV: UTF-8, comma or semicolon, the first line names the columns."""

import csv
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from registry.pdr.records import FIELDS, LARGEST_RECORD, PdrFileError, PdrRecord

__all__ = ["read_csv"]

_KIND = "record"
_COLUMNS = frozenset({_KIND, *(name for fields in FIELDS.values() for name in fields)})


class _Lines:
    """Lines of a file as texts; never more of them in memory than one record may have."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0
        self.since_record = 0  # bytes

    def __iter__(self) -> Iterator[str]:
        while raw := self._file.readline(LARGEST_RECORD + 1):
            self.number += 1
            self.since_record += len(raw)
            if self.since_record > LARGEST_RECORD:
                reason = f"a record has more than {LARGEST_RECORD} bytes; a quotation mark may be missing"
                raise PdrFileError(line=self.number, reason=reason)
            try:
                yield raw.decode("utf-8-sig" if self.number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise PdrFileError(line=self.number, reason="not UTF-8") from error


def read_csv(file: BinaryIO) -> Iterator[PdrRecord]:
    """The records of a CSV file.

    Raises:
        PdrFileError: not CSV in UTF-8, unknown columns, or a record without end.
    """
    lines = _Lines(file)
    source = iter(lines)
    header = next(source, "")
    delimiter = ";" if ";" in header else ","
    columns = _columns(next(csv.reader([header], delimiter=delimiter), []))
    rows = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        lines.since_record, begins = 0, lines.number + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise PdrFileError(line=begins, reason=f"not CSV: {error}") from error
        if row is None:
            return
        if row:
            yield _record(begins, columns, row)


def _columns(names: Sequence[str]) -> Sequence[str]:
    columns = [name.strip().lower() for name in names]
    unknown = sorted(set(columns) - _COLUMNS)
    if unknown or _KIND not in columns or len(set(columns)) != len(columns):
        told = f"unknown columns {', '.join(unknown)}" if unknown else "each column once, `record` among them"
        raise PdrFileError(
            line=1, reason=f"the first line names the columns: {told}; known: {', '.join(sorted(_COLUMNS))}"
        )
    return columns


def _record(line: int, columns: Sequence[str], row: Sequence[str]) -> PdrRecord:
    if len(row) > len(columns):
        raise PdrFileError(line=line, reason=f"{len(row)} values for {len(columns)} columns")
    values = {name: value.strip() for name, value in zip(columns, row, strict=False) if value.strip()}
    return PdrRecord(line=line, kind=values.pop(_KIND, ""), fields=values)
