"""Stored documents by the hundred thousand, as if they had come over the years."""

import hashlib
import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from benchmarks.workshop import EXAMPLE
from gateway import clock
from gateway.flow.lanes import lane_of
from gateway.store.model import DocumentState
from gateway.store.ports import Store
from gateway.store.tables import documents, events, identifiers, payloads, replies, reply_contents, work_items

__all__ = ["SYSTEM", "accounts", "put_aside", "queue_up"]

SYSTEM = "NCTS2"
_CHUNK = 5_000
_ANSWERS = 3
_LRN = b"DEMO0000000000000001"


def accounts(count: int) -> list[str]:
    """Logins of senders nobody has enrolled."""
    return [f"bulk{number}@example.pl" for number in range(count)]


def put_aside(store: Store, count: int, *, owners: list[str]) -> None:
    """Store documents that are done with: answered, collected, one a minute into the past."""
    now = clock.now()
    made = _numbered(count, owners, now, timedelta(minutes=1))
    while chunk := list(itertools.islice(made, _CHUNK)):
        with store.begin() as work:
            _store(work.connection, chunk, DocumentState.ANSWERED)
            _answer(work.connection, chunk)
            work.commit()


def queue_up(store: Store, count: int, *, owners: list[str]) -> None:
    """Store verified documents that wait for their delivery."""
    now = clock.now()
    made = _numbered(count, owners, now, timedelta(0))
    while chunk := list(itertools.islice(made, _CHUNK)):
        with store.begin() as work:
            _store(work.connection, chunk, DocumentState.SUBMITTED)
            work.connection.execute(insert(work_items), [_work(number, each) for number, each in chunk])
            work.commit()


def _numbered(
    count: int, owners: list[str], now: datetime, apart: timedelta
) -> Iterator[tuple[int, dict[str, Any]]]:
    example = EXAMPLE.read_bytes()
    for number in range(count):
        lrn = clock.new_id().replace("-", "").upper()[:20]
        content = example.replace(_LRN, lrn.encode())
        yield (
            number,
            {
                "sys_ref": clock.new_id(),
                "account": owners[number % len(owners)],
                "lrn": lrn,
                "content": content,
                "sha256": hashlib.sha256(content).hexdigest(),
                "received_at": now - number * apart,
            },
        )


def _store(connection: Connection, chunk: list[tuple[int, dict[str, Any]]], state: DocumentState) -> None:
    common = {"system": SYSTEM, "type_code": "CC015C", "state": state.value, "mime": "application/xml"}
    rows = [
        common
        | {key: each[key] for key in ("sys_ref", "account", "lrn", "sha256", "received_at")}
        | {"sha1": each["sha256"][:40], "size": len(each["content"]), "duplicate_key": each["sha256"]}
        for _, each in chunk
    ]
    connection.execute(insert(documents), rows)
    connection.execute(insert(payloads), [{k: each[k] for k in ("sys_ref", "content")} for _, each in chunk])
    connection.execute(insert(identifiers), [_identifier(each) for _, each in chunk])
    received = {"action": "document_received", "actor": "gateway", "facts": {}}
    told = [received | {"sys_ref": each["sys_ref"], "at": each["received_at"]} for _, each in chunk]
    connection.execute(insert(events).inline(), told)


def _answer(connection: Connection, chunk: list[tuple[int, dict[str, Any]]]) -> None:
    rows = [
        {
            "sys_ref": clock.new_id(),
            "type_code": "CC028C",
            "account": each["account"],
            "system": SYSTEM,
            "filename": "CC028C.xml",
            "mime": "application/xml",
            "size": 4,
            "created_at": each["received_at"],
            "correlation_sys_ref": each["sys_ref"],
            "collected_at": each["received_at"],
        }
        for _, each in chunk
        for _ in range(_ANSWERS)
    ]
    numbers = connection.execute(insert(replies).returning(replies.c.seq), rows).scalars().all()
    connection.execute(insert(reply_contents), [{"seq": seq, "content": b"<a/>"} for seq in numbers])


def _identifier(each: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "lrn",
        "value": each["lrn"],
        "at": each["received_at"],
        "sys_ref": each["sys_ref"],
        "system": SYSTEM,
        "account": each["account"],
    }


def _work(number: int, each: dict[str, Any]) -> dict[str, Any]:
    return {
        "lane": lane_of(SYSTEM),
        "account": each["account"],
        "turn": number,
        "ready": True,
        "due_at": each["received_at"],
        "added_at": each["received_at"],
        "attempt": 0,
        "sys_ref": each["sys_ref"],
    }
