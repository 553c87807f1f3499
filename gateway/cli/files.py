"""Files that commands read and write: every failure is one of usage, and says which file."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer
from lxml import etree

from gateway.errors import ConfigurationError, UnreadableFileError
from signing.errors import ParsingError
from signing.parsing import ParseLimits, parse

__all__ = [
    "STANDARD_INPUT",
    "new_file",
    "parse_input",
    "read_input",
    "unusable",
    "write_output",
    "write_whole",
]


#: How a command line names it.
STANDARD_INPUT: Final = Path("-")


def read_input(file: Path) -> bytes:
    """The bytes of a file named on the command line; - is standard input.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if file == STANDARD_INPUT else file.read_bytes()
    except OSError as error:
        raise unusable(file, error) from error


def parse_input(content: bytes, *, file: Path) -> etree._Element:
    """The document element of what was read from a file.

    Raises:
        UnreadableFileError: it is no document that the channel takes.
    """
    try:
        return parse(content, ParseLimits())
    except ParsingError as error:
        name = "standard input" if file == STANDARD_INPUT else str(file)
        raise UnreadableFileError(file=name, reason=str(error)) from error


def write_output(file: Path | None, content: bytes) -> None:
    """Write a file, replacing an earlier one; None: to standard output.

    Raises:
        ConfigurationError: it cannot be written.
    """
    if file is None:
        typer.echo(content, nl=False)
        return
    try:
        write_whole(file, content)
    except OSError as error:
        raise unusable(file, error) from error


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that is there whole and for good, or not at all. Raises OSError."""
    target = file.resolve()
    if target.exists() and not target.is_file():  # a device or a pipe is written to, not replaced
        target.write_bytes(content)
        return
    part = target.with_name(f".{target.name[:200]}.{os.getpid()}.part")
    try:
        with part.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


@contextmanager
def new_file(file: Path | None, *, option: str = "--out") -> Iterator[Callable[[bytes], object]]:
    """Make sure that a new file can be written before something is done that cannot be undone.

    Yields what writes the content. Where nothing was written nothing is left behind.

    Args:
        file: must not exist yet; None: standard output.
        option: that named it, for the error.

    Raises:
        ConfigurationError: the file is there already, or cannot be written.
    """
    if file is None:
        yield lambda content: typer.echo(content, nl=False)
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError as error:
        raise ConfigurationError(key=option, reason=f"{file} is there already; name another file") from error
    except OSError as error:
        raise unusable(file, error) from error
    try:
        with os.fdopen(descriptor, "wb") as opened:
            yield opened.write
    finally:
        if not file.stat().st_size:
            file.unlink()


def unusable(file: Path, error: OSError) -> ConfigurationError:
    """The error for a file that cannot be read or written."""
    return ConfigurationError(key=str(file), reason=error.strerror or "cannot be used")
