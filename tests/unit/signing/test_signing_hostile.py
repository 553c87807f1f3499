"""Input made to keep the gateway busy or to fill its memory: refused early, with a code, and little work."""

from base64 import b64encode
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier
from lxml import etree

from signing.c14n import Canonicalization, canonicalize
from signing.certificates import _read_text
from signing.chain import TrustAnchors, build_chain
from signing.faults import Rule
from signing.names import ds
from signing.parsing import parse
from signing.revocation.crl import read_crl
from signing.revocation.errors import Problem, RevocationDataError
from signing.trust import issued_by
from signing.verdict import Fault, Indication
from tests.unit.signing.revocation.revocation_samples import (
    NOW,
    entry,
    issuing,
    make,
    make_crl,
    p256,
    root,
)
from tests.unit.signing.signing_samples import LIMITS, p256_key, rule_of, signed, verified

DER = p256_key().certificate.public_bytes(Encoding.DER)
MEGABYTE = 2**20


def with_certificate(octets: bytes) -> bytes:
    """A signed document whose first certificate is replaced by these octets."""
    document = parse(signed(), LIMITS)
    next(document.iter(ds("X509Certificate"))).text = b64encode(octets).decode()
    return etree.tostring(document, encoding="UTF-8")


@pytest.fixture
def digests(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is canonicalised to be digested meanwhile: the dear part of verification."""
    done: list[object] = []

    def counted(element: etree._Element, how: Canonicalization) -> bytes:
        done.append(element.tag)
        return canonicalize(element, how)

    monkeypatch.setattr("signing.verify.canonicalize", counted)
    return done


def test_digests_are_counted(digests: list[object]) -> None:
    assert verified(signed()).passed
    assert len(digests) == 3


@pytest.mark.parametrize("end", [1, 2, 4, 5, 100, -280, -1])
def test_a_truncated_certificate_is_refused_before_any_digest(end: int, digests: list[object]) -> None:
    verdict = verified(with_certificate(DER[:end]))
    assert rule_of(verdict) == Rule.CERTIFICATE_FORMAT
    assert verdict.indication is Indication.INDETERMINATE
    assert digests == []


def test_octets_behind_a_certificate_are_refused() -> None:
    assert rule_of(verified(with_certificate(DER + b"\0"))) == Rule.CERTIFICATE_FORMAT


@cache
def bloated() -> bytes:
    """A certificate that is good but for its size."""
    value = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x04" * MEGABYTE)
    return make("Bloated", extra=[(value, False)]).certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("octets", [b"\x30" * 7 * MEGABYTE, bloated()], ids=["garbage", "a certificate"])
def test_a_huge_certificate_is_neither_decoded_nor_kept(octets: bytes, digests: list[object]) -> None:
    before = _read_text.cache_info()
    verdict = verified(with_certificate(octets))
    assert rule_of(verdict) == Rule.CERTIFICATE_SIZE
    assert _read_text.cache_info() == before
    assert digests == []


def test_nine_hundred_references_are_refused_before_any_digest(digests: list[object]) -> None:
    document = parse(signed(), LIMITS)
    reference = next(document.iter(ds("Reference")))
    parent = reference.getparent()
    assert parent is not None
    del reference.attrib["Id"]
    for _ in range(900):
        parent.append(etree.fromstring(etree.tostring(reference)))
    assert rule_of(verified(etree.tostring(document, encoding="UTF-8"))) == Rule.REFERENCE_COUNT
    assert digests == []


def test_a_thousand_certificates_are_refused_before_one_is_read() -> None:
    document = parse(signed(), LIMITS)
    element = next(document.iter(ds("X509Certificate")))
    parent = element.getparent()
    assert parent is not None
    for _ in range(1000):
        parent.append(etree.fromstring(etree.tostring(element)))
    before = _read_text.cache_info()
    assert rule_of(verified(etree.tostring(document, encoding="UTF-8"))) == Rule.CERTIFICATE_COUNT
    assert _read_text.cache_info() == before


def test_of_a_ring_of_authorities_few_signatures_are_verified() -> None:
    """Every authority certifies every other one, and none leads to an anchor."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(8)]
    names = [f"Ring {number}" for number in range(8)]
    firsts = [make(name, ca=True, key=key) for name, key in zip(names, keys, strict=True)]
    ring = [
        make(name, other, ca=True, key=key).certificate
        for name, key in zip(names, keys, strict=True)
        for other in firsts
    ]
    leaf = make("Leaf", firsts[0]).certificate
    before = issued_by.cache_info().misses
    found = build_chain(leaf, ring, TrustAnchors([root().certificate]), NOW)
    assert isinstance(found, Fault)
    assert found.rule in {Rule.CERT_UNTRUSTED, Rule.CERT_CHAIN}
    assert issued_by.cache_info().misses - before <= 64


HUNDRED_THOUSAND = 100_000


@cache
def huge_crl() -> bytes:
    return make_crl(issuing(), *(entry(number) for number in range(1, HUNDRED_THOUSAND + 1)))


def _problem(content: bytes) -> Problem:
    with pytest.raises(RevocationDataError) as refused:
        read_crl(content, issuing().certificate)
    return refused.value.problem


def test_a_crl_of_a_hundred_thousand_entries_is_refused_by_its_signature_before_they_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[bytes] = []
    monkeypatch.setattr("signing.revocation.crl.revoked_entries", looked.append)
    content = bytearray(huge_crl())
    content[len(content) // 2] ^= 1  # somewhere among the entries
    assert _problem(bytes(content)) in {Problem.SIGNATURE, Problem.FORMAT}
    assert (
        _problem(make_crl(issuing(), *(entry(number) for number in range(1, 9)), key=p256()))
        is Problem.SIGNATURE
    )
    assert looked == []


@pytest.mark.parametrize("kept", [1, 1000, MEGABYTE])
def test_a_crl_of_a_hundred_thousand_entries_that_is_cut_off_is_no_crl(kept: int) -> None:
    assert len(huge_crl()) > MEGABYTE
    assert _problem(huge_crl()[:kept]) is Problem.FORMAT


def test_a_serial_number_twice_among_a_hundred_thousand_is_found() -> None:
    numbers = [*range(1, HUNDRED_THOUSAND), 5]
    content = make_crl(issuing(), *(entry(number) for number in numbers))
    assert _problem(content) is Problem.ENTRY
