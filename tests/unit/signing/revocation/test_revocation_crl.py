"""CRLs: what is read, what is refused and for which rule, and what they say of a certificate."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.x509 import ReasonFlags
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.revocation.acceptance import accept_crl
from signing.revocation.cache import StoredCrl
from signing.revocation.crl import MAX_CRL_BYTES, Crl, read_crl
from signing.revocation.der import revoked_entries
from signing.revocation.errors import Problem, RevocationDataError
from signing.revocation.model import DEFAULT_FRESHNESS
from tests.unit.signing.revocation.revocation_samples import (
    CA_USAGE,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    entry,
    issuing,
    leaf,
    make,
    make_crl,
    name_of,
    p256,
    points,
    root,
    scope,
    usage,
)

UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
CERTIFICATE_ISSUER = x509.CertificateIssuer([x509.DirectoryName(name_of("Another"))])


def read(content: bytes) -> Crl:
    return read_crl(content, issuing().certificate)


def problem_of(act: Callable[[], object]) -> Problem:
    with pytest.raises(RevocationDataError) as caught:
        act()
    return caught.value.problem


def test_a_crl_tells_date_reason_and_invalidity_date() -> None:
    leaked = NOW - 3 * DAY
    naive = leaked.replace(tzinfo=None)
    listed = entry(7, NOW - DAY, ReasonFlags.key_compromise, [(x509.InvalidityDate(naive), False)])
    crl = read(make_crl(issuing(), entry(5), listed))
    found = crl.find(7)
    assert found is not None
    assert (found.at, found.reason, found.invalid_since) == (NOW - DAY, ReasonFlags.key_compromise, leaked)
    assert crl.find(5) is not None
    assert crl.find(6) is None
    assert (crl.size, crl.number, crl.base) == (2, 1, None)


def test_the_evidence_is_the_very_octets() -> None:
    content = make_crl(issuing())
    evidence = read(content).evidence
    assert (evidence.content, evidence.digest) == (content, sha256(content).hexdigest())


def test_a_critical_reason_code_is_understood() -> None:
    critical = (
        x509.RevokedCertificateBuilder()
        .serial_number(9)
        .revocation_date(NOW)
        .add_extension(x509.CRLReason(ReasonFlags.superseded), critical=True)
        .build()
    )
    found = read(make_crl(issuing(), critical)).find(9)
    assert found is not None
    assert found.reason is ReasonFlags.superseded


REFUSED: dict[str, tuple[Callable[[], bytes], Problem]] = {
    "no DER": (lambda: b"-----BEGIN X509 CRL-----", Problem.FORMAT),
    "nothing": (lambda: b"", Problem.FORMAT),
    "cut short": (lambda: make_crl(issuing())[:-1], Problem.FORMAT),
    "one octet more": (lambda: make_crl(issuing()) + b"\0", Problem.FORMAT),
    "too long": (lambda: b"\0" * (MAX_CRL_BYTES + 1), Problem.SIZE),
    "another issuer": (lambda: make_crl(root()), Problem.ISSUER),
    "another name": (lambda: make_crl(issuing(), issuer_name=name_of("Else")), Problem.ISSUER),
    "another key named": (
        lambda: make_crl(
            issuing(),
            identifier=x509.AuthorityKeyIdentifier.from_issuer_public_key(root().key.public_key()),
        ),
        Problem.ISSUER,
    ),
    "another key used": (lambda: make_crl(issuing(), key=p256()), Problem.SIGNATURE),
    "no number": (lambda: make_crl(issuing(), number=None), Problem.CRL_NUMBER),
    "unknown critical extension": (
        lambda: make_crl(issuing(), extra=[(UNKNOWN, True)]),
        Problem.CRITICAL_EXTENSION,
    ),
    "unknown critical entry extension": (
        lambda: make_crl(issuing(), entry(5, extra=[(UNKNOWN, True)])),
        Problem.CRITICAL_EXTENSION,
    ),
    "entry of another issuer": (
        lambda: make_crl(issuing(), entry(5, extra=[(CERTIFICATE_ISSUER, True)])),
        Problem.CRITICAL_EXTENSION,
    ),
    "indirect": (lambda: make_crl(issuing(), extra=[(scope(indirect=True), True)]), Problem.INDIRECT),
    "attribute certificates": (
        lambda: make_crl(issuing(), extra=[(scope(attribute=True), True)]),
        Problem.ISSUING_POINT,
    ),
    "a serial number twice": (lambda: make_crl(issuing(), entry(5), entry(5)), Problem.ENTRY),
    "removal in a complete CRL": (
        lambda: make_crl(issuing(), entry(5, reason=ReasonFlags.remove_from_crl)),
        Problem.ENTRY,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_broken_crl_is_refused_with_its_rule(case: str) -> None:
    make_content, expected = REFUSED[case]
    content = make_content()
    assert problem_of(lambda: read(content)) is expected


def test_an_issuer_without_crl_sign_is_refused() -> None:
    mute = make("Mute", root(), ca=True, key_usage=usage(ca=True))
    assert problem_of(lambda: read_crl(make_crl(mute), mute.certificate)) is Problem.KEY_USAGE


def test_an_unknown_extension_that_is_not_critical_does_no_harm() -> None:
    content = make_crl(issuing(), entry(5, extra=[(UNKNOWN, False)]), extra=[(UNKNOWN, False)])
    assert read(content).size == 1


def test_a_serial_number_is_found_in_a_hundred_thousand() -> None:
    step = 7919
    numbers = range(1 << 100, (1 << 100) + 100_000 * step, step)
    crl = read(make_crl(issuing(), *(entry(number) for number in numbers)))
    assert crl.size == 100_000
    assert all(crl.find(number) is not None for number in (numbers[0], numbers[50_000], numbers[-1]))
    assert crl.find(numbers[0] + 1) is None


def test_a_scope_covers_what_it_says() -> None:
    users = read(make_crl(issuing(), extra=[(scope(user=True), True)])).scope
    authorities = read(make_crl(issuing(), extra=[(scope(ca=True), True)])).scope
    middle = make("Middle", root(), ca=True, key_usage=CA_USAGE).certificate
    assert (users.covers(leaf().certificate), users.covers(middle)) == (True, False)
    assert (authorities.covers(leaf().certificate), authorities.covers(middle)) == (False, True)


def test_a_partition_covers_the_certificates_that_name_it() -> None:
    part = read(make_crl(issuing(), extra=[(scope(url="http://ca/1.crl"), True)])).scope
    named = make("L", issuing(), extra=[(points("http://ca/1.crl"), False)]).certificate
    other = make("L", issuing(), extra=[(points("http://ca/2.crl"), False)]).certificate
    assert [part.covers(one) for one in (named, other, leaf().certificate)] == [True, False, False]


def _stored(number: int, at: datetime, *, delta: bool = False) -> StoredCrl:
    return StoredCrl(
        issuer="x",
        scope="",
        delta=delta,
        number=number,
        this_update=at,
        next_update=at + DAY,
        digest="y",
        url="http://ca/1.crl",
        fetched_at=at,
    )


@pytest.mark.parametrize(
    ("crl_times", "known", "expected"),
    [
        ((NOW + 6 * MINUTE, NOW + DAY), [], Problem.FROM_THE_FUTURE),
        ((NOW - 2 * DAY, NOW - timedelta(seconds=1)), [], Problem.STALE),
        ((NOW - HOUR, NOW + DAY), [_stored(6, NOW - DAY)], Problem.ROLLBACK),
        ((NOW - HOUR, NOW + DAY), [_stored(5, NOW - MINUTE)], Problem.ROLLBACK),
    ],
)
def test_a_crl_from_the_wrong_time_stays_out(
    crl_times: tuple[datetime, datetime], known: list[StoredCrl], expected: Problem
) -> None:
    crl = read(make_crl(issuing(), number=5, at=crl_times[0], until=crl_times[1]))
    assert problem_of(lambda: accept_crl(crl, now=NOW, freshness=DEFAULT_FRESHNESS, known=known)) is expected


def test_a_newer_crl_and_one_of_a_clock_slightly_fast_come_in() -> None:
    crl = read(make_crl(issuing(), number=5, at=NOW + 4 * MINUTE))
    accept_crl(crl, now=NOW, freshness=DEFAULT_FRESHNESS, known=[_stored(4, NOW - DAY)])
    accept_crl(crl, now=NOW, freshness=DEFAULT_FRESHNESS, known=[_stored(5, NOW - DAY)])


def test_a_delta_crl_needs_its_base() -> None:
    delta = read(make_crl(issuing(), number=6, extra=[(x509.DeltaCRLIndicator(5), True)]))
    assert delta.base == 5
    for known in ([], [_stored(4, NOW - DAY)], [_stored(5, NOW - DAY, delta=True)]):
        with pytest.raises(RevocationDataError) as caught:
            accept_crl(delta, now=NOW, freshness=DEFAULT_FRESHNESS, known=known)
        assert caught.value.problem is Problem.DELTA_BASE
    accept_crl(delta, now=NOW, freshness=DEFAULT_FRESHNESS, known=[_stored(5, NOW - DAY)])


# cryptography only warns of numbers that are not positive; such a list is refused by its signature.
@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")
@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_crl_is_refused_or_says_the_same(place: int, change: int) -> None:
    """The encoding of the signature has bits that mean nothing: how many of its last octet count."""
    original = make_crl(issuing(), entry(5), entry(6, reason=ReasonFlags.certificate_hold))
    content = bytearray(original)
    content[place % len(content)] ^= change
    try:
        changed = read(bytes(content))
    except RevocationDataError:
        return
    assert _signed_part(bytes(content)) == _signed_part(original)
    assert changed.number == read(original).number


def _signed_part(content: bytes) -> bytes:
    return x509.load_der_x509_crl(content).tbs_certlist_bytes


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(min_value=1, max_value=(1 << 159) - 1), unique=True, max_size=20), st.booleans())
def test_the_index_agrees_with_the_library(serials: list[int], reasoned: bool) -> None:  # noqa: FBT001 - generated
    reason = ReasonFlags.superseded if reasoned else None
    content = make_crl(issuing(), *(entry(serial, reason=reason) for serial in serials))
    parsed = x509.load_der_x509_crl(content)
    assert [serial for serial, _ in revoked_entries(content)] == [one.serial_number for one in parsed]
