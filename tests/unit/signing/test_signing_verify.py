"""Each rule of the profile, broken one at a time."""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from signing.c14n import Canonicalization, canonicalize
from signing.errors import ParsingError
from signing.faults import RULES, Rule
from signing.names import C14N_10, C14N_11, C14N_EXCLUSIVE, ds
from signing.parsing import parse
from signing.policy import MESSAGE_POLICY
from signing.sign import SignatureProfile
from signing.trust import PinnedTrust
from signing.verdict import Indication, SignerClass, SubIndication, TrustDecision
from signing.verify import verify
from tests.unit.signing.signing_samples import (
    KEYS,
    LIMITS,
    MESSAGE,
    NOW,
    authority,
    key_for,
    p256_key,
    resigned,
    rsa_key,
    rule_of,
    signed,
    verified,
)

_ENVELOPED = r'(<ds:Transform Algorithm="[^"]*enveloped-signature"/>)'
ALL_C14N = [C14N_10, C14N_11, C14N_EXCLUSIVE]


def changed(pattern: str, replacement: str, document: bytes | None = None) -> bytes:
    """One textual change of a signed message, at the first place that fits."""
    text, times = re.subn(pattern, replacement, (document or signed()).decode(), count=1, flags=re.DOTALL)
    assert times == 1
    return text.encode()


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("profile", SignatureProfile)
@pytest.mark.parametrize("c14n", ALL_C14N)
def test_every_form_and_key_of_the_profile_is_accepted(
    name: str, profile: SignatureProfile, c14n: str
) -> None:
    key = KEYS[name]()
    verdict = verified(signed(key=key, profile=profile, c14n=c14n), key.certificate)
    assert verdict.passed, verdict.fault
    assert verdict.signer is not None
    assert verdict.signer.certificate == key.certificate
    assert verdict.claimed_time == (NOW if profile is SignatureProfile.XADES else None)


def test_the_signed_tree_is_the_parsed_one_without_its_signature() -> None:
    root = parse(signed(), LIMITS)
    verdict = verify(root, policy=MESSAGE_POLICY, trust=PinnedTrust([p256_key().certificate]), at=NOW)
    assert verdict.signed_tree is root
    whole = Canonicalization(algorithm=C14N_EXCLUSIVE)
    assert canonicalize(parse(MESSAGE, LIMITS), whole) == canonicalize(root, whole)


def test_text_behind_the_signature_stays_in_the_document() -> None:
    """It is signed, so it must neither vanish nor go unnoticed."""
    root = parse(signed(), LIMITS)
    signature = root[-1]
    signature.tail = "behind"
    document = etree.tostring(root)
    assert rule_of(verified(document)) == Rule.DIGEST_DOCUMENT
    again = parse(document, LIMITS)
    again.remove(again[-1])
    again[-1].tail = (again[-1].tail or "") + "behind"
    moved = parse(signed(etree.tostring(again)), LIMITS)
    moved.insert(0, moved[-1])
    assert moved[0].tag == ds("Signature")
    verdict = verify(moved, policy=MESSAGE_POLICY, trust=PinnedTrust([p256_key().certificate]), at=NOW)
    assert rule_of(verdict) is None
    assert "behind" in "".join(map(str, moved.itertext()))


def test_a_refused_document_keeps_its_signature() -> None:
    document = changed("LRN 0001", "LRN 0002")
    root = parse(document, LIMITS)
    before = etree.tostring(root)
    trust = PinnedTrust([p256_key().certificate])
    assert not verify(root, policy=MESSAGE_POLICY, trust=trust, at=NOW).passed
    assert etree.tostring(root) == before


def test_a_document_without_signature_is_said_to_have_none() -> None:
    assert rule_of(verified(MESSAGE)) == Rule.NO_SIGNATURE


def test_an_unused_namespace_prefix_list_is_honoured() -> None:
    document = parse(signed(), LIMITS)
    how = Canonicalization(algorithm=C14N_EXCLUSIVE, prefixes=("x", "#default"))
    info = next(document.iter(ds("SignedInfo")))
    assert b'xmlns:x="urn:unused"' in canonicalize(info, how)
    assert b"urn:unused" not in canonicalize(info, replace(how, prefixes=()))


