"""Channel credentials: the hash a digest is computed from, and how it is kept.

The channel's password digest is computed over Base64(SHA-1(password)) instead of the password, so the server
must hold that hash, and whoever reads it can log in. It is therefore never stored in the clear.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from registry.errors import CredentialError
from registry.model import AccountStatus

__all__ = ["CredentialVault", "StoredCredentials", "keys_from_text", "password_hash"]


class StoredCredentials(NamedTuple):
    """What the edge needs to know of an account to check a token."""

    login: str
    ciphertext: bytes  # of the 28-byte password hash, for CredentialVault.decrypt
    status: AccountStatus
    failed_logins: int  # consecutive wrong digests


def password_hash(password: str) -> bytes:
    """The password equivalent of the channel rule: Base64(SHA-1(UTF-8 password)), 28 ASCII bytes.

    Raises:
        CredentialError: the text cannot be written in UTF-8 (it was read with a wrong encoding).
    """
    try:
        encoded = password.encode()
    except UnicodeEncodeError:
        raise CredentialError(reason="the password is not valid UTF-8") from None  # the cause quotes it
    return base64.b64encode(hashlib.sha1(encoded, usedforsecurity=False).digest())


def keys_from_text(text: str) -> tuple[bytes, ...]:
    """Keys of a key file: one a line, newest first; empty lines and those starting with `#` are skipped."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line.encode() for line in lines if line and not line.startswith("#"))


class CredentialVault:
    """Encrypts password hashes at rest (Fernet: AES-128-CBC with HMAC-SHA-256).

    Args:
        keys: Fernet keys (32 bytes, URL-safe Base64), the newest first. The first encrypts, all decrypt; to
            rotate, put a new key in front, `rotate` every ciphertext, then drop the old key.

    Raises:
        CredentialError: no key, or one that is not a Fernet key.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise CredentialError(reason="the vault needs at least one key")
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise CredentialError(reason="a vault key is not 32 bytes in URL-safe Base64") from error

    @staticmethod
    def new_key() -> bytes:
        """A fresh random key for the key file."""
        return Fernet.generate_key()

    def encrypt(self, hashed: bytes) -> bytes:
        """The password hash, encrypted with the newest key; every call gives another ciphertext."""
        return self._fernet.encrypt(hashed)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """The password hash; raises CredentialError when no key fits or the ciphertext was altered."""
        try:
            return self._fernet.decrypt(ciphertext)
        except InvalidToken as error:
            raise CredentialError(reason="no vault key opens this credential") from error

    def rotate(self, ciphertext: bytes) -> bytes:
        """The same secret under the newest key; raises CredentialError like `decrypt`."""
        try:
            return self._fernet.rotate(ciphertext)
        except InvalidToken as error:
            raise CredentialError(reason="no vault key opens this credential") from error
