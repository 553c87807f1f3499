"""Publishing of the SC authority where its key is: CRLs when they are due, the OCSP responder's renewal."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.actions import Action
from gateway.channel import Clock
from gateway.errors import GatewayError, UnavailableError
from gateway.observe import Observer
from gateway.pki.authority import init_responder, open_authority
from gateway.pki.responding import ResponderFile
from gateway.settings import Settings
from gateway.store.ports import Store
from signing.authority import AuthorityKey
from signing.errors import KeyFileError, SigningError
from signing.publication import CrlTimes, PublishedCrl, SqlCrls

__all__ = ["Publisher", "crl_times"]

_CHECK_SECONDS: Final = 60.0
#: The responder gets a new certificate when less than this part of its validity is left.
_RENEWAL: Final = 1 / 3


def crl_times(settings: Settings) -> CrlTimes:
    """How often CRLs are published and how long they are good.

    Raises:
        PublicationError: a CRL would end before the next one is due.
    """
    return CrlTimes(
        interval=timedelta(hours=settings.pki.crl_interval_hours),
        validity=timedelta(hours=settings.pki.crl_validity_hours),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Publisher:
    """Publishes with the authority's key; runs beside the web server, not in it."""

    settings: Settings
    store: Store
    authority: AuthorityKey
    clock: Clock
    observe: Observer

    @classmethod
    def open(cls, settings: Settings, store: Store, *, clock: Clock, observe: Observer) -> "Publisher":
        """The publisher of the settings in force.

        Raises:
            ConfigurationError: the authority's key cannot be read.
            SigningError: password or token are wrong.
        """
        authority = open_authority(settings)
        return cls(settings=settings, store=store, authority=authority, clock=clock, observe=observe)

    def publish(self) -> PublishedCrl:
        """Publish a CRL now.

        Raises:
            UnavailableError: the store is out of reach.
            PublicationError: the settings of its times contradict each other.
        """
        with self.store.begin() as work:
            crls = SqlCrls(work.connection)
            crl = crls.publish(self.authority, at=self.clock(), times=crl_times(self.settings))
            work.commit()
        self.observe(Action.CRL_PUBLISHED, number=crl.number, next_update=crl.next_update.isoformat())
        return crl

    def run_once(self) -> None:
        """Publish a CRL and renew the responder, each if it is due."""
        if self._crl_is_due():
            self.publish()
        if self.settings.keys.responder_password and self._responder_is_due(self.clock()):
            responder = init_responder(self.settings, self.authority, at=self.clock())
            until = responder.certificate.not_valid_after_utc.isoformat()
            self.observe(Action.RESPONDER_RENEWED, not_after=until)

    def run(self, stop: threading.Event) -> None:
        """Do what is due, once a minute, until `stop` is set."""
        while not stop.is_set():
            try:
                self.run_once()
            except UnavailableError as error:
                self.observe(Action.STORE_UNAVAILABLE, detail=error.what, lane="publisher")
            except (
                GatewayError,
                SigningError,
            ) as error:  # e.g. a token does not answer: tried again
                self.observe.failure(Action.WORK_FAILED, error, lane="publisher")
            stop.wait(_CHECK_SECONDS)

    def _crl_is_due(self) -> bool:
        with self.store.read() as work:
            return SqlCrls(work.connection).is_due(
                self.authority.certificate, at=self.clock(), interval=crl_times(self.settings).interval
            )

    def _responder_is_due(self, at: datetime) -> bool:
        """Whether there is no responder, or one of another authority, or one that ends soon."""
        file = ResponderFile(self.settings)
        if not file.exists():
            return True
        try:
            responder = file.current()
        except KeyFileError:  # unreadable, e.g. after a change of password: replaced
            return True
        left = responder.not_after - at
        of_another = responder.issuer != self.authority.certificate
        return of_another or left < timedelta(days=self.settings.pki.responder_days) * _RENEWAL
