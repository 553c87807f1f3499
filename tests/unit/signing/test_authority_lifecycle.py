"""Hold, release and revocation: the rules, and the register that keeps them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, update

from signing.errors import StatusError, UnknownCertificateError
from signing.lifecycle import Act, RevocationReason, held, released, revoked
from signing.records import CertificateRecord, CertificateStatus, new_record
from signing.register import SqlCertificateRegister
from signing.tables import ca_certificates, metadata
from tests.unit.signing.signing_samples import NOW, PERSON, p256_key, rsa_key

HOUR = timedelta(hours=1)
RECORD = new_record(p256_key().certificate, person_id=PERSON.id_sisc, issued_at=NOW)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def register(connection: Connection) -> SqlCertificateRegister:
    register = SqlCertificateRegister(connection)
    register.add(RECORD, operator="anna")
    return register


def apply(record: CertificateRecord, act: Act, step: int) -> CertificateRecord:
    at = NOW + step * HOUR
    if act is Act.HELD:
        return held(record, at=at)
    if act is Act.RELEASED:
        return released(record, at=at)
    return revoked(record, at=at, reason=RevocationReason.SUPERSEDED)


@given(st.lists(st.sampled_from([Act.HELD, Act.RELEASED, Act.REVOKED]), max_size=12))
def test_whatever_is_asked_for_revocation_is_final_and_release_follows_a_hold(acts: list[Act]) -> None:
    record, done = RECORD, [Act.ISSUED]
    for step, act in enumerate(acts, start=1):
        try:
            record = apply(record, act, step)
        except StatusError:
            continue
        done.append(act)
    assert Act.REVOKED not in done[:-1]
    before = dict(zip(done[1:], done, strict=False))
    assert before.get(Act.RELEASED, Act.HELD) is Act.HELD
    assert (record.status is CertificateStatus.REVOKED) == (done[-1] is Act.REVOKED)


def test_a_revocation_after_a_hold_counts_from_the_hold_and_keeps_both_dates() -> None:
    record = revoked(held(RECORD, at=NOW + HOUR), at=NOW + 5 * HOUR, reason=RevocationReason.KEY_COMPROMISE)
    assert (record.status_at, record.decided_at) == (NOW + HOUR, NOW + 5 * HOUR)
    assert record.reason == "keyCompromise"


def test_a_revocation_after_a_released_hold_counts_from_itself() -> None:
    record = released(held(RECORD, at=NOW + HOUR), at=NOW + 2 * HOUR)
    record = revoked(record, at=NOW + 5 * HOUR, reason=RevocationReason.KEY_COMPROMISE)
    assert (record.status_at, record.decided_at) == (NOW + 5 * HOUR, None)


def test_every_act_stands_in_the_history_with_its_operator(register: SqlCertificateRegister) -> None:
    serial = RECORD.serial
    register.hold(serial, at=NOW + HOUR, operator="bartek", note="lost token")
    register.release(serial, at=NOW + 2 * HOUR, operator="celina", note="found again")
    register.hold(serial, at=NOW + 3 * HOUR, operator="bartek")
    register.revoke(serial, RevocationReason.SUPERSEDED, at=NOW + 4 * HOUR, operator="dorota")
    told = [(entry.act, entry.operator, entry.reason, entry.note) for entry in register.history(serial)]
    assert told == [
        (Act.ISSUED, "anna", None, None),
        (Act.HELD, "bartek", "certificateHold", "lost token"),
        (Act.RELEASED, "celina", None, "found again"),
        (Act.HELD, "bartek", "certificateHold", None),
        (Act.REVOKED, "dorota", "superseded", None),
    ]
    found = register.find(serial)
    assert found is not None
    assert (found.status_at, found.decided_at) == (NOW + 3 * HOUR, NOW + 4 * HOUR)


def test_a_refused_act_changes_nothing(register: SqlCertificateRegister) -> None:
    with pytest.raises(StatusError, match="active"):
        register.release(RECORD.serial, at=NOW, operator="anna")
    assert register.find(RECORD.serial) == RECORD
    assert len(register.history(RECORD.serial)) == 1


def test_an_unknown_certificate_cannot_be_revoked(register: SqlCertificateRegister) -> None:
    with pytest.raises(UnknownCertificateError):
        register.revoke("abc", RevocationReason.UNSPECIFIED, at=NOW, operator="anna")


def test_a_status_changed_meanwhile_is_not_overwritten(
    connection: Connection, register: SqlCertificateRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = register.find

    def find_then_lose(serial: str) -> CertificateRecord | None:
        record = find(serial)
        connection.execute(update(ca_certificates).values(status="revoked"))
        return record

    monkeypatch.setattr(register, "find", find_then_lose)
    with pytest.raises(StatusError, match="somebody else"):
        register.hold(RECORD.serial, at=NOW, operator="anna")


def test_certificates_are_listed_by_person_and_status(register: SqlCertificateRegister) -> None:
    other = new_record(rsa_key().certificate, person_id="PL9", issued_at=NOW + HOUR)
    register.add(other)
    held_one = register.hold(other.serial, at=NOW + HOUR, operator="anna")
    assert register.list_all() == [held_one, RECORD]
    assert register.list_all(status=CertificateStatus.HELD) == [held_one]
    assert register.list_all(person_id=PERSON.id_sisc, status=CertificateStatus.HELD) == []


def test_expiring_certificates_are_told_soonest_first_without_the_revoked(
    register: SqlCertificateRegister,
) -> None:
    end = RECORD.not_after
    assert register.expiring(after=end - HOUR, until=end) == [RECORD]
    assert register.expiring(after=end, until=end + HOUR) == []
    register.revoke(RECORD.serial, RevocationReason.SUPERSEDED, at=NOW, operator="anna")
    assert register.expiring(after=end - HOUR, until=end) == []


def test_a_notice_is_first_only_once_a_threshold(register: SqlCertificateRegister) -> None:
    given = [register.give_notice(RECORD.serial, days=days, at=NOW) for days in (30, 30, 7)]
    assert given == [True, False, True]
