"""The local cache of revocation data: its port, and what of it a process keeps read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from cryptography import x509

from signing.evidence import Evidence
from signing.kept import Kept
from signing.revocation.crl import Crl, read_crl
from signing.revocation.ocsp import Answer, read_answer

__all__ = ["ReadData", "RevocationCache", "StoredAnswer", "StoredCrl", "Watched"]

_CRLS_KEPT: Final = 32  # one of 100 000 entries takes 15 to 20 MiB
_ANSWERS_KEPT: Final = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredCrl:
    """A CRL in the cache, without its content."""

    issuer: str
    scope: str  # CrlScope.digest
    delta: bool
    number: int
    this_update: datetime
    next_update: datetime
    digest: str
    url: str
    fetched_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAnswer:
    """An OCSP response in the cache."""

    issuer: str
    serial: int
    this_update: datetime
    next_update: datetime | None
    digest: str
    content: bytes
    url: str
    fetched_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """A certificate whose status is kept fresh in advance."""

    certificate: x509.Certificate
    issuer: x509.Certificate


class RevocationCache(Protocol):
    """Keeps the newest CRL of every issuer and scope and the newest response about every certificate."""

    def crls(self, issuer: str) -> Sequence[StoredCrl]:
        """All of an issuer (issuer_id), delta CRLs included."""

    def crl_content(self, stored: StoredCrl) -> bytes | None:
        """DER of one of them; None: replaced meanwhile."""

    def answer(self, issuer: str, serial: int) -> StoredAnswer | None:
        """The response about a certificate."""

    def put_crl(self, crl: Crl, *, url: str, at: datetime) -> None:
        """Keep a CRL in place of the one before, unless that is newer."""

    def put_answer(self, answer: Answer, *, url: str, at: datetime) -> None:
        """Keep a response in place of the one before, unless that is newer."""

    def watch(self, watched: Collection[Watched], *, at: datetime) -> None:
        """Keep the status of certificates fresh from now on."""

    def watched(self, *, since: datetime) -> Sequence[Watched]:
        """Those asked for since then; older ones are forgotten by `forget`."""

    def forget(self, *, before: datetime) -> None:
        """No longer keep fresh what nobody has asked for since then."""

    def keep(self, evidence: Collection[Evidence], *, at: datetime) -> None:
        """Store what a decision rests on; the same octets once only, with the day they last counted."""

    def evidence(self, digest: str) -> Evidence | None:
        """What was kept under a digest."""


class ReadData:
    """CRLs and responses read and proven once in this process; shared by all threads."""

    def __init__(self) -> None:
        self._crls: Kept[tuple[str, x509.Certificate], Crl] = Kept(_CRLS_KEPT)
        self._answers: Kept[tuple[str, x509.Certificate, x509.Certificate], Answer] = Kept(_ANSWERS_KEPT)

    def crl(self, cache: RevocationCache, stored: StoredCrl, issuer: x509.Certificate) -> Crl | None:
        """A CRL of the cache; None: replaced meanwhile.

        Raises:
            RevocationDataError: it is not this issuer's.
        """
        known = self._crls.get((stored.digest, issuer))
        if known is not None:
            return known
        content = cache.crl_content(stored)
        if content is None:
            return None
        return self._crls.put((stored.digest, issuer), read_crl(content, issuer))

    def answer(self, stored: StoredAnswer, certificate: x509.Certificate, issuer: x509.Certificate) -> Answer:
        """A response of the cache.

        Raises:
            RevocationDataError: it is not about this certificate.
        """
        key = (stored.digest, certificate, issuer)
        return self._answers.get(key) or self._answers.put(
            key, read_answer(stored.content, certificate, issuer)
        )
