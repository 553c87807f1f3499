"""CRLs and OCSP answers made from the register."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from signing.authority import (
    AuthorityKey,
    KeyType,
    PublicationPoints,
    create_authority,
    generate_key,
    issue,
    issue_responder,
)
from signing.errors import KeyFileError, PublicationError
from signing.keys import KeyPair
from signing.lifecycle import RevocationReason
from signing.publication import CrlTimes, PublishedCrl, SqlCrls
from signing.records import new_record
from signing.register import SqlCertificateRegister
from signing.responder import OcspOutcome, Responder, try_later
from signing.tables import metadata
from tests.unit.signing.signing_samples import NOW, PERSON, authority, p256_key, p384_key, rsa_key

HOUR = timedelta(hours=1)
TIMES = CrlTimes()


@cache
def responder_key(ca: AuthorityKey | None = None) -> KeyPair:
    issuer = ca or authority()
    key = generate_key(KeyType.P256)
    certificate = issue_responder(issuer, key.public_key(), "SC OCSP", at=NOW)
    return KeyPair(private_key=key, certificate=certificate, chain=(issuer.certificate,))


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def register(connection: Connection) -> SqlCertificateRegister:
    """Three certificates: active, held, revoked."""
    register = SqlCertificateRegister(connection)
    for key in (p256_key(), p384_key(), rsa_key()):
        register.add(new_record(key.certificate, person_id=PERSON.id_sisc, issued_at=NOW))
    register.hold(serial(p384_key()), at=NOW + HOUR, operator="anna")
    register.revoke(serial(rsa_key()), RevocationReason.KEY_COMPROMISE, at=NOW + HOUR, operator="anna")
    return register


def serial(key: KeyPair) -> str:
    return f"{key.certificate.serial_number:x}"


def parsed(crl: PublishedCrl) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(crl.content)


def reason_of(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None


def test_a_crl_lists_held_and_revoked_certificates_with_their_reasons(
    connection: Connection, register: SqlCertificateRegister
) -> None:
    crl = parsed(SqlCrls(connection).publish(authority(), at=NOW + 2 * HOUR, times=TIMES))
    listed = {entry.serial_number: (entry.revocation_date_utc, reason_of(entry)) for entry in crl}
    assert listed == {
        p384_key().certificate.serial_number: (NOW + HOUR, x509.ReasonFlags.certificate_hold),
        rsa_key().certificate.serial_number: (NOW + HOUR, x509.ReasonFlags.key_compromise),
    }
    assert crl.is_signature_valid(authority().certificate.public_key())  # type: ignore[arg-type]
    assert crl.issuer == authority().certificate.subject
    assert (crl.last_update_utc, crl.next_update_utc) == (NOW + 2 * HOUR, NOW + 74 * HOUR)


def test_an_unspecified_reason_is_left_out(connection: Connection, register: SqlCertificateRegister) -> None:
    register.revoke(serial(p256_key()), RevocationReason.UNSPECIFIED, at=NOW, operator="anna")
    crl = parsed(SqlCrls(connection).publish(authority(), at=NOW, times=TIMES))
    entry = crl.get_revoked_certificate_by_serial_number(p256_key().certificate.serial_number)
    assert entry is not None
    assert reason_of(entry) is None


def test_a_released_certificate_leaves_the_next_crl(
    connection: Connection, register: SqlCertificateRegister
) -> None:
    crls = SqlCrls(connection)
    crls.publish(authority(), at=NOW + HOUR, times=TIMES)
    register.release(serial(p384_key()), at=NOW + 2 * HOUR, operator="anna")
    crl = parsed(crls.publish(authority(), at=NOW + 2 * HOUR, times=TIMES))
    assert [entry.serial_number for entry in crl] == [rsa_key().certificate.serial_number]


def test_numbers_of_crls_grow_and_the_last_one_is_kept(connection: Connection) -> None:
    crls = SqlCrls(connection)
    published = [crls.publish(authority(), at=NOW, times=TIMES) for _ in range(3)]
    assert [crl.number for crl in published] == [1, 2, 3]
    numbers = [parsed(c).extensions.get_extension_for_class(x509.CRLNumber).value for c in published]
    assert [number.crl_number for number in numbers] == [1, 2, 3]
    assert crls.find(authority().certificate) == published[-1]


def test_an_expired_certificate_is_on_one_more_crl(
    connection: Connection, register: SqlCertificateRegister
) -> None:
    crls, end = SqlCrls(connection), rsa_key().certificate.not_valid_after_utc
    sizes = [
        len(parsed(crls.publish(authority(), at=at, times=TIMES)))
        for at in (end - HOUR, end + HOUR, end + 2 * HOUR)
    ]
    assert sizes == [2, 2, 0]


def test_each_authority_lists_its_own_certificates_only(
    connection: Connection, register: SqlCertificateRegister
) -> None:
    other = create_authority("SC CA 2", KeyType.P384, at=NOW)
    crl = SqlCrls(connection).publish(other, at=NOW + HOUR, times=TIMES)
    assert len(parsed(crl)) == 0
    assert SqlCrls(connection).find(authority().certificate) is None


def test_a_crl_is_due_at_first_after_every_change_and_after_the_interval(
    connection: Connection, register: SqlCertificateRegister
) -> None:
    crls, ca = SqlCrls(connection), authority().certificate
    assert crls.is_due(ca, at=NOW, interval=TIMES.interval)
    crls.publish(authority(), at=NOW, times=TIMES)
    assert not crls.is_due(ca, at=NOW + HOUR, interval=TIMES.interval)
    assert crls.is_due(ca, at=NOW + 24 * HOUR, interval=TIMES.interval)
    register.release(serial(p384_key()), at=NOW, operator="anna")
    assert crls.is_due(ca, at=NOW + HOUR, interval=TIMES.interval)


def test_a_crl_must_outlive_the_interval_of_publication() -> None:
    with pytest.raises(PublicationError):
        CrlTimes(interval=24 * HOUR, validity=24 * HOUR)


def test_certificates_say_where_their_status_is_published() -> None:
    points = PublicationPoints(
        certificate="http://pki/ca.cer", crl="http://pki/sc.crl", ocsp="http://pki/ocsp"
    )
    public = p256_key().private_key.public_key()
    leaf = issue(authority(), public, PERSON, at=NOW, points=points)
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert {d.access_method._name: d.access_location.value for d in access} == {  # noqa: SLF001 - its only name
        "OCSP": "http://pki/ocsp",
        "caIssuers": "http://pki/ca.cer",
    }
    distribution = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert distribution[0].full_name == [x509.UniformResourceIdentifier("http://pki/sc.crl")]


def test_a_responders_certificate_is_short_lived_and_for_nothing_else() -> None:
    certificate = responder_key().certificate
    extensions = certificate.extensions
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert extensions.get_extension_for_class(x509.OCSPNoCheck).value == x509.OCSPNoCheck()
    assert certificate.not_valid_after_utc == NOW + timedelta(days=30)
    with pytest.raises(x509.ExtensionNotFound):
        extensions.get_extension_for_class(x509.CertificatePolicies)


def request_for(
    key: KeyPair,
    issuer: x509.Certificate | None = None,
    algorithm: hashes.HashAlgorithm | None = None,
    *extensions: tuple[x509.ExtensionType, bool],
) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        key.certificate, issuer or authority().certificate, algorithm or hashes.SHA256()
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.build().public_bytes(Encoding.DER)


def answered(register: SqlCertificateRegister, request: bytes) -> tuple[OcspOutcome, ocsp.OCSPResponse]:
    answer = Responder(responder_key()).answer(request, register.find, at=NOW + 2 * HOUR)
    return answer.outcome, ocsp.load_der_ocsp_response(answer.content)


_ALGORITHMS = [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()]  # noqa: S303 - clients ask by SHA-1


@pytest.mark.parametrize("algorithm", _ALGORITHMS)
def test_an_active_certificate_is_good(
    register: SqlCertificateRegister, algorithm: hashes.HashAlgorithm
) -> None:
    outcome, response = answered(register, request_for(p256_key(), None, algorithm))
    assert outcome is OcspOutcome.GOOD
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert (response.this_update_utc, response.next_update_utc) == (NOW + 2 * HOUR, NOW + 3 * HOUR)
    signer = response.certificates[0].public_key()
    assert isinstance(signer, ec.EllipticCurvePublicKey)
    assert response.signature_hash_algorithm is not None
    signer.verify(
        response.signature, response.tbs_response_bytes, ec.ECDSA(response.signature_hash_algorithm)
    )


@pytest.mark.parametrize(
    ("key", "reason"),
    [(p384_key, x509.ReasonFlags.certificate_hold), (rsa_key, x509.ReasonFlags.key_compromise)],
)
def test_held_and_revoked_certificates_are_told_with_date_and_reason(
    register: SqlCertificateRegister,
    key: object,
    reason: x509.ReasonFlags,
) -> None:
    assert callable(key)
    outcome, response = answered(register, request_for(key()))
    assert outcome is OcspOutcome.REVOKED
    assert (response.revocation_time_utc, response.revocation_reason) == (NOW + HOUR, reason)


def test_a_certificate_never_issued_is_unknown(register: SqlCertificateRegister) -> None:
    stranger = issue(authority(), p256_key().private_key.public_key(), PERSON, at=NOW)
    outcome, response = answered(
        register, request_for(KeyPair(private_key=p256_key().private_key, certificate=stranger))
    )
    assert (outcome, response.certificate_status) == (OcspOutcome.UNKNOWN, ocsp.OCSPCertStatus.UNKNOWN)


def test_the_same_serial_number_of_another_issuer_is_unknown(register: SqlCertificateRegister) -> None:
    impostor = create_authority("SC CA test", KeyType.P256, at=NOW)
    outcome, _ = answered(register, request_for(p256_key(), impostor.certificate))
    assert outcome is OcspOutcome.UNKNOWN


def test_a_responder_speaks_for_its_own_authority_only(register: SqlCertificateRegister) -> None:
    other = create_authority("SC CA 2", KeyType.P256, at=NOW)
    key = generate_key(KeyType.P256)
    certificate = issue_responder(other, key.public_key(), "SC OCSP 2", at=NOW)
    responder = Responder(KeyPair(private_key=key, certificate=certificate, chain=(other.certificate,)))
    request = request_for(p256_key(), other.certificate)  # a serial number that the register does know
    assert responder.answer(request, register.find, at=NOW).outcome is OcspOutcome.UNKNOWN


def test_a_nonce_comes_back(register: SqlCertificateRegister) -> None:
    nonce = x509.OCSPNonce(b"0123456789abcdef")
    _, response = answered(register, request_for(p256_key(), None, None, (nonce, False)))
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value == nonce


def test_a_demanded_extension_we_do_not_know_is_refused(register: SqlCertificateRegister) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    outcome, _ = answered(register, request_for(p256_key(), None, None, (unknown, True)))
    assert outcome is OcspOutcome.MALFORMED
    outcome, _ = answered(register, request_for(p256_key(), None, None, (unknown, False)))
    assert outcome is OcspOutcome.GOOD


@given(st.binary(max_size=300))
def test_what_is_no_request_is_answered_as_malformed(content: bytes) -> None:
    answer = Responder(responder_key()).answer(content, lambda _: None, at=NOW)
    assert answer.outcome is OcspOutcome.MALFORMED


@given(st.data())
def test_damaged_requests_never_raise(data: st.DataObject) -> None:
    request = bytearray(request_for(p256_key()))
    for _ in range(data.draw(st.integers(1, 4))):
        request[data.draw(st.integers(0, len(request) - 1))] = data.draw(st.integers(0, 255))
    answer = Responder(responder_key()).answer(bytes(request), lambda _: None, at=NOW)
    assert answer.outcome in {OcspOutcome.MALFORMED, OcspOutcome.UNKNOWN}


def test_an_expired_responder_answers_nothing_but_try_later(register: SqlCertificateRegister) -> None:
    late = responder_key().certificate.not_valid_after_utc + HOUR
    assert Responder(responder_key()).answer(request_for(p256_key()), register.find, at=late) == try_later()


def test_an_answer_does_not_outlive_its_responder(register: SqlCertificateRegister) -> None:
    end = responder_key().certificate.not_valid_after_utc
    answer = Responder(responder_key()).answer(request_for(p256_key()), register.find, at=end - HOUR / 2)
    assert ocsp.load_der_ocsp_response(answer.content).next_update_utc == end


def test_a_key_for_documents_is_no_responders() -> None:
    with pytest.raises(KeyFileError):
        Responder(p256_key())


def test_an_rsa_authority_is_recognised_by_its_key_too(connection: Connection) -> None:
    ca = create_authority("SC CA RSA", KeyType.RSA_3072, at=NOW)
    leaf = issue(ca, p256_key().private_key.public_key(), PERSON, at=NOW)
    register = SqlCertificateRegister(connection)
    register.add(new_record(leaf, person_id=PERSON.id_sisc, issued_at=NOW))
    asked = request_for(KeyPair(private_key=p256_key().private_key, certificate=leaf), ca.certificate)
    assert Responder(responder_key(ca)).answer(asked, register.find, at=NOW).outcome is OcspOutcome.GOOD
