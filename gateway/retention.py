"""What is finished is kept as long as the settings say, and written to files before it goes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from gateway.actions import Action
from gateway.archive import Archive
from gateway.channel import Clock
from gateway.errors import NotFoundError
from gateway.observe import Observer
from gateway.store.model import DocumentState
from gateway.store.ports import Store, UnitOfWork
from gateway.store.quarantine import Quarantine

__all__ = ["Leaving", "Retention", "leaving"]

_BATCH: Final = 100  # a transaction: nobody waits long for it


class Leaving(StrEnum):
    """What goes beside documents in their final states."""

    QUARANTINE = "quarantine"  # answers of back ends, since an operator decided; those that wait stay
    UNSOLICITED = "unsolicited"  # mailbox documents that answer none, since they were read; others stay


def leaving(name: str) -> DocumentState | Leaving:
    """What a name in `[retention] days` means."""
    return Leaving(name) if name in set(Leaving) else DocumentState(name)


class _Rule(Protocol):
    """How one kind of things is found, exported and deleted; by keys of its own."""

    def ripe(self, work: UnitOfWork, before: datetime, limit: int) -> Sequence[str]: ...

    def export(self, work: UnitOfWork, archive: Archive, key: str) -> object: ...

    def delete(self, work: UnitOfWork, keys: Collection[str], before: datetime) -> Collection[str]: ...


@dataclass(frozen=True, slots=True)
class _Documents:
    """Documents in a final state, by sysRef."""

    state: DocumentState

    def ripe(self, work: UnitOfWork, before: datetime, limit: int) -> Sequence[str]:
        return work.retention.ripe(self.state, before=before, limit=limit)

    def export(self, work: UnitOfWork, archive: Archive, key: str) -> object:
        return archive.write(work, key)

    def delete(self, work: UnitOfWork, keys: Collection[str], before: datetime) -> Collection[str]:
        return work.retention.delete(keys, self.state, before=before)


class _Unsolicited:
    """Mailbox documents that answer none, by their own sysRef."""

    def ripe(self, work: UnitOfWork, before: datetime, limit: int) -> Sequence[str]:
        return work.retention.ripe_unsolicited(before=before, limit=limit)

    def export(self, work: UnitOfWork, archive: Archive, key: str) -> object:
        return archive.write_reply(work.mailbox.get(key))

    def delete(self, work: UnitOfWork, keys: Collection[str], before: datetime) -> Collection[str]:
        return work.retention.delete_unsolicited(keys, before=before)


class _Quarantined:
    """Answers in the quarantine, by number."""

    def ripe(self, work: UnitOfWork, before: datetime, limit: int) -> Sequence[str]:
        return [str(number) for number in Quarantine(work.connection).settled(before=before, limit=limit)]

    def export(self, work: UnitOfWork, archive: Archive, key: str) -> object:
        kept = Quarantine(work.connection).get(int(key))
        if kept is None:
            raise NotFoundError(what="answer", key=key)
        return archive.write_quarantined(kept)

    def delete(self, work: UnitOfWork, keys: Collection[str], before: datetime) -> Collection[str]:
        numbers = [int(key) for key in keys]
        return [str(n) for n in Quarantine(work.connection).delete(numbers, before=before)]


def _rule(kind: DocumentState | Leaving) -> _Rule:
    match kind:
        case Leaving.QUARANTINE:
            return _Quarantined()
        case Leaving.UNSOLICITED:
            return _Unsolicited()
        case _:
            return _Documents(kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """Lets go what is finished."""

    store: Store
    keep_for: Mapping[DocumentState | Leaving, timedelta]  # what is not named is kept for good
    archive: Archive | None  # None: nothing is written first
    clock: Clock
    observe: Observer

    def purge(self, *, most: int, told: Callable[[int], None] = lambda _: None) -> int:
        """Export and delete what is due, a batch at a time.

        Args:
            most: how many at most.
            told: called after each batch with the number that went.

        Returns:
            How many went.

        Raises:
            UnavailableError: the store is out of reach; what went so far is gone.
            OSError: the export failed; what was not exported is still there.
        """
        gone = 0
        for kind, age in self.keep_for.items():
            while gone < most and (batch := self._batch(kind, age, min(_BATCH, most - gone))):
                gone += batch
                told(batch)
        return gone

    def due(self, *, limit: int) -> Mapping[DocumentState | Leaving, int]:
        """How many would go now, by kind, counted up to a limit each."""
        with self.store.read() as work:
            return {
                kind: len(_rule(kind).ripe(work, self.clock() - age, limit))
                for kind, age in self.keep_for.items()
            }

    def _batch(self, kind: DocumentState | Leaving, age: timedelta, most: int) -> int:
        before, rule = self.clock() - age, _rule(kind)
        with self.store.read() as work:
            ripe = rule.ripe(work, before, most)
            if self.archive is not None:
                for key in ripe:
                    rule.export(work, self.archive, key)
        if not ripe:
            return 0
        with self.store.begin() as work:
            gone = rule.delete(work, ripe, before)
            work.commit()
        if gone:
            self.observe(Action.DOCUMENTS_PURGED, detail=kind.value, count=len(gone))
        return len(gone)
