"""A process may die at any line; another one finishes its work, and nothing is there twice."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.actions import Action
from gateway.errors import BusinessError
from gateway.flow.checks import Case
from gateway.store.model import DocumentState
from gateway.store.ports import Store, UnitOfWork
from registry.applications.records import ApplicationRecords
from registry.history import Subject
from registry.repository import RegistryRepository
from routing.model import BackEnd, Delivery, Outcome, Unavailable
from schemas.findings import Finding
from tests.integration.gateway.szprot import Szprot, entity_data, entity_form
from tests.integration.gateway.world import Member, World, declaration

COMPLETE = Counter(["UPP", "UPO", "CC928C", "CC028C", "CC029C"])
LIFE = [
    Action.DOCUMENT_RECEIVED,
    Action.DOCUMENT_SUBMITTED,
    Action.DOCUMENT_DELIVERED,
    *[Action.ANSWER_RECEIVED] * 4,
]
#: Commits on the way of a document: intake; then of verification and of delivery each a claim, the record,
#: and a claim that finds nothing more.
COMMITS = 7

#: Of an application behind its verification: a claim, the decision, the record, a claim that finds nothing.
COMMITS_OF_THE_REGISTER = 4
PROJECT = Path(__file__).parents[3]


class Crash(BaseException):
    """The process is gone: nobody catches this."""


def _crash() -> None:
    raise Crash


class CrashingStore:
    """A store whose process dies before (even points) or after (odd points) one of its commits."""

    def __init__(self, store: Store, *, point: int | None, die: Callable[[], None] = _crash) -> None:
        self._store = store
        self._die = die
        self._points = count()
        self._crash_at = point
        self.passed = 0
        self.crashed = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the store's own
        return getattr(self._store, name)

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        with self._store.begin() as unit:
            yield cast("UnitOfWork", _Unit(unit, self.pass_point))

    def pass_point(self) -> None:
        self.passed += 1
        if next(self._points) == self._crash_at:
            self.crashed = True
            self._die()


class _Unit:
    def __init__(self, unit: UnitOfWork, pass_point: Callable[[], None]) -> None:
        self._unit = unit
        self._pass_point = pass_point

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the unit's own
        return getattr(self._unit, name)

    def commit(self) -> None:
        self._pass_point()
        self._unit.commit()
        self._pass_point()


def crashing(world: World, point: int | None) -> CrashingStore:
    return CrashingStore(world.store, point=point)


def send(world: World, sender: Member, content: bytes, store: Store) -> str:
    """As a client does: a broken connection means sending again, a duplicate means it was taken in."""
    try:
        return world.send(sender, content, store=store)
    except Crash:
        pass
    try:
        return world.send(sender, content)
    except BusinessError as duplicate:
        return duplicate.description.rpartition(" ")[2].rstrip(".")


def live(world: World, sender: Member, point: int | None) -> tuple[str, CrashingStore]:
    """Take a document all its way; the process dies at a point, another one takes over later."""
    store = crashing(world, point)
    sys_ref = send(world, sender, declaration(key=sender.key), cast("Store", store))
    try:
        world.work(store=cast("Store", store))
    except Crash:
        world.work()  # the dead process's leases still hold
        world.clock.pass_by(seconds=world.worker_options.lease_seconds)
    world.work()
    return sys_ref, store


def test_the_crash_points_cover_every_commit_of_a_documents_life(small_world: World) -> None:
    _, store = live(small_world, small_world.enrol("anna", "NCTS2"), None)

    assert store.passed == 2 * COMMITS


@pytest.mark.parametrize("point", range(2 * COMMITS))
def test_a_crash_at_any_commit_loses_and_doubles_nothing(world: World, point: int) -> None:
    sys_ref, store = live(world, world.enrol("anna", "NCTS2"), point)

    assert store.crashed
    assert world.replies(sys_ref) == COMPLETE
    assert world.deliveries(sys_ref) == 1
    assert world.actions(sys_ref) == LIFE
    assert world.document(sys_ref).state is DocumentState.ANSWERED
    assert world.depth() == 0


@pytest.mark.parametrize("point", range(2, 2 * COMMITS))
def test_a_crash_in_a_batch_loses_and_doubles_nothing_of_any_document(small_world: World, point: int) -> None:
    anna, bogdan = small_world.enrol("anna", "NCTS2"), small_world.enrol("bogdan", "NCTS2")
    sent = [small_world.send(sender) for sender in (anna, bogdan, anna)]

    with pytest.raises(Crash):
        small_world.work(store=cast("Store", crashing(small_world, point - 2)))
    small_world.clock.pass_by(seconds=small_world.worker_options.lease_seconds)
    small_world.work()

    assert [small_world.replies(ref) for ref in sent] == [COMPLETE] * 3
    assert [small_world.actions(ref) for ref in sent] == [LIFE] * 3
    assert [small_world.deliveries(ref) for ref in sent] == [1] * 3


@pytest.mark.parametrize("point", range(2 * COMMITS_OF_THE_REGISTER))
def test_a_crash_while_the_register_decides_leaves_one_decision_one_change_and_one_answer(
    world: World, point: int
) -> None:
    sys_ref, entity = _file(world)
    store = crashing(world, point)

    with pytest.raises(Crash):
        _decide(world, cast("Store", store))

    _assert_decided_once(world, sys_ref, entity)


#: Decides as a worker of its own and kills itself: before or after the commit of the register's decision.
KILLED = """
import os, signal, sys
from gateway.store.sql_store import SqlStore
from tests.integration.gateway import test_gateway_crashes as crashes
from tests.integration.gateway.world import TestClock, World

