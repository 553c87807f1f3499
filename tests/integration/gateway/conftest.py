from collections.abc import Iterator

import pytest

from tests.integration.gateway.world import World


@pytest.fixture
def world(store_url: str) -> Iterator[World]:
    """A gateway on each kind of store in turn."""
    world = World.open(store_url)
    yield world
    world.store.close()


@pytest.fixture
def small_world(sqlite_url: str) -> Iterator[World]:
    """A gateway on SQLite, for what does not depend on the store."""
    world = World.open(sqlite_url)
    yield world
    world.store.close()
