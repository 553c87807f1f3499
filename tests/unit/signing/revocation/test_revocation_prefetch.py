"""Fetching in advance: from a real server, over a real store, with openssl as another responder."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags, ocsp
from cryptography.x509.ocsp import OCSPCertStatus

from gateway.observe import Observer
from gateway.settings import RevocationOptions
from gateway.store.sql_store import SqlStore
from gateway.trust.revocation import HttpFetch, Revocation, RevocationRefresher
from signing.revocation.errors import FetchError, Problem
from signing.revocation.model import RevocationState, RevocationStatus
from signing.revocation.prefetch import FetchRequest, Outcome
from tests.tools import need_tool, run_tool
from tests.unit.signing.revocation.revocation_samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    OCSP_USAGE,
    Pair,
    access,
    entry,
    issuing,
    make,
    make_answer,
    make_crl,
    make_responder,
    points,
    private_pem,
)
from tests.unit.signing.revocation.revocation_server import Server, serving

GOOD, UNKNOWN = RevocationState.GOOD, RevocationState.UNKNOWN


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def http() -> Iterator[HttpFetch]:
    with closing(HttpFetch()) as fetch:
        yield fetch


class World:
    """Revocation as a process of the gateway has it, with a clock of ours."""

    def __init__(self, store: SqlStore, http: HttpFetch, now: datetime = NOW) -> None:
        self.now = now
        self._store = store
        self._revocation = Revocation(
            RevocationOptions(), store=store, clock=lambda: self.now, observe=Observer("test")
        )
        self.prefetcher = self._revocation.prefetcher(http)
        self.outcomes: Sequence[Outcome] = ()

    def status(self, subject: Pair, issuer: Pair | None = None) -> RevocationStatus:
        with self._store.read() as work:
            source = self._revocation.source(work)
            return source.status(subject.certificate, (issuer or issuing()).certificate, at=self.now)

    def fetched(self, subject: Pair, issuer: Pair | None = None) -> RevocationStatus:
        """Asked for once, fetched in the background, asked for again."""
        assert self.status(subject, issuer).state is UNKNOWN
        self.outcomes = self.prefetcher.run_once()
        return self.status(subject, issuer)


@pytest.fixture
def world(sqlite_store: SqlStore, http: HttpFetch) -> World:
    return World(sqlite_store, http)


def by_crl(server: Server) -> Pair:
    return make("ByCrl", issuing(), extra=[(points(f"{server.url}/ca.crl"), False)])


def by_ocsp(server: Server, *, crl: bool = False) -> Pair:
    extra: list[tuple[x509.ExtensionType, bool]] = [(access(f"{server.url}/ocsp"), False)]
    if crl:
        extra.append((points(f"{server.url}/ca.crl"), False))
    return make("ByOcsp", issuing(), extra=extra)


def responding(subject: Pair, **changes: object) -> Callable[[bytes], bytes]:
    """A responder that reads the request and returns its nonce."""

    def answer(body: bytes) -> bytes:
        request = ocsp.load_der_ocsp_request(body)
        assert request.serial_number == subject.certificate.serial_number
        nonce = request.extensions.get_extension_for_class(x509.OCSPNonce).value
        return make_answer(subject.certificate, issuing(), extra=[(nonce, False)], **changes)  # type: ignore[arg-type]  # by name

    return answer


def paths(server: Server) -> list[str]:
    return [path for _, path, _ in server.asked]


def test_a_crl_is_fetched_in_the_background_for_a_certificate_once_asked_for(
    world: World, server: Server
) -> None:
    server.pages["/ca.crl"] = make_crl(issuing())
    assert world.fetched(by_crl(server)).state is GOOD
    assert server.asked == [("GET", "/ca.crl", b"")]


def test_one_crl_serves_all_certificates_of_its_issuer(world: World, server: Server) -> None:
    server.pages["/ca.crl"] = make_crl(issuing())
    several = [by_crl(server) for _ in range(5)]
    for one in several:
        world.status(one)
    world.prefetcher.run_once()
    assert {world.status(one).state for one in several} == {GOOD}
    assert paths(server) == ["/ca.crl"]


def test_ocsp_comes_first_and_spares_the_crl(world: World, server: Server) -> None:
    subject = by_ocsp(server, crl=True)
    server.pages |= {"/ocsp": responding(subject), "/ca.crl": make_crl(issuing())}
    assert world.fetched(subject).state is GOOD
    assert paths(server) == ["/ocsp"]


def test_a_crl_is_fetched_where_the_responder_gives_nothing(world: World, server: Server) -> None:
    server.pages["/ca.crl"] = make_crl(issuing())
    assert world.fetched(by_ocsp(server, crl=True)).state is GOOD
    assert paths(server) == ["/ocsp", "/ca.crl"]


def test_nothing_is_fetched_twice_before_it_is_due(world: World, server: Server) -> None:
    subject = by_ocsp(server)
    server.pages["/ocsp"] = responding(subject)
    world.fetched(subject)
    world.now += 19 * MINUTE
    assert world.prefetcher.run_once() == []
    world.now += 2 * MINUTE
    server.pages["/ocsp"] = responding(subject, at=world.now)
    assert [outcome.refusal for outcome in world.prefetcher.run_once()] == [None]


def test_a_responder_that_revokes_is_believed(world: World, server: Server) -> None:
    subject = by_ocsp(server)
    server.pages["/ocsp"] = responding(
        subject,
        status=OCSPCertStatus.REVOKED,
        revoked_at=NOW - HOUR,
        reason=ReasonFlags.key_compromise,
        responder=make_responder(issuing()),
    )
    assert world.fetched(subject).state is RevocationState.REVOKED


def test_an_answer_about_another_serial_number_is_refused(world: World, server: Server) -> None:
    server.pages["/ocsp"] = make_answer(make("Other", issuing()).certificate, issuing())
    subject = by_ocsp(server)
    assert world.fetched(subject).state is UNKNOWN
    assert [Problem.CERT_ID in str(outcome.refusal) for outcome in world.outcomes] == [True]


def test_an_answer_with_the_nonce_of_another_request_is_refused(world: World, server: Server) -> None:
    subject = by_ocsp(server)
    server.pages["/ocsp"] = make_answer(
        subject.certificate, issuing(), extra=[(x509.OCSPNonce(b"t" * 16), False)]
    )
    assert world.fetched(subject).state is UNKNOWN


def test_a_responder_without_nocheck_is_looked_up_in_the_crl(world: World, server: Server) -> None:
    responder = make_responder(issuing(), nocheck=False)
    subject = by_ocsp(server, crl=True)
    server.pages["/ocsp"] = responding(subject, responder=responder)
    server.pages["/ca.crl"] = make_crl(issuing())
    world.fetched(subject)  # refused at first: nothing was known about the responder
    world.now += MINUTE
    assert [outcome.refusal for outcome in world.prefetcher.run_once()] == [None]
    status = world.status(subject)
    assert (status.state, status.evidence[0].kind) == (GOOD, "OCSP")


def test_a_revoked_responder_is_refused(world: World, server: Server) -> None:
    responder = make_responder(issuing(), nocheck=False)
    subject = by_ocsp(server, crl=True)
    server.pages["/ocsp"] = responding(subject, responder=responder)
    server.pages["/ca.crl"] = make_crl(issuing(), entry(responder.certificate.serial_number))
    world.fetched(subject)
    world.now += MINUTE
    (outcome,) = world.prefetcher.run_once()
    assert Problem.RESPONDER_STATUS in str(outcome.refusal)


def test_a_crl_that_goes_back_is_refused_and_the_newer_one_stays(world: World, server: Server) -> None:
    subject = by_crl(server)
    serial = subject.certificate.serial_number
    server.pages["/ca.crl"] = make_crl(issuing(), entry(serial), number=8)
    assert world.fetched(subject).state is RevocationState.REVOKED
    server.pages["/ca.crl"] = make_crl(issuing(), number=7, at=NOW + HOUR)
    world.now += 61 * MINUTE
    (outcome,) = world.prefetcher.run_once()
    assert Problem.ROLLBACK in str(outcome.refusal)
    assert world.status(subject).state is RevocationState.REVOKED


def test_a_delta_crl_is_fetched_and_counts(world: World, server: Server) -> None:
    subject = by_crl(server)
    serial = subject.certificate.serial_number
    where = x509.FreshestCRL(list(points(f"{server.url}/delta.crl")))
    server.pages["/ca.crl"] = make_crl(issuing(), number=5, extra=[(where, False)])
    server.pages["/delta.crl"] = make_crl(
        issuing(), entry(serial), number=6, extra=[(x509.DeltaCRLIndicator(5), True)]
    )
    assert world.fetched(subject).state is RevocationState.REVOKED
    assert paths(server) == ["/ca.crl", "/delta.crl"]


def test_a_source_that_fails_is_asked_ever_less_often(world: World, server: Server) -> None:
    world.status(by_crl(server))
    for _ in range(10 * 60):  # ten minutes, looking every second
        world.prefetcher.run_once()
        world.now += timedelta(seconds=1)
    assert len(server.asked) == 5  # after 0, 30, 90, 210 and 450 seconds


def test_a_certificate_nobody_asks_for_is_forgotten(world: World, server: Server) -> None:
    server.pages["/ca.crl"] = make_crl(issuing(), until=NOW + 30 * DAY)
    world.fetched(by_crl(server))
    world.prefetcher.run_once()
    world.now += 8 * DAY
    assert world.prefetcher.run_once() == []


def test_what_verification_lacks_is_fetched_apart_from_the_rest(world: World, server: Server) -> None:
    first, second = by_ocsp(server), by_crl(server)
    server.pages |= {"/ocsp": responding(first), "/ca.crl": make_crl(issuing())}
    world.fetched(first)
    world.now += 21 * MINUTE
    world.status(second)
    assert [outcome.kind for outcome in world.prefetcher.run_wanted()] == ["OCSP", "CRL"]
    assert world.prefetcher.run_wanted() == []


def test_the_background_tells_what_it_fetched(
    world: World, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.pages["/ca.crl"] = b"<html>"
    world.status(by_crl(server))
    RevocationRefresher(prefetcher=world.prefetcher, observe=Observer("test")).once(all_of_it=False)
    told = capsys.readouterr()
    assert "revocation_not_fetched" in told.out + told.err


# The fetching itself


def _request(url: str, *, seconds: float = 0.3, max_bytes: int = 1000) -> FetchRequest:
    return FetchRequest(
        url=url, body=None, content_type=None, timeout=timedelta(seconds=seconds), max_bytes=max_bytes
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/absent", "404"), ("/moved", "404"), ("/long", "longer than"), ("/silent", "time"), ("/slow", "time")],
)
def test_a_source_that_does_not_give_what_it_should_fails(
    server: Server, http: HttpFetch, path: str, reason: str
) -> None:
    server.pages |= {"/long": b"x" * 1001, "/silent": b"x", "/slow": b"x" * 100, "/elsewhere": b"x"}
    server.silent = 0.6 if path == "/silent" else 0
    server.slow = 0.02 if path == "/slow" else 0
    with pytest.raises(FetchError, match=reason):
        http(_request(server.url + path))
    assert "/elsewhere" not in paths(server)


def test_an_address_without_a_server_fails(http: HttpFetch) -> None:
    for url in ("http://127.0.0.1:9/x", "http://[bad/x", "ftp://127.0.0.1/x"):
        with pytest.raises(FetchError):
            http(_request(url))


# openssl in the part of the authority


def _index(now: datetime, *lines: tuple[str, Pair]) -> str:
    """The database of `openssl ca`: status, expiry, revocation, serial, file, subject."""
    times = {"V": "", "R": f"{now - HOUR:%y%m%d%H%M%SZ},keyCompromise"}
    return "".join(
        f"{status}\t{now + DAY:%y%m%d%H%M%SZ}\t{times[status]}\t{_hex(one)}\tunknown\t/C=PL/CN=L\n"
        for status, one in lines
    )


def _hex(one: Pair) -> str:
    """Whole octets, as openssl writes serial numbers."""
    number = one.certificate.serial_number
    return number.to_bytes((number.bit_length() + 7) // 8).hex().upper()


def _pem(folder: Path, **pairs: Pair) -> None:
    for name, pair in pairs.items():
        (folder / f"{name}.pem").write_bytes(pair.certificate.public_bytes(Encoding.PEM))
        (folder / f"{name}.key").write_bytes(private_pem(pair))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("V", RevocationState.GOOD),
        ("R", RevocationState.REVOKED),
        (None, RevocationState.UNKNOWN),
    ],
)
def test_the_responder_of_openssl_is_understood(
    sqlite_store: SqlStore,
    http: HttpFetch,
    server: Server,
    tmp_path: Path,
    status: str | None,
    expected: RevocationState,
) -> None:
    need_tool("openssl")
    now = datetime.now(UTC).replace(microsecond=0)
    world = World(sqlite_store, http, now)
    authority = make("Authority", ca=True, at=now)
    nocheck: list[tuple[x509.ExtensionType, bool]] = [(OCSP_USAGE, False), (x509.OCSPNoCheck(), False)]
    responder = make("Responder", authority, at=now, extra=nocheck)
    subject = make("L", authority, at=now, extra=[(access(f"{server.url}/ocsp"), False)])
    _pem(tmp_path, ca=authority, responder=responder)
    (tmp_path / "index").write_text(_index(now, *([(status, subject)] if status else [])))

    def respond(body: bytes) -> bytes:
        (tmp_path / "request").write_bytes(body)
        named = "-index index -CA ca.pem -rsigner responder.pem -rkey responder.key -ndays 1"
        arguments = [*named.split(), "-reqin", "request", "-respout", "response"]
        run_tool("openssl", ["ocsp", *arguments], folder=tmp_path)
        return (tmp_path / "response").read_bytes()

    server.pages["/ocsp"] = respond
    world.status(subject, authority)
    assert [outcome.refusal for outcome in world.prefetcher.run_once()] == [None]
    world.now = datetime.now(UTC)
    assert world.status(subject, authority).state is expected


def test_a_crl_of_openssl_is_understood(
    sqlite_store: SqlStore, http: HttpFetch, server: Server, tmp_path: Path
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    world = World(sqlite_store, http, now)
    authority = make("Authority", ca=True, at=now)
    where = [(points(f"{server.url}/ca.crl"), False)]
    good, revoked = make("L", authority, at=now, extra=where), make("L", authority, at=now, extra=where)
    _pem(tmp_path, ca=authority)
    (tmp_path / "index").write_text(_index(now, ("V", good), ("R", revoked)))
    (tmp_path / "number").write_text("1000\n")
    (tmp_path / "ca.conf").write_text(
        "[ca]\ndefault_ca=ours\n[ours]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n"
        "crl_extensions=extensions\n[extensions]\nauthorityKeyIdentifier=keyid\n"
    )
    named = "-config ca.conf -gencrl -keyfile ca.key -cert ca.pem -crldays 1 -out crl.pem"
    run_tool("openssl", ["ca", *named.split()], folder=tmp_path)
    crl = x509.load_pem_x509_crl((tmp_path / "crl.pem").read_bytes())
    server.pages["/ca.crl"] = crl.public_bytes(Encoding.DER)
    for one in (good, revoked):
        world.status(one, authority)
    assert [outcome.refusal for outcome in world.prefetcher.run_once()] == [None]
    assert world.status(good, authority).state is GOOD
    status = world.status(revoked, authority)
    assert (status.state, status.reason) == (RevocationState.REVOKED, ReasonFlags.key_compromise)
    assert status.since == now - HOUR