@pytest.mark.parametrize(
    ("pattern", "replacement", "rule"),
    [
        (r"(<ds:Signature .*</ds:Signature>)", r"\1\1", Rule.SIGNATURE_COUNT),
        (r"(<ds:Signature .*</ds:Signature>)", r"<x>\1</x>", Rule.SIGNATURE_POSITION),
        (r"(<ds:SignedInfo.*</ds:SignedInfo>)", r"\1\1", Rule.SIGNATURE_STRUCTURE),
        (r"<ds:KeyInfo>.*</ds:KeyInfo>", "", Rule.SIGNATURE_STRUCTURE),
        (r"<ds:X509Data>.*</ds:X509Data>", "<ds:KeyName>a</ds:KeyName>", Rule.NO_CERTIFICATE),
        (r"(</ds:Object>)", r"\1<ds:Object/>", Rule.EXTRA_OBJECT),
        (r"(<ds:Object>)", r"\1<ds:Manifest/>", Rule.EXTRA_OBJECT),
        (r'Target="#sig-1"', 'Target="#other"', Rule.XADES_TARGET),
        (r'(QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1).3', r"\1.2", Rule.EXTRA_OBJECT),
        (r'Id="sig-1-properties"', 'ID="sig-1-properties"', Rule.REFERENCE_URI),
        (r'n="1"', 'n="1" ID="sig-1"', Rule.DUPLICATE_ID),
        (r'n="1"', 'n="1" xml:id="sig-1-properties"', Rule.DUPLICATE_ID),
        (r'URI=""', 'URI="#xpointer(/)"', Rule.REFERENCE_URI),
        (r'URI=""', 'URI="file:///etc/passwd"', Rule.REFERENCE_URI),
        (r'URI=""', 'URI="http://example/"', Rule.REFERENCE_URI),
        (r' URI=""', "", Rule.REFERENCE_URI),
        (r'URI=""', 'URI="#"', Rule.REFERENCE_URI),
        (r'URI="#sig-1-properties"', 'URI=""', Rule.REFERENCE_URI),
        (r"(<ds:Reference Id.*?</ds:Reference>)", r"\1\1\1", Rule.DUPLICATE_ID),
        (r"<ds:Reference Id.*?</ds:Reference>", "", Rule.DOC_REFERENCE_COUNT),
        (r"<ds:Reference Type.*?</ds:Reference>", "", Rule.PROPERTIES_REFERENCE),
        (r"(<ds:Reference Type.*?</ds:Reference>)", r"\1\1", Rule.PROPERTIES_REFERENCE),
        (r"(<ds:Reference Type.*?</ds:Reference>)", r"\1\1\1", Rule.REFERENCE_COUNT),
        (r"ecdsa-sha256", "ecdsa-sha1", Rule.SIGNATURE_ALG),
        (r"ecdsa-sha256", "hmac-sha256", Rule.SIGNATURE_ALG),
        (r"ecdsa-sha256", "rsa-sha256", Rule.KEY_TYPE),
        (r'CanonicalizationMethod Algorithm="', r"\g<0>urn:x", Rule.C14N_ALG),
        (
            r'(CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#)',
            r"\1WithComments",
            Rule.C14N_ALG,
        ),
        (r'(URI="".*?)enveloped-signature', r"\1base64", Rule.TRANSFORM_ALG),
        (_ENVELOPED, "", Rule.TRANSFORM_ORDER),
        (_ENVELOPED + r"(<ds:Transform [^>]*>)", r"\2\1", Rule.TRANSFORM_ORDER),
        (_ENVELOPED, r"\1\1", Rule.TRANSFORM_ORDER),
        (_ENVELOPED, '<ds:Transform Algorithm="urn:xslt"><x/></ds:Transform>', Rule.TRANSFORM_PARAM),
        (r'(<ds:DigestMethod Algorithm="[^"]*)', r"\1x", Rule.DIGEST_ALG),
        (r"(<ds:SignatureValue>)", r"\1!", Rule.BASE64),
        (r"(<ds:SignatureValue>)", r"\1<!-- x -->", Rule.COMMENT),
        (r"LRN 0001", "LRN <!-- -->0001", Rule.COMMENT),
        (r"LRN 0001", "LRN <?p?>0001", Rule.INSTRUCTION),
        (r"LRN 0001", "LRN 0002", Rule.DIGEST_DOCUMENT),
        (r"2026-11-21T12:00:00Z", "2026-11-21T12:00:01Z", Rule.DIGEST_PROPERTIES),
        (r"2026-11-21T12:00:00Z", "2026-11-21T12:00:00", Rule.SIGNING_TIME),
        (r"2026-11-21T12:00:00Z", "2026-13-21T12:00:00Z", Rule.SIGNING_TIME),
        (r"<xades:SigningTime>.*</xades:SigningTime>", "", Rule.SIGNING_TIME),
        (r"<xades:SigningCertificateV2>.*</xades:SigningCertificateV2>", "", Rule.XADES_STRUCTURE),
        (r'ObjectReference="#sig-1-document"', 'ObjectReference="#x"', Rule.XADES_STRUCTURE),
        (r"(<xades:CertDigest><ds:DigestMethod[^>]*)xmlenc#sha256", r"\1xmldsig#sha1", Rule.CERT_DIGEST_ALG),
        (r"(<xades:IssuerSerialV2>M.....)..", r"\1AA", Rule.ISSUER_SERIAL),
        (r"(<ds:X509Certificate>)MII", r"\1MIX", Rule.CERTIFICATE_FORMAT),
    ],
)  # fmt: skip
def test_each_broken_rule_is_named(pattern: str, replacement: str, rule: Rule) -> None:
    verdict = verified(changed(pattern, replacement))
    assert not verdict.passed
    assert verdict.signed_tree is None
    assert rule_of(verdict) == rule


