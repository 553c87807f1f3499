"""What we sign is good in the eyes of three implementations that share nothing with ours but libxml2."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import time_machine
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.verifier import SignatureConfiguration
from signxml.xades.xades import XAdESVerifier

from signing.errors import KeyFileError
from signing.keys import KeyPair, load_pkcs12, write_pkcs12
from signing.names import C14N_10, C14N_11, C14N_EXCLUSIVE, ds
from signing.parsing import parse
from signing.sign import Sealer, SignatureProfile
from tests.tools import run_tool
from tests.unit.signing.signing_samples import (
    KEYS,
    LIMITS,
    MESSAGE,
    NOW,
    authority,
    p256_key,
    rsa_key,
    signed,
    verified,
)


def sealed(key: KeyPair, message: bytes = MESSAGE) -> bytes:
    return Sealer(key).seal(parse(message, LIMITS), NOW)


def _sealed(key: KeyPair) -> bytes:
    return sealed(key)


def _signed_with(key: KeyPair, *, profile: SignatureProfile, c14n: str) -> bytes:
    return signed(key=key, profile=profile, c14n=c14n)


Make = Callable[[KeyPair], bytes]

SEALING: dict[str, Make] = {"seal": _sealed}
MAKERS: dict[str, Make] = SEALING | {
    f"{profile}-{number}": partial(_signed_with, profile=profile, c14n=c14n)
    for profile in SignatureProfile
    for number, c14n in enumerate((C14N_10, C14N_11, C14N_EXCLUSIVE))
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_xmlsec_verifies_what_we_sign(name: str, make: Make) -> None:
    key = KEYS[name]()
    root = etree.fromstring(make(key))
    xmlsec.tree.add_ids(root, ["Id"])
    context = xmlsec.SignatureContext()
    der = key.certificate.public_bytes(Encoding.DER)
    context.key = xmlsec.Key.from_memory(der, xmlsec.constants.KeyDataFormatCertDer)
    context.verify(next(root.iter(ds("Signature"))))


@pytest.mark.parametrize("name", ["rsa", "p256"])
@pytest.mark.parametrize("make", [_sealed, MAKERS["XADES-2"]], ids=["seal", "document"])
def test_the_xmlsec_program_verifies_with_the_authority_as_anchor(
    name: str, make: Callable[[KeyPair], bytes], tmp_path: Path
) -> None:
    document, anchor = tmp_path / "signed.xml", tmp_path / "ca.pem"
    document.write_bytes(make(KEYS[name]()))
    anchor.write_bytes(authority().certificate.public_bytes(Encoding.PEM))
    command = ["--verify", "--trusted-pem", str(anchor)]
    command += ["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"]
    command += ["--verification-gmt-time", f"{NOW:%Y-%m-%d %H:%M:%S}", str(document)]
    done = run_tool("xmlsec1", command, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["rsa", "p256", "p384"])
@pytest.mark.parametrize("make", [_sealed, MAKERS["XADES-2"]], ids=["seal", "document"])
def test_signxml_verifies_the_xades_form(name: str, make: Callable[[KeyPair], bytes]) -> None:
    key = KEYS[name]()
    with time_machine.travel(NOW, tick=False):
        results = XAdESVerifier().verify(
            etree.fromstring(make(key)),
            x509_cert=key.certificate,
            expect_config=SignatureConfiguration(location=".//"),
            expect_references=2,
        )
    assert len(results) == 2


@pytest.mark.parametrize("name", KEYS)
def test_our_own_verification_accepts_a_seal(name: str) -> None:
    key = KEYS[name]()
    verdict = verified(sealed(key), key.certificate)
    assert verdict.passed, verdict.fault
    assert verdict.claimed_time == NOW


@pytest.mark.parametrize(
    "receipt",
    [b"<a/>", b"<a>x</a>", b'<a xmlns="urn:a"/>', b'<ds:a xmlns:ds="urn:ds"/>', "<ą>ż%s</ą>".encode()],
)
def test_receipts_of_any_shape_are_sealed(receipt: bytes) -> None:
    assert verified(sealed(p256_key(), receipt)).passed


def test_sealing_leaves_the_receipt_alone() -> None:
    root = parse(MESSAGE, LIMITS)
    before = etree.tostring(root)
    Sealer(p256_key()).seal(root, NOW)
    assert etree.tostring(root) == before


def test_a_key_survives_its_file() -> None:
    data = write_pkcs12(rsa_key(), name="jan", password="hasło")
    loaded = load_pkcs12(data, "hasło")
    assert loaded.certificate == rsa_key().certificate
    assert list(loaded.chain) == list(rsa_key().chain)
    assert verified(signed(key=loaded), loaded.certificate).passed


@pytest.mark.parametrize("password", ["wrong", None, ""])
def test_a_key_file_wants_its_password(password: str | None) -> None:
    data = write_pkcs12(p256_key(), name="jan", password="secret")
    with pytest.raises(KeyFileError):
        load_pkcs12(data, password)


def test_a_damaged_key_file_is_refused() -> None:
    with pytest.raises(KeyFileError):
        load_pkcs12(b"no key", "secret")


def test_a_key_file_without_password_is_not_written() -> None:
    with pytest.raises(KeyFileError):
        write_pkcs12(p256_key(), name="jan", password="")
