"""Key files: made with the narrowest permissions, whole or not at all, read once."""

import os
import secrets
from pathlib import Path

from gateway.errors import ConfigurationError
from registry.credentials import CredentialVault, keys_from_text

__all__ = ["read_credential_keys", "read_secret_file", "write_secret_file"]


def write_secret_file(path: Path, content: bytes) -> None:
    """Create a file only its owner can read; never overwrites, and never leaves half a file.

    Raises:
        ConfigurationError: the file exists or cannot be written.
    """
    if not _created(path, content):
        raise ConfigurationError(key=str(path), reason="the file exists")


def _created(path: Path, content: bytes) -> bool:
    """Create a file unless there is one; whether it was created."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path, content)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError(key=str(path), reason=error.strerror or "cannot be written") from error
    return True


def _create(path: Path, content: bytes) -> None:
    """Written under another name first: whoever sees the file sees all of it, whenever we are killed."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(draft, content)
        os.link(draft, path)  # unlike a rename it never replaces a file
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    """Make a new name in a folder survive a power cut: what is encrypted with a key is lost with it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_secret_file(path: Path, *, key: str) -> bytes:
    """The bytes of a key file.

    Args:
        path: the file.
        key: the setting that names it, for the error.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(key=key, reason=f"cannot read {path}: {error.strerror}") from error


def read_credential_keys(path: Path) -> tuple[bytes, ...]:
    """Fernet keys that protect password equivalents, newest first; a first one is made when there is none.

    Raises:
        ConfigurationError: the file cannot be read or written, or holds no key.
    """
    if not path.exists():
        _created(path, CredentialVault.new_key() + b"\n")  # another process may be faster: its key counts
    keys = keys_from_text(read_secret_file(path, key="keys.credentials").decode(errors="replace"))
    if not keys:
        raise ConfigurationError(key="keys.credentials", reason=f"{path} holds no key")
    return keys
