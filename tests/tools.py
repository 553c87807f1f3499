"""Independent programs that check us. A newcomer's machine may lack them: then these checks skip."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which

import pytest

__all__ = ["need_tool", "run_tool"]


def need_tool(program: str) -> None:
    """Skip the test where a program is not installed."""
    if which(program) is None:
        pytest.skip(f"{program} is not installed")


def run_tool(
    program: str, arguments: Sequence[str | Path], *, check: bool = True, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run an independent program.

    Args:
        program: its name; the test skips where it is not installed.
        arguments: what to call it with.
        check: whether anything but success fails the test.
        folder: where to run it.
    """
    need_tool(program)
    return subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, check=check, cwd=folder
    )
