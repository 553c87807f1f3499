"""Options and reading of signing keys."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from gateway.client.profile import password_beside
from gateway.errors import ConfigurationError
from gateway.passwords import read_password
from signing.errors import KeyFileError
from signing.keys import KeyPair, load_pkcs12

__all__ = ["KeyOption", "KeyPasswordOption", "load_key", "told_by_setting"]

KeyOption = Annotated[Path | None, typer.Option("--key", help="PKCS#12 file with the signing key.")]
KeyPasswordOption = Annotated[
    Path | None,
    typer.Option(
        help="File whose first line is its password; else SISC_KEY_PASSWORD, else the profile beside it."
    ),
]


def load_key(
    file: Path, password_file: Path | None, known_password: str | None = None, *, option: str = "--key"
) -> KeyPair:
    """Read a signing key.

    Args:
        file: PKCS#12.
        password_file: file with its password.
        known_password: used when neither the file nor SISC_KEY_PASSWORD gives one; then the profile beside
            the key.
        option: that names the file; the one for its password is called after it.

    Raises:
        ConfigurationError: a file cannot be read.
        SigningError: the password is wrong or the file is no PKCS#12.
    """
    password = read_password(password_file, option=f"{option}-password-file")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(key=option, reason=f"cannot read {file}: {error.strerror}") from error
    try:
        known = os.environ.get("SISC_KEY_PASSWORD") or known_password or password_beside(file)
        return load_pkcs12(content, password or known)
    except KeyFileError as error:
        advice = f"its password is read from {option}-password-file or SISC_KEY_PASSWORD"
        raise KeyFileError(reason=f"{file}: {error.reason}; {advice}") from error


@contextmanager
def told_by_setting(key: str) -> Iterator[None]:
    """Tell of an unusable key of the gateway by the setting that names it.

    Args:
        key: e.g. "keys.seal".

    Raises:
        ConfigurationError: the key inside the block cannot be used.
    """
    try:
        yield
    except KeyFileError as error:
        variable = f"SISC_{key.replace('.', '__').upper()}_PASSWORD"
        raise ConfigurationError(key=key, reason=f"{error.reason}; its password is {variable}") from error
