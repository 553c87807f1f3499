import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import PROJECT, RunningSandbox, start
from tests.docs.terminal import Terminal


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks to a reader like the project's own."""
    for name in (".venv", "examples"):
        (tmp_path / name).symlink_to(PROJECT / name)
    return tmp_path


@pytest.fixture
def sandbox(checkout: Path) -> Iterator[RunningSandbox]:
    """What `make run` starts, on a free port."""
    running = start(checkout / "sandbox")
    yield running
    running.stop()


@pytest.fixture
def terminal(checkout: Path) -> Iterator[Terminal]:
    """A terminal in the project's folder; bare of the settings of whoever runs the tests."""
    path = f"{PROJECT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with Terminal(checkout, {"PATH": path, "SISC_CLIENT": "", "SISC_CONFIG": ""}) as opened:
        yield opened
