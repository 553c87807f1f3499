"""The cache of revocation data and the evidence in a database; the caller owns connection and transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from signing.certificates import read_certificate
from signing.evidence import Evidence, EvidenceKind
from signing.revocation.cache import StoredAnswer, StoredCrl, Watched
from signing.revocation.crl import Crl
from signing.revocation.ocsp import Answer
from signing.tables import revocation_answers, revocation_crls, revocation_evidence, revocation_watch

__all__ = ["SqlRevocationCache"]

_USED_AGAIN: Final = timedelta(days=1)  # so seldom is it noted that evidence counts again
_PURGED_AT_ONCE: Final = 500  # a CRL may have megabytes

# Asked for every document: made once.
_CRLS: Final = select(*(column for column in revocation_crls.c if column.key != "content")).where(
    revocation_crls.c.issuer == bindparam("wanted")
)
_ANSWER: Final = select(revocation_answers).where(
    revocation_answers.c.issuer == bindparam("wanted"),
    revocation_answers.c.serial == bindparam("wanted_serial"),
)


class SqlRevocationCache:
    """A RevocationCache."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def crls(self, issuer: str) -> Sequence[StoredCrl]:
        """See RevocationCache."""
        return [
            StoredCrl(
                issuer=row.issuer,
                scope=row.scope,
                delta=row.delta,
                number=int(row.number, 16),
                this_update=row.this_update,
                next_update=row.next_update,
                digest=row.digest,
                url=row.url,
                fetched_at=row.fetched_at,
            )
            for row in self._connection.execute(_CRLS, {"wanted": issuer})
        ]

    def crl_content(self, stored: StoredCrl) -> bytes | None:
        """See RevocationCache."""
        table = revocation_crls.c
        key = and_(table.issuer == stored.issuer, table.scope == stored.scope, table.delta == stored.delta)
        query = select(table.content).where(key, table.digest == stored.digest)
        content: bytes | None = self._connection.scalar(query)
        return content

    def answer(self, issuer: str, serial: int) -> StoredAnswer | None:
        """See RevocationCache."""
        row = self._connection.execute(
            _ANSWER, {"wanted": issuer, "wanted_serial": f"{serial:x}"}
        ).one_or_none()
        if row is None:
            return None
        return StoredAnswer(
            issuer=row.issuer,
            serial=serial,
            this_update=row.this_update,
            next_update=row.next_update,
            digest=row.digest,
            content=row.content,
            url=row.url,
            fetched_at=row.fetched_at,
        )

    def put_crl(self, crl: Crl, *, url: str, at: datetime) -> None:
        """See RevocationCache."""
        table = revocation_crls.c
        delta = crl.base is not None
        key = {"issuer": crl.issuer, "scope": crl.scope.digest, "delta": delta}
        same = and_(table.issuer == crl.issuer, table.scope == crl.scope.digest, table.delta == delta)
        values = {
            "number": f"{crl.number:x}",
            "this_update": crl.this_update,
            "next_update": crl.next_update,
            **_origin(crl.evidence, url, at),
        }
        self._replace(revocation_crls, key, same, values)

    def put_answer(self, answer: Answer, *, url: str, at: datetime) -> None:
        """See RevocationCache."""
        table = revocation_answers.c
        key = {"issuer": answer.issuer, "serial": f"{answer.serial:x}"}
        same = and_(table.issuer == key["issuer"], table.serial == key["serial"])
        values = {
            "this_update": answer.this_update,
            "next_update": answer.next_update,
            **_origin(answer.evidence, url, at),
        }
        self._replace(revocation_answers, key, same, values)

    def watch(self, watched: Collection[Watched], *, at: datetime) -> None:
        """See RevocationCache."""
        for one in watched:
            read = read_certificate(one.certificate.public_bytes(Encoding.DER))
            values = {"issuer_content": one.issuer.public_bytes(Encoding.DER), "wanted_at": at}
            same = revocation_watch.c.certificate == read.fingerprint
            if not self._connection.execute(update(revocation_watch).where(same).values(values)).rowcount:
                self._insert(
                    revocation_watch, {"certificate": read.fingerprint, "content": read.der, **values}
                )

    def watched(self, *, since: datetime) -> Sequence[Watched]:
        """See RevocationCache."""
        query = select(revocation_watch.c.content, revocation_watch.c.issuer_content).where(
            revocation_watch.c.wanted_at >= since
        )
        return [
            Watched(certificate=_certificate(row.content), issuer=_certificate(row.issuer_content))
            for row in self._connection.execute(query)
        ]

    def forget(self, *, before: datetime) -> None:
        """See RevocationCache. CRLs stay: a revocation on them counts however old they are."""
        self._connection.execute(delete(revocation_watch).where(revocation_watch.c.wanted_at < before))
        self._connection.execute(delete(revocation_answers).where(revocation_answers.c.fetched_at < before))

    def keep(self, evidence: Collection[Evidence], *, at: datetime) -> None:
        """See RevocationCache."""
        by_digest = {item.digest: item for item in evidence}
        table = revocation_evidence.c
        query = select(table.digest, table.kept_at).where(table.digest.in_(by_digest))
        known = {row.digest: row.kept_at for row in self._connection.execute(query)}
        used_again = [digest for digest, kept_at in known.items() if kept_at <= at - _USED_AGAIN]
        if used_again:
            change = update(revocation_evidence).where(table.digest.in_(used_again)).values(kept_at=at)
            self._connection.execute(change)
        for digest in by_digest.keys() - known.keys():
            item = by_digest[digest]
            values = {"digest": digest, "kind": item.kind.value, "content": item.content, "kept_at": at}
            self._insert(revocation_evidence, values)

    def purge_evidence(self, *, before: datetime) -> int:
        """Forget some of what no decision has rested on since then; how many.

        Args:
            before: with zone; whoever wants all of it gone asks again until nothing is left.
        """
        table = revocation_evidence.c
        old = (
            select(table.digest).where(table.kept_at < before).order_by(table.kept_at).limit(_PURGED_AT_ONCE)
        )
        return self._connection.execute(delete(revocation_evidence).where(table.digest.in_(old))).rowcount

    def evidence(self, digest: str) -> Evidence | None:
        """See RevocationCache."""
        query = select(revocation_evidence).where(revocation_evidence.c.digest == digest)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        return Evidence(kind=EvidenceKind(row.kind), digest=row.digest, content=row.content)

    def _replace(
        self, table: Table, key: Mapping[str, object], same: ColumnElement[bool], values: Mapping[str, object]
    ) -> None:
        """Put new values in the place of older ones; newer ones stay."""
        newer = update(table).where(same, table.c.this_update <= values["this_update"]).values(**values)
        if not self._connection.execute(newer).rowcount and not self._insert(table, {**key, **values}):
            self._connection.execute(newer)  # another process was quicker, perhaps with something older

    def _insert(self, table: Table, values: Mapping[str, object]) -> bool:
        """Whether the row is new; one that is there already stays."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(table).values(**values))
        except IntegrityError:
            return False
        return True


def _origin(evidence: Evidence, url: str, at: datetime) -> dict[str, object]:
    return {"digest": evidence.digest, "content": evidence.content, "url": url, "fetched_at": at}


def _certificate(der: bytes) -> x509.Certificate:
    return read_certificate(der).certificate
