"""Reading PDR files as a stream: memory stays flat, whatever the file holds."""

from collections.abc import Iterator
from typing import BinaryIO

from registry.pdr.csv_file import read_csv
from registry.pdr.records import PdrRecord
from registry.pdr.xml_file import read_xml

__all__ = ["read_records"]

_PEEK = 4096  # bytes in which the first character that is no blank stands


def read_records(file: BinaryIO) -> Iterator[PdrRecord]:
    """The records of a CSV or XML file, told apart by the first character.

    Args:
        file: open at its beginning, seekable.

    Raises:
        PdrFileError: the file cannot be read from some line on.
    """
    first = file.read(_PEEK).removeprefix(b"\xef\xbb\xbf").lstrip()
    file.seek(0)
    return read_xml(file) if first.startswith(b"<") else read_csv(file)
