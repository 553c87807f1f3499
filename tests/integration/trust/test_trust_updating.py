"""Lists fetched from a real HTTP server into real databases."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.actions import Action
from gateway.cli import run
from gateway.observe import Observer
from gateway.settings import CONFIG_VARIABLE
from gateway.store.sql_store import SqlStore
from gateway.trust.lists import CurrentLists, ListFetcher, ListRefresher, ListUnreachableError, ListUpdater
from signing.keys import KeyPair
from signing.trustlists.keeping import ListCheck
from signing.trustlists.repository import SqlListRepository
from tests.unit.signing.trustlists.made_lists import (
    LISTS,
    NOW,
    Made,
    Wanted,
    certificate,
    list_xml,
    pointer,
    signed,
    signer,
)

LOTL_KEY = "LOTL signer"


@dataclass
class Site:
    """A web server with lists."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish(
        self,
        *,
        national: Made | None = None,
        national_key: KeyPair | None = None,
        named: KeyPair | None = None,
        sequence: int = 300,
    ) -> None:
        pointers = pointer(
            f"{self.url}/lotl.xml", [signer(LOTL_KEY)], territory="EU", list_type=LISTS
        ) + pointer(f"{self.url}/pl.xml", [named or signer()], territory="PL")
        made = Made(entries=(), territory="EU", list_type=LISTS, sequence=sequence, pointers=pointers)
        self.files["/lotl.xml"] = signed(list_xml(made), signer(LOTL_KEY))
        self.files["/pl.xml"] = signed(list_xml(national or Made()), national_key)


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            if self.path == "/moved.xml":
                self.send_response(302)
                self.send_header("location", "/pl.xml")
                self.end_headers()
                return
            content = found.files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    url = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "empty_postgres_url")
    opened = SqlStore.open(url)
    opened.migrate()
    yield opened
    opened.close()


class Observed(Observer):
    """Remembers what it is told, and logs nothing."""

    def __init__(self) -> None:
        super().__init__("test")
        self.told: list[tuple[Action, str]] = []

    def __call__(self, action: Action, *, detail: str = "", **_facts: object) -> None:
        self.told.append((action, detail))


@dataclass
class World:
    """A gateway's part that keeps lists, with a clock of its own."""

    updater: ListUpdater
    current: CurrentLists
    observed: Observed
    at: list[datetime]

    def update(self, *, all_lists: bool = True) -> Mapping[str, str | None]:
        return {check.territory: check.problem for check in self.updater.update(all_lists=all_lists)}

    def sequence(self) -> int | None:
        held = self.current.refresh().national.get("PL")
        return held.list.scheme.sequence if held else None


@contextmanager
def _fetcher(max_bytes: int = 1_000_000) -> Iterator[ListFetcher]:
    fetcher = ListFetcher(timeout=5, max_bytes=max_bytes)
    yield fetcher
    fetcher.close()


@pytest.fixture
def world(site: Site, store: SqlStore) -> Iterator[World]:
    observed, at = Observed(), [NOW]
    with _fetcher() as fetch:
        updater = ListUpdater(
            store=store,
            fetch=fetch,
            location=f"{site.url}/lotl.xml",
            signers=[signer(LOTL_KEY).certificate],
            refresh=timedelta(hours=6),
            clock=lambda: at[0],
            observe=observed,
        )
        current = CurrentLists(store, grace=timedelta(days=7), observe=observed)
        yield World(updater, current, observed, at)


def test_lists_are_fetched_kept_and_in_force(site: Site, world: World) -> None:
    site.publish()
    assert world.update() == {"EU": None, "PL": None}
    assert world.sequence() == 7
    assert world.current().services_of(certificate().chain[0])
    assert (Action.TRUST_LIST_ACCEPTED, "PL") in world.observed.told


def test_a_newer_list_takes_the_place_of_the_one_held(site: Site, world: World) -> None:
    site.publish()
    world.update()
    assert world.sequence() == 7
    site.publish(national=Made(sequence=8, entries=()))
    world.update()
    assert world.sequence() == 8
    assert not world.current().services_of(certificate().chain[0])


@pytest.mark.parametrize(
    "break_it",
    [
        lambda site: site.files.pop("/pl.xml"),
        lambda site: site.publish(national=Made(sequence=6)),
        lambda site: site.publish(national=Made(sequence=8), national_key=signer("stranger")),
        lambda site: site.publish(national=Made(sequence=8, territory="DE")),
        lambda site: site.files.update({"/pl.xml": list_xml(Made(sequence=8))}),
        lambda site: site.files.update({"/pl.xml": b"<html>maintenance</html>"}),
        lambda site: site.files.update({"/pl.xml": b""}),
    ],
    ids=["gone", "older", "by a stranger", "another country", "unsigned", "a web page", "empty"],
)
def test_a_list_that_fails_never_replaces_the_good_one(site: Site, world: World, break_it: object) -> None:
    site.publish()
    world.update()
    assert callable(break_it)
    break_it(site)
    assert world.update()["PL"] is not None
    assert world.sequence() == 7
    alarms = {Action.TRUST_LIST_REFUSED, Action.TRUST_LIST_UNREACHABLE}
    assert any(action in alarms and detail == "PL" for action, detail in world.observed.told)


def test_a_signer_who_is_announced_no_more_vouches_for_nothing(site: Site, world: World) -> None:
    site.publish()
    world.update()
    assert world.sequence() == 7
    site.publish(named=signer("new TL signer"), sequence=301)  # the list itself is still by the old signer
    assert world.update()["PL"] is not None
    assert world.sequence() is None
    assert (Action.TRUST_LIST_DROPPED, "PL") in world.observed.told
    world.at[0] += timedelta(hours=1)
    site.publish(named=signer("new TL signer"), sequence=301, national_key=signer("new TL signer"))
    assert world.update() == {"EU": None, "PL": None}
    assert world.sequence() == 7


