"""What every ledger must hold, on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, create_engine, select

from benchmarks.plans import plan_of, settle
from routing.errors import LedgerUnavailableError
from routing.model import Answer, AnswerKind, Recipient
from routing.simulators.ledger import Due, Movement, NewDelivery, Number, NumberKind, State, Wanted
from routing.simulators.portions import PORTION_BYTES
from routing.simulators.remote.outbox import Outbox
from routing.simulators.sql_ledger import SqlLedger
from routing.tables import simulator_deliveries, simulator_numbers
from schemas.model import IdentifierKind

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def delivery(sys_ref: str, refusal: str | None = None) -> NewDelivery:
    return NewDelivery(sys_ref=sys_ref, type_code="CC015C", at=AT, refusal=refusal)


def answer(sys_ref: str, number: str, content: bytes = b"<UPO/>") -> Answer:
    return Answer(
        back_end_id=number,
        kind=AnswerKind.CONFIRMATION,
        type_code="UPO",
        filename="UPO.xml",
        content=content,
        sys_ref=sys_ref,
        correlation="M1",
        lrn="L1",
        mrn="26PL",
        arc=None,
    )


def lrn(value: str, sys_ref: str, principal: str = "PL1") -> Number:
    return Number(kind=NumberKind.LRN, principal=principal, value=value, sys_ref=sys_ref)


@pytest.fixture
def ledger(engine: Engine) -> SqlLedger:
    return SqlLedger(engine, "NCTS2")


def test_a_document_is_new_once(ledger: SqlLedger) -> None:
    with ledger.begin() as unit:
        assert frozenset({"a", "b"}) == unit.claim([delivery("b"), delivery("a")])
    with ledger.begin() as unit:
        assert frozenset({"c"}) == unit.claim([delivery("a"), delivery("c")])


def test_systems_do_not_share_their_memory(engine: Engine) -> None:
    for system in ("NCTS2", "AES"):
        with SqlLedger(engine, system).begin() as unit:
            assert frozenset({"a"}) == unit.claim([delivery("a")])
            assert {lrn("L1", "a")} == unit.take([lrn("L1", "a")])


def test_answers_come_back_byte_for_byte_and_in_order(ledger: SqlLedger) -> None:
    given = (answer("a", "9", b"\xc5\x82\x00\xff"), answer("a", "1"))
    with ledger.begin() as unit:
        unit.claim([delivery("a"), delivery("b", refusal="no")])
        unit.record({"a": given, "b": (answer("b", "5"),)})
    earlier = ledger.look(Wanted(sys_refs=["a", "b"])).earlier
    assert given == earlier["a"].answers
    assert earlier["a"].refusal is None
    assert earlier["b"].refusal == "no"


def test_a_repeated_delivery_is_counted_but_stays_one_delivery(ledger: SqlLedger, engine: Engine) -> None:
    with ledger.begin() as unit:
        unit.claim([delivery("a")])
    for _ in range(2):
        with ledger.begin() as unit:
            assert not unit.claim([delivery("a")])
            unit.repeated(["a"])
    with engine.connect() as connection:
        rows = connection.execute(select(simulator_deliveries.c.deliveries)).all()
    assert [tuple(row) for row in rows] == [(3,)]


def test_a_number_is_taken_once_per_principal(ledger: SqlLedger) -> None:
    with ledger.begin() as unit:
        assert {lrn("L1", "a")} == unit.take([lrn("L1", "a")])
    with ledger.begin() as unit:
        wanted = [lrn("L1", "b"), lrn("L1", "b", principal="PL2")]
        assert {wanted[1]} == unit.take(wanted)


def test_of_equal_numbers_in_one_batch_the_first_wins(ledger: SqlLedger) -> None:
    with ledger.begin() as unit:
        assert {lrn("L1", "z")} == unit.take([lrn("L1", "z"), lrn("L1", "a")])


def movement(
    version: int = 0, state: State = State.RELEASED, lrn: str = "L1", principal: str = "PL1"
) -> Movement:
    return Movement(
        principal=principal,
        lrn=lrn,
        reference="26PL",
        state=state,
        scenario="CTRL",
        version=version,
        schema="51.8",
        type_code="CC015C",
        declaration=b"<a/>",
        counterpart=b"<b/>",
        facts={"accepted_on": "2026-11-20", "note": "ż"},
        sys_ref="a",
        own_id="M1",
        changed_at=AT,
    )


def test_a_movement_is_found_by_its_lrn_and_by_its_reference(ledger: SqlLedger) -> None:
    with ledger.begin() as unit:
        assert unit.keep([movement()])
    kept = movement(version=1)
    assert [kept] == ledger.look(Wanted(keys=[("PL1", "L1")])).movements
    assert [kept] == ledger.look(Wanted(references=["26PL"])).movements
    assert [kept] == ledger.look(Wanted(keys=[("PL1", "L1")], references=["26PL"])).movements
    assert not ledger.look(Wanted(keys=[("PL2", "L1")], references=["26DE"])).movements


def test_only_the_movements_asked_for_are_told(ledger: SqlLedger) -> None:
    both = [movement(lrn=lrn, principal=principal) for principal in ("PL1", "PL2") for lrn in ("L1", "L2")]
    with ledger.begin() as unit:
        assert unit.keep(both)
    asked = [("PL1", "L2"), ("PL2", "L1")]
    assert {each.key for each in ledger.look(Wanted(keys=asked)).movements} == set(asked)


def test_movements_of_a_busy_principal_are_found_by_index(ledger: SqlLedger, engine: Engine) -> None:
    with ledger.begin() as unit:
        assert unit.keep([movement(lrn=f"L{number}") for number in range(3_000)])
    settle(engine)
    wanted = Wanted(keys=[("PL1", f"L{number}") for number in range(0, 3_000, 100)])
    with engine.connect() as connection:
        plan = plan_of(connection, lambda: ledger.look(wanted), through=engine)
    assert plan == [
        "SEARCH simulator_movements USING INDEX sqlite_autoindex_simulator_movements_1"
        " (system=? AND principal=? AND lrn=?)"
        if engine.dialect.name == "sqlite"
        else "Index Scan using pk_simulator_movements on simulator_movements"
    ]


def test_a_movement_is_changed_only_from_the_version_that_was_read(ledger: SqlLedger) -> None:
    with ledger.begin() as unit:
        assert unit.keep([movement()])
        assert not unit.keep([movement()])
        assert unit.keep([movement(version=1, state=State.CLOSED)])
        assert not unit.keep([movement(version=1, state=State.ARRIVED)])
    [kept] = ledger.look(Wanted(references=["26PL"])).movements
    assert (kept.version, kept.state) == (2, State.CLOSED)


def test_events_come_when_they_are_due_and_are_struck_off_once(ledger: SqlLedger, engine: Engine) -> None:
    soon, late = (
        Due(event=event, at=AT + timedelta(hours=hours), principal="PL1", lrn="L1", sys_ref="a")
        for event, hours in (("release", 1), ("lapse", 2))
    )
    with ledger.begin() as unit:
        unit.schedule([late, soon])
    assert ledger.due(AT, 10) == []
    [first] = ledger.due(AT + timedelta(hours=1), 10)
    assert (first.event, first.at, first.key) == ("release", soon.at, ("PL1", "L1"))
    assert [each.event for each in ledger.due(AT + timedelta(hours=3), 10)] == ["release", "lapse"]
    assert [each.event for each in ledger.due(AT + timedelta(hours=3), 1)] == ["release"]
    assert SqlLedger(engine, "AES").due(AT + timedelta(hours=3), 10) == []
    for there in (True, False):
        with ledger.begin() as unit:
            assert unit.finish([first]) is there


def test_posted_answers_wait_in_order_until_they_are_settled(ledger: SqlLedger) -> None:
    to_consignee = replace(
        answer("a", "7"), recipients=(Recipient(kind=IdentifierKind.EXCISE, number="PL52500083820"),)
    )
    with ledger.begin() as unit:
        unit.post([to_consignee, answer("b", "3")])
    assert ledger.posted(10) == [to_consignee, answer("b", "3")]
    assert ledger.posted(1) == [to_consignee]
    ledger.settle(["7"])
    assert ledger.posted(10) == [answer("b", "3")]


def test_large_answers_are_given_few_at_a_time(ledger: SqlLedger) -> None:
    large = [answer("a", str(number), bytes(PORTION_BYTES // 2 + 1)) for number in range(5)]
    with ledger.begin() as unit:
        unit.post(large)
    assert ledger.posted(10) == large[:2]
    ledger.settle(["0", "1"])
    assert ledger.posted(10) == large[2:4]


def test_answers_to_be_sent_are_taken_few_at_a_time_where_they_are_large(tmp_path: Path) -> None:
    outbox = Outbox(create_engine(f"sqlite:///{tmp_path / 'outbox.db'}"))
    outbox.put([answer("a", str(number), bytes(PORTION_BYTES)) for number in range(3)])
    assert [each.back_end_id for each in outbox.oldest(10)] == ["0"]
    outbox.put([answer("a", f"s{number}") for number in range(3)])
    outbox.remove(outbox.oldest(10))
    outbox.remove(outbox.oldest(10))
    outbox.remove(outbox.oldest(10))
    assert [each.back_end_id for each in outbox.oldest(10)] == ["s0", "s1", "s2"]


def test_the_scenario_of_a_principal_is_set_changed_and_taken_back(ledger: SqlLedger, engine: Engine) -> None:
    ledger.choose("PL1", "REJ")
    ledger.choose("PL1", "CTRL")
    assert ledger.choices() == {"PL1": "CTRL"} == ledger.look(Wanted(principals=["PL1", "PL2"])).choices
    assert not SqlLedger(engine, "AES").choices()
    ledger.choose("PL1", None)
    assert not ledger.choices()


def test_leaving_with_an_error_keeps_nothing(ledger: SqlLedger, engine: Engine) -> None:
    def break_off() -> None:
        with ledger.begin() as unit:
            unit.claim([delivery("a")])
            unit.take([lrn("L1", "a")])
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    with engine.connect() as connection:
        assert not connection.execute(select(simulator_deliveries)).all()
        assert not connection.execute(select(simulator_numbers)).all()


def test_of_competitors_for_the_same_document_one_wins_and_the_others_see_its_answers(
    ledger: SqlLedger,
) -> None:
    start = Barrier(4)

    def compete(worker: int) -> tuple[bool, bytes]:
        start.wait()
        with ledger.begin() as unit:
            if "a" in unit.claim([delivery("a"), delivery("b")]):
                given = {ref: (answer(ref, f"{ref}{worker}", str(worker).encode()),) for ref in "ab"}
                unit.record(given)
                return True, given["a"][0].content
        earlier = ledger.look(Wanted(sys_refs=["a", "b"])).earlier
        return False, earlier["a"].answers[0].content

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(compete, range(4)))
    assert [won for won, _ in results].count(True) == 1
    assert len({content for _, content in results}) == 1


def test_competitors_with_crossing_batches_neither_deadlock_nor_share_a_number(ledger: SqlLedger) -> None:
    start = Barrier(2)

    def compete(worker: int) -> int:
        start.wait()
        won = 0
        for block in range(10):
            numbers = [lrn(f"{block}-{i}", f"{worker}-{block}") for i in range(20)]
            with ledger.begin() as unit:
                won += len(unit.take(numbers if worker else numbers[::-1]))
        return won

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(compete, range(2))) == 200


def test_a_database_out_of_reach_is_said_as_such(tmp_path: Path) -> None:
    ledger = SqlLedger(create_engine(f"sqlite:///{tmp_path}/missing/simulators.db"), "NCTS2")
    with pytest.raises(LedgerUnavailableError) as unavailable, ledger.begin():
        pytest.fail("a transaction began")
    assert "unable to open" in unavailable.value.reason