clock = TestClock()
world = World(store=SqlStore.open(sys.argv[1], clock=clock), clock=clock)
store = crashes.CrashingStore(
    world.store, point=int(sys.argv[2]), die=lambda: os.kill(os.getpid(), signal.SIGKILL)
)
crashes._decide(world, store)
"""


@pytest.mark.parametrize("point", [2, 3])
def test_a_worker_killed_around_the_registers_commit_decides_once(world: World, point: int) -> None:
    sys_ref, entity = _file(world)
    url = world.store.engine.url.render_as_string(hide_password=False)

    killed = subprocess.run([sys.executable, "-c", KILLED, url, str(point)], check=False, cwd=PROJECT)

    assert killed.returncode == -signal.SIGKILL
    with world.store.read() as work:
        assert len(ApplicationRecords(work.connection).decisions(sys_ref)) == (0 if point == 2 else 1)
    assert world.replies(sys_ref) == {"UPP": 1}
    _assert_decided_once(world, sys_ref, entity)


def _file(world: World) -> tuple[str, str]:
    """An application that waits to be delivered to the register; what it registers."""
    anna = world.enrol("anna")
    form = entity_form("Próbna", entity_data(owner=anna.person.id_sisc))
    return Szprot(world).file(anna, form, deliver=False).sys_ref, "PL777123455000000"


def _decide(world: World, store: Store) -> None:
    """Work as one process, all of whose commits go through `store`."""
    register = Szprot(world).back_end
    world.back_ends["SZPROT"] = replace(register, store=store)
    try:
        while world.deliverer("SZPROT", store).work_once():
            pass
    finally:
        world.back_ends["SZPROT"] = register


def _assert_decided_once(world: World, sys_ref: str, entity: str) -> None:
    """Once another process has taken over."""
    world.clock.pass_by(seconds=world.worker_options.lease_seconds)
    _decide(world, world.store)
    with world.store.read() as work:
        [decision] = ApplicationRecords(work.connection).decisions(sys_ref)
        changes = RegistryRepository(work.connection).history(Subject.ENTITY, entity)
    assert decision.number == 1
    assert [change.action for change in changes if change.action != "details"] == ["added"]
    assert world.replies(sys_ref) == {"UPP": 1, "DecyzjaWRP": 1}
    assert world.depth() == 0


@pytest.mark.parametrize(("point", "collected"), [(0, "0"), (1, "1")])
def test_a_document_is_collected_exactly_if_the_commit_was_reached(
    world: World, point: int, collected: str
) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna)
    world.verifier().work_once()
    channel = world.channel(cast("Store", crashing(world, point)))

    with pytest.raises(Crash):
        channel.get_next_document(world.caller(anna), None)

    assert world.documents(anna, correlation_sys_ref=sys_ref, collected=collected).count == 1


class Slow:
    """A back end so slow that another worker takes the lease over and finishes meanwhile."""

    def __init__(self, world: World, system: str) -> None:
        self.system = system
        self._world = world
        self._own = world.delivery(system).back_end
        self._calls = 0

    def deliver(self, batch: list[Delivery]) -> list[Outcome]:
        self._calls += 1
        if self._calls == 1:
            self._world.clock.pass_by(seconds=self._world.worker_options.lease_seconds)
            assert self._world.deliverer().work_once()
        return list(self._own.deliver(batch))


def test_a_delivery_that_outlives_its_lease_records_nothing_twice(world: World) -> None:
    sys_ref = world.send(world.enrol("anna", "NCTS2"))
    world.verifier().work_once()
    world.back_ends["NCTS2"] = cast("BackEnd", Slow(world, "NCTS2"))

    assert world.deliverer().work_once()

    assert world.replies(sys_ref) == COMPLETE
    assert world.actions(sys_ref) == LIFE
    assert world.deliveries(sys_ref) == 1
    assert world.ears.actions().count(Action.LEASE_LOST) == 1
    assert world.ears.actions().count(Action.DOCUMENT_DELIVERED) == 1


def test_a_postponement_that_outlives_its_lease_changes_nothing(world: World) -> None:
    sys_ref = world.send(world.enrol("anna", "NCTS2"), None)
    world.verifier().work_once()

    class Down(Slow):
        def deliver(self, batch: list[Delivery]) -> list[Outcome]:
            first = self._calls == 0
            outcomes = super().deliver(batch)
            return [Unavailable(reason="down")] * len(batch) if first else outcomes

    world.back_ends["NCTS2"] = cast("BackEnd", Down(world, "NCTS2"))

    assert world.deliverer().work_once()

    assert world.document(sys_ref).state is DocumentState.ANSWERED
    assert Action.DELIVERY_POSTPONED not in world.actions(sys_ref)
    assert Action.DELIVERY_POSTPONED not in world.ears.actions()
    assert world.depth() == 0


def test_a_verification_that_outlives_its_lease_records_nothing_twice(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sent = [world.send(anna), world.send(anna)]
    calls = count()

    def sleep_once(_: Case) -> list[Finding]:
        if next(calls) == 0:
            world.clock.pass_by(seconds=world.worker_options.lease_seconds)
            assert world.verifier().work_once()
        return []

    world.more_checks = (sleep_once,)
    assert world.verifier().work_once()

    assert [world.replies(ref) for ref in sent] == [Counter(["UPP"])] * 2
    assert world.ears.actions().count(Action.LEASE_LOST) == 2
    assert world.ears.actions().count(Action.DOCUMENT_SUBMITTED) == 2
    assert world.depth() == 2