def test_lists_are_looked_at_when_they_are_due(site: Site, world: World) -> None:
    site.publish()
    world.update()
    assert world.update(all_lists=False) == {}
    world.at[0] += timedelta(hours=6)
    assert world.update(all_lists=False) == {"EU": None, "PL": None}


def test_after_a_failure_the_next_look_is_sooner(site: Site, world: World) -> None:
    site.publish()
    good = site.files.pop("/pl.xml")
    world.update()
    site.files["/pl.xml"] = good
    world.at[0] += timedelta(minutes=30)
    assert world.update(all_lists=False) == {"PL": None}


def test_nothing_is_fetched_from_elsewhere_before_the_list_of_lists_is_verified(
    site: Site, world: World
) -> None:
    site.publish()
    made = Made(
        entries=(),
        territory="EU",
        list_type=LISTS,
        information=["http://169.254.169.254/eu-lotl-pivot-1.xml"],
        pointers=pointer(f"{site.url}/lotl.xml", [signer("x")], territory="EU", list_type=LISTS),
    )
    site.files["/lotl.xml"] = signed(list_xml(made), signer("x"))
    world.update()
    assert site.asked == ["/lotl.xml"]
    assert world.current().list_of_lists is None


def test_another_process_sees_a_new_list(site: Site, world: World, store: SqlStore) -> None:
    other = CurrentLists(store, grace=timedelta(days=7), observe=world.observed)
    assert other().list_of_lists is None
    site.publish()
    world.update()
    assert "PL" in other.refresh().national
    assert other.refresh() is other()  # nothing changed: nothing is read again


def test_the_background_alarms_about_lists_past_their_next_update(site: Site, world: World) -> None:
    site.publish(national=replace(Made(), next_update="2026-11-20T12:00:00Z"))
    refresher = ListRefresher(updater=world.updater, current=world.current, observe=world.observed)
    refresher.once(threading.Event())
    assert (Action.TRUST_LIST_STALE, "PL") in world.observed.told
    assert (Action.TRUST_LIST_STALE, "EU") not in world.observed.told


def test_the_background_ends_when_told_to(site: Site, world: World) -> None:
    site.publish()
    stop = threading.Event()
    refresher = ListRefresher(updater=world.updater, current=world.current, observe=world.observed)
    thread = threading.Thread(target=refresher.run, args=(stop,))
    thread.start()
    while "/pl.xml" not in site.asked:
        stop.wait(0.01)
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_a_fetcher_follows_redirects_and_stops_at_its_limit(site: Site) -> None:
    site.files["/pl.xml"] = b"x" * 100
    with _fetcher() as fetch:
        assert len(fetch(f"{site.url}/moved.xml")) == 100
    with _fetcher(max_bytes=99) as fetch, pytest.raises(ListUnreachableError):
        fetch(f"{site.url}/pl.xml")
    with _fetcher() as fetch, pytest.raises(ListUnreachableError):
        fetch("http://127.0.0.1:1/pl.xml")


def test_a_look_is_recorded_once_for_each_list(store: SqlStore) -> None:
    with store.begin() as work:
        repository = SqlListRepository(work.connection)
        for problem in ("HTTP 500", None):
            moment = datetime(2026, 11, 21, tzinfo=UTC)
            repository.record(ListCheck(territory="PL", location="x", checked_at=moment, problem=problem))
        assert [(check.territory, check.problem) for check in repository.checks()] == [("PL", None)]


# the command


@pytest.fixture
def configured(
    site: Site, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    (tmp_path / "lotl.pem").write_bytes(signer(LOTL_KEY).certificate.public_bytes(Encoding.PEM))
    config = tmp_path / "sisc.toml"
    config.write_text(
        f'[store]\nurl = "{sqlite_url}"\n[trust]\n'
        f'list_of_lists = "{site.url}/lotl.xml"\nlist_of_lists_signers = "lotl.pem"\n'
    )
    monkeypatch.setenv(CONFIG_VARIABLE, str(config))
    yield
    structlog.reset_defaults()  # a command sets logging up for its process


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, object]]]:
    code = run(list(arguments))
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("configured")
def test_the_command_updates_and_shows_lists(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.publish()
    assert _run(capsys, "trust", "update", "--json")[0] == 0
    code, lists = _run(capsys, "trust", "show", "--json")
    assert code == 0
    assert [(line["territory"], line["sequence"], line["services"]) for line in lists] == [
        ("EU", 300, 0),
        ("PL", 7, 1),
    ]
    del site.files["/pl.xml"]
    code, checks = _run(capsys, "trust", "update", "--json")
    assert (code, [check["problem"] is None for check in checks]) == (1, [True, False])


@pytest.mark.usefixtures("configured")
def test_the_command_tells_what_the_lists_say_of_a_certificate(
    site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    site.publish()
    _run(capsys, "trust", "update", "--json")
    file = tmp_path / "leaf.pem"
    expected = {
        "QESig": Wanted(),
        "not qualified": Wanted(statements=()),
        "issuer on no list held": Wanted(issuer="unknown CA"),
    }
    for result, wanted in expected.items():
        file.write_bytes(certificate(wanted).certificate.public_bytes(Encoding.PEM))
        code, told = _run(capsys, "trust", "show", "--certificate", str(file), "--json")
        assert (code, told[0]["result"]) == (0, result)
