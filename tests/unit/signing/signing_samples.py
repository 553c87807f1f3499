"""Keys, certificates and messages that the tests of the signing package share."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from signing.authority import AuthorityKey, CertificateSubject, KeyType, create_authority, issue
from signing.c14n import Canonicalization, canonicalize
from signing.keys import KeyPair
from signing.names import C14N_EXCLUSIVE, ds
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY, SignaturePolicy
from signing.sign import SignatureProfile, _sign, sign_enveloped
from signing.trust import PinnedTrust, TrustSource
from signing.verdict import Verdict
from signing.verify import verify

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LIMITS = ParseLimits()
PERSON = CertificateSubject(id_sisc="PL7000001", given_names="Jan", surname="Żółkiewski", pesel="44051401359")
VECTORS = Path(__file__).parents[3] / ".." / "shared" / "vectors"
VECTOR_FOLDERS = ("dss", "signxml-sdist", "xml-crypto", "pysaml2", "xml-bombs", "dss-trustlists")

MESSAGE = b"""<?xml version="1.0" encoding="UTF-8"?>
<m:CC015C xmlns:m="http://ncts.example/cc015c" xmlns:x="urn:unused" xml:lang="pl">
  <messageSender>sp\xc3\xb3\xc5\x82ka</messageSender>
  <TransitOperation note="a&#10;b &quot;c&quot;"><LRN>LRN 0001</LRN><empty/></TransitOperation>
  <m:goods xmlns="urn:goods"><item n="1">&lt;steel&gt; &amp; more</item></m:goods>
</m:CC015C>
"""


@cache
def authority() -> AuthorityKey:
    return create_authority("SC CA test", KeyType.P256, at=NOW)


def key_for(private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> KeyPair:
    certificate = issue(authority(), private_key.public_key(), PERSON, at=NOW)
    return KeyPair(private_key=private_key, certificate=certificate, chain=(authority().certificate,))


@cache
def rsa_key() -> KeyPair:
    return key_for(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@cache
def p256_key() -> KeyPair:
    return key_for(ec.generate_private_key(ec.SECP256R1()))


@cache
def p384_key() -> KeyPair:
    return key_for(ec.generate_private_key(ec.SECP384R1()))


@cache
def p521_key() -> KeyPair:
    return key_for(ec.generate_private_key(ec.SECP521R1()))


@cache
def brainpool_key() -> KeyPair:
    return key_for(ec.generate_private_key(ec.BrainpoolP256R1()))


KEYS: dict[str, Callable[[], KeyPair]] = {
    "rsa": rsa_key,
    "p256": p256_key,
    "p384": p384_key,
    "p521": p521_key,
    "brainpool": brainpool_key,
}


def signed(
    message: bytes = MESSAGE,
    key: KeyPair | None = None,
    *,
    profile: SignatureProfile = SignatureProfile.XADES,
    c14n: str = C14N_EXCLUSIVE,
    at: datetime = NOW,
) -> bytes:
    return sign_enveloped(
        parse(message, LIMITS), key or p256_key(), at=at, ids=lambda: "sig-1", profile=profile, c14n=c14n
    )


def resigned(document: bytes) -> bytes:
    """The SignatureValue made anew over a changed SignedInfo, as an attacker with a good key would."""
    root = parse(document, LIMITS)
    info = next(root.iter(ds("SignedInfo")))
    how = Canonicalization(algorithm=C14N_EXCLUSIVE)
    next(root.iter(ds("SignatureValue"))).text = _sign(p256_key().private_key, canonicalize(info, how))
    return etree.tostring(root, encoding="UTF-8")


def renamed(document: bytes, identifier: str) -> bytes:
    """Signed again with the document named by the identifier of its element instead of the empty URI."""
    return resigned(document.replace(b'URI=""', f'URI="#{identifier}"'.encode(), 1))


def verified(
    document: bytes,
    *trusted: x509.Certificate,
    policy: SignaturePolicy = MESSAGE_POLICY,
    at: datetime = NOW,
    trust: TrustSource | None = None,
) -> Verdict:
    source = trust or PinnedTrust(trusted or (p256_key().certificate,))
    return verify(parse(document, LIMITS), policy=policy, trust=source, at=at)


def rule_of(verdict: Verdict) -> str | None:
    return verdict.fault.rule if verdict.fault else None


def vector_rows() -> dict[tuple[str, str], tuple[str, str]]:
    """Published documents, where they are at hand: folder and file → verdict and rule by their manifests."""
    found = {}
    for folder in VECTOR_FOLDERS if VECTORS.is_dir() else ():
        with (VECTORS / folder / "manifest.tsv").open(encoding="utf-8") as manifest:
            for row in csv.DictReader(manifest, delimiter="\t"):
                if row["file"].endswith(".xml"):
                    found[folder, row["file"]] = row["verdict"], row["profile"]
    return found
