"""The SC authority, its register, and the trust that rests on them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store
from sqlalchemy import Connection, create_engine, select, text

from signing.authority import (
    SC_POLICY_OID,
    SEAL_POLICY_OID,
    CertificateSubject,
    KeyType,
    create_authority,
    generate_key,
    issue,
    issue_seal,
    load_request,
)
from signing.certificates import serial_hex
from signing.errors import DuplicateCertificateError, RequestError, SigningError
from signing.faults import Rule
from signing.keys import KeyPair
from signing.lifecycle import RevocationReason
from signing.parsing import parse
from signing.register import CertificateRecord, CertificateStatus, SqlCertificateRegister, new_record
from signing.sign import Sealer
from signing.tables import ca_certificates, metadata
from signing.trust import FirstTrust, PinnedTrust, ScTrust, TrustSource, policies
from signing.verdict import Indication, SignerClass, SubIndication
from tests.unit.signing.signing_samples import (
    LIMITS,
    MESSAGE,
    NOW,
    PERSON,
    authority,
    p256_key,
    rsa_key,
    rule_of,
    signed,
    verified,
)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def record(certificate: x509.Certificate) -> CertificateRecord:
    return new_record(certificate, person_id=PERSON.id_sisc, issued_at=NOW)


def registered(connection: Connection, entry: CertificateRecord) -> SqlCertificateRegister:
    register = SqlCertificateRegister(connection)
    register.add(entry)
    return register


def sc_trust(register: SqlCertificateRegister) -> ScTrust:
    return ScTrust([authority().certificate], register, policy=SC_POLICY_OID)


def csr(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, name: str = "Mallory"
) -> x509.CertificateSigningRequest:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())


@pytest.mark.parametrize("key_type", KeyType)
def test_a_chain_of_the_authority_satisfies_an_independent_path_validator(key_type: KeyType) -> None:
    ca = create_authority("SC CA", key_type, at=NOW)
    leaf = issue(ca, p256_key().certificate.public_key(), PERSON, at=NOW)  # type: ignore[arg-type]
    builder = PolicyBuilder().store(Store([ca.certificate])).time(NOW)
    builder = builder.extension_policies(
        ee_policy=ExtensionPolicy.permit_all(), ca_policy=ExtensionPolicy.webpki_defaults_ca()
    )
    verified_chain = builder.build_client_verifier().verify(leaf, []).chain
    assert verified_chain == [leaf, ca.certificate]


def test_a_certificate_names_the_person_and_what_it_is_for() -> None:
    leaf = p256_key().certificate
    values = {attribute.oid: attribute.value for attribute in leaf.subject}
    assert values[NameOID.SERIAL_NUMBER] == PERSON.id_sisc
    assert values[NameOID.COMMON_NAME] == "Jan Żółkiewski"
    assert values[NameOID.USER_ID] == "PNOPL-44051401359"
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    policies = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier for policy in policies] == [SC_POLICY_OID]
    assert leaf.serial_number.bit_length() == 127


def test_serial_numbers_come_from_the_random_source() -> None:
    public = p256_key().certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    zero = issue(authority(), public, PERSON, at=NOW, random_bytes=bytes)
    assert zero.serial_number == 1 << 126


def test_a_certificate_does_not_outlive_its_authority() -> None:
    ca = create_authority("SC CA", KeyType.P256, at=NOW, lifetime=timedelta(days=10))
    leaf = issue(ca, csr(ec.generate_private_key(ec.SECP256R1())), PERSON, at=NOW)
    assert leaf.not_valid_after_utc == ca.certificate.not_valid_after_utc
    with pytest.raises(RequestError):
        issue(ca, csr(ec.generate_private_key(ec.SECP256R1())), PERSON, at=NOW + timedelta(days=11))


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_the_subject_is_ours_whatever_the_request_says(encoding: Encoding) -> None:
    request = load_request(csr(ec.generate_private_key(ec.SECP256R1())).public_bytes(encoding))
    leaf = issue(authority(), request, PERSON, at=NOW)
    assert "Mallory" not in leaf.subject.rfc4514_string()


def test_a_request_must_prove_possession_of_its_key() -> None:
    data = bytearray(csr(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER))
    place = data.index(b"Mallory")
    data[place : place + 7] = b"Malinka"
    with pytest.raises(RequestError, match="possession"):
        issue(authority(), load_request(bytes(data)), PERSON, at=NOW)


def test_weak_and_foreign_keys_get_no_certificate() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused
    odd = rsa.generate_private_key(public_exponent=3, key_size=2048)
    curve = ec.generate_private_key(ec.SECP256K1())
    for key in (weak, odd, curve):
        with pytest.raises(RequestError):
            issue(authority(), csr(key), PERSON, at=NOW)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    other = x509.CertificateSigningRequestBuilder().subject_name(subject)
    with pytest.raises(RequestError):
        issue(authority(), other.sign(ed25519.Ed25519PrivateKey.generate(), None), PERSON, at=NOW)


@pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(RequestError):
        load_request(data)


@pytest.mark.parametrize("id_sisc", ["", " ", "x" * 65])
def test_unusable_names_are_refused(id_sisc: str) -> None:
    person = CertificateSubject(id_sisc=id_sisc, given_names="Jan", surname="Nowak")
    with pytest.raises(RequestError):
        issue(authority(), csr(ec.generate_private_key(ec.SECP256R1())), person, at=NOW)


def test_a_register_gives_back_what_it_got(connection: Connection) -> None:
    entry = replace(
        record(rsa_key().certificate),
        status=CertificateStatus.HELD,
        reason="lost token",
        status_at=datetime(2026, 11, 21, 13, 30, tzinfo=timezone(timedelta(hours=1))),
    )
    assert registered(connection, entry).find(entry.serial) == entry


def test_times_are_stored_in_utc(connection: Connection) -> None:
    moment = datetime(2026, 11, 21, 13, 30, tzinfo=timezone(timedelta(hours=1)))
    registered(connection, replace(record(rsa_key().certificate), issued_at=moment))
    raw = connection.execute(text("select issued_at from ca_certificates")).scalar_one()
    assert str(raw).startswith("2026-11-21 12:30")
    assert connection.execute(select(ca_certificates.c.issued_at)).scalar_one() == moment


def test_a_serial_number_is_entered_once(connection: Connection) -> None:
    register = registered(connection, record(rsa_key().certificate))
    with pytest.raises(DuplicateCertificateError):
        register.add(record(rsa_key().certificate))
    register.add(record(p256_key().certificate))
    assert len(register.list_all(person_id=PERSON.id_sisc)) == 2


def test_a_persons_certificates_are_listed_newest_first(connection: Connection) -> None:
    register = registered(connection, record(rsa_key().certificate))
    newer = replace(record(p256_key().certificate), issued_at=NOW + timedelta(days=1))
    register.add(newer)
    assert register.list_all(person_id=PERSON.id_sisc)[0].serial == newer.serial
    assert register.list_all(person_id="nobody") == []


def test_an_active_certificate_of_the_authority_is_trusted(connection: Connection) -> None:
    trust = sc_trust(registered(connection, record(p256_key().certificate)))
    verdict = verified(signed(), trust=trust)
    assert verdict.passed
    assert verdict.signer is not None
    assert verdict.signer.signer_class is SignerClass.SC
    assert verdict.signer.person_id == PERSON.id_sisc
    assert verdict.signer.serial == serial_hex(p256_key().certificate)


MINUTE = timedelta(minutes=1)


def acts(register: SqlCertificateRegister, *told: tuple[str, int]) -> None:
    """Acts on the certificate, each so many minutes after NOW."""
    serial = serial_hex(p256_key().certificate)
    for act, minutes in told:
        at = NOW + minutes * MINUTE
        if act == "hold":
            register.hold(serial, at=at, operator="test")
        elif act == "release":
            register.release(serial, at=at, operator="test")
        else:
            register.revoke(serial, RevocationReason.KEY_COMPROMISE, at=at, operator="test")


RECEIVED = NOW + 30 * MINUTE


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ([("hold", 20)], Rule.CERT_HELD),
        ([("hold", 30)], Rule.CERT_HELD),
        ([("hold", 31)], None),
        ([("hold", 20), ("release", 25)], None),
        ([("hold", 20), ("release", 30)], None),
        ([("hold", 20), ("release", 40)], Rule.CERT_HELD),
        ([("hold", 40), ("release", 50)], None),
        ([("hold", 10), ("release", 15), ("hold", 40), ("release", 50)], None),
        ([("hold", 10), ("release", 15), ("hold", 20), ("release", 50)], Rule.CERT_HELD),
        ([("hold", 20), ("release", 40), ("hold", 50), ("release", 60)], Rule.CERT_HELD),
        ([("revoke", 30)], Rule.CERT_REVOKED),
        ([("revoke", 31)], None),
        ([("hold", 20), ("revoke", 40)], Rule.CERT_REVOKED),
        ([("hold", 35), ("revoke", 40)], None),
        ([("hold", 10), ("release", 40), ("revoke", 50)], Rule.CERT_HELD),
    ],
)
def test_the_status_at_receipt_counts_whatever_happened_before_verification(
    connection: Connection, told: list[tuple[str, int]], rule: Rule | None
) -> None:
    register = registered(connection, record(p256_key().certificate))
    acts(register, *told)
    assert rule_of(verified(signed(), trust=sc_trust(register), at=RECEIVED)) == rule


@pytest.mark.parametrize(
    ("told", "minutes"),
    [([("revoke", 31)], 31), ([("hold", 35), ("revoke", 40)], 35), ([("hold", 40), ("release", 50)], None)],
)
def test_trust_lost_after_receipt_is_recorded_and_no_fault(
    connection: Connection, told: list[tuple[str, int]], minutes: int | None
) -> None:
    register = registered(connection, record(p256_key().certificate))
    acts(register, *told)
    verdict = verified(signed(), trust=sc_trust(register), at=RECEIVED)
    assert verdict.passed
    assert verdict.signer is not None
    assert verdict.signer.lost_trust_at == (None if minutes is None else NOW + minutes * MINUTE)


@pytest.mark.parametrize(
    ("status", "sub_indication"),
    [
        (CertificateStatus.HELD, SubIndication.TRY_LATER),
        (CertificateStatus.REVOKED, SubIndication.REVOKED_NO_POE),
    ],
)
def test_status_in_the_register_decides_at_once(
    connection: Connection, status: CertificateStatus, sub_indication: SubIndication
) -> None:
    entry = replace(record(p256_key().certificate), status=status, status_at=NOW + MINUTE)
    verdict = verified(signed(), trust=sc_trust(registered(connection, entry)), at=NOW + MINUTE)
    assert verdict.indication is Indication.INDETERMINATE
    assert verdict.sub_indication is sub_indication


def test_signing_after_revocation_by_the_senders_own_word_is_final(connection: Connection) -> None:
    entry = replace(
        record(p256_key().certificate), status=CertificateStatus.REVOKED, status_at=NOW - timedelta(minutes=1)
    )
    verdict = verified(signed(), trust=sc_trust(registered(connection, entry)))
    assert (verdict.indication, verdict.sub_indication) == (Indication.TOTAL_FAILED, SubIndication.REVOKED)


def test_an_expired_certificate_is_refused_though_the_register_has_it_active(
    connection: Connection,
) -> None:
    trust = sc_trust(registered(connection, record(p256_key().certificate)))
    late = NOW + timedelta(days=731)
    assert rule_of(verified(signed(at=late), trust=trust, at=late)) == Rule.CERT_EXPIRED


def test_a_certificate_missing_from_the_register_is_refused(connection: Connection) -> None:
    trust = sc_trust(SqlCertificateRegister(connection))
    assert rule_of(verified(signed(), trust=trust)) == Rule.CERT_UNKNOWN


def test_another_authority_of_the_same_name_is_not_trusted(connection: Connection) -> None:
    impostor = create_authority("SC CA test", KeyType.P256, at=NOW)
    trust = ScTrust([impostor.certificate], registered(connection, record(p256_key().certificate)))
    assert rule_of(verified(signed(), trust=trust)) == Rule.CERT_UNTRUSTED


def test_an_expired_authority_vouches_for_nobody(connection: Connection) -> None:
    trust = sc_trust(registered(connection, record(p256_key().certificate)))
    decision = trust.judge(p256_key().certificate, candidates=[], at=NOW + timedelta(days=4000))
    assert decision.fault is not None
    assert decision.fault.rule == Rule.CERT_UNTRUSTED


def test_the_authoritys_own_certificate_signs_no_documents(connection: Connection) -> None:
    trust = sc_trust(registered(connection, record(authority().certificate)))
    decision = trust.judge(authority().certificate, candidates=[], at=NOW)
    assert decision.fault is not None
    assert decision.fault.rule == Rule.CERT_KEY_USAGE


def sealing_key() -> KeyPair:
    key = generate_key(KeyType.P256)
    certificate = issue_seal(authority(), key.public_key(), "Office", at=NOW)
    return KeyPair(private_key=key, certificate=certificate, chain=(authority().certificate,))


def test_a_seal_is_no_signer_even_if_somebody_entered_it_in_the_register(connection: Connection) -> None:
    seal = sealing_key()
    assert policies(seal.certificate) == {SEAL_POLICY_OID}
    trust = sc_trust(registered(connection, record(seal.certificate)))
    assert rule_of(verified(signed(key=seal), trust=trust)) == Rule.CERT_POLICY


def test_a_seal_issued_under_the_policy_of_persons_still_seals_and_is_no_signer(
    connection: Connection,
) -> None:
    """Seals made before there was a policy of their own carry that of persons."""
    old = p256_key()
    assert policies(old.certificate) == {SC_POLICY_OID}
    sealed = Sealer(old).seal(parse(MESSAGE, LIMITS), NOW)
    assert verified(sealed, old.certificate).passed
    trust = sc_trust(SqlCertificateRegister(connection))
    assert rule_of(verified(sealed, trust=trust)) == Rule.CERT_UNKNOWN


def test_a_leaf_is_no_anchor(connection: Connection) -> None:
    with pytest.raises(SigningError):
        ScTrust([p256_key().certificate], SqlCertificateRegister(connection))


def test_of_several_sources_the_first_that_trusts_decides(connection: Connection) -> None:
    sc = sc_trust(registered(connection, record(p256_key().certificate)))
    pinned = PinnedTrust([p256_key().certificate])
    orders: list[tuple[list[TrustSource], SignerClass]] = [
        ([pinned, sc], SignerClass.PINNED),
        ([sc, pinned], SignerClass.SC),
    ]
    for sources, signer_class in orders:
        decision = FirstTrust(sources).judge(p256_key().certificate, candidates=[], at=NOW)
        assert decision.signer_class is signer_class


def test_of_several_refusals_the_one_that_knows_the_issuer_is_told(connection: Connection) -> None:
    entry = replace(record(p256_key().certificate), status=CertificateStatus.HELD)
    sources: list[TrustSource] = [PinnedTrust([]), sc_trust(registered(connection, entry)), PinnedTrust([])]
    assert rule_of(verified(signed(), trust=FirstTrust(sources))) == Rule.CERT_HELD
    assert rule_of(verified(signed(), trust=FirstTrust([]))) == Rule.CERT_UNTRUSTED