@pytest.mark.parametrize(
    ("pattern", "replacement", "rule"),
    [
        (r'(URI="".*?sha256"/><ds:DigestValue>)....', r"\1AAAA", Rule.DIGEST_DOCUMENT),
        (r'(#sig-1-properties">.*?sha256"/><ds:DigestValue>)....', r"\1AAAA", Rule.DIGEST_PROPERTIES),
    ],
)
def test_a_wrong_digest_is_refused_even_with_a_good_signature_value(
    pattern: str, replacement: str, rule: Rule
) -> None:
    verdict = verified(resigned(changed(pattern, replacement)))
    assert verdict.sub_indication is SubIndication.HASH_FAILURE
    assert rule_of(verdict) == rule


def test_the_place_of_a_fault_is_told() -> None:
    verdict = verified(changed("ecdsa-sha256", "ecdsa-sha1"))
    assert verdict.fault is not None
    assert verdict.fault.xpath == "/CC015C/Signature/SignedInfo/SignatureMethod"
    assert verdict.fault.line is not None
    assert "ecdsa-sha1" in verdict.fault.message_en
    assert "ecdsa-sha1" in verdict.fault.message_pl


def test_the_document_may_be_named_by_the_identifier_of_its_element() -> None:
    message = MESSAGE.replace(b"<m:CC015C", b'<m:CC015C Id="doc"')
    assert verified(resigned(changed('URI=""', 'URI="#doc"', signed(message)))).passed


def test_a_part_of_the_document_is_no_document() -> None:
    message = MESSAGE.replace(b"<TransitOperation", b'<TransitOperation Id="part"')
    refused = verified(resigned(changed('URI=""', 'URI="#part"', signed(message))))
    assert rule_of(refused) == Rule.REFERENCE_URI


def test_an_rsa_key_that_will_be_too_short_is_told_with_the_day() -> None:
    long_key = key_for(rsa.generate_private_key(public_exponent=65537, key_size=3072))
    told = {verified(signed(key=key), key.certificate).weak_from for key in (rsa_key(), p256_key(), long_key)}
    assert told == {date(2029, 1, 1), None}
    assert verified(signed(key=rsa_key()), rsa_key().certificate).passed
    assert verified(signed(key=long_key), long_key.certificate).weak_from is None


def test_beyond_the_last_floor_nothing_more_is_told() -> None:
    assert MESSAGE_POLICY.next_floor(datetime(2028, 12, 31, 23, tzinfo=UTC)) == (date(2029, 1, 1), 3000)
    assert MESSAGE_POLICY.next_floor(datetime(2029, 1, 1, tzinfo=UTC)) is None


def test_plain_signatures_can_be_excluded() -> None:
    document, demanding = signed(profile=SignatureProfile.PLAIN), replace(MESSAGE_POLICY, plain=frozenset())
    assert rule_of(verified(document, policy=demanding)) == Rule.XADES_REQUIRED


