"""Stored documents by the hundred thousand, as if they had come over the years."""

import hashlib
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from benchmarks.scale.bulk import next_reply, write
from benchmarks.workshop import EXAMPLE
from gateway import clock
from gateway.actions import Action
from gateway.flow.lanes import lane_of
from gateway.store.model import DocumentState, NewWork
from gateway.store.sql_store import SqlStore
from gateway.store.tables import (
    documents,
    events,
    identifiers,
    number_owners,
    payloads,
    replies,
    reply_contents,
    work_items,
)

__all__ = ["SYSTEM", "Past", "accounts", "put_aside", "queue_up", "submit"]

SYSTEM = "NCTS2"
_CHUNK: Final = 5_000
_TOLD: Final = 50_000
_LRN: Final = b"DEMO0000000000000001"
#: What a sender gets for a document, by type.
_ANSWERS: Final = ("UPP", "CC928C", "CC028C")
_ANSWER: Final = b"<answer>" + b"<field>value</field>" * 20 + b"</answer>"
_LIFE: Final = (
    Action.DOCUMENT_RECEIVED,
    Action.DOCUMENT_SUBMITTED,
    Action.DOCUMENT_DELIVERED,
    Action.ANSWER_RECEIVED,
)


@dataclass(frozen=True, kw_only=True)
class Past:
    """When documents came."""

    until: datetime
    apart: timedelta


def accounts(count: int) -> list[str]:
    """Logins of senders nobody has enrolled."""
    return [f"bulk{number}@example.pl" for number in range(count)]


def put_aside(
    store: SqlStore, count: int, *, owners: Sequence[str], past: Past, collected: bool = True
) -> None:
    """Store documents that are done with: verified, delivered, answered.

    Args:
        store: where to.
        count: how many.
        owners: accounts whose documents they are, in turn.
        past: when they came; the oldest are stored first.
        collected: whether the senders have fetched the answers.
    """
    start = past.until - count * past.apart
    for chunk in _chunks(count, owners, start, past.apart):
        with store.begin() as work:
            _store(work.connection, chunk, DocumentState.ANSWERED)
            write(work.connection, events, [row for each in chunk for row in _life(each)])
            write(work.connection, number_owners, [_owner(each) for each in chunk])
            _answer(work.connection, chunk, collected=collected)
            work.commit()


def queue_up(store: SqlStore, count: int, *, owners: Sequence[str]) -> None:
    """Store verified documents that wait for their delivery, each sender's in turns of its own."""
    for chunk in _chunks(count, owners, store.clock(), timedelta(0)):
        with store.begin() as work:
            _store(work.connection, chunk, DocumentState.SUBMITTED)
            write(work.connection, events, [_event(each, Action.DOCUMENT_RECEIVED) for each in chunk])
            write(work.connection, work_items, [_work(each, len(owners)) for each in chunk])
            work.commit()


def submit(store: SqlStore, account: str) -> str:
    """Queue one verified document the way the gateway does; its sysRef."""
    at = store.clock()
    (each,) = _numbered(1, [account], at, timedelta(0))
    with store.begin() as work:
        _store(work.connection, [each], DocumentState.SUBMITTED)
        work.queue.put(lane_of(SYSTEM), NewWork(sys_ref=each["sys_ref"], account=account), at=at)
        work.commit()
    return str(each["sys_ref"])


def _chunks(
    count: int, owners: Sequence[str], start: datetime, apart: timedelta
) -> Iterator[list[dict[str, Any]]]:
    made = _numbered(count, owners, start, apart)
    done = 0
    while chunk := list(itertools.islice(made, _CHUNK)):
        yield chunk
        done += len(chunk)
        if done % _TOLD == 0:
            print(f"{done:,} of {count:,} documents stored", file=sys.stderr)


def _numbered(
    count: int, owners: Sequence[str], start: datetime, apart: timedelta
) -> Iterator[dict[str, Any]]:
    example = EXAMPLE.read_bytes()
    for number in range(count):
        lrn = clock.new_id().replace("-", "").upper()[:20]
        content = example.replace(_LRN, lrn.encode())
        yield {
            "number": number,
            "sys_ref": clock.new_id(),
            "account": owners[number % len(owners)],
            "lrn": lrn,
            "content": content,
            "sha256": hashlib.sha256(content).hexdigest(),
            "at": start + number * apart,
        }


def _store(connection: Connection, chunk: Sequence[dict[str, Any]], state: DocumentState) -> None:
    common = {"system": SYSTEM, "type_code": "CC015C", "state": state.value, "mime": "application/xml"}
    rows = [
        common
        | {key: each[key] for key in ("sys_ref", "account", "lrn", "sha256")}
        | {"sha1": each["sha256"][:40], "size": len(each["content"]), "duplicate_key": each["sha256"]}
        | {"received_at": each["at"]}
        for each in chunk
    ]
    write(connection, documents, rows)
    write(connection, payloads, [{key: each[key] for key in ("sys_ref", "content")} for each in chunk])
    write(connection, identifiers, [_identifier(each) for each in chunk])


def _answer(connection: Connection, chunk: Sequence[dict[str, Any]], *, collected: bool) -> None:
    answers = [(each, code) for each in chunk for code in _ANSWERS]
    first = next_reply(connection, len(answers))
    rows = [
        {
            "seq": seq,
            "sys_ref": clock.new_id(),
            "type_code": code,
            "account": each["account"],
            "system": SYSTEM,
            "filename": f"{code}.xml",
            "mime": "application/xml",
            "size": len(_ANSWER),
            "created_at": each["at"],
            "correlation_sys_ref": each["sys_ref"],
            "back_end_id": None if code == "UPP" else f"{each['sys_ref']} {code}",
            "collected_at": each["at"] if collected else None,
        }
        for seq, (each, code) in enumerate(answers, first)
    ]
    write(connection, replies, rows)
    write(connection, reply_contents, [{"seq": row["seq"], "content": _ANSWER} for row in rows])


def _life(each: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (_event(each, action) for action in _LIFE)


def _event(each: dict[str, Any], action: Action) -> dict[str, Any]:
    facts = {"type": "CC015C", "system": SYSTEM, "size": len(each["content"]), "sha256": each["sha256"]}
    return {
        "sys_ref": each["sys_ref"],
        "at": each["at"],
        "action": action.value,
        "actor": "gateway",
        "facts": facts,
    }


def _identifier(each: dict[str, Any]) -> dict[str, Any]:
    common = {key: each[key] for key in ("at", "sys_ref", "account")}
    return {"kind": "lrn", "value": each["lrn"], "system": SYSTEM, **common}


def _owner(each: dict[str, Any]) -> dict[str, Any]:
    return {
        "system": SYSTEM,
        "kind": "lrn",
        "number": each["lrn"],
        "owner": each["account"],
        "person": each["account"],
        "sys_ref": each["sys_ref"],
    }


def _work(each: dict[str, Any], owners: int) -> dict[str, Any]:
    return {
        "lane": lane_of(SYSTEM),
        "account": each["account"],
        "turn": each["number"] // owners,
        "ready": True,
        "due_at": each["at"],
        "added_at": each["at"],
        "attempt": 0,
        "sys_ref": each["sys_ref"],
    }
