"""The background: threads that claim work, one kind of work each, until they are told to stop."""

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from gateway.actions import Action
from gateway.channel import Clock, IdMaker
from gateway.errors import LostLeaseError, UnavailableError
from gateway.observe import Observer
from gateway.settings import WorkerOptions
from gateway.store.model import Lane, WorkItem
from gateway.store.ports import Store, UnitOfWork
from gateway.supervisor import SIGNAL_SECONDS

#: Runs until the event is set.
Task = Callable[[threading.Event], None]

__all__ = ["LaneWorker", "Step", "Task", "Worker", "portions"]

_PAUSE_SECONDS = 1.0  # after what a worker cannot mend
_LONGEST_FAILURE_PAUSE_SECONDS = 300
#: Verifications begun and never ended, after which a document is suspected of ending processes.
_SUSPICIOUS_ATTEMPTS = 3


class Step(Protocol):
    """What is done with claimed items of a lane."""

    def handle(self, items: Sequence[WorkItem]) -> None:
        """Do the work and remove the items from the queue, in one transaction.

        Items that another worker has taken over meanwhile are left out. Raises UnavailableError when what
        all documents need is out of reach; any other error is taken for one document's.
        """

    def room(self, work: UnitOfWork, most: int) -> int:
        """How many items may be claimed now, at most `most`; 0: leave them where they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneWorker:
    """Works one lane of the queue."""

    lane: str
    step: Step
    store: Store
    options: WorkerOptions
    clock: Clock
    owner: str
    observe: Observer
    stop: threading.Event

    def run(self) -> None:
        """Claim and handle batches until `stop` is set; the batch at hand is finished first."""
        while not self.stop.is_set():
            try:
                if not self.work_once():
                    self.store.wait_for_work(self.lane, timeout=self.options.idle_seconds)
            except UnavailableError as error:
                self.observe(Action.STORE_UNAVAILABLE, detail=error.what, lane=self.lane)
                self.stop.wait(_PAUSE_SECONDS)
            except Exception as error:  # noqa: BLE001 - a lane without its thread would stand still unnoticed
                self.observe.failure(Action.WORK_FAILED, error, lane=self.lane)
                self.stop.wait(_PAUSE_SECONDS)

    def work_once(self) -> bool:
        """Claim and handle one batch; whether there was any work.

        Raises:
            UnavailableError: the store is out of reach.
        """
        items = self._claim()
        if not items:
            return False
        for portion in self._portions(items):
            started = time.perf_counter()
            self._handle(portion)
            self.observe.seconds(self.lane, time.perf_counter() - started)
        return True

    def _claim(self) -> Sequence[WorkItem]:
        with self.store.begin() as work:
            room = self.step.room(work, self.options.batch)
            if not room:
                return ()
            items = work.queue.claim(
                self.lane,
                owner=self.owner,
                at=self.clock(),
                lease=timedelta(seconds=self.options.lease_seconds),
                limit=room,
            )
            work.commit()  # without items, too: some may have been put off behind others
            return items

    def _portions(self, items: Sequence[WorkItem]) -> Sequence[Sequence[WorkItem]]:
        """The batch in portions that may be worked on at once; what may be dangerous alone and last."""
        if len(items) == 1:
            return [items]
        with self.store.read() as work:
            documents = work.documents.get_many([item.sys_ref for item in items])
        suspects = [item for item in items if self._is_suspicious(item)]
        sizes = [
            (item, documents[item.sys_ref].size if item.sys_ref in documents else 0)
            for item in items
            if item not in suspects
        ]
        return [*portions(sizes, self.options.batch_bytes), *([item] for item in suspects)]

    def _is_suspicious(self, item: WorkItem) -> bool:
        """Whether processes may have died of verifying this. Deliveries come back for other reasons, too."""
        return self.lane == Lane.VERIFY and item.attempt > _SUSPICIOUS_ATTEMPTS

    def _handle(self, items: Sequence[WorkItem]) -> None:
        """Handle a portion; when it fails, each item alone, so that a bad one stops only itself."""
        try:
            self.step.handle(items)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - a defect in one document must not end the worker
            if len(items) == 1:
                self._postpone(items[0], error)
                return
            for item in items:
                self._handle([item])

    def _postpone(self, item: WorkItem, error: Exception) -> None:
        self.observe.failure(
            Action.WORK_FAILED, error, lane=self.lane, sys_ref=item.sys_ref, attempt=item.attempt
        )
        pause = min(2**item.attempt, _LONGEST_FAILURE_PAUSE_SECONDS)
        with self.store.begin() as work:
            try:
                work.queue.retry(item, at=self.clock() + timedelta(seconds=pause))
            except LostLeaseError as lost:
                self.observe(Action.LEASE_LOST, detail=self.lane, item=lost.item_id)
                return
            work.commit()


def portions(sized: Sequence[tuple[WorkItem, int]], most: int) -> list[list[WorkItem]]:
    """Divide items into portions, in order.

    Args:
        sized: items with the sizes of their documents, bytes.
        most: bytes of a portion; a larger document is a portion of its own.
    """
    divided: list[list[WorkItem]] = []
    total = 0
    for item, size in sized:
        total += size
        if not divided or total > most:
            divided.append([])
            total = size
        divided[-1].append(item)
    return divided


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """All lanes of one process."""

    store: Store
    lanes: Sequence[tuple[str, Step]]
    options: WorkerOptions
    clock: Clock
    new_id: IdMaker
    observe: Observer
    warm_up: Callable[[], None]
    background: Mapping[str, Task] = field(default_factory=dict)  # by name; what else runs beside the lanes
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Work until `stop` is set, then finish what is leased and return.

        Raises:
            CatalogueError: a schema cannot be used; the threads have ended.
        """
        self.observe(Action.WORKER_STARTED, lanes=[lane for lane, _ in self.lanes], pid=os.getpid())
        threads = [
            threading.Thread(target=self.lane_worker(lane, step).run, name=lane) for lane, step in self.lanes
        ]
        threads += [
            threading.Thread(target=task, args=(self.stop,), name=name)
            for name, task in self.background.items()
        ]
        for thread in threads:
            thread.start()
        try:
            self.warm_up()
        except BaseException:
            self.stop.set()
            raise
        finally:
            for thread in threads:
                while thread.is_alive():  # a signal that met another thread is seen at the next turn
                    thread.join(SIGNAL_SECONDS)
        self.observe(Action.WORKER_STOPPED, pid=os.getpid())

    def lane_worker(self, lane: str, step: Step) -> LaneWorker:
        """The worker of one lane, to be run or stepped."""
        return LaneWorker(
            lane=lane,
            step=step,
            store=self.store,
            options=self.options,
            clock=self.clock,
            owner=f"{socket.gethostname()}:{os.getpid()}:{self.new_id()}",
            observe=self.observe,
            stop=self.stop,
        )
