import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.store.model import MailboxFilter, NewReply, Reply
from gateway.store.sql_store import SqlStore

Build = Callable[..., NewReply]
Put = Callable[..., frozenset[str]]

ALL = frozenset({"*"})
ANNA = MailboxFilter(account="anna@example.pl")
FULL: dict[str, Any] = {
    "type_code": "CC028C",
    "correlation_sys_ref": "doc-1",
    "back_end_id": "be-1",
    "own_id": "own",
    "case_id": "case",
    "person": "P",
    "middle": "M",
    "end": "E",
}


def _take(store: SqlStore, wanted: MailboxFilter, at: datetime) -> tuple[Reply | None, bool]:
    with store.begin() as work:
        taken = work.mailbox.take_next(wanted, at=at)
        work.commit()
    return taken


def _page(store: SqlStore, wanted: MailboxFilter, *, limit: int = 100, max_bytes: int = 10**6) -> list[str]:
    with store.read() as work:
        count, found = work.mailbox.page(wanted, limit=limit, max_bytes=max_bytes)
    assert count >= len(found)
    return [reply.sys_ref for reply in found]


def test_a_reply_is_handed_out_as_it_was_stored(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime
) -> None:
    sent = new_reply(content=bytes(range(256)), **FULL)
    put_in(sent)
    reply, more = _take(store, ANNA, at)
    assert reply is not None
    assert not more
    expected = asdict(sent) | {"seq": reply.seq, "collected_at": None}
    del expected["back_end_id"]
    stored = asdict(reply)
    assert stored.pop("collected_at") == at
    assert expected.pop("collected_at") is None
    assert expected == stored


def test_replies_are_taken_oldest_first_and_once(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime
) -> None:
    put_in(new_reply(sys_ref="1"), new_reply(sys_ref="2"))
    put_in(new_reply(sys_ref="3"), new_reply(account="jan@example.pl"))
    taken = [_take(store, ANNA, at) for _ in range(4)]
    assert [(reply.sys_ref if reply else None, more) for reply, more in taken] == [
        ("1", True),
        ("2", True),
        ("3", False),
        (None, False),
    ]


def test_what_is_older_comes_first_though_it_was_stored_later(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime
) -> None:
    put_in(new_reply(sys_ref="new", created_at=at))
    put_in(new_reply(sys_ref="old", created_at=at - timedelta(days=2)))
    put_in(new_reply(sys_ref="older", created_at=at - timedelta(days=3)))
    assert _page(store, ANNA) == ["older", "old", "new"]
    recent = replace(ANNA, created_from=at - timedelta(days=2))
    taken = [_take(store, recent, at)[0] for _ in range(3)]
    assert [reply and reply.sys_ref for reply in taken] == ["old", "new", None]


def test_a_reply_taken_without_commit_is_still_waiting(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime
) -> None:
    put_in(new_reply(sys_ref="1"))
    with store.begin() as work:
        work.mailbox.take_next(ANNA, at=at)
    reply, _ = _take(store, ANNA, at)
    assert reply is not None


def test_a_collected_reply_stays_readable(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime
) -> None:
    put_in(new_reply(sys_ref="1"), new_reply(sys_ref="2"))
    _take(store, ANNA, at)
    assert _page(store, ANNA) == ["1", "2"]
    assert _page(store, replace(ANNA, collected=True)) == ["1"]
    assert _page(store, replace(ANNA, collected=False)) == ["2"]


def test_an_answer_delivered_again_is_stored_once(store: SqlStore, new_reply: Build, put_in: Put) -> None:
    known = {"system": "AES", "back_end_id": "be-1"}
    first = new_reply(**known, sys_ref="1")
    again = new_reply(**known, sys_ref="2")
    elsewhere = new_reply(**known | {"system": "AIS"}, sys_ref="3")
    assert put_in(first, again, elsewhere) == {"1", "3"}
    another = new_reply(system="AES", back_end_id="be-2", sys_ref="4")
    assert put_in(new_reply(**known), another) == {"4"}
    assert put_in(new_reply(**known)) == frozenset()
    assert put_in() == frozenset()
    assert len(_page(store, ANNA)) == 3


def test_the_gateways_own_receipts_are_never_taken_for_repetitions(new_reply: Build, put_in: Put) -> None:
    assert put_in(new_reply(), new_reply()) == {"reply-1", "reply-2"}


@pytest.mark.parametrize(
    "field",
    ["sys_ref", "correlation_sys_ref", "own_id", "case_id", "person", "middle", "end", "system"],
)
def test_every_field_of_the_filter_narrows_both_ways_of_reading(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime, field: str
) -> None:
    put_in(
        new_reply(**FULL), new_reply(**{"sys_ref": "wanted"} | FULL | {"back_end_id": None, field: "wanted"})
    )
    if field != "sys_ref":
        put_in(new_reply(account="jan@example.pl", **FULL | {"back_end_id": None, field: "wanted"}))
    fields: dict[str, Any] = {field: "wanted"}
    wanted = replace(ANNA, **fields)
    assert _page(store, wanted) == ["wanted"]
    reply, more = _take(store, wanted, at)
    assert reply is not None
    assert (reply.sys_ref, more) == ("wanted", False)


