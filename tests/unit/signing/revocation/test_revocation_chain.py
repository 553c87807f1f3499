"""Certification paths: built, refused with the exact rule, bounded, kept."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.x509.oid import ObjectIdentifier

from signing.authority import SC_POLICY_OID
from signing.chain import Chain, ChainRules, TrustAnchors, build_chain
from signing.errors import SigningError
from signing.verdict import Fault, SubIndication
from tests.unit.signing.revocation.revocation_samples import (
    DAY,
    NOW,
    PKITS,
    Pair,
    issuing,
    leaf,
    make,
    name_of,
    pkits_certificate,
    root,
    signed_with_sha1,
    usage,
)

UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def build(
    subject: Pair,
    *candidates: Pair,
    anchor: Pair | None = None,
    at: datetime = NOW,
    rules: ChainRules | None = None,
) -> Chain | Fault:
    anchors = TrustAnchors([(anchor or root()).certificate])
    return build_chain(
        subject.certificate, [one.certificate for one in candidates], anchors, at, rules or ChainRules()
    )


def outcome(found: Chain | Fault) -> str:
    return f"{found.rule} {found.sub_indication}" if isinstance(found, Fault) else "passed"


def test_a_path_leads_from_the_leaf_over_intermediates_to_the_anchor() -> None:
    found = build(leaf(), make("Other", root(), ca=True), issuing())
    assert isinstance(found, Chain)
    assert found.certificates == (leaf().certificate, issuing().certificate, root().certificate)
    assert found.leaf == leaf().certificate
    assert found.anchor == root().certificate
    assert list(found.links()) == [
        (leaf().certificate, issuing().certificate),
        (issuing().certificate, root().certificate),
    ]


def test_an_issuing_authority_may_be_the_anchor_itself() -> None:
    found = build(leaf(), anchor=issuing())
    assert isinstance(found, Chain)
    assert len(found.certificates) == 2


@pytest.mark.parametrize("digest", [SHA512()])
def test_other_hashes_of_the_policy_are_good(digest: SHA512) -> None:
    assert outcome(build(make("L", root(), digest=digest))) == "passed"


def _broken_intermediate(**changes: object) -> Callable[[], tuple[Pair, ...]]:
    def made() -> tuple[Pair, ...]:
        middle = make("Middle", root(), **{"ca": True, **changes})  # type: ignore[arg-type]  # by name
        return make("L", middle), middle

    return made


def _rsa(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


CHAIN, WEAK = "CHAIN_CONSTRAINTS_FAILURE", "CRYPTO_CONSTRAINTS_FAILURE"
BOUNDS, GENERAL = "OUT_OF_BOUNDS_NO_POE", "CERTIFICATE_CHAIN_GENERAL_FAILURE"
BROKEN: dict[str, tuple[Callable[[], tuple[Pair, ...]], str]] = {
    "expired leaf": (lambda: (make("L", root(), days=(-9, -1)),), f"CERT_EXPIRED {BOUNDS}"),
    "early leaf": (lambda: (make("L", root(), days=(1, 9)),), "CERT_NOT_YET_VALID NOT_YET_VALID"),
    "leaf is an authority": (lambda: (make("L", root(), ca=True),), f"CERT_KEY_USAGE {CHAIN}"),
    "leaf says CA, yet signs documents": (
        lambda: (make("L", root(), ca=True, key_usage=usage(sign=True)),),
        f"CERT_KEY_USAGE {CHAIN}",
    ),
    "leaf signs nothing": (
        lambda: (make("L", root(), key_usage=usage(crl=True)),),
        f"CERT_KEY_USAGE {CHAIN}",
    ),
    "leaf with RSA-1024": (lambda: (make("L", root(), key=_rsa(1024)),), f"KEY_SIZE {WEAK}"),
    "leaf with secp256k1": (
        lambda: (make("L", root(), key=ec.generate_private_key(ec.SECP256K1())),),
        f"KEY_CURVE {WEAK}",
    ),
    "leaf signed with SHA-1": (
        lambda: (signed_with_sha1(make("L"), root()),),
        f"CERT_WEAK_SIGNATURE {WEAK}",
    ),
    "leaf with an unknown critical extension": (
        lambda: (make("L", root(), extra=[(UNKNOWN, True)]),),
        f"CERT_CHAIN {GENERAL}",
    ),
    "unknown issuer": (
        lambda: (make("L", make("Nobody", ca=True)),),
        "CERT_UNTRUSTED NO_CERTIFICATE_CHAIN_FOUND",
    ),
    "unknown root above": (
        lambda: (make("L", middle := make("Middle", make("Nobody", ca=True), ca=True)), middle),
        "CERT_UNTRUSTED NO_CERTIFICATE_CHAIN_FOUND",
    ),
    "anchor's name, another key": (
        lambda: (make("L", make("Root", ca=True)),),
        f"CERT_CHAIN {GENERAL}",
    ),
    "expired intermediate": (_broken_intermediate(days=(-9, -1)), f"CERT_ISSUER_DATES {BOUNDS}"),
    "intermediate is no authority": (
        _broken_intermediate(ca=False),
        f"CERT_CHAIN_CONSTRAINTS {CHAIN}",
    ),
    "intermediate may not sign certificates": (
        _broken_intermediate(key_usage=usage(crl=True)),
        f"CERT_CHAIN_CONSTRAINTS {CHAIN}",
    ),
    "intermediate signed with SHA-1": (
        lambda: (
            make("L", middle := make("Middle", ca=True)),
            signed_with_sha1(middle, root()),
        ),
        f"CERT_WEAK_SIGNATURE {WEAK}",
    ),
    "intermediate with RSA-1024": (_broken_intermediate(key=_rsa(1024)), f"KEY_SIZE {WEAK}"),
    "names outside the constraints": (
        _broken_intermediate(extra=[(x509.NameConstraints(None, [x509.DirectoryName(name_of("L"))]), True)]),
        f"CERT_CHAIN_CONSTRAINTS {CHAIN}",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_every_broken_rule_has_its_own_fault(case: str) -> None:
    make_path, expected = BROKEN[case]
    assert outcome(build(*make_path())) == expected


def test_a_path_longer_than_an_issuer_allows_is_refused() -> None:
    top = make("Top", ca=True, path_length=0)
    middle = make("Middle", top, ca=True)
    found = build(make("L", middle), middle, anchor=top)
    assert outcome(found) == f"CERT_CHAIN_CONSTRAINTS {CHAIN}"


def test_a_path_longer_than_ours_is_refused() -> None:
    found = build(leaf(), issuing(), rules=ChainRules(max_intermediates=0))
    assert outcome(found) == f"CERT_CHAIN {GENERAL}"


def test_a_required_policy_must_be_named() -> None:
    rules = ChainRules(policies=frozenset({SC_POLICY_OID}))
    named = x509.CertificatePolicies([x509.PolicyInformation(SC_POLICY_OID, None)])
    assert outcome(build(make("L", root()), rules=rules)) == f"CERT_POLICY {CHAIN}"
    assert outcome(build(make("L", root(), extra=[(named, False)]), rules=rules)) == "passed"


def test_authorities_that_certify_each_other_end_in_a_refusal() -> None:
    one, two = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    first, second = make("One", ca=True, key=one), make("Two", ca=True, key=two)
    circle = [make("One", second, ca=True, key=one), make("Two", first, ca=True, key=two)]
    assert outcome(build(make("L", first), *circle)) == "CERT_UNTRUSTED NO_CERTIFICATE_CHAIN_FOUND"


def test_many_candidates_of_one_name_end_in_a_refusal() -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    signers = [make("Same", ca=True, key=key) for key in keys]
    crowd = [make("Same", signer, ca=True, key=key) for signer in signers for key in keys for _ in range(4)]
    found = build(make("L", signers[0]), *crowd)
    assert isinstance(found, Fault)
    assert found.sub_indication in {
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    }


def test_a_path_is_kept_for_its_window_only() -> None:
    anchors = TrustAnchors([root().certificate])
    middle = make("Middle", root(), ca=True, days=(-30, 10))
    subject = make("L", middle)

    def at(moment: datetime) -> Chain | Fault:
        return build_chain(subject.certificate, [middle.certificate], anchors, moment)

    first = at(NOW)
    assert isinstance(first, Chain)
    assert at(NOW + DAY) is first
    assert first.not_after == NOW + 10 * DAY
    assert outcome(at(NOW + 11 * DAY)) == f"CERT_ISSUER_DATES {BOUNDS}"
    assert at(NOW) is first


def test_a_kept_path_does_not_outlive_the_floor_of_its_keys() -> None:
    anchors = TrustAnchors([root().certificate])
    subject = make("L", root(), key=_rsa(2048), days=(-1, 2000))
    root_days = make("Root", key=root().key, ca=True, days=(-1, 2000))
    anchors = TrustAnchors([root_days.certificate])
    assert outcome(build_chain(subject.certificate, [], anchors, NOW)) == "passed"
    later = datetime(2029, 1, 2, tzinfo=NOW.tzinfo)
    assert outcome(build_chain(subject.certificate, [], anchors, later)) == f"KEY_SIZE {WEAK}"


def test_a_candidate_is_never_an_anchor() -> None:
    stranger = make("Stranger", ca=True)
    assert isinstance(build(make("L", stranger), stranger), Fault)


def test_no_anchors_is_a_mistake_of_the_operator() -> None:
    with pytest.raises(SigningError):
        TrustAnchors([])


@pytest.mark.shared
@pytest.mark.skipif(not PKITS.is_dir(), reason="the PKITS vectors are not beside the project")
@pytest.mark.parametrize(
    ("name", "intermediate", "expected"),
    [
        ("ValidCertificatePathTest1EE.crt", "GoodCACert.crt", "passed"),
        ("InvalidRevokedEETest3EE.crt", "GoodCACert.crt", "passed"),  # its status is another question
        ("InvalidEESignatureTest3EE.crt", "GoodCACert.crt", f"CERT_CHAIN {GENERAL}"),
        ("InvalidEEnotAfterDateTest6EE.crt", "GoodCACert.crt", f"CERT_EXPIRED {BOUNDS}"),
        (
            "InvalidcAFalseTest2EE.crt",
            "basicConstraintsCriticalcAFalseCACert.crt",
            f"CERT_CHAIN_CONSTRAINTS {CHAIN}",
        ),
    ],
)
def test_pkits_paths_get_their_verdicts(name: str, intermediate: str, expected: str) -> None:
    anchors = TrustAnchors([pkits_certificate("TrustAnchorRootCertificate.crt")])
    candidates = [pkits_certificate(intermediate)]
    assert outcome(build_chain(pkits_certificate(name), candidates, anchors, NOW)) == expected


def test_moments_of_other_zones_are_the_same_moments() -> None:
    assert outcome(build(leaf(), issuing(), at=NOW.astimezone(timezone(timedelta(hours=9))))) == "passed"
