from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.pki.pki_world import World, open_world


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str) -> Iterator[World]:
    with open_world(tmp_path, sqlite_url) as opened:
        yield opened
