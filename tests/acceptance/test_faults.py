"""Two web servers and three workers on PostgreSQL while everything breaks; `make test-faults` runs longer."""

import signal
from pathlib import Path

import pytest

from tests.faults.broker import behind_broker
from tests.faults.trial import Trial


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(600)  # processes are killed and started again all the time
def test_every_promise_is_kept_while_processes_and_connections_die(
    empty_postgres_url: str, tmp_path: Path
) -> None:
    with behind_broker(tmp_path / "aes") as broker:
        report = Trial(
            folder=tmp_path / "gateway",
            database=empty_postgres_url,
            broker=broker,
            documents=60,
            clients=6,
            pause=(0.1, 0.5),
            most_faults=6,
        ).run()

    assert report.verdict.promised == 60
    assert (report.verdict.lost, report.verdict.doubled) == ({}, {}), "\n".join(report.lines())
    assert report.faults.keys() >= {
        *({"killed simulate", "line to the broker cut"} if broker else ()),
        "killed worker",
        "killed web",
        "database connections ended",
        "back end answers 500",
        "back end hangs",
        "back end answers twice",
        "back end answers late and backwards",
    }
    # One that was killed just before and is still starting ends by the signal itself.
    assert set(report.exit_codes) <= {0, -signal.SIGTERM}
