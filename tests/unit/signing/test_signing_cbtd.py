"""CBTD keys: the frozen register on every database, and exemptions for weak signatures."""

import threading
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha1, sha256

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from gateway.store.sql_store import SqlStore
from signing.c14n import Canonicalization, canonicalize
from signing.cbtd import CbtdRecord, CbtdTrust, WeakExemption, cbtd_record, verify_with_exemptions
from signing.cbtd_register import SqlCbtdRegister
from signing.errors import FrozenRegisterError, UnfitCertificateError
from signing.keys import KeyPair
from signing.names import C14N_EXCLUSIVE, DS, ds, xades
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY, SignaturePolicy
from signing.sign import SignatureProfile, sign_enveloped
from signing.trust import FirstTrust, PinnedTrust
from signing.verdict import SignerClass, SubIndication, TrustDecision, Verdict
from tests.unit.signing.revocation.revocation_samples import (
    DAY,
    NOW,
    Pair,
    issuing,
    leaf,
    make,
    root,
    usage,
)

MARTA = "00000002070803628"
ISSUER = issuing().certificate.subject.rfc4514_string()
EVERYTHING = WeakExemption(issuer=ISSUER, until=NOW + DAY, sha1=True, rsa_bits=1024, plain=True)


@dataclass(frozen=True)
class Register:
    """A register in memory."""

    records: Sequence[CbtdRecord]

    def find(self, fingerprint: str) -> CbtdRecord | None:
        return next((record for record in self.records if record.fingerprint == fingerprint), None)

    def knows_subject(self, subject: x509.Name) -> bool:
        return any(record.certificate.subject == subject for record in self.records)


def register(*pairs: Pair) -> Register:
    return Register([cbtd_record(pair.certificate, person_id=MARTA) for pair in pairs])


def judged(pair: Pair, *registered: Pair, at: datetime = NOW) -> TrustDecision:
    return CbtdTrust(register(*registered)).judge(pair.certificate, candidates=[], at=at)


def rule(found: TrustDecision | Verdict) -> str | None:
    return found.fault.rule if found.fault else None


def test_a_registered_certificate_is_its_holders() -> None:
    decision = judged(leaf(), leaf())
    assert decision == TrustDecision(fault=None, signer_class=SignerClass.CBTD, person_id=MARTA)


def test_no_chain_is_asked_for() -> None:
    alone = make("Alone", make("Nobody knows this authority", ca=True))
    assert judged(alone, alone).fault is None


@pytest.mark.parametrize(
    ("days", "expected"), [((-30, -1), "CERT_EXPIRED"), ((1, 30), "CERT_NOT_YET_VALID"), ((-1, 1), None)]
)
def test_the_dates_of_a_certificate_are_enforced(days: tuple[int, int], expected: str | None) -> None:
    pair = make("Marta", issuing(), days=days)
    assert rule(judged(pair, pair)) == expected


def test_a_stranger_is_untrusted() -> None:
    assert rule(judged(make("Stranger", issuing()), leaf())) == "CERT_UNTRUSTED"


RENEWALS: dict[str, Callable[[], Pair]] = {
    "a new key": lambda: make("Leaf", issuing()),
    "the same key": lambda: make("Leaf", issuing(), key=leaf().key),
    "the same key and serial number": lambda: make(
        "Leaf", issuing(), key=leaf().key, serial=leaf().certificate.serial_number, days=(-30, 600)
    ),
    "another authority": lambda: make("Leaf", root()),
}


@pytest.mark.parametrize("renewed", RENEWALS.values(), ids=RENEWALS)
def test_another_certificate_of_a_registered_subject_is_refused_as_a_renewal(
    renewed: Callable[[], Pair],
) -> None:
    decision = judged(renewed(), leaf())
    assert decision.fault is not None
    assert (decision.fault.rule, decision.fault.sub_indication) == (
        "CERT_RENEWED",
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    )
    assert decision.person_id is None


def test_a_source_that_trusts_a_renewed_certificate_is_heard() -> None:
    renewed = make("Leaf", issuing())
    sources = FirstTrust([CbtdTrust(register(leaf())), PinnedTrust([renewed.certificate])])
    assert sources.judge(renewed.certificate, candidates=[], at=NOW).signer_class is SignerClass.PINNED


