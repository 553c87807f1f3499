"""The octets that decisions on a document rested on, as files to be kept with it."""

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Final

from gateway.store.model import Event
from gateway.store.ports import UnitOfWork
from signing.evidence import EvidenceKind
from signing.revocation.sql import SqlRevocationCache
from signing.trustlists.repository import SqlListRepository

__all__ = ["evidence_files"]

_SUFFIXES: Final = MappingProxyType(
    {EvidenceKind.CRL: "crl", EvidenceKind.OCSP: "ocsp", EvidenceKind.CERTIFICATE: "cer"}
)


def evidence_files(work: UnitOfWork, events: Sequence[Event]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each CRL, OCSP response, issuer's certificate and trusted list that is still held.

    Args:
        work: a reading transaction.
        events: of the document; those of its verification name what it rested on.
    """
    for event in events:
        signature = event.facts.get("signature")
        if isinstance(signature, dict):
            yield from _revocation(work, signature.get("evidence"))
            yield from _lists(work, signature.get("trusted_lists"))


def _revocation(work: UnitOfWork, digests: object) -> Iterator[tuple[str, bytes]]:
    cache = SqlRevocationCache(work.connection)
    for digest in digests if isinstance(digests, list) else ():
        found = cache.evidence(str(digest))
        if found is not None:
            yield f"{found.digest}.{_SUFFIXES[found.kind]}", found.content


def _lists(work: UnitOfWork, names: object) -> Iterator[tuple[str, bytes]]:
    repository = SqlListRepository(work.connection)
    for name in names if isinstance(names, list) else ():
        territory, _, sequence = str(name).partition(" ")
        for held in repository.numbered(territory, int(sequence)):
            yield f"{territory}-{sequence}-{held.digest[:16]}.xml", held.content
