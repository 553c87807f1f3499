"""One run: senders send, faults strike, and at the end every promise is looked at."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import make_url, select

import routing.tables
from gateway.store.sql_store import SqlStore
from tests.acceptance.enrolment import enrol_many
from tests.acceptance.running import until
from tests.faults.deployment import Deployment, deployed
from tests.faults.senders import Senders
from tests.faults.verdict import Verdict, judge

__all__ = ["Report", "Trial"]

_SETTINGS = {
    "SISC_WORKER__LEASE_SECONDS": "5",  # the work of killed workers comes back soon
    "SISC_LOG_LEVEL": "warning",
}
_TERMINATE = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What struck, and what became of the documents."""

    faults: Mapping[str, int]
    tried_again: Mapping[str, int]
    verdict: Verdict
    exit_codes: list[int]

    def lines(self) -> list[str]:
        """For people."""
        struck = [f"{name}: {count}" for name, count in sorted(self.faults.items())]
        again = [f"tried again, {reason}: {count}" for reason, count in sorted(self.tried_again.items())]
        return [*struck, *again, *self.verdict.lines()]


@dataclass(kw_only=True)
class Trial:
    """How much is sent, and how often something breaks."""

    folder: Path
    database: str
    documents: int
    clients: int
    pause: tuple[float, float]  # seconds between two faults
    most_faults: int = 1_000_000
    seed: int = 20261121
    more_faults: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    drained_within: float = 300.0  # seconds
    faults: Counter[str] = field(default_factory=Counter)

    def run(self) -> Report:
        """Send, break, wait, judge."""
        with deployed(self.folder, self.database, web=2, workers=3, environment=_SETTINGS) as deployment:
            senders = Senders(
                urls=deployment.urls,
                accounts=enrol_many(_Settings(deployment, self.database), self.clients),
                each=self.documents // self.clients,
            )
            sent = threading.Event()
            striking = threading.Thread(target=self._strike, args=(deployment, sent))
            striking.start()
            try:
                senders.send_all()
            finally:
                sent.set()
                striking.join()
            store = SqlStore.open(self.database)
            until(lambda: _drained(store), seconds=self.drained_within)
            deployment.ending.set()
            exit_codes = deployment.stop()
            verdict = judge(store, senders.promised, _deliveries(store))
            store.close()
        self.faults.update({f"killed {kind}": count for kind, count in deployment.killed.items()})
        self.faults["back end could not take it"] = senders.turned_away
        return Report(
            faults=self.faults, tried_again=senders.tried_again, verdict=verdict, exit_codes=exit_codes
        )

    def _strike(self, deployment: Deployment, sent: threading.Event) -> None:
        chance = random.Random(self.seed)
        faults: list[Callable[[], None]] = [
            lambda: deployment.kill("worker", chance),
            lambda: deployment.kill("web", chance),
            self._end_connections,
            *self.more_faults.values(),
        ]
        struck = 0
        while struck < self.most_faults and (
            not sent.wait(chance.uniform(*self.pause)) or struck < len(faults)
        ):
            faults[struck % len(faults)]()  # each kind in turn: a short run has them all
            struck += 1
            deployment.wait_until_ready()  # on a slow machine, too, the senders get on between two faults

    def _end_connections(self) -> None:
        url = make_url(self.database).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            row = connection.execute(_TERMINATE).fetchone()
            self.faults["database connections ended"] += row[0] if row else 0


@dataclass(frozen=True)
class _Settings:
    """The settings file of a deployment, for this process, too."""

    deployment: Deployment
    database: str

    @property
    def config(self) -> Path:
        file = self.deployment.folder / "here.toml"
        text = self.deployment.config.read_text("utf-8")
        file.write_text(f'{text}\n[store]\nurl = "{self.database}"\n', "utf-8")
        return file


def _drained(store: SqlStore) -> bool | None:
    with store.read() as work:
        return None if work.queue.depth() else True


def _deliveries(store: SqlStore) -> Counter[str]:
    """What the simulated back end shows, by sysRef."""
    with store.read() as work:
        return Counter(work.connection.scalars(select(routing.tables.simulator_deliveries.c.sys_ref)))
