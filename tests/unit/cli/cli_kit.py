"""Running `sisc` in the test's own process, and keys to run it with."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import clock
from signing.authority import CertificateSubject, KeyType, create_authority, issue
from signing.keys import KeyPair, write_pkcs12

__all__ = ["EXAMPLE", "KEY_PASSWORD", "SHARED", "Outcome", "Run", "key_pair", "write_key", "write_pem"]

PROJECT = Path(__file__).parents[3]
SHARED = PROJECT.parent / "shared"
EXAMPLE = PROJECT / "examples" / "CC015C.xml"
KEY_PASSWORD = "Zażółć gęślą jaźń"
_PERSON = CertificateSubject(
    id_sisc="00000044051401359", given_names="Jan", surname="Żółkiewski", pesel="44051401359"
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def told(self) -> str:
        """The one line on standard error."""
        assert self.err.startswith("error: "), self.err
        assert self.err.count("\n") == 1, self.err
        return self.err.strip()


Run = Callable[..., Outcome]


@cache
def key_pair(kind: str) -> KeyPair:
    """A signing key ("rsa" or "ec") with a certificate that is valid now."""
    authority = create_authority("SC CA test", KeyType.P256, at=clock.now())
    private = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    certificate = issue(authority, private.public_key(), _PERSON, at=clock.now())
    return KeyPair(private_key=private, certificate=certificate, chain=(authority.certificate,))


def write_key(folder: Path, kind: str) -> tuple[Path, Path]:
    """A key as PKCS#12 file, and the file with its password."""
    key, password = folder / f"{kind}.p12", folder / "password.txt"
    key.write_bytes(write_pkcs12(key_pair(kind), name="test", password=KEY_PASSWORD))
    password.write_text(KEY_PASSWORD + "\n", encoding="utf-8")
    return key, password


def write_pem(folder: Path, *kinds: str) -> Path:
    """The certificates of keys, one behind the other."""
    file = folder / f"{'-'.join(kinds)}.pem"
    file.write_bytes(b"".join(key_pair(kind).certificate.public_bytes(Encoding.PEM) for kind in kinds))
    return file
