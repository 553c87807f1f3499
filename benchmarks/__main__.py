"""Print one JSON object: cost by stage, whole document against its floor, throughput, workers, memory.

All figures of a run come from one machine in one go; compare ratios, not milliseconds, between runs.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.memory import peak_of_largest_document
from benchmarks.registration import measure_registration
from benchmarks.scale.servers import SERVER, postgres_server
from benchmarks.scale.workers import Trial, measure_workers
from benchmarks.schemas import measure_schemas
from benchmarks.stages import measure_floor, measure_stages
from benchmarks.throughput import measure_throughput
from benchmarks.verification import measure_verification
from benchmarks.whole import measure_whole
from benchmarks.workshop import Workshop
from gateway.observe import configure_logging

_DOCUMENTS = 400
_APPLICATIONS = 36


def main() -> None:
    """Measure everything and print it."""
    configure_logging("error")
    with tempfile.TemporaryDirectory(prefix="sisc-bench-") as folder:
        workshop = Workshop.open(Path(folder) / "one-process")
        floor = measure_floor(workshop)
        stages = measure_stages(workshop)
        schemas = measure_schemas(workshop)
        whole = measure_whole(workshop, documents=_DOCUMENTS)
        workshop.close()
        result = {
            "document_bytes": len(workshop.signed()),
            "floor_ms": floor,
            "stages_ms": stages,
            "schemas_ms": schemas,
            "whole_document_ms": whole,
            "ratio_cpu_to_floor": round(whole["cpu"] / floor["cpu"], 2),
            "ratio_wall_to_floor": round(whole["wall"] / floor["wall"], 2),
            "throughput": measure_throughput(Path(folder) / "processes", documents=_DOCUMENTS),
            "workers": _two_workers(Path(folder) / "workers"),
            "registration": measure_registration(Path(folder) / "registration", applications=_APPLICATIONS),
            "verification": measure_verification(Path(folder) / "verification"),
            "largest_document": peak_of_largest_document(Path(folder) / "memory"),
        }
    json.dump(result, sys.stdout, indent=2)
    print()


def _two_workers(folder: Path) -> dict[str, Any]:
    """The short form of what `make bench-scale` measures at length."""
    with postgres_server(SERVER) as server:
        return measure_workers(folder, server, Trial(documents=200, rounds=2))


main()