@dataclass(frozen=True)
class OfClass:
    """Trusts everybody, as one class."""

    kind: SignerClass

    def judge(
        self,
        certificate: x509.Certificate,  # noqa: ARG002 - every one
        *,
        candidates: Sequence[x509.Certificate],  # noqa: ARG002 - as above
        at: datetime,  # noqa: ARG002 - as above
    ) -> TrustDecision:
        return TrustDecision(fault=None, signer_class=self.kind)


@pytest.mark.parametrize("kind", SignerClass)
@pytest.mark.parametrize("allowed", SignerClass)
def test_plain_signatures_count_for_the_classes_that_the_policy_names(
    kind: SignerClass, allowed: SignerClass
) -> None:
    policy = replace(MESSAGE_POLICY, plain=frozenset({allowed}))
    verdict = verified(signed(profile=SignatureProfile.PLAIN), policy=policy, trust=OfClass(kind))
    assert rule_of(verdict) == (None if kind is allowed else Rule.XADES_REQUIRED)
    assert (verdict.signed_tree is not None) == (kind is allowed)
    assert verified(signed(), policy=policy, trust=OfClass(kind)).passed


def test_by_default_plain_signatures_of_qualified_and_sealing_classes_are_refused() -> None:
    plain = signed(profile=SignatureProfile.PLAIN)
    passing = {kind for kind in SignerClass if verified(plain, trust=OfClass(kind)).passed}
    assert passing == {SignerClass.SC, SignerClass.CBTD, SignerClass.PINNED}


def test_a_plain_signature_with_two_end_entities_is_ambiguous() -> None:
    document = parse(signed(profile=SignatureProfile.PLAIN), LIMITS)
    other = parse(signed(key=rsa_key(), profile=SignatureProfile.PLAIN), LIMITS)
    data = next(document.iter(ds("X509Data")))
    data.append(next(other.iter(ds("X509Certificate"))))
    assert rule_of(verified(etree.tostring(document))) == Rule.SIGNING_CERTIFICATE


def test_a_bare_key_must_be_the_certificates_key() -> None:
    key_value = (
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>"
        "</ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"
    )
    public = rsa_key().certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    right = _base64_int(public.public_numbers().n)
    document = signed(key=rsa_key())
    good = changed("</ds:KeyInfo>", key_value.format(right), document)
    assert verified(good, rsa_key().certificate).passed
    bad = changed("</ds:KeyInfo>", key_value.format("AQAB"), document)
    assert rule_of(verified(bad, rsa_key().certificate)) == Rule.KEY_VALUE


