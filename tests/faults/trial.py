"""One run: senders send, faults strike, and at the end every promise is looked at."""

import random
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url, select

import routing.tables
from gateway.keys import write_secret_file
from gateway.store.sql_store import SqlStore
from tests.acceptance.enrolment import enrol_many
from tests.acceptance.running import until
from tests.faults.back_end import FaultyBackEnd, serve_back_end
from tests.faults.broker import BehindBroker, told
from tests.faults.deployment import Deployment, deployed, patience
from tests.faults.senders import Senders
from tests.faults.striking import Fault, Striking, interrupted
from tests.faults.verdict import Verdict, judge
from tests.servers.postgres import OwnPostgres

__all__ = ["Report", "Trial"]

_TOKEN = "a token for callbacks"
_SETTINGS = {
    "SISC_WORKER__LEASE_SECONDS": "15",  # the work of killed workers comes back soon, that of slow ones not
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
    broker: str
    verdict: Verdict
    left: int  # work items that were not finished in time
    exit_codes: list[int]

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not (self.verdict.lost or self.verdict.doubled or self.left)

    def lines(self) -> list[str]:
        """For people."""
        struck = [f"{name}: {count}" for name, count in sorted(self.faults.items())]
        again = [f"tried again, {reason}: {count}" for reason, count in sorted(self.tried_again.items())]
        return [f"broker: {self.broker}", *struck, *again, f"work left: {self.left}", *self.verdict.lines()]


@dataclass(kw_only=True)
class Trial:
    """How much is sent, and how often something breaks."""

    folder: Path
    server: OwnPostgres
    broker: BehindBroker | None  # a second back end, for every other document
    documents: int
    clients: int
    pause: tuple[float, float]  # seconds between two faults
    once_each: bool = False  # every kind of fault once, however long the sending takes
    seed: int = 20261121
    drained_within: float = 300.0  # seconds

    def run(self) -> Report:
        """Send, break, wait, judge."""
        ledger = _ledger(self.folder.parent / "back-end.sqlite3")
        token = self.folder.parent / "callback-token"
        write_secret_file(token, _TOKEN.encode())
        back_end = FaultyBackEnd(ledger, token=_TOKEN, seed=self.seed)
        with serve_back_end(back_end) as address:
            many = deployed(
                self.folder,
                self.server.url,
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
            accounts=enrol_many(_Settings(deployment, self.server.url), self.clients),
            each=self.documents // self.clients,
            codes=("CC015C", "CC515C") if self.broker else ("CC015C",),
        )
        faults = self._send(deployment, senders)
        store = SqlStore.open(self.server.url)
        with suppress(AssertionError):  # the verdict tells what is missing
            until(lambda: self._is_at_rest(store, senders, back_end, ledger), seconds=self.drained_within)
        with store.read() as work:
            left = sum(work.queue.depth().values())
        deployment.ending.set()
        exit_codes = deployment.stop()
        verdict = judge(store, senders.promised, self._deliveries(ledger))
        store.close()
        faults.update({f"back end {manner}": count for manner, count in back_end.manners.items()})
        again = sum(times > 1 for times in back_end.seen.values())
        faults["documents that the back end was given more than once"] = again
        return Report(
            faults=faults,
            tried_again=senders.tried_again,
            broker=told(self.broker),
            verdict=verdict,
            left=left,
            exit_codes=exit_codes,
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

    def _send(self, deployment: Deployment, senders: Senders) -> Counter[str]:
        """Send everything while faults strike; how often each has struck."""
        chance = random.Random(self.seed)
        striking = Striking(
            faults=self._faults(deployment, chance),
            recovered=deployment.wait_until_ready,
            pause=self.pause,
            once_each=self.once_each,
            chance=chance,
        )
        sent = threading.Event()
        thread = threading.Thread(target=striking.until, args=(sent,))
        thread.start()
        try:
            senders.send_all()
        finally:
            sent.set()
            thread.join()
        return striking.struck

    def _faults(self, deployment: Deployment, chance: random.Random) -> dict[str, Fault]:
        behind_broker = {"back end killed with -9": lambda: deployment.kill("simulate", chance)}
        return {
            "worker killed with -9": lambda: deployment.kill("worker", chance),
            "web server killed with -9": lambda: deployment.kill("web", chance),
            "database connections ended": self._end_connections,
            "database stopped and started": interrupted(self.server.stop, self.server.start),
            "database crashed and started": interrupted(self.server.crash, self.server.start),
            **(behind_broker | dict(self.broker.faults) if self.broker else {}),
        }

    def _end_connections(self) -> int:
        url = make_url(self.server.url).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            row = connection.execute(_TERMINATE).fetchone()
            return int(row[0]) if row else 0


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
        **patience("NCTS2"),
    }


def _ledger(file: Path) -> SqlStore:
    store = SqlStore.open(f"sqlite:///{file}")
    store.migrate()
    return store
