"""Print one JSON object: two workers against one, a long backlog, a full store.

`make bench-scale`; smaller numbers show the same in less time.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.scale.backlog import measure_backlog
from benchmarks.scale.servers import SERVER, postgres_server
from benchmarks.scale.volume import measure_volume
from benchmarks.scale.workers import Trial, measure_workers
from gateway.observe import configure_logging


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", default=SERVER, help="server where databases may be made")
    parser.add_argument("--work", type=int, default=500, help="documents a worker and round; 0: left out")
    parser.add_argument("--rounds", type=int, default=3, help="in which one, two and four workers take turns")
    parser.add_argument("--share", type=float, default=0.2, help="of a core, for each worker")
    parser.add_argument("--backlog", type=int, default=100_000, help="documents that wait; 0: left out")
    parser.add_argument("--stored", type=int, default=1_000_000, help="documents in the store; 0: left out")
    options = parser.parse_args()
    configure_logging("error")
    figures: dict[str, object] = {}
    with (
        tempfile.TemporaryDirectory(prefix="sisc-bench-") as name,
        postgres_server(options.postgres) as server,
    ):
        folder, databases = Path(name), {"postgresql": server, "sqlite": None}
        if options.work:
            trial = Trial(
                documents=options.work, rounds=options.rounds, counts=(1, 2, 4), share=options.share
            )
            figures["workers"] = measure_workers(folder / "workers", server, trial)
        if options.backlog:
            figures["backlog"] = {
                name: measure_backlog(folder / f"backlog-{name}", url, documents=options.backlog)
                for name, url in databases.items()
            }
        if options.stored:
            figures["volume"] = {
                name: measure_volume(folder / f"volume-{name}", url, documents=options.stored)
                for name, url in databases.items()
            }
    json.dump(figures, sys.stdout, indent=2)
    print()


main()