def _base64_int(number: int) -> str:
    return b64encode(number.to_bytes((number.bit_length() + 7) // 8)).decode()


@pytest.mark.parametrize("value", [b"\x00" * 64, b"\x00" * 32 + b"\x01" * 32, b"\x01" * 63, b"\x01" * 65])
def test_ecdsa_values_must_be_two_numbers_of_the_curves_size(value: bytes) -> None:
    root = parse(signed(), LIMITS)
    next(root.iter(ds("SignatureValue"))).text = b64encode(value).decode()
    assert rule_of(verified(etree.tostring(root))) == Rule.SIGNATURE_LENGTH


def test_ecdsa_in_der_is_refused() -> None:
    root = parse(signed(), LIMITS)
    info = canonicalize(next(root.iter(ds("SignedInfo"))), Canonicalization(algorithm=C14N_EXCLUSIVE))
    private = p256_key().private_key
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    der = private.sign(info, ec.ECDSA(hashes.SHA256()))
    next(root.iter(ds("SignatureValue"))).text = b64encode(der).decode()
    assert rule_of(verified(etree.tostring(root))) == Rule.SIGNATURE_LENGTH


def test_the_floor_of_rsa_keys_rises_on_its_day() -> None:
    key = rsa_key()
    late = MESSAGE_POLICY.rsa_floors[-1][0]
    policy = replace(MESSAGE_POLICY, rsa_floors=((late.replace(year=2026, month=1), 3000),))
    assert rule_of(verified(signed(key=key), key.certificate, policy=policy)) == Rule.KEY_SIZE
    assert MESSAGE_POLICY.rsa_floor(NOW) == 2048
    assert MESSAGE_POLICY.rsa_floor(NOW.replace(year=2029)) == 3000


def test_a_curve_outside_the_policy_is_refused() -> None:
    policy = replace(MESSAGE_POLICY, curves=frozenset({"secp384r1"}))
    assert rule_of(verified(signed(), policy=policy)) == Rule.KEY_CURVE


def test_a_certificate_swapped_for_another_of_the_same_key_is_refused() -> None:
    """The signed property names one certificate; who swaps it changes whose signature it is."""
    twin = key_for(p256_key().private_key)
    document, other = parse(signed(), LIMITS), parse(signed(key=twin), LIMITS)
    mine, theirs = (next(root.iter(ds("X509Certificate"))) for root in (document, other))
    mine.text = theirs.text
    refused = verified(etree.tostring(document), p256_key().certificate, twin.certificate)
    assert rule_of(refused) == Rule.CERT_DIGEST


@pytest.mark.parametrize(
    ("claimed", "rule"),
    [
        (timedelta(minutes=6), Rule.SIGNING_TIME_FUTURE),
        (timedelta(minutes=-6), Rule.SIGNING_TIME_EARLY),
        (timedelta(minutes=4), None),
        (timedelta(0), None),
    ],
)
def test_the_claimed_time_must_be_possible(claimed: timedelta, rule: Rule | None) -> None:
    assert rule_of(verified(signed(at=NOW + claimed))) == rule


@pytest.mark.parametrize(
    ("at", "rule", "indication"),
    [
        (NOW + timedelta(days=731), Rule.CERT_EXPIRED, Indication.INDETERMINATE),
        (NOW - timedelta(minutes=5, seconds=1), Rule.CERT_NOT_YET_VALID, Indication.TOTAL_FAILED),
    ],
)
def test_dates_of_a_pinned_certificate_apply(at: datetime, rule: Rule, indication: Indication) -> None:
    plain = signed(profile=SignatureProfile.PLAIN)
    verdict = verified(plain, at=at)
    assert rule_of(verdict) == rule
    assert verdict.indication is indication


def test_an_unpinned_certificate_is_not_trusted_though_its_signature_is_good() -> None:
    verdict = verified(signed(), rsa_key().certificate)
    assert rule_of(verdict) == Rule.CERT_UNTRUSTED
    assert verdict.signer is not None
    assert verdict.signer.signer_class is None


def test_a_relative_namespace_name_has_no_canonical_form() -> None:
    document = signed(MESSAGE.replace(b"<empty/>", b"<empty/>"), c14n=C14N_10)
    refused = verified(changed("<empty/>", '<r:empty xmlns:r="../relative"/>', document))
    assert rule_of(refused) in {Rule.C14N_FAILED, Rule.DIGEST_DOCUMENT}


def test_every_rule_has_its_texts() -> None:
    assert set(RULES) == set(Rule)
    for text in RULES.values():
        assert all((text.pl, text.en, text.remedy_pl, text.remedy_en))


def _bytes_of(part: str) -> Callable[[bytes], tuple[int, int]]:
    def find(document: bytes) -> tuple[int, int]:
        start = document.index(f"<{part}".encode())
        return start, document.index(f"</{part}>".encode(), start)

    return find


@pytest.mark.parametrize(
    "part", ["messageSender", "TransitOperation", "m:goods", "ds:SignedInfo", "ds:SignatureValue",
             "xades:SignedProperties", "ds:X509Certificate"],
)  # fmt: skip
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_refused(part: str, data: st.DataObject) -> None:
    """Other bytes are another document: either it no longer parses or it does not verify."""
    document = SIGNED
    start, end = _bytes_of(part)(document)
    position = data.draw(st.integers(start, end - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != document[position]))
    forged = document[:position] + bytes([byte]) + document[position + 1 :]
    if same_document(forged, document):
        return
    try:
        root = parse(forged, LIMITS)
    except ParsingError:
        return
    trust = PinnedTrust([p256_key().certificate, authority().certificate])
    assert not verify(root, policy=MESSAGE_POLICY, trust=trust, at=NOW).passed


SIGNED = signed()


def same_document(one: bytes, other: bytes) -> bool:
    """Whether two spellings mean the same XML, e.g. a blank for another or an apostrophe for a quote."""
    how = Canonicalization(algorithm=C14N_10)
    try:
        return canonicalize(parse(one, LIMITS), how) == canonicalize(parse(other, LIMITS), how)
    except ParsingError:
        return False