def test_the_window_includes_its_start_and_not_its_end(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime
) -> None:
    put_in(*(new_reply(sys_ref=f"{hour}", created_at=at + timedelta(hours=hour)) for hour in range(5)))
    wanted = replace(ANNA, created_from=at + timedelta(hours=1), created_to=at + timedelta(hours=3))
    assert _page(store, wanted) == ["1", "2"]
    reply, more = _take(store, wanted, at)
    assert reply is not None
    assert (reply.sys_ref, more) == ("1", True)


def test_documents_of_visible_entities_are_found_once_each(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime
) -> None:
    jan = "jan@example.pl"
    put_in(
        new_reply(sys_ref="own"),
        new_reply(sys_ref="own of agency", middle="AGENCY", end="FIRM"),
        new_reply(sys_ref="of agency", account=jan, middle="AGENCY"),
        new_reply(sys_ref="of firm", account=jan, end="FIRM"),
        new_reply(sys_ref="of other firm", account=jan, end="OTHER"),
    )
    wanted = replace(ANNA, entities={"AGENCY": ALL, "FIRM": ALL})
    assert _page(store, wanted) == ["own", "own of agency", "of agency", "of firm"]
    assert _page(store, replace(wanted, end="FIRM")) == ["own of agency", "of firm"]
    assert _page(store, replace(wanted, sys_ref="of firm")) == ["of firm"]
    assert _page(store, replace(wanted, sys_ref="of other firm")) == []
    taken = [_take(store, wanted, at)[0] for _ in range(5)]
    assert [reply and reply.sys_ref for reply in taken] == [
        "own",
        "own of agency",
        "of agency",
        "of firm",
        None,
    ]


def test_an_entity_is_visible_only_in_the_systems_covered(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime
) -> None:
    jan = "jan@example.pl"
    for system in ("AES", "AIS", "NCTS2"):
        put_in(
            *(
                new_reply(sys_ref=f"{system} {entity}", account=jan, system=system, end=entity, own_id="own")
                for entity in ("NARROW", "WIDE", "EVERY", "NOTHING")
            )
        )
    covered = {
        "NARROW": frozenset({"AES"}),
        "WIDE": frozenset({"AES", "AIS"}),
        "EVERY": ALL,
        "NOTHING": frozenset[str](),
    }
    expected = ["AES NARROW", "AES WIDE", "AES EVERY", "AIS WIDE", "AIS EVERY", "NCTS2 EVERY"]
    wanted = replace(ANNA, entities=covered)
    assert _page(store, wanted) == expected
    assert _page(store, replace(wanted, own_id="own")) == expected
    assert _page(store, replace(wanted, system="AIS")) == ["AIS WIDE", "AIS EVERY"]
    taken = [_take(store, wanted, at)[0] for _ in expected]
    assert [reply and reply.sys_ref for reply in taken] == expected


def test_a_page_counts_all_and_shows_the_oldest(store: SqlStore, new_reply: Build, put_in: Put) -> None:
    put_in(*(new_reply(sys_ref=f"{n}") for n in range(5)))
    with store.read() as work:
        count, found = work.mailbox.page(ANNA, limit=2, max_bytes=10**6)
    assert (count, [reply.sys_ref for reply in found]) == (5, ["0", "1"])


def test_a_page_stays_within_its_bytes_but_holds_at_least_one(
    store: SqlStore, new_reply: Build, put_in: Put
) -> None:
    put_in(*(new_reply(sys_ref=f"{n}", content=b"x" * 100) for n in range(4)))
    assert _page(store, ANNA, max_bytes=300) == ["0", "1", "2"]
    assert _page(store, ANNA, max_bytes=299) == ["0", "1"]
    assert _page(store, ANNA, max_bytes=1) == ["0"]


def test_an_empty_mailbox_has_an_empty_page(store: SqlStore) -> None:
    with store.read() as work:
        assert work.mailbox.page(ANNA, limit=10, max_bytes=10) == (0, [])


def test_two_pollers_get_everything_once(
    store: SqlStore, new_reply: Build, put_in: Put, at: datetime
) -> None:
    put_in(*(new_reply(sys_ref=f"{n}") for n in range(60)))
    taken: list[str] = []

    def poll() -> None:
        while (reply := _take(store, ANNA, at)[0]) is not None:
            taken.append(reply.sys_ref)

    pollers = [threading.Thread(target=poll) for _ in range(3)]
    for poller in pollers:
        poller.start()
    for poller in pollers:
        poller.join()
    assert sorted(taken, key=int) == [f"{n}" for n in range(60)]
