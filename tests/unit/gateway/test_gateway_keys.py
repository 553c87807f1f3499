"""Key files: for their owner only, whole or not at all, never overwritten."""

import stat
import threading
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.keys import read_credential_keys, read_secret_file, write_secret_file
from registry.credentials import CredentialVault


def test_a_secret_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "seal.p12"
    write_secret_file(file, b"secret")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_secret_file(file, key="keys.seal") == b"secret"
    assert [each.name for each in file.parent.iterdir()] == ["seal.p12"]


def test_a_secret_file_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "seal.p12"
    write_secret_file(file, b"old")

    with pytest.raises(ConfigurationError, match="exists"):
        write_secret_file(file, b"new")

    assert file.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_told_as_a_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError):
        write_secret_file(tmp_path / "file" / "seal.p12", b"secret")


def test_an_absent_key_file_is_told_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"keys\.seal: cannot read"):
        read_secret_file(tmp_path / "none", key="keys.seal")


def test_a_first_credential_key_is_made_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "credentials.key"

    keys = read_credential_keys(file)

    assert read_credential_keys(file) == keys
    assert CredentialVault(keys).decrypt(CredentialVault(keys).encrypt(b"hash")) == b"hash"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "credentials.key"
    together = threading.Barrier(8)
    seen: list[tuple[bytes, ...]] = []

    def read() -> None:
        together.wait()
        seen.append(read_credential_keys(file))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_key_files_may_have_comments(tmp_path: Path) -> None:
    file = tmp_path / "credentials.key"
    new, old = CredentialVault.new_key(), CredentialVault.new_key()
    file.write_bytes(b"# newest first\n" + new + b"\n\n" + old + b"\n")

    assert read_credential_keys(file) == (new, old)


def test_a_key_file_without_keys_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "credentials.key"
    file.write_bytes(b"# nothing yet\n")

    with pytest.raises(ConfigurationError, match="holds no key"):
        read_credential_keys(file)
