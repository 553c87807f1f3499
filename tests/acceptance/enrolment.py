"""More accounts for a running sandbox."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.bootstrap import open_gateway
from gateway.pki.authority import open_authority
from gateway.sandbox.serving import Signer, enrol
from gateway.settings import load_settings
from signing.keys import KeyPair
from tests.acceptance.running import Account

__all__ = ["Enrolled", "enrol_many"]

_NUMBERS = itertools.count(1)
_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """An account with its signing key."""

    account: Account
    key: KeyPair


class Configured(Protocol):
    """Whatever has a settings file."""

    @property
    def config(self) -> Path: ...


def enrol_many(sandbox: Configured, count: int) -> list[Enrolled]:
    """Register so many persons with accounts, certificates and rights in every system."""
    settings = load_settings(sandbox.config)
    gateway = open_gateway(settings, component="test")
    authority = open_authority(settings)
    enrolled = []
    with gateway.store.begin() as work:
        for number in itertools.islice(_NUMBERS, count):
            signer = Signer(
                login=f"sender{number}@sandbox.example",
                given_names="Jan",
                surname=f"Nadawca {number}",
                pesel=_pesel(number),
                systems=frozenset({"NCTS2", "AES", "AIS", "EMCSPL2"}),
            )
            password, key = enrol(gateway, work, authority, signer)
            account = Account(login=signer.login, password=password, key=Path(), key_password="")
            enrolled.append(Enrolled(account=account, key=key))
        work.commit()
    gateway.store.close()
    return enrolled


def _pesel(number: int) -> str:
    """A number with a right check digit of somebody born on 2 January 1970."""
    body = f"700102{number:04}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + str(-total % 10)
