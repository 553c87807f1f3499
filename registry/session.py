"""What a use case on the registry works with: one transaction, the vault, the moment, and who acts."""

from dataclasses import dataclass
from datetime import datetime

from registry.credentials import CredentialVault
from registry.repository import RegistryRepository

__all__ = ["RegistrySession"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistrySession:
    """One piece of work on the registry. Whoever opens it commits or rolls back."""

    repository: RegistryRepository
    vault: CredentialVault
    now: datetime  # UTC
    operator: str  # for the history, e.g. "operator:anna"