UNFIT = {
    "an authority": lambda: issuing().certificate,
    "a certificate for encryption": lambda: make("Cipher", issuing(), key_usage=usage()).certificate,
}


@pytest.mark.parametrize("certificate", UNFIT.values(), ids=UNFIT)
def test_what_is_not_for_signing_is_not_entered(certificate: Callable[[], x509.Certificate]) -> None:
    with pytest.raises(UnfitCertificateError, match="not a certificate for signing"):
        cbtd_record(certificate(), person_id=MARTA)


# --- the register in a database


def test_the_register_finds_what_was_imported(store: SqlStore) -> None:
    other = make("Other", issuing())
    with store.begin() as work:
        SqlCbtdRegister(work.connection).freeze(
            register(leaf(), other).records, operator="operator:ann", at=NOW
        )
        work.commit()
    with store.read() as work:
        kept = SqlCbtdRegister(work.connection)
        done = kept.imported()
        assert done is not None
        assert (done.imported_at, done.operator, done.certificates) == (NOW, "operator:ann", 2)
        assert CbtdTrust(kept).judge(leaf().certificate, candidates=[], at=NOW).person_id == MARTA
        assert rule(CbtdTrust(kept).judge(make("Leaf").certificate, candidates=[], at=NOW)) == "CERT_RENEWED"
        assert rule(CbtdTrust(kept).judge(root().certificate, candidates=[], at=NOW)) == "CERT_UNTRUSTED"
        assert {record.certificate for record in kept.list_all()} == {leaf().certificate, other.certificate}
        assert kept.list_all(person_id="another") == []


def test_a_subject_is_known_in_another_string_encoding(store: SqlStore) -> None:
    printable = x509.Name(
        [
            x509.NameAttribute(each.oid, each.value, x509.name._ASN1Type.PrintableString)  # noqa: SLF001 - no other way
            for each in leaf().certificate.subject
        ]
    )
    assert printable.public_bytes() != leaf().certificate.subject.public_bytes()
    with store.begin() as work:
        kept = SqlCbtdRegister(work.connection)
        kept.freeze(register(leaf()).records, operator="o", at=NOW)
        assert kept.knows_subject(printable)


def test_an_imported_register_takes_nothing_more(store: SqlStore) -> None:
    with store.begin() as work:
        kept = SqlCbtdRegister(work.connection)
        assert kept.imported() is None
        kept.freeze(register(leaf()).records, operator="o", at=NOW)
        with pytest.raises(FrozenRegisterError):
            kept.freeze(register(make("Late", issuing())).records, operator="o", at=NOW)
        assert len(kept.list_all()) == 1


def test_a_certificate_named_twice_stops_the_import(store: SqlStore) -> None:
    with store.begin() as work:
        kept = SqlCbtdRegister(work.connection)
        with pytest.raises(UnfitCertificateError, match="named twice"):
            kept.freeze(register(leaf(), leaf()).records, operator="o", at=NOW)
        assert kept.imported() is None


