"""The catalogue of a running gateway: our own types and the packs in force, as they change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from threading import Lock

from schemas.catalogue import Catalogue, Index, Known, load_builtin
from schemas.errors import CatalogueError
from schemas.model import MessageType
from schemas.packs.folder import LEAD, InForce, Mode, PackFolder

__all__ = ["LiveCatalogue"]


class LiveCatalogue(Catalogue):
    """Follows a folder of packs: each question costs a look at the time of its list (some µs).

    A change that cannot be read is reported and leaves everything as it was.

    Args:
        packs: where they lie.
        on_failure: told of a change that cannot be read.

    Raises:
        CatalogueError: the packs in force at the start cannot be used.
    """

    def __init__(self, packs: PackFolder, on_failure: Callable[[CatalogueError], None]) -> None:
        own = load_builtin().types()
        super().__init__(own)
        self._own = tuple(Known(message_type=one) for one in own)
        self._packs = packs
        self._on_failure = on_failure
        self._reading = Lock()
        self._again: datetime | None = None  # when to read anew what could not be read
        self._stamp = packs.stamp()
        self._active, self._shadows = self._read()

    def shadows(self) -> dict[InForce, Catalogue]:
        """The packs on trial, each as a catalogue of its own, valid on every day."""
        self._follow()
        return self._shadows

    def _index(self) -> Index:
        self._follow()
        return self._active

    def _follow(self) -> None:
        """Read the list again if it has changed; if that failed, again after a while."""
        if self._is_read(self._packs.stamp()):
            return
        with self._reading:
            stamp = self._packs.stamp()
            if self._is_read(stamp):
                return  # by another thread
            try:
                self._active, self._shadows = self._read()
                self._again = None
            except CatalogueError as error:
                self._again = self._packs.soon()
                self._on_failure(error)
            self._stamp = stamp

    def _is_read(self, stamp: object) -> bool:
        return stamp == self._stamp and (self._again is None or self._packs.soon() < self._again + LEAD)

    def _read(self) -> tuple[Index, dict[InForce, Catalogue]]:
        lines = self._packs.lines()
        active = [
            known for line in reversed(lines) if line.mode is Mode.ACTIVE for known in self._packs.types(line)
        ]
        shadows = {
            line: Catalogue(_always(known.message_type) for known in self._packs.types(line))
            for line in lines
            if line.mode is Mode.SHADOW and line.until is None
        }
        return Index([*active, *self._own]), shadows


def _always(one: MessageType) -> MessageType:
    """The type on every day: a pack is tried before it is valid."""
    return replace(one, valid_from=None, valid_to=None)
