"""The history of the register is only ever added to: the database itself refuses anything else."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from registry import tables
from registry.history import Subject
from registry.repository import RegistryRepository
from tests.integration.gateway.world import FIRM, World


@pytest.mark.parametrize(
    "change",
    [update(tables.history).values(operator="nobody"), delete(tables.history)],
    ids=["update", "delete"],
)
def test_the_database_refuses_to_rewrite_the_history(world: World, change: object) -> None:
    with world.store.begin() as work, pytest.raises(DBAPIError, match="only ever added to"):
        work.connection.execute(change)  # type: ignore[call-overload]


def test_a_change_tells_who_when_why_and_by_which_document(world: World) -> None:
    with world.store.begin() as work:
        registry = RegistryRepository(work.connection, document="SYSREF", reason="asked for by letter")
        firm = registry.get_entity(FIRM)
        registry.change_entity(firm, operator="operator:ewa", at=world.clock())
        added, changed = registry.history(Subject.ENTITY, FIRM)

    assert (added.version, added.document, added.reason) == (1, None, None)
    assert (changed.version, changed.document, changed.reason) == (2, "SYSREF", "asked for by letter")
    assert (changed.operator, changed.at) == ("operator:ewa", world.clock())
