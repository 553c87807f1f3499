"""Print one JSON object: two workers against one, a long backlog, a full store.

`make bench-scale`; smaller numbers show the same in less time.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.scale.backlog import measure_backlog
from benchmarks.scale.volume import measure_volume
from benchmarks.scale.workers import measure_workers
from gateway.observe import configure_logging


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", default="postgresql://postgres@127.0.0.1:5432/postgres")
    parser.add_argument("--work", type=int, default=4_000, help="documents for the workers; 0: left out")
    parser.add_argument("--backlog", type=int, default=100_000, help="documents that wait; 0: left out")
    parser.add_argument("--stored", type=int, default=1_000_000, help="documents in the store; 0: left out")
    options = parser.parse_args()
    configure_logging("error")
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="sisc-bench-") as name:
        folder = Path(name)
        if options.work:
            figures["workers"] = measure_workers(folder, options.postgres, documents=options.work)
        if options.backlog:
            figures["backlog"] = measure_backlog(folder / "backlog", documents=options.backlog)
        if options.stored:
            figures["volume"] = measure_volume(folder / "volume", documents=options.stored)
    json.dump(figures, sys.stdout, indent=2)
    print()


main()
