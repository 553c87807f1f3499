"""What decisions rested on is kept as long as anybody may ask, and not longer."""

from dataclasses import dataclass
from datetime import timedelta

from gateway.actions import Action
from gateway.channel import Clock
from gateway.observe import Observer
from gateway.store.ports import Store
from signing.revocation.sql import SqlRevocationCache
from signing.trustlists.repository import SqlListRepository

__all__ = ["EvidenceRetention"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceRetention:
    """Forgets certificates, CRLs, OCSP responses and lists that no decision has rested on for long."""

    store: Store
    keep_for: timedelta  # since the last decision; zero: for good
    clock: Clock
    observe: Observer

    def purge(self) -> None:
        """Forget what is due, a part at a time.

        Raises:
            UnavailableError: the store is out of reach.
        """
        if not self.keep_for:
            return
        before = self.clock() - self.keep_for
        with self.store.begin() as work:
            purged = SqlRevocationCache(work.connection).purge_evidence(before=before)
            lists = SqlListRepository(work.connection).purge(before=before)
            work.commit()
        if purged or lists:
            self.observe(Action.EVIDENCE_PURGED, count=purged, lists=lists)
