"""Incoming documents in SQL."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, case, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.errors import DuplicateDocumentError, NotFoundError
from gateway.store.document_search import matching
from gateway.store.engine import COUNTED
from gateway.store.identifiers import REFUSED
from gateway.store.model import Attachment, Document, DocumentFilter, DocumentState, NewDocument
from gateway.store.tables import attachments, documents, payloads

__all__ = ["SqlDocuments"]

_FIELDS = tuple(Document.__dataclass_fields__)
_SELECT = select(*(documents.c[name] for name in _FIELDS))
_BY_SYS_REFS = _SELECT.where(documents.c.sys_ref.in_(bindparam("sys_refs", expanding=True)))
_TO_CHANGE = _BY_SYS_REFS.order_by(documents.c.sys_ref).with_for_update()  # in one order: no deadlocks
_CONTENTS = select(payloads.c.sys_ref, payloads.c.content).where(
    payloads.c.sys_ref.in_(bindparam("sys_refs", expanding=True))
)
_ATTACHMENTS = (
    select(attachments.c.sys_ref, attachments.c.content, attachments.c.filename, attachments.c.mime)
    .where(attachments.c.sys_ref.in_(bindparam("sys_refs", expanding=True)))
    .order_by(attachments.c.sys_ref, attachments.c.ordinal)
)
_ORIGINAL = select(documents.c.sys_ref).where(
    documents.c.account == bindparam("account"), documents.c.duplicate_key == bindparam("sha256")
)
_STAND_IN_THE_WAY = (
    update(documents).where(documents.c.sys_ref == bindparam("key")).values(duplicate_key=documents.c.sha256)
)
_REROUTE = update(documents).where(documents.c.sys_ref == bindparam("key")).values(system=bindparam("to"))
_INSERT: Mapping[str, Insert] = {
    "sqlite": sqlite.insert(documents).on_conflict_do_nothing(index_elements=["account", "duplicate_key"]),
    "postgresql": postgresql.insert(documents).on_conflict_do_nothing(
        index_elements=["account", "duplicate_key"]
    ),
}
_duplicate_key = case(
    (bindparam("refused", type_=documents.c.size.type) == 1, null()), else_=documents.c.duplicate_key
)
_CHANGING = ("person", "middle", "end", "own_id", "lrn", "mrn", "arc")
_UPDATE = (
    update(documents)
    .where(documents.c.sys_ref == bindparam("key"))
    .values(state=bindparam("state"), duplicate_key=_duplicate_key)
    .values({name: bindparam(name) for name in _CHANGING})
)


class SqlDocuments:
    """Implements `gateway.store.ports.Documents` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, document: NewDocument) -> None:
        """Store a document in state RECEIVED with its bytes.

        Raises:
            DuplicateDocumentError: the account has an identical payload that was not refused.
        """
        statement, row = _INSERT[self._connection.dialect.name], _row(document)
        while self._connection.execute(statement, row, execution_options=COUNTED).rowcount == 0:
            self._refuse_duplicate(document)
        self._connection.execute(insert(payloads), {"sys_ref": document.sys_ref, "content": document.content})
        if document.attachments:
            self._connection.execute(insert(attachments), _attachment_rows(document))

    def get(self, sys_ref: str) -> Document:
        """The document.

        Raises:
            NotFoundError: there is none.
        """
        found = self.get_many([sys_ref])
        if not found:
            raise NotFoundError(what="document", key=sys_ref)
        return found[sys_ref]

    def get_many(self, sys_refs: Collection[str], *, to_change: bool = False) -> Mapping[str, Document]:
        """Those of the documents that exist.

        Args:
            sys_refs: which ones.
            to_change: keep others from changing them until the end of the transaction.
        """
        query = _TO_CHANGE if to_change else _BY_SYS_REFS
        rows = self._connection.execute(query, {"sys_refs": list(sys_refs)})
        return {row[0]: _document(row) for row in rows}

    def contents(self, sys_refs: Collection[str]) -> Mapping[str, bytes]:
        """Main payloads, byte for byte as sent."""
        rows = self._connection.execute(_CONTENTS, {"sys_refs": list(sys_refs)})
        return {sys_ref: content for sys_ref, content in rows}  # noqa: C416 - a Row is no pair to mypy

    def attachments(self, sys_refs: Collection[str]) -> Mapping[str, Sequence[Attachment]]:
        """Attachments in the order sent, of those documents that have any."""
        found: defaultdict[str, list[Attachment]] = defaultdict(list)
        for sys_ref, content, name, mime in self._connection.execute(
            _ATTACHMENTS, {"sys_refs": list(sys_refs)}
        ):
            found[sys_ref].append(Attachment(content=content, filename=name, mime=mime))
        return dict(found)

    def update(self, document: Document) -> None:
        """Write state, contexts and keys back; a refused document frees its duplicate key.

        Raises:
            NotFoundError: the document is not stored.
        """
        self.update_many([document])

    def update_many(self, changed: Sequence[Document]) -> None:
        """As `update`, in one round trip.

        Raises:
            NotFoundError: one of the documents is not stored; roll back.
        """
        rows = [
            {"key": each.sys_ref, "state": each.state.value, "refused": int(each.state in REFUSED)}
            | {name: getattr(each, name) for name in _CHANGING}
            for each in changed
        ]
        if rows and self._connection.execute(_UPDATE, rows).rowcount != len(rows):
            known = self.get_many([row["key"] for row in rows])
            missing = next(row["key"] for row in rows if row["key"] not in known)
            raise NotFoundError(what="document", key=missing)

    def stand_in_the_way(self, document: Document) -> None:
        """Refuse identical payloads again for a document that is refused no more.

        Raises:
            DuplicateDocumentError: another one has been accepted meanwhile.
        """
        query = {"account": document.account, "sha256": document.sha256}
        others = self._connection.scalars(_ORIGINAL, query).all()
        if others and others[0] != document.sys_ref:
            raise DuplicateDocumentError(original=others[0])
        self._connection.execute(_STAND_IN_THE_WAY, {"key": document.sys_ref})

    def reroute(self, sys_ref: str, system: str) -> None:
        """Give a document another target system."""
        self._connection.execute(_REROUTE, {"key": sys_ref, "to": system})

    def find(self, wanted: DocumentFilter, *, limit: int) -> Sequence[Document]:
        """Documents that match, newest first."""
        rows = self._connection.execute(matching(_SELECT, wanted).limit(limit))
        return [_document(row) for row in rows]

    def _refuse_duplicate(self, document: NewDocument) -> None:
        """Name the original. It may have been refused since the insert met it: then nothing is in the way."""
        query = {"account": document.account, "sha256": document.sha256}
        original = self._connection.execute(_ORIGINAL, query).scalar_one_or_none()
        if original is not None:
            raise DuplicateDocumentError(original=original)


def _row(document: NewDocument) -> dict[str, Any]:
    return {
        "sys_ref": document.sys_ref,
        "account": document.account,
        "system": document.system,
        "type_code": document.type_code,
        "state": DocumentState.RECEIVED.value,
        "received_at": document.received_at,
        "sha256": document.sha256,
        "sha1": document.sha1,
        "size": len(document.content),
        "filename": document.filename,
        "mime": document.mime,
        "duplicate_key": document.sha256,
    }


def _attachment_rows(document: NewDocument) -> list[dict[str, Any]]:
    return [
        {
            "sys_ref": document.sys_ref,
            "ordinal": ordinal,
            "filename": each.filename,
            "mime": each.mime,
            "content": each.content,
        }
        for ordinal, each in enumerate(document.attachments, start=1)
    ]


def _document(row: Any) -> Document:  # noqa: ANN401 - a Row of _SELECT
    values = dict(zip(_FIELDS, row, strict=True))
    values["state"] = DocumentState(values["state"])
    return Document(**values)
