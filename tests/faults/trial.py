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
from gateway.keys import write_secret_file
from gateway.store.sql_store import SqlStore
from tests.acceptance.enrolment import enrol_many
from tests.acceptance.running import until
from tests.faults.back_end import FaultyBackEnd, serve_back_end
from tests.faults.broker import BehindBroker
from tests.faults.deployment import Deployment, deployed
from tests.faults.senders import Senders
from tests.faults.verdict import Verdict, judge

__all__ = ["Report", "Trial"]

_TOKEN = "a token for callbacks"
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
    broker: BehindBroker | None = None  # a second back end, for every other document
    most_faults: int = 1_000_000
    seed: int = 20261121
    more_faults: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    drained_within: float = 300.0  # seconds
    faults: Counter[str] = field(default_factory=Counter)

    def run(self) -> Report:
        """Send, break, wait, judge."""
        ledger = _ledger(self.folder.parent / "back-end.sqlite3")
        token = self.folder.parent / "callback-token"
        write_secret_file(token, _TOKEN.encode())
        back_end = FaultyBackEnd(ledger, token=_TOKEN, seed=self.seed)
        with serve_back_end(back_end) as address:
            many = deployed(
                self.folder,
                self.database,
                web=2,
                workers=3,
                environment=_SETTINGS | _route(address, token) | (self.broker.route if self.broker else {}),
                others={"simulate": self.broker.command} if self.broker else {},
            )
            with many as deployment:
                back_end.callback_urls = deployment.urls
                report = self._run(deployment, back_end, ledger)
        ledger.close()
        return report

    def _run(self, deployment: Deployment, back_end: FaultyBackEnd, ledger: SqlStore) -> Report:
        senders = Senders(
            urls=deployment.urls,
            accounts=enrol_many(_Settings(deployment, self.database), self.clients),
            each=self.documents // self.clients,
            codes=("CC015C", "CC515C") if self.broker else ("CC015C",),
        )
        self._send(deployment, senders)
        store = SqlStore.open(self.database)
        until(lambda: self._is_at_rest(store, senders, back_end, ledger), seconds=self.drained_within)
        deployment.ending.set()
        exit_codes = deployment.stop()
        verdict = judge(store, senders.promised, self._deliveries(ledger))
        store.close()
        self.faults.update({f"killed {kind}": count for kind, count in deployment.killed.items()})
        self.faults.update({f"back end {manner}": count for manner, count in back_end.manners.items()})
        if self.broker:
            self.faults["line to the broker cut"] = self.broker.cuts
        again = sum(times > 1 for times in back_end.seen.values())
        self.faults["documents that the back end was given more than once"] = again
        return Report(
            faults=self.faults, tried_again=senders.tried_again, verdict=verdict, exit_codes=exit_codes
        )

    def _is_at_rest(
        self, store: SqlStore, senders: Senders, back_end: FaultyBackEnd, ledger: SqlStore
    ) -> bool | None:
        """Whether nothing is under way, and nothing awaited from beyond the broker."""
        with store.read() as work:
            busy = work.queue.depth()
        if busy or back_end.has_more_to_say():
            return None
        return True if not judge(store, senders.promised, self._deliveries(ledger)).lost else None

    def _deliveries(self, ledger: SqlStore) -> Counter[str]:
        """What the back ends show, by sysRef."""
        with ledger.read() as work:
            shown = Counter(work.connection.scalars(select(routing.tables.simulator_deliveries.c.sys_ref)))
        return shown + self.broker.deliveries() if self.broker else shown

    def _send(self, deployment: Deployment, senders: Senders) -> None:
        sent = threading.Event()
        striking = threading.Thread(target=self._strike, args=(deployment, sent))
        striking.start()
        try:
            senders.send_all()
        finally:
            sent.set()
            striking.join()

    def _strike(self, deployment: Deployment, sent: threading.Event) -> None:
        chance = random.Random(self.seed)
        faults: list[Callable[[], None]] = [
            lambda: deployment.kill("worker", chance),
            lambda: deployment.kill("web", chance),
            self._end_connections,
            *([lambda: deployment.kill("simulate", chance), self.broker.cut] if self.broker else []),
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


def _route(address: str, token: Path) -> dict[str, str]:
    return {
        "SISC_ROUTES__NCTS2__ADAPTER": "http",
        "SISC_ROUTES__NCTS2__URL": address,
        "SISC_ROUTES__NCTS2__TIMEOUT_SECONDS": "2",
        "SISC_ROUTES__NCTS2__CALLBACK_TOKEN_FILE": str(token),
    }


def _ledger(file: Path) -> SqlStore:
    store = SqlStore.open(f"sqlite:///{file}")
    store.migrate()
    return store
