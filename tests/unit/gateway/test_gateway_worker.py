"""The background: portions, threads that survive every failure, an orderly end."""

import itertools
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.actions import Action
from gateway.errors import UnavailableError
from gateway.observe import Observer
from gateway.settings import WorkerOptions
from gateway.store.model import WorkItem
from gateway.store.ports import Store, UnitOfWork
from gateway.worker import Step, Worker, portions
from schemas.errors import CatalogueError

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def item(number: int) -> WorkItem:
    return WorkItem(
        id=number,
        lane="verify",
        sys_ref=f"doc-{number}",
        account="a",
        attempt=1,
        lease_owner="me",
        added_at=NOW,
    )


@given(sizes=st.lists(st.integers(0, 100)), most=st.integers(1, 120))
def test_portions_keep_order_and_stay_within_the_limit_unless_alone(sizes: list[int], most: int) -> None:
    items = [item(number) for number in range(len(sizes))]

    divided = portions(list(zip(items, sizes, strict=True)), most)

    assert [each for portion in divided for each in portion] == items
    for portion in divided:
        assert portion
        assert len(portion) == 1 or sum(sizes[each.id] for each in portion) <= most


@given(sizes=st.lists(st.integers(0, 100)), most=st.integers(1, 120))
def test_no_portion_could_have_taken_the_next_document(sizes: list[int], most: int) -> None:
    divided = portions([(item(number), size) for number, size in enumerate(sizes)], most)

    for portion, following in itertools.pairwise(divided):
        assert sum(sizes[each.id] for each in portion) + sizes[following[0].id] > most


def test_of_32_documents_of_15_mebibytes_four_are_loaded_at_once() -> None:
    sized = [(item(number), 15 * 2**20) for number in range(32)]

    assert [len(portion) for portion in portions(sized, WorkerOptions().batch_bytes)] == [4] * 8


# -- threads


class Ears(Observer):
    def __init__(self, until: Callable[[list[Action]], bool], stop: threading.Event) -> None:
        super().__init__("test")
        self.told: list[Action] = []
        self._until = until
        self._stop = stop

    def __call__(self, action: Action, **_: object) -> None:
        self.told.append(action)
        if self._until(self.told):
            self._stop.set()

    def failure(self, action: Action, error: BaseException, **_: object) -> None:
        assert str(error)
        self(action)


class BrokenStore:
    """Fails as a test wishes whenever it is used."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.used = 0

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        self.used += 1
        raise self._error


class Ready:
    def ready(self) -> bool:
        return True

    def handle(self, items: Sequence[WorkItem]) -> None:
        raise AssertionError(items)


def worker(
    error: Exception, until: Callable[[list[Action]], bool], warm_up: Callable[[], None] = lambda: None
) -> tuple[Worker, Ears, BrokenStore]:
    stop = threading.Event()
    ears, store = Ears(until, stop), BrokenStore(error)
    built = Worker(
        store=cast("Store", cast("Any", store)),
        lanes=[("verify", cast("Step", Ready()))],
        options=WorkerOptions(),
        clock=lambda: NOW,
        new_id=lambda: "id",
        observe=ears,
        warm_up=warm_up,
        stop=stop,
    )
    return built, ears, store


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (UnavailableError(what="store", reason="gone"), Action.STORE_UNAVAILABLE),
        (RuntimeError("a defect"), Action.WORK_FAILED),
    ],
)
def test_a_lane_outlives_whatever_happens_while_claiming(error: Exception, action: Action) -> None:
    running, ears, store = worker(error, lambda told: told.count(action) >= 3)

    running.run()

    assert store.used >= 3  # housekeeping once, the lane again and again
    assert ears.told[-1] is Action.WORKER_STOPPED


def test_a_schema_that_cannot_be_used_ends_the_worker_instead_of_leaving_half_of_it() -> None:
    def warm_up() -> None:
        raise CatalogueError(source="CC015C.xsd", reason="damaged")

    running, _, _ = worker(RuntimeError("a defect"), lambda _: False, warm_up)
    before = threading.active_count()

    with pytest.raises(CatalogueError):
        running.run()

    assert threading.active_count() == before