def test_of_competing_imports_one_wins_whole(store: SqlStore) -> None:
    batches = [register(make(f"{n}a", issuing()), make(f"{n}b", issuing())).records for n in range(4)]
    start = threading.Barrier(len(batches), timeout=30)

    def enter(records: Sequence[CbtdRecord]) -> None:
        start.wait()
        with suppress(FrozenRegisterError), store.begin() as work:
            SqlCbtdRegister(work.connection).freeze(records, operator="o", at=NOW)
            work.commit()

    threads = [threading.Thread(target=enter, args=(records,)) for records in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with store.read() as work:
        kept = {record.fingerprint for record in SqlCbtdRegister(work.connection).list_all()}
    assert kept in [{record.fingerprint for record in records} for records in batches]


# --- weak signatures


@cache
def weak() -> Pair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - weak on purpose
    return make("Weak", issuing(), key=key)


@cache
def strong() -> Pair:
    return make("Strong", issuing(), key=rsa.generate_private_key(public_exponent=65537, key_size=2048))


_HOW = Canonicalization(algorithm=C14N_EXCLUSIVE)


def document(pair: Pair, profile: SignatureProfile = SignatureProfile.XADES) -> bytes:
    key = KeyPair(private_key=pair.key, certificate=pair.certificate, chain=())
    tree = parse(b"<m>tekst</m>", ParseLimits())
    return sign_enveloped(tree, key, at=NOW, ids=lambda: "s-1", profile=profile)


def with_sha1(
    pair: Pair, *, digests: bool = True, method: bool = True, of_certificate: bool = False
) -> bytes:
    """A document signed with SHA-1 in some places."""
    tree = etree.fromstring(document(pair))
    signature = tree[-1]
    tree.remove(signature)
    plain_document = canonicalize(tree, _HOW)
    tree.append(signature)
    properties = signature[3][0][0]
    if of_certificate:
        (digest,) = properties.iter(xades("CertDigest"))
        _put_digest(digest, pair.certificate.public_bytes(Encoding.DER))
    signed_info = signature[0]
    octets = (plain_document, canonicalize(properties, _HOW))
    for reference, content in zip(signed_info.iter(ds("Reference")), octets, strict=True):
        if digests:
            _put_digest(reference, content)
        else:
            reference[2].text = _base64(sha256(content).digest())
    if method:
        signed_info[1].set("Algorithm", f"{DS}rsa-sha1")
    assert isinstance(pair.key, rsa.RSAPrivateKey)
    algorithm = SHA1() if method else SHA256()  # noqa: S303 - weak on purpose
    value = pair.key.sign(canonicalize(signed_info, _HOW), padding.PKCS1v15(), algorithm)
    signature[1].text = _base64(value)
    return etree.tostring(tree)


def _put_digest(parent: etree._Element, octets: bytes) -> None:
    parent[-2].set("Algorithm", f"{DS}sha1")
    parent[-1].text = _base64(sha1(octets, usedforsecurity=False).digest())


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode()


def verified(
    content: bytes,
    *exemptions: WeakExemption,
    registered: Sequence[Pair] = (),
    policy: SignaturePolicy = MESSAGE_POLICY,
    at: datetime = NOW,
) -> Verdict:
    known = register(*registered)
    return verify_with_exemptions(
        parse(content, ParseLimits()),
        policy=policy,
        trust=FirstTrust([PinnedTrust([strong().certificate, weak().certificate]), CbtdTrust(known)]),
        register=known,
        exemptions=exemptions,
        at=at,
    )


WEAK: dict[str, tuple[Callable[[], bytes], str]] = {
    "SHA-1 everywhere": (lambda: with_sha1(strong(), of_certificate=True), "SIGNATURE_ALG"),
    "SHA-1 with RSA": (lambda: with_sha1(strong(), digests=False), "SIGNATURE_ALG"),
    "SHA-1 digests": (lambda: with_sha1(strong(), method=False), "DIGEST_ALG"),
    "SHA-1 of the certificate": (
        lambda: with_sha1(strong(), digests=False, method=False, of_certificate=True),
        "CERT_DIGEST_ALG",
    ),
    "RSA-1024": (lambda: document(weak()), "KEY_SIZE"),
    "RSA-1024 with SHA-1": (lambda: with_sha1(weak()), "SIGNATURE_ALG"),
}


@pytest.mark.parametrize("case", WEAK)
def test_a_weak_signature_is_refused_without_an_exemption(case: str) -> None:
    made, expected = WEAK[case]
    verdict = verified(made(), registered=[strong(), weak()])
    assert rule(verdict) == expected
    assert verdict.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    assert verdict.tolerated is None


@pytest.mark.parametrize("case", WEAK)
def test_an_exemption_lets_a_registered_key_through_and_tells_it(case: str) -> None:
    made, expected = WEAK[case]
    verdict = verified(made(), EVERYTHING, registered=[strong(), weak()])
    assert verdict.passed, verdict.fault
    assert verdict.signed_tree is not None
    assert verdict.signer is not None
    assert (verdict.signer.signer_class, verdict.signer.person_id) == (SignerClass.CBTD, MARTA)
    assert verdict.tolerated is not None
    assert verdict.tolerated.rule == expected


@pytest.mark.parametrize("case", WEAK)
def test_an_exemption_is_for_registered_certificates_only(case: str) -> None:
    """The pinned ones of `verified` are trusted otherwise, and that does not help."""
    made, expected = WEAK[case]
    verdict = verified(made(), EVERYTHING, registered=[leaf()])
    assert rule(verdict) == expected
    assert verdict.tolerated is None
    assert verdict.signed_tree is None


NOT_FOR_IT = {
    "of another issuer": replace(EVERYTHING, issuer="CN=Another"),
    "over": replace(EVERYTHING, until=NOW),
    "for nothing": replace(EVERYTHING, sha1=False, rsa_bits=None),
    "for small keys": replace(EVERYTHING, sha1=False),
    "for SHA-1": replace(EVERYTHING, rsa_bits=None),
    "for bigger keys": replace(EVERYTHING, rsa_bits=1025),
}


@pytest.mark.parametrize("exemption", NOT_FOR_IT.values(), ids=NOT_FOR_IT)
def test_an_exemption_goes_no_further_than_it_says(exemption: WeakExemption) -> None:
    verdict = verified(with_sha1(weak()), exemption, registered=[weak()])
    assert rule(verdict) in {"SIGNATURE_ALG", "KEY_SIZE"}
    assert verdict.signed_tree is None


def test_an_exemption_holds_to_its_last_moment() -> None:
    last = replace(EVERYTHING, until=NOW + timedelta(microseconds=1))
    assert verified(with_sha1(weak()), last, registered=[weak()]).passed


def test_of_several_exemptions_the_one_of_the_issuer_counts() -> None:
    others = [replace(EVERYTHING, issuer="CN=Another"), replace(EVERYTHING, until=NOW - DAY)]
    assert verified(with_sha1(weak()), *others, EVERYTHING, registered=[weak()]).passed


def test_of_a_registered_key_the_reason_beyond_the_weakness_is_told() -> None:
    changed = with_sha1(weak()).replace(b"tekst", b"tekst.")
    verdict = verified(changed, EVERYTHING, registered=[weak()])
    assert rule(verdict) == "DIGEST_DOCUMENT"
    assert rule(verified(changed, EVERYTHING)) == "SIGNATURE_ALG"


def test_an_expired_key_stays_expired_under_an_exemption() -> None:
    verdict = verified(
        with_sha1(weak()), replace(EVERYTHING, until=NOW + 999 * DAY), registered=[weak()], at=NOW + 301 * DAY
    )
    assert rule(verdict) == "CERT_EXPIRED"


def test_strong_signatures_of_registered_keys_need_no_exemption() -> None:
    verdict = verified(document(leaf()), EVERYTHING, registered=[leaf()])
    assert verdict.passed
    assert verdict.tolerated is None


def test_where_the_policy_wants_xades_an_exemption_may_take_plain_signatures() -> None:
    demanding = replace(MESSAGE_POLICY, plain=frozenset())
    plain = document(leaf(), SignatureProfile.PLAIN)
    passed = verified(plain, EVERYTHING, registered=[leaf()], policy=demanding)
    assert passed.tolerated is not None
    assert (passed.passed, passed.tolerated.rule) == (True, "XADES_REQUIRED")
    for refused in (
        verified(plain, registered=[leaf()], policy=demanding),
        verified(plain, EVERYTHING, policy=demanding),
        verified(plain, replace(EVERYTHING, plain=False), registered=[leaf()], policy=demanding),
    ):
        assert rule(refused) == "XADES_REQUIRED"


@pytest.mark.parametrize("case", WEAK)
def test_xmlsec_finds_the_made_weak_signatures_good(case: str) -> None:
    tree = etree.fromstring(WEAK[case][0]())
    xmlsec.tree.add_ids(tree, ["Id"])
    context = xmlsec.SignatureContext()
    pair = weak() if "1024" in case else strong()
    der = pair.certificate.public_bytes(Encoding.DER)
    context.key = xmlsec.Key.from_memory(der, xmlsec.constants.KeyDataFormatCertDer)
    context.verify(next(tree.iter(ds("Signature"))))
