"""The register as the edge sees it: credentials, locks, and keys that do not fit."""

import pytest

from gateway.accounts import RegistryCredentials, read_sender
from gateway.errors import UnavailableError
from registry.credentials import CredentialVault, password_hash
from registry.model import Account, AccountLevel, AccountStatus
from registry.repository import RegistryRepository
from tests.integration.gateway.world import World

LOGIN = "jan@example.pl"


def credentials(world: World, vault: CredentialVault, *, limit: int = 3) -> RegistryCredentials:
    return RegistryCredentials(store=world.store, vault=vault, wrong_digest_limit=limit, clock=world.clock)


@pytest.fixture
def vault(world: World) -> CredentialVault:
    """The vault that holds the password of an account without a person."""
    vault = CredentialVault([CredentialVault.new_key()])
    account = Account(login=LOGIN, level=AccountLevel.BASIC, status=AccountStatus.ACTIVE, person_id=None)
    with world.store.begin() as work:
        secret = vault.encrypt(password_hash("hasło"))
        RegistryRepository(work.connection).add_account(account, secret, operator="test", at=world.clock())
        work.commit()
    return vault


def test_an_account_is_found_by_its_login_in_any_case(world: World, vault: CredentialVault) -> None:
    found = credentials(world, vault).find("Jan@Example.PL")

    assert found is not None
    assert (found.login, found.password_hash, found.active) == (LOGIN, password_hash("hasło"), True)


@pytest.mark.parametrize("login", ["nobody@example.pl", "", "x" * 10_000, "'; --"])
def test_an_unknown_login_is_none(world: World, vault: CredentialVault, login: str) -> None:
    assert credentials(world, vault).find(login) is None


def test_the_account_locks_at_the_limit_of_consecutive_wrong_digests(
    world: World, vault: CredentialVault
) -> None:
    register = credentials(world, vault)
    register.wrong_digest(LOGIN)
    register.wrong_digest(LOGIN)
    register.right_digest(LOGIN)
    for expected in (1, 2):
        register.wrong_digest(LOGIN)
        found = register.find(LOGIN)
        assert found is not None
        assert (found.active, found.failed_logins) == (True, expected)

    register.wrong_digest(LOGIN)

    locked = register.find(LOGIN)
    assert locked is not None
    assert not locked.active


def test_a_key_file_that_does_not_fit_refuses_service_instead_of_the_password(
    world: World, vault: CredentialVault
) -> None:
    other = CredentialVault([CredentialVault.new_key()])

    with pytest.raises(UnavailableError, match="credentials"):
        credentials(world, other).find(LOGIN)


def test_a_sender_without_a_person_is_named_by_the_login(world: World, vault: CredentialVault) -> None:
    with world.store.read() as work:
        sender = read_sender(work, LOGIN)

    assert (sender.person_id, sender.name) == (None, LOGIN)
