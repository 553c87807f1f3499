"""Life cycles on every database alike, and several workers at one movement at once: order, nothing lost."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, count
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select

from routing.model import Answer
from routing.simulators.ledger import Wanted
from routing.simulators.scenarios import DEFAULT, SCENARIOS
from routing.simulators.sql_ledger import SqlLedger
from routing.tables import simulator_deliveries
from tests.integration.routing.life import Life, told
from tests.integration.routing.test_routing_life_cycles import (
    DECLARATIONS,
    LRN,
    MRN,
    UPSTREAM,
    draft,
    reference,
    types,
)

WORKERS = 2
ROUNDS = 6
HOLDER = "PL526021308200000"


def lives(system: str, engine: Engine) -> list[Life]:
    """Workers of their own on one database."""
    numbers = count(1)
    return [Life(system=system, engine=engine, numbers=numbers) for _ in range(WORKERS)]


def at_once(*tasks: Callable[[], list[Answer]]) -> list[list[Answer]]:
    start = Barrier(len(tasks))

    def run(task: Callable[[], list[Answer]]) -> list[Answer]:
        start.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def whole_lives(engine: Engine, system: str) -> list[Answer]:
    """All that is ever answered to a declaration in every scenario."""
    life = Life(system=system, engine=engine)
    code, lrn = DECLARATIONS[system]
    found: list[Answer] = []
    for scenario in (DEFAULT, *SCENARIOS):
        found += life.send(code, {lrn: f"{scenario.prefix or 'D'}5"})
    return found + life.later(days=70) + life.later(days=70)


@pytest.mark.parametrize("system", DECLARATIONS)
def test_every_database_gives_the_same_answers_to_the_same_documents(
    engine: Engine, sqlite: Engine, system: str
) -> None:
    assert whole_lives(engine, system) == whole_lives(sqlite, system)


def test_an_invalidation_and_the_release_at_the_same_moment_happen_one_after_the_other(
    engine: Engine,
) -> None:
    first, second = lives("NCTS2", engine)
    for number in range(ROUNDS):
        lrn = f"SLOW{number}"
        mrn = reference(first.send("CC015C", {LRN: lrn}))
        second.at = first.at
        invalidated, released = at_once(
            partial(second.send, "CC014C", {LRN: lrn, MRN: None}), partial(first.later, hours=3)
        )
        [granted] = told(invalidated[-1], "decision")
        assert (granted == "1") == (types(released + first.later(days=1)) == [])
        [movement] = SqlLedger(engine, "NCTS2").look(Wanted(references=[mrn])).movements
        assert movement.state == ("invalidated" if granted == "1" else "released")


def test_what_is_due_happens_once_however_many_workers_look(engine: Engine) -> None:
    one, other = lives("NCTS2", engine)
    sent = [f"SLOW{number}" for number in range(12)]
    for lrn in sent:
        one.send("CC015C", {LRN: lrn})
    other.at = one.at

    seen = at_once(partial(collected, one), partial(collected, other))
    left = collected(one)

    answers = {each.back_end_id: each for each in (*chain(*seen), *left)}
    happened = Counter(answer.lrn for answer in answers.values())
    assert happened == Counter(sent)


def collected(life: Life) -> list[Answer]:
    """What a worker fetches without settling it, as one that dies then."""
    life.at = life.at.replace(hour=20)
    return [*life.back_end.collect(50), *life.back_end.collect(50)]


def test_amendments_at_the_same_moment_are_all_kept_in_turn(engine: Engine) -> None:
    workers = lives("NCTS2", engine)
    ledger = SqlLedger(engine, "NCTS2")
    for number in range(ROUNDS):
        lrn = f"SLOW{number}"
        workers[0].send("CC015C", {LRN: lrn})
        answers = at_once(*(partial(w.send, "CC013C", {LRN: lrn, MRN: None}) for w in workers))
        assert [types(each) for each in answers] == [["UPO", "CC004C"]] * WORKERS
        [movement] = ledger.look(Wanted(keys=[(HOLDER, lrn)])).movements
        assert movement.version == 1 + WORKERS


def test_a_movement_is_split_once_however_many_ask(engine: Engine) -> None:
    workers = lives("EMCSPL2", engine)
    arc = draft(workers[0], "E1", "3.23")
    answers = at_once(*(partial(w.send, "IE825", {UPSTREAM: arc}, version="3.23") for w in workers))
    assert sorted(map(types, answers)) == [["UPO", "IE704"], ["UPO", "IE801", "IE801"]]


def test_declarations_with_one_lrn_at_the_same_moment_give_one_movement(engine: Engine) -> None:
    workers = lives("AES", engine)
    code, path = DECLARATIONS["AES"]
    for number in range(ROUNDS):
        answers = at_once(*(partial(w.send, code, {path: f"X{number}"}) for w in workers))
        assert sorted(map(types, answers)) == [["UPO", "CC528C", "CC529C"], ["UPO", "CC556C"]]
    assert delivered(engine) == ROUNDS * WORKERS


def delivered(engine: Engine) -> int | None:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(simulator_deliveries))
