"""The authority on a key in a PKCS#11 token (SoftHSM)."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import create_engine

from signing.authority import AuthorityKey, KeyType, certify_authority, issue
from signing.errors import TokenError, UnsupportedKeyError
from signing.hsm import TokenUri, generate_token_key, open_token_key
from signing.keys import KeyPair
from signing.parsing import parse
from signing.publication import CrlTimes, SqlCrls
from signing.sign import Sealer
from signing.tables import metadata
from tests.unit.signing.signing_samples import LIMITS, MESSAGE, NOW, PERSON, p256_key, verified
from tests.unit.signing.soft_hsm import PIN, make_tokens

KINDS = [KeyType.P256, KeyType.P384, KeyType.RSA_3072]


@pytest.fixture(scope="module")
def module_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The library of SoftHSM with two empty tokens."""
    hsm = make_tokens(tmp_path_factory.mktemp("softhsm"), "SC", "never opened")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(hsm.config))
        yield hsm.library


def uri(module_path: Path, label: str, container: str = "SC") -> TokenUri:
    return TokenUri.parse(f"pkcs11:token={quote(container)};object={quote(label)}?module-path={module_path}")


@pytest.mark.parametrize("kind", KINDS)
def test_an_authority_in_a_token_issues_and_publishes(module_path: Path, kind: KeyType) -> None:
    where = uri(module_path, f"ca {kind}")
    ca = certify_authority("SC CA HSM", generate_token_key(where, PIN, kind), at=NOW)
    reopened = AuthorityKey(private_key=open_token_key(where, PIN), certificate=ca.certificate)
    leaf = issue(reopened, p256_key().private_key.public_key(), PERSON, at=NOW)
    leaf.verify_directly_issued_by(ca.certificate)
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        crl = SqlCrls(connection).publish(reopened, at=NOW, times=CrlTimes())
    engine.dispose()
    public = ca.certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    assert x509.load_der_x509_crl(crl.content).is_signature_valid(public)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seal_in_a_token_makes_good_signatures(module_path: Path, kind: KeyType) -> None:
    key = generate_token_key(uri(module_path, f"seal {kind}"), PIN, kind)
    certificate = certify_authority("seal", key, at=NOW).certificate
    sealed = Sealer(KeyPair(private_key=key, certificate=certificate)).seal(parse(MESSAGE, LIMITS), NOW)
    assert verified(sealed, certificate).passed


@pytest.mark.parametrize("kind", [KeyType.P256, KeyType.RSA_3072])
def test_a_key_never_leaves_its_token(module_path: Path, kind: KeyType) -> None:
    key = generate_token_key(uri(module_path, f"kept {kind}"), PIN, kind)
    with pytest.raises(UnsupportedKeyError):
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(UnsupportedKeyError):
        key.private_numbers()


def test_a_token_refuses_paddings_outside_the_profile(module_path: Path) -> None:
    key = generate_token_key(uri(module_path, "padding"), PIN, KeyType.RSA_3072)
    assert isinstance(key, rsa.RSAPrivateKey)
    with pytest.raises(UnsupportedKeyError):
        key.sign(b"x", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def test_a_key_is_not_overwritten(module_path: Path) -> None:
    generate_token_key(uri(module_path, "once"), PIN, KeyType.P256)
    with pytest.raises(TokenError, match="already"):
        generate_token_key(uri(module_path, "once"), PIN, KeyType.P256)


def test_wrong_pin_token_and_label_are_told_apart(module_path: Path) -> None:
    with pytest.raises(TokenError, match="Pin"):
        open_token_key(uri(module_path, "told", "never opened"), "0000")
    with pytest.raises(TokenError, match="no key pair 'absent'"):
        open_token_key(uri(module_path, "absent"), PIN)
    with pytest.raises(TokenError, match=r"NoSuchToken|No token"):
        open_token_key(uri(module_path, "told", "absent"), PIN)


def test_a_library_that_is_none_is_refused(module_path: Path, tmp_path: Path) -> None:
    with pytest.raises(TokenError):
        open_token_key(uri(tmp_path / "none.so", "x"), PIN)


def test_uris_are_percent_decoded() -> None:
    parsed = TokenUri.parse("pkcs11:token=SC%20CA;object=k%3B1?module-path=/usr/lib/x.so")
    assert parsed == TokenUri(module="/usr/lib/x.so", token="SC CA", label="k;1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "file:x",
        "pkcs11:token=a",
        "pkcs11:token=a;object=b",
        "pkcs11:token=a;object=b?module-path=c&pin-value=1",
        "PKCS11:token=a;object=b?module-path=c",
    ],
)
def test_other_uris_are_refused(text: str) -> None:
    with pytest.raises(TokenError):
        TokenUri.parse(text)
