"""OCSP: requests that openssl reads, responses that are refused for the exact rule."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags, ocsp
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponderEncoding
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.revocation.acceptance import accept_answer
from signing.revocation.cache import StoredAnswer
from signing.revocation.errors import Problem, RevocationDataError
from signing.revocation.model import DEFAULT_FRESHNESS
from signing.revocation.ocsp import MAX_ANSWER_BYTES, Answer, make_request, read_answer
from tests.tools import run_tool
from tests.unit.signing.revocation.revocation_samples import (
    HOUR,
    MINUTE,
    NOW,
    Pair,
    issuing,
    leaf,
    make,
    make_answer,
    make_responder,
    root,
)

BY_NAME = OCSPResponderEncoding.NAME
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def read(content: bytes) -> Answer:
    return read_answer(content, leaf().certificate, issuing().certificate)


def answer(**changes: object) -> bytes:
    return make_answer(leaf().certificate, issuing(), **changes)  # type: ignore[arg-type]  # by name


def problem_of(act: Callable[[], object]) -> Problem:
    with pytest.raises(RevocationDataError) as caught:
        act()
    return caught.value.problem


def test_openssl_reads_our_request(tmp_path: Path) -> None:
    file = tmp_path / "request.der"
    file.write_bytes(make_request(leaf().certificate, issuing().certificate, nonce=bytes(range(16))))
    shown = run_tool("openssl", ["ocsp", "-reqin", file, "-req_text"]).stdout
    serial = f"{leaf().certificate.serial_number:X}"
    assert f"Serial Number: {serial.zfill(len(serial) + len(serial) % 2)}" in shown  # whole octets
    assert "Hash Algorithm: sha1" in shown
    assert "000102030405060708090A0B0C0D0E0F" in shown


def test_the_issuer_answers_itself() -> None:
    found = read(answer())
    assert (found.status, found.responder) == (OCSPCertStatus.GOOD, issuing().certificate)
    assert not found.responder_needs_check


@pytest.mark.parametrize("encoding", OCSPResponderEncoding)
@pytest.mark.parametrize("identified_by", [None, SHA256(), SHA384()])
def test_a_delegate_answers(encoding: OCSPResponderEncoding, identified_by: SHA256 | None) -> None:
    responder = make_responder(issuing())
    found = read(answer(responder=responder, encoding=encoding, identified_by=identified_by))
    assert found.responder == responder.certificate
    assert not found.responder_needs_check


def test_an_issuer_with_an_rsa_key_answers() -> None:
    issuer = make("RSA", root(), ca=True, key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    subject = make("L", issuer).certificate
    found = read_answer(make_answer(subject, issuer), subject, issuer.certificate)
    assert found.serial == subject.serial_number


def test_a_delegate_without_nocheck_has_to_be_looked_at() -> None:
    assert read(answer(responder=make_responder(issuing(), nocheck=False))).responder_needs_check


def test_a_revocation_has_its_time_and_reason() -> None:
    found = read(
        answer(status=OCSPCertStatus.REVOKED, revoked_at=NOW - HOUR, reason=ReasonFlags.certificate_hold)
    )
    assert (found.status, found.revoked_at) == (OCSPCertStatus.REVOKED, NOW - HOUR)
    assert found.reason is ReasonFlags.certificate_hold


def _other(name: str = "Other") -> Pair:
    return make(name, issuing())


REFUSED: dict[str, tuple[Callable[[], bytes], Problem]] = {
    "no DER": (lambda: b"<html>", Problem.FORMAT),
    "nothing": (lambda: b"", Problem.FORMAT),
    "cut short": (lambda: answer()[:-1], Problem.FORMAT),
    "too long": (lambda: b"\0" * (MAX_ANSWER_BYTES + 1), Problem.SIZE),
    "an error": (
        lambda: ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER
        ),
        Problem.RESPONSE_STATUS,
    ),
    "about another serial number": (
        lambda: make_answer(_other().certificate, issuing()),
        Problem.CERT_ID,
    ),
    "about another issuer's": (
        lambda: make_answer(
            make("L", root(), serial=leaf().certificate.serial_number).certificate,
            root(),
            responder=make_responder(issuing()),
        ),
        Problem.CERT_ID,
    ),
    "by a stranger": (lambda: answer(responder=make_responder(root())), Problem.RESPONDER),
    "by another certificate of the issuer": (lambda: answer(responder=_other()), Problem.RESPONDER),
    "by a delegate not sent along": (
        lambda: answer(responder=make_responder(issuing()), certificates=[_other().certificate]),
        Problem.RESPONDER,
    ),
    "in the issuer's name with another key": (
        lambda: answer(responder=make("Issuing", root(), ca=True), certificates=[], encoding=BY_NAME),
        Problem.SIGNATURE,
    ),
    "with an unknown critical extension": (
        lambda: answer(extra=[(UNKNOWN, True)]),
        Problem.CRITICAL_EXTENSION,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_broken_response_is_refused_with_its_rule(case: str) -> None:
    make_content, expected = REFUSED[case]
    content = make_content()
    assert problem_of(lambda: read(content)) is expected


def accept(
    content: bytes,
    *,
    known: StoredAnswer | None = None,
    nonce: bytes | None = None,
    good: bool = False,
    now: datetime = NOW,
) -> None:
    accept_answer(
        read(content),
        now=now,
        freshness=DEFAULT_FRESHNESS,
        known=known,
        nonce=nonce,
        is_responder_good=lambda _: good,
    )


def _known(at: datetime) -> StoredAnswer:
    return StoredAnswer(
        issuer="x",
        serial=1,
        this_update=at,
        next_update=None,
        digest="y",
        content=b"",
        url="http://ocsp/",
        fetched_at=at,
    )


def test_a_fresh_response_comes_in() -> None:
    accept(answer(), known=_known(NOW - HOUR))
    accept(answer(at=NOW - 59 * MINUTE, until=None))
    accept(answer(at=NOW + 4 * MINUTE))


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((NOW + 6 * MINUTE, None), Problem.FROM_THE_FUTURE),
        ((NOW - 30 * MINUTE, NOW - MINUTE), Problem.STALE),
        ((NOW - 61 * MINUTE, NOW + HOUR), Problem.STALE),
        ((NOW - 61 * MINUTE, None), Problem.STALE),
    ],
)
def test_a_response_from_the_wrong_time_stays_out(
    times: tuple[datetime, datetime | None], expected: Problem
) -> None:
    assert problem_of(lambda: accept(answer(at=times[0], until=times[1]))) is expected


def test_a_replayed_response_stays_out() -> None:
    assert problem_of(lambda: accept(answer(), known=_known(NOW))) is Problem.ROLLBACK


def test_a_nonce_must_be_ours_if_there_is_one() -> None:
    ours, theirs = b"o" * 16, b"t" * 16
    accept(answer(extra=[(x509.OCSPNonce(ours), False)]), nonce=ours)
    accept(answer(), nonce=ours)
    assert (
        problem_of(lambda: accept(answer(extra=[(x509.OCSPNonce(theirs), False)]), nonce=ours))
        is Problem.NONCE
    )


def test_a_responder_must_be_valid_and_not_revoked() -> None:
    late = answer(responder=make_responder(issuing(), days=(-9, -1)))
    assert problem_of(lambda: accept(late)) is Problem.RESPONDER_DATES
    doubtful = answer(responder=make_responder(issuing(), nocheck=False))
    assert problem_of(lambda: accept(doubtful)) is Problem.RESPONDER_STATUS
    accept(doubtful, good=True)


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_response_is_refused_or_says_the_same(place: int, change: int) -> None:
    content = bytearray(answer(responder=make_responder(issuing())))
    place %= len(content)
    content[place] ^= change
    try:
        found = read(bytes(content))
    except RevocationDataError:
        return
    assert (found.status, found.this_update) == (OCSPCertStatus.GOOD, NOW - MINUTE)
