"""Builders for what the store keeps."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.store.model import NewDocument, NewReply
from gateway.store.sql_store import SqlStore

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def new_document() -> Callable[..., NewDocument]:
    """Documents that differ from each other unless told otherwise."""
    numbers = itertools.count(1)

    def build(**changed: Any) -> NewDocument:  # noqa: ANN401 - fields of every type
        number = next(numbers)
        content = changed.get("content", f"<document>{number}</document>".encode())
        fields: dict[str, Any] = {
            "sys_ref": f"doc-{number}",
            "account": "anna@example.pl",
            "system": "NCTS2",
            "type_code": "CC015C",
            "received_at": AT,
            "content": content,
            "filename": "zgłoszenie.xml",
            "mime": "application/xml",
        }
        return NewDocument(**fields | changed)

    return build


@pytest.fixture
def new_reply() -> Callable[..., NewReply]:
    """Replies with a sysRef of their own each."""
    numbers = itertools.count(1)

    def build(**changed: Any) -> NewReply:  # noqa: ANN401 - fields of every type
        number = next(numbers)
        fields: dict[str, Any] = {
            "sys_ref": f"reply-{number}",
            "type_code": "UPP",
            "account": "anna@example.pl",
            "system": "NCTS2",
            "content": f"<reply>{number}</reply>".encode(),
            "filename": "upp.xml",
            "mime": "application/xml",
            "created_at": AT,
        }
        return NewReply(**fields | changed)

    return build


@pytest.fixture
def put_in(store: SqlStore) -> Callable[..., frozenset[str]]:
    """Stores replies; returns the sysRefs of those that are new."""

    def put(*replies: NewReply) -> frozenset[str]:
        with store.begin() as work:
            new = work.mailbox.add(replies)
            work.commit()
        return new

    return put


@pytest.fixture
def take_in(store: SqlStore) -> Callable[..., None]:
    """Stores documents."""

    def take(*documents: NewDocument) -> None:
        with store.begin() as work:
            for document in documents:
                work.documents.add(document)
            work.commit()

    return take
