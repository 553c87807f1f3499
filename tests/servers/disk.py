"""A disk so small that it can be filled up."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

__all__ = ["SmallDisk", "small_disk"]

_CHUNK = 4096


@dataclass(frozen=True)
class SmallDisk:
    """A file system of its own."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "what-somebody-else-wrote"

    def fill(self) -> None:
        """Write until nothing fits any more."""
        with self._filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(_CHUNK))
            except OSError:
                return

    def make_room(self) -> None:
        """Take away what fills it."""
        self._filler.unlink()


@contextmanager
def small_disk(*, mebibytes: int) -> Iterator[SmallDisk]:
    """A disk as long as the block lasts; skips the test where none can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    with TemporaryDirectory() as folder:
        options = f"size={mebibytes}m"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True
        )
        if mounted.returncode:
            pytest.skip(f"no small disk can be mounted: {mounted.stderr.decode()}")
        try:
            yield SmallDisk(Path(folder))
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
