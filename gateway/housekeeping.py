"""What every worker process does now and then beside its lanes."""

import threading
from dataclasses import dataclass
from typing import Final

from gateway.actions import Action
from gateway.channel import Clock
from gateway.errors import UnavailableError
from gateway.flow.confirming import ConfirmedDelivery
from gateway.observe import Observer
from gateway.pki.expiry import ExpiryWatch
from gateway.retention import Retention
from gateway.store.ports import Store
from gateway.trust.retention import EvidenceRetention

__all__ = ["Housekeeping"]

_PAUSE_SECONDS: Final = 60.0
_PURGED_AT_ONCE: Final = 5000  # documents: what is left goes after the next pause


@dataclass(frozen=True, kw_only=True, slots=True)
class Housekeeping:
    """Lets go what is old, ends the waiting for proofs, warns of certificates that end soon."""

    store: Store
    expiry: ExpiryWatch
    confirmed: ConfirmedDelivery
    evidence: EvidenceRetention
    documents: Retention
    clock: Clock
    observe: Observer

    def run(self, stop: threading.Event) -> None:
        """Keep house until `stop` is set."""
        while not stop.is_set():
            try:
                self.once()
            except UnavailableError as error:
                self.observe(Action.STORE_UNAVAILABLE, detail=error.what, lane="housekeeping")
            except Exception as error:  # noqa: BLE001 - tried again, and told, like any other work
                self.observe.failure(Action.WORK_FAILED, error, lane="housekeeping")
            stop.wait(_PAUSE_SECONDS)

    def once(self) -> None:
        """Keep house now.

        Raises:
            UnavailableError: the store is out of reach.
        """
        with self.store.begin() as work:
            purged = work.nonces.purge(before=self.clock())
            work.commit()
        if purged:
            self.observe(Action.NONCES_PURGED, count=purged)
        self.confirmed.lapse(self.store)
        self.evidence.purge()
        self.documents.purge(most=_PURGED_AT_ONCE)
        self.expiry.look()
