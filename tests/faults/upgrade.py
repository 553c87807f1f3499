"""A rolling upgrade: two versions, as built, side by side on one database while clients send."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from gateway.listening import find_port
from gateway.store.sql_store import SqlStore
from routing.tables import simulator_deliveries
from signing.keys import load_pkcs12
from tests.acceptance.enrolment import Enrolled
from tests.acceptance.running import Account, until
from tests.faults.deployment import Deployment, tended
from tests.faults.senders import Senders
from tests.faults.verdict import Verdict, judge

__all__ = ["Outcome", "Upgrade"]

_CLIENTS = 4  # at the same time, all of one account
_PREPARE = """
import json, pathlib, sys
from gateway.sandbox.serving import prepare_sandbox
print(json.dumps(prepare_sandbox(pathlib.Path(sys.argv[1]), port=0).as_json()))
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the upgrade has done to documents and processes."""

    verdict: Verdict
    errors: list[str]  # lines of the logs
    exit_codes: list[int]


@dataclass(kw_only=True)
class Upgrade:
    """From one installed version to another."""

    folder: Path
    database: str
    old: Path
    new: Path
    documents: int  # of each client in each phase
    promised: list[str] = field(default_factory=list)

    def run(self) -> Outcome:
        """Migrate while the old version works, run both, end the old one; clients send all the time."""
        told = json.loads(self._python(self.old, "-c", _PREPARE, str(self.folder)))
        sender = _sender(told)
        deployment = Deployment(
            folder=self.folder,
            environment=self._environment,
            ports=[find_port("127.0.0.1", 0, option="port") for _ in range(2)],
            code={"web-0": self.old, "worker-0": self.old, "web-1": self.new, "worker-1": self.new},
        )
        for name in ("web-0", "worker-0"):
            deployment.start(name)
        with tended(deployment):
            self._send(sender, deployment.urls[:1], self._migrate)
            for name in ("web-1", "worker-1"):
                deployment.start(name)
            deployment.wait_until_ready()
            self._send(sender, deployment.urls, lambda: None)
            codes: list[int] = []
            self._send(sender, deployment.urls, lambda: codes.extend(deployment.stop("web-0", "worker-0")))
            verdict = self._verdict()
            deployment.ending.set()
            codes += deployment.stop()
        return Outcome(verdict=verdict, errors=self._errors(), exit_codes=codes)

    @property
    def _environment(self) -> dict[str, str]:
        return {"SISC_STORE__URL": self.database, "SISC_LOG_LEVEL": "warning"}

    def _python(self, code: Path, *words: str) -> str:
        environment = {**os.environ, **self._environment, "PYTHONPATH": str(code)}
        done = subprocess.run(
            [sys.executable, *words], cwd=code, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def _migrate(self) -> None:
        self._python(self.new, "-m", "gateway.cli", "--config", str(self.folder / "sisc.toml"), "migrate")

    def _send(self, sender: Enrolled, urls: list[str], meanwhile: Callable[[], None]) -> None:
        """Send until something else is done, and some documents in any case."""
        senders = Senders(
            urls=urls, accounts=[sender] * _CLIENTS, each=self.documents, promised=self.promised
        )
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(meanwhile)
            senders.send_all()
            while not done.done():
                senders.send_all()
            done.result()

    def _verdict(self) -> Verdict:
        store = SqlStore.open(self.database)

        def rested() -> Verdict | None:
            with store.read() as work:
                shown = Counter(work.connection.scalars(select(simulator_deliveries.c.sys_ref)))
                busy = work.queue.depth()
            verdict = judge(store, self.promised, shown)
            return None if busy or verdict.lost else verdict

        try:
            return until(rested, seconds=120)
        finally:
            store.close()

    def _errors(self) -> list[str]:
        lines = [line for log in self.folder.glob("*-?.log") for line in log.read_text("utf-8").splitlines()]
        return [line for line in lines if not line.startswith("{") or json.loads(line)["level"] == "error"]


def _sender(told: dict[str, str]) -> Enrolled:
    key, password = Path(told["key"]), told["key_password"]
    account = Account(login=told["login"], password=told["password"], key=key, key_password=password)
    return Enrolled(account=account, key=load_pkcs12(key.read_bytes(), password))
