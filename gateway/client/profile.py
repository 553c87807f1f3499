"""Where a client of the channel finds its gateway: options, environment, or a profile file."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.errors import ConfigurationError
from gateway.passwords import read_password

__all__ = ["DEFAULT_PROFILE", "ClientProfile", "load_profile", "password_beside"]

#: Written by `sisc sandbox` in its folder.
DEFAULT_PROFILE: Final = Path("sandbox/client.toml")
_KEYS: Final = frozenset({"url", "login", "password", "key", "key_password"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientProfile:
    """A gateway and an account on it."""

    url: str
    login: str
    password: str
    key: Path | None = None  # PKCS#12 to sign with
    key_password: str | None = None


def load_profile(
    file: Path | None,
    *,
    url: str | None,
    login: str | None,
    password_file: Path | None,
    key: Path | None = None,
) -> ClientProfile:
    """Put a profile together; options win over the environment (SISC_PASSWORD), that over the file.

    Args:
        file: profile in TOML with url, login, password, key, key_password; None: the one beside the key, else
            the sandbox's, if there.
        url: address of the gateway.
        login: account.
        password_file: file with the account's password.
        key: signing key named by an option; a profile beside it has the same name and ends in .toml.

    Raises:
        ConfigurationError: something needed is given nowhere, or the file cannot be used.
    """
    file = file or (_beside(key) if key else None)
    known = _read(file)
    password = (
        read_password(password_file, option="--password-file")
        or os.environ.get("SISC_PASSWORD")
        or known.get("password")
    )
    where = _absence(file)
    known_key = known.get("key")
    folder = (file or DEFAULT_PROFILE).parent
    return ClientProfile(
        url=_address(_needed("--url", url or known.get("url"), where)),
        login=_needed("--login", login or known.get("login"), where),
        password=_needed("--password-file or SISC_PASSWORD", password, where),
        key=folder / known_key if known_key else None,
        key_password=known.get("key_password"),
    )


def password_beside(key: Path) -> str | None:
    """The password of a key that a profile beside it knows: of the same name, ending in .toml.

    Raises:
        ConfigurationError: there is such a profile, and it cannot be used.
    """
    profile = _beside(key)
    known = _read(profile) if profile else {}
    return known.get("key_password") if known.get("key") == key.name else None


def _beside(key: Path) -> Path | None:
    profile = key.with_suffix(".toml")
    return profile if profile.is_file() else None


def _read(file: Path | None) -> Mapping[str, str]:
    chosen = file or DEFAULT_PROFILE
    if file is None and not chosen.is_file():
        return {}
    try:
        values = tomllib.loads(chosen.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(key="--profile", reason=f"cannot read {chosen}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(key="--profile", reason=f"{chosen} is no TOML: {error}") from error
    unknown = set(values) - _KEYS
    if unknown:
        reason = f"{chosen} has unknown keys {sorted(unknown)}; known are {sorted(_KEYS)}"
        raise ConfigurationError(key="--profile", reason=reason)
    return {key: str(value) for key, value in values.items()}


def _absence(file: Path | None) -> str:
    """What to say of something given nowhere."""
    if file is not None or DEFAULT_PROFILE.is_file():
        return f"not given, and not in {file or DEFAULT_PROFILE}"
    return f"not given, and no profile {DEFAULT_PROFILE} here (start one with: sisc sandbox)"


def _needed(option: str, value: str | None, absence: str) -> str:
    if not value:
        raise ConfigurationError(key=option, reason=absence)
    return value


def _address(url: str) -> str:
    """An address that can be called."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # e.g. a port beyond 65535
        usable = False
    if not usable:
        raise ConfigurationError(key="--url", reason=f"{url!r} is no address like https://host:8080")
    return url
