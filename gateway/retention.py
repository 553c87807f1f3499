"""Documents are kept as long as the settings say, and written to files before they go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.actions import Action
from gateway.archive import Archive
from gateway.channel import Clock
from gateway.observe import Observer
from gateway.store.model import DocumentState
from gateway.store.ports import Store

__all__ = ["DocumentRetention"]

_BATCH: Final = 100  # documents a transaction: nobody waits long for it


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentRetention:
    """Lets finished documents go."""

    store: Store
    keep_for: Mapping[DocumentState, timedelta]  # since the last answer; states not named are kept for good
    archive: Archive | None  # None: nothing is written first
    clock: Clock
    observe: Observer

    def purge(self, *, most: int, told: Callable[[int], None] = lambda _: None) -> int:
        """Export and delete documents that are due, a batch at a time.

        Args:
            most: how many at most.
            told: called after each batch with the number that went.

        Returns:
            How many went.

        Raises:
            UnavailableError: the store is out of reach; what went so far is gone.
            OSError: the export failed; what was not exported is still there.
        """
        gone = 0
        for state, age in self.keep_for.items():
            while gone < most and (batch := self._batch(state, age, min(_BATCH, most - gone))):
                gone += batch
                told(batch)
        return gone

    def due(self, *, limit: int) -> Mapping[DocumentState, int]:
        """How many documents would go now, by state, counted up to a limit each."""
        with self.store.read() as work:
            return {
                state: len(work.retention.ripe(state, before=self.clock() - age, limit=limit))
                for state, age in self.keep_for.items()
            }

    def _batch(self, state: DocumentState, age: timedelta, most: int) -> int:
        before = self.clock() - age
        with self.store.read() as work:
            ripe = work.retention.ripe(state, before=before, limit=most)
            if self.archive is not None:
                for sys_ref in ripe:
                    self.archive.write(work, sys_ref)
        if not ripe:
            return 0
        with self.store.begin() as work:
            gone = work.retention.delete(ripe, state, before=before)
            work.commit()
        if gone:
            self.observe(Action.DOCUMENTS_PURGED, detail=state.value, count=len(gone))
        return len(gone)
