"""Every road by which a signer's certificate is accepted, as the settings open them."""

from dataclasses import replace
from functools import cached_property

from cryptography import x509

from gateway.channel import Clock
from gateway.errors import ConfigurationError
from gateway.keys import read_secret_file
from gateway.observe import Observer
from gateway.settings import Settings
from gateway.signer_classes import SignerClasses
from gateway.store.ports import Store, UnitOfWork
from gateway.trust.lists import CurrentLists, ListRefresher, current_lists, list_updater
from gateway.trust.revocation import HttpFetch, Revocation, RevocationRefresher
from gateway.trust.trusted_profile import read_seals
from gateway.worker import Task
from signing.authority import SC_POLICY_OID
from signing.cbtd import CbtdTrust
from signing.cbtd_register import SqlCbtdRegister
from signing.policy import MESSAGE_POLICY, SignaturePolicy
from signing.register import SqlCertificateRegister
from signing.trust import FirstTrust, ScTrust, TrustSource
from signing.trusted_profile import TrustedProfileSeals, TrustedProfileTrust
from signing.trustlists.trust import Demand, QualifiedTrust
from signing.verdict import SignerClass

__all__ = ["TrustSources", "authority_certificates", "message_policy", "signer_classes"]


class TrustSources:
    """The signer classes of this installation; one per process, shared by its threads.

    Args:
        settings: those in force.
        store: keeps the register, trusted lists and revocation data.
        clock: the present moment.
        observe: told of lists and revocation data.
    """

    def __init__(self, settings: Settings, *, store: Store, clock: Clock, observe: Observer) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._observe = observe

    def source(self, work: UnitOfWork) -> TrustSource:
        """Who vouches for certificates, as the data stands in this transaction.

        Raises:
            ConfigurationError: a certificate file of the settings cannot be used.
        """
        sc = ScTrust(self._authorities, SqlCertificateRegister(work.connection), policy=SC_POLICY_OID)
        cbtd = CbtdTrust(SqlCbtdRegister(work.connection))
        # The trusted profile's seal may be qualified: as such it would name the minister as the signer.
        return FirstTrust([sc, *self._trusted_profile_in(work), *self._qualified_in(work), cbtd])

    def background(self) -> dict[str, Task]:
        """What keeps lists and revocation data fresh, by name; nothing where only SC is accepted.

        Raises:
            ConfigurationError: the pinned signers of the list of lists are not there.
        """
        tasks: dict[str, Task] = {}
        if self._accepts_qualified:
            updater = list_updater(
                self._settings, store=self._store, clock=self._clock, observe=self._observe
            )
            tasks["trust"] = ListRefresher(updater=updater, current=self._lists, observe=self._observe).run
        if self._accepts_qualified or self._seals is not None:
            prefetcher = self._revocation.prefetcher(HttpFetch())
            tasks["revocation"] = RevocationRefresher(prefetcher=prefetcher, observe=self._observe).run
        return tasks

    @property
    def _accepts_qualified(self) -> bool:
        return self._settings.trust.list_of_lists_signers is not None

    def _qualified_in(self, work: UnitOfWork) -> list[TrustSource]:
        if not self._accepts_qualified:
            return []
        demand = Demand(self._settings.trust.demand)
        return [QualifiedTrust(self._lists, self._revocation.source(work), demand=demand)]

    def _trusted_profile_in(self, work: UnitOfWork) -> list[TrustSource]:
        if self._seals is None:
            return []
        return [TrustedProfileTrust(self._seals, self._revocation.source(work))]

    @cached_property
    def _seals(self) -> TrustedProfileSeals | None:
        return read_seals(self._settings)

    @cached_property
    def _authorities(self) -> list[x509.Certificate]:
        return authority_certificates(self._settings)

    @cached_property
    def _lists(self) -> CurrentLists:
        return current_lists(self._settings, store=self._store, observe=self._observe)

    @cached_property
    def _revocation(self) -> Revocation:
        return Revocation(
            self._settings.revocation, store=self._store, clock=self._clock, observe=self._observe
        )


def message_policy(settings: Settings) -> SignaturePolicy:
    """What signatures of messages may be made of, as the settings narrow it or widen it."""
    plain = {SignerClass(kind) for kind in settings.signers.plain}
    return replace(MESSAGE_POLICY, plain=frozenset({*plain, SignerClass.PINNED}))


def signer_classes(settings: Settings) -> SignerClasses:
    """Which classes count for which system and type of message."""
    signers = settings.signers
    return SignerClasses(accepted=signers.accepted, qualified_types=signers.qualified_types)


def authority_certificates(settings: Settings) -> list[x509.Certificate]:
    """The certificates of the SC authority, old and new; the key stays where certificates are issued.

    Raises:
        ConfigurationError: the file cannot be read or holds no certificate.
    """
    file = settings.path(settings.keys.authority_certificates)
    try:
        return x509.load_pem_x509_certificates(read_secret_file(file, key="keys.authority_certificates"))
    except ValueError as error:
        raise ConfigurationError(key="keys.authority_certificates", reason=f"{file}: {error}") from error
