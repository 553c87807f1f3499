import pytest
from cryptography.fernet import Fernet

from registry.credentials import CredentialVault, keys_from_text, password_hash
from registry.errors import CredentialError


def test_the_password_hash_is_the_one_of_the_channel() -> None:
    assert password_hash("Zażółć-1") == b"cmFKdhUdJH9H1ICh2wf1RQc3S14="


def test_a_password_that_is_no_text_is_refused_without_being_quoted() -> None:
    with pytest.raises(CredentialError) as caught:
        password_hash("sec\udcffret")
    assert "sec" not in str(caught.value)


def test_what_the_vault_encrypts_it_decrypts_and_never_shows() -> None:
    vault = CredentialVault([CredentialVault.new_key()])
    secret = password_hash("secret")
    sealed = vault.encrypt(secret)
    assert secret not in sealed
    assert secret == vault.decrypt(sealed)
    assert sealed != vault.encrypt(secret)


def test_keys_rotate() -> None:
    old, new = CredentialVault.new_key(), CredentialVault.new_key()
    sealed = CredentialVault([old]).encrypt(b"secret")
    rotated = CredentialVault([new, old]).rotate(sealed)
    assert CredentialVault([new]).decrypt(rotated) == b"secret"
    with pytest.raises(CredentialError):
        CredentialVault([new]).decrypt(sealed)


def test_an_altered_credential_is_refused() -> None:
    vault = CredentialVault([CredentialVault.new_key()])
    sealed = bytearray(vault.encrypt(b"secret"))
    sealed[20] ^= 1
    with pytest.raises(CredentialError):
        vault.decrypt(bytes(sealed))
    with pytest.raises(CredentialError):
        vault.rotate(b"no token at all")


@pytest.mark.parametrize("keys", [[], [b"short"], [b"*" * 44]])
def test_unusable_keys_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(CredentialError):
        CredentialVault(keys)


def test_a_key_file_has_one_key_a_line_and_comments() -> None:
    first, second = Fernet.generate_key(), Fernet.generate_key()
    text = f"# newest first\n{first.decode()}\n\n  {second.decode()}  \n"
    assert (first, second) == keys_from_text(text)
