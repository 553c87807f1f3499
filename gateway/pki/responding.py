"""The OCSP responder's key file, read again when it was renewed."""

from datetime import timedelta
from pathlib import Path

from gateway.keys import read_secret_file
from gateway.settings import Settings
from signing.keys import load_pkcs12
from signing.responder import Responder

__all__ = ["ResponderFile"]


class ResponderFile:
    """The responder of the settings in force; threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._file: Path = settings.path(settings.keys.responder)
        self._password = settings.keys.responder_password or None
        self._lifetime = timedelta(minutes=settings.pki.ocsp_validity_minutes)
        self._known: tuple[tuple[int, int], Responder] | None = None

    def exists(self) -> bool:
        """Whether there is a key file."""
        return self._file.is_file()

    def current(self) -> Responder:
        """The responder with the key that is in the file now.

        Raises:
            ConfigurationError: the file cannot be read.
            KeyFileError: its password is wrong, or it is no responder's key.
        """
        mark = self._mark()
        known = self._known
        if known is not None and known[0] == mark:
            return known[1]
        content = read_secret_file(self._file, key="keys.responder")
        responder = Responder(load_pkcs12(content, self._password), lifetime=self._lifetime)
        self._known = (mark, responder)
        return responder

    def _mark(self) -> tuple[int, int]:
        """What tells a renewed file from the one read before; (0, 0) where there is none."""
        try:
            found = self._file.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_ino)
