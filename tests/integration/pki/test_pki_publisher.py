"""Publishing when it is due, warnings before an end, and two publishers at once."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import load_der_x509_crl
from sqlalchemy import select

from gateway.actions import Action
from gateway.clock import now
from gateway.observe import Observer
from gateway.pki.expiry import ExpiryWatch
from gateway.pki.publishing import Publisher
from gateway.pki.responding import ResponderFile
from signing.errors import StatusError
from signing.lifecycle import RevocationReason
from signing.register import SqlCertificateRegister
from signing.tables import ca_crls
from tests.integration.pki.pki_world import World, open_world

HOUR = timedelta(hours=1)


@pytest.fixture
def both(tmp_path: Path, store_url: str) -> Iterator[World]:
    """The world on each kind of database in turn."""
    with open_world(tmp_path, store_url) as opened:
        yield opened


@dataclass
class Told(Observer):
    """Keeps what it is told."""

    actions: list[tuple[Action, dict[str, object]]] = field(default_factory=list)

    def __call__(self, action: Action, *, detail: str = "", **facts: object) -> None:  # noqa: ARG002
        self.actions.append((action, facts))

    def of(self, action: Action) -> list[dict[str, object]]:
        return [facts for told, facts in self.actions if told is action]


@dataclass
class Clock:
    """Stands where it is put."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


def publisher(world: World, clock: Clock, told: Told) -> Publisher:
    return Publisher(
        settings=world.gateway.settings,
        store=world.gateway.store,
        authority=world.authority,
        clock=clock,
        observe=told,
    )


def watch(world: World, clock: Clock, told: Told) -> ExpiryWatch:
    return ExpiryWatch(
        store=world.gateway.store,
        authorities=[world.authority.certificate],
        days=(30, 7, 1),
        interval=24 * HOUR,
        clock=clock,
        observe=told,
    )


def test_a_publisher_publishes_at_first_after_a_change_and_daily(both: World) -> None:
    clock, told = Clock(now()), Told()
    record = both.issue()
    one = publisher(both, clock, told)
    one.run_once()
    one.run_once()
    assert [facts["number"] for facts in told.of(Action.CRL_PUBLISHED)] == [1]
    with both.gateway.store.begin() as work:
        SqlCertificateRegister(work.connection).hold(record.serial, at=clock.at, operator="test")
        work.commit()
    one.run_once()
    clock.at += 23 * HOUR
    one.run_once()
    clock.at += HOUR
    one.run_once()
    assert [facts["number"] for facts in told.of(Action.CRL_PUBLISHED)] == [1, 2, 3]


def test_publishers_at_once_never_give_one_number_twice(both: World) -> None:
    clock, told = Clock(now()), Told()
    publisher(both, clock, told).publish()
    start = threading.Barrier(4)

    def publish() -> None:
        start.wait()
        for _ in range(5):
            publisher(both, clock, told).publish()

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(int(str(facts["number"])) for facts in told.of(Action.CRL_PUBLISHED))
    assert numbers == list(range(1, 22))
    with both.gateway.store.read() as work:
        assert work.connection.scalar(select(ca_crls.c.number)) == 21


def test_of_operators_at_once_only_one_revokes(both: World) -> None:
    record = both.issue()
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def revoke() -> None:
        start.wait()
        with both.gateway.store.begin() as work:
            register = SqlCertificateRegister(work.connection)
            try:
                register.revoke(record.serial, RevocationReason.SUPERSEDED, at=now(), operator="test")
            except StatusError:
                outcomes.append("refused")
                return
            work.commit()
            outcomes.append("revoked")

    threads = [threading.Thread(target=revoke) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "refused", "refused", "revoked"]
    with both.gateway.store.read() as work:
        history = SqlCertificateRegister(work.connection).history(record.serial)
    assert [entry.act.value for entry in history] == ["issued", "revoked"]


def test_a_published_crl_is_the_register_whatever_happened(both: World) -> None:
    clock, told = Clock(now()), Told()
    records = [both.issue() for _ in range(3)]
    with both.gateway.store.begin() as work:
        register = SqlCertificateRegister(work.connection)
        register.hold(records[0].serial, at=clock.at, operator="test")
        register.hold(records[1].serial, at=clock.at, operator="test")
        register.release(records[1].serial, at=clock.at, operator="test")
        register.revoke(records[2].serial, RevocationReason.SUPERSEDED, at=clock.at, operator="test")
        work.commit()
    crl = load_der_x509_crl(publisher(both, clock, told).publish().content)
    listed = {f"{entry.serial_number:x}" for entry in crl}
    assert listed == {records[0].serial, records[2].serial}
    public = both.authority.certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert crl.is_signature_valid(public)


def test_the_responder_is_renewed_before_it_ends(world: World) -> None:
    clock, told = Clock(now()), Told()
    one = publisher(world, clock, told)
    one.run_once()
    assert told.of(Action.RESPONDER_RENEWED) == []
    first = ResponderFile(world.gateway.settings).current().not_after
    clock.at = first - timedelta(days=9)
    one.run_once()
    one.run_once()
    assert len(told.of(Action.RESPONDER_RENEWED)) == 1
    assert ResponderFile(world.gateway.settings).current().not_after > first


def test_a_missing_or_unreadable_responder_is_made_anew(world: World) -> None:
    clock, told = Clock(now()), Told()
    file = world.folder / "keys" / "ocsp.p12"
    for spoil in (file.unlink, lambda: file.write_bytes(b"spoilt")):
        spoil()
        publisher(world, clock, told).run_once()
        assert ResponderFile(world.gateway.settings).current().issuer == world.authority.certificate
    assert len(told.of(Action.RESPONDER_RENEWED)) == 2


def test_an_approaching_end_is_told_once_a_threshold(both: World) -> None:
    record = both.issue(days=100)
    clock, told = Clock(now()), Told()
    for left in (40, 29, 29, 8, 6.5, 6, 0.5, 0.4, -1):
        clock.at = record.not_after - timedelta(days=left)
        watch(both, clock, told).look()  # a new one each time: what was told is in the store
    found = [(facts["serial"], facts["threshold_days"]) for facts in told.of(Action.CERTIFICATE_EXPIRING)]
    assert found == [(record.serial, 30), (record.serial, 7), (record.serial, 1)]


def test_a_certificate_found_late_is_told_at_its_nearest_threshold_only(world: World) -> None:
    record = world.issue(days=100)
    clock, told = Clock(record.not_after - timedelta(days=5)), Told()
    one = watch(world, clock, told)
    one.look()
    one.look()
    assert [facts["threshold_days"] for facts in told.of(Action.CERTIFICATE_EXPIRING)] == [7]


def test_the_end_of_the_authority_itself_is_told(world: World) -> None:
    clock, told = Clock(world.authority.certificate.not_valid_after_utc - timedelta(days=20)), Told()
    watch(world, clock, told).look()
    assert [facts["subject"] for facts in told.of(Action.CERTIFICATE_EXPIRING)] == ["CN=Test SC CA,C=PL"]


def test_an_overdue_crl_is_told_once_an_hour(world: World) -> None:
    clock, told = Clock(now()), Told()
    one = watch(world, clock, told)
    one.look()
    assert told.of(Action.CRL_OVERDUE) == []  # nothing was ever published
    publisher(world, clock, told).publish()
    for hours, times in ((24, 0), (25.5, 1), (26, 1), (27, 2)):
        clock.at = now() + hours * HOUR
        one.look()
        assert len(told.of(Action.CRL_OVERDUE)) == times
