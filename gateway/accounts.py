"""The register as the edge and the mailbox see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.channel import Clock, ContextFilter, Credentials
from gateway.errors import UnavailableError
from gateway.flow.checks import Sender
from gateway.store.ports import Store, UnitOfWork
from registry.credentials import CredentialVault
from registry.errors import CredentialError
from registry.model import AccountLevel, AccountStatus
from registry.repository import RegistryRepository

__all__ = ["RegistryContexts", "RegistryCredentials", "read_sender"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryCredentials:
    """Implements `gateway.channel.CredentialStore` on the registry."""

    store: Store
    vault: CredentialVault
    wrong_digest_limit: int  # consecutive ones that lock an account
    clock: Clock

    def find(self, username: str) -> Credentials | None:
        """The account with this login, or None.

        Raises:
            UnavailableError: the store is out of reach, or the key file does not fit what is stored.
        """
        with self.store.read() as work:
            stored = RegistryRepository(work.connection).credentials(username)
        if stored is None:
            return None
        return Credentials(
            login=stored.login,
            password_hash=self._decrypt(stored.ciphertext),
            active=stored.status is AccountStatus.ACTIVE,
            failed_logins=stored.failed_logins,
        )

    def _decrypt(self, ciphertext: bytes) -> bytes:
        try:
            return self.vault.decrypt(ciphertext)
        except CredentialError as error:
            raise UnavailableError(what="credentials", reason=error.reason) from error

    def wrong_digest(self, login: str) -> None:
        """Count one more consecutive wrong digest; locks the account at the limit."""
        with self.store.begin() as work:
            RegistryRepository(work.connection).count_wrong_digest(
                login, limit=self.wrong_digest_limit, at=self.clock()
            )
            work.commit()

    def right_digest(self, login: str) -> None:
        """Forget earlier wrong digests."""
        with self.store.begin() as work:
            RegistryRepository(work.connection).reset_wrong_digests(login)
            work.commit()


@dataclass(frozen=True, slots=True)
class RegistryContexts:
    """Implements `gateway.flow.mailbox.ContextRights` on the registry."""

    work: UnitOfWork

    def may_use(self, login: str, context: ContextFilter, *, system: str | None, at: datetime) -> bool:
        """Whether every ID SISC named is the account's own person or reachable (extended level)."""
        account = self._registry.get_account(login)
        if account.person_id is None:
            return False
        if account.level is AccountLevel.BASIC:
            return {context.person, context.middle, context.end} <= {account.person_id, None}
        return self._registry.may_use_context(
            account.person_id,
            person=context.person,
            middle=context.middle,
            end=context.end,
            system=system,
            at=at,
        )

    def visible_entities(self, login: str, at: datetime) -> Mapping[str, frozenset[str]]:
        """Entities whose documents the account may see beside its own, with the target systems covered."""
        account = self._registry.get_account(login)
        if account.person_id is None or account.level is AccountLevel.BASIC:
            return {}
        return self._registry.visible_entities(account.person_id, at)

    @property
    def _registry(self) -> RegistryRepository:
        return RegistryRepository(self.work.connection)


def read_sender(work: UnitOfWork, login: str) -> Sender:
    """The account a document came from, with the person behind it."""
    account, person = RegistryRepository(work.connection).sender(login)
    return Sender(login=login, account=account, person=person)
