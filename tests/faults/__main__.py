"""The long form: `make test-faults`."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.faults.broker import behind_broker
from tests.faults.trial import Trial
from tests.servers.postgres import own_postgres


def main() -> int:
    """Run one trial and print its report; 0 when every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--pause", type=float, default=2.0, help="longest pause between faults, seconds")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        server = stack.enter_context(own_postgres())
        report = Trial(
            broker=stack.enter_context(behind_broker(folder / "aes")),
            folder=folder / "gateway",
            documents=options.documents,
            clients=options.clients,
            pause=(options.pause / 5, options.pause),
            server=server,
            drained_within=1800,
        ).run()
    sys.stdout.write("\n".join([*report.lines(), ""]))
    return 0 if report.kept else 1


if __name__ == "__main__":
    sys.exit(main())
