"""Passwords from files, never from the command line, where other users of the machine could read them."""

from pathlib import Path

from gateway.errors import ConfigurationError

__all__ = ["read_password"]


def read_password(file: Path | None, *, option: str) -> str | None:
    """The first line of a password file; None without a file.

    Args:
        file: text in UTF-8.
        option: what named the file, for the error.

    Raises:
        ConfigurationError: the file cannot be read, is no text or begins with an empty line.
    """
    if file is None:
        return None
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        raise ConfigurationError(key=option, reason=f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(key=option, reason=f"{file} is no text in UTF-8") from error
    if not lines or not lines[0]:
        raise ConfigurationError(key=option, reason=f"{file} begins with an empty line, not a password")
    return lines[0]
