"""The signature profile as data: what a signature may be made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from signing.names import C14N_10, C14N_11, C14N_EXCLUSIVE
from signing.verdict import SignerClass

__all__ = ["MESSAGE_POLICY", "KeyKind", "SignatureMethod", "SignaturePolicy"]


class KeyKind(StrEnum):
    """Which key a signature method needs."""

    RSA = "RSA"  # PKCS #1 v1.5 or PSS
    EC = "EC"  # ECDSA


@dataclass(frozen=True, kw_only=True, slots=True)
class SignatureMethod:
    """One way to sign."""

    key: KeyKind
    digest: str  # hashlib's name
    pss: bool = False  # RSASSA-PSS with MGF1 and a salt as long as the digest


@dataclass(frozen=True, kw_only=True, slots=True)
class SignaturePolicy:
    """Everything that decides whether the form and the strength of a signature are acceptable."""

    name: str
    version: str
    digests: Mapping[str, str]  # identifier → hashlib's name, for references
    certificate_digests: Mapping[str, str]  # the same for xades:CertDigest
    methods: Mapping[str, SignatureMethod]  # identifier → method
    canonicalizations: frozenset[str]
    rsa_floors: tuple[tuple[date, int], ...]  # from this day on, at least so many bits; ascending
    rsa_exponent_floor: int
    curves: frozenset[str]  # names as cryptography has them
    plain: frozenset[SignerClass]  # whose XML Signatures count without XAdES properties
    max_references: int = 3  # document, signed properties, key info
    max_certificates: int = 10  # in KeyInfo
    max_certificate: int = 16 * 1024  # characters of base64; real ones have some thousand
    literal_xpath: bool = True  # not(ancestor-or-self::ds:Signature) as a spelling of "enveloped"
    comments: bool = False  # a comment hides text behind it from most readers and is not signed
    instructions: bool = False  # inside the document element; outside they are never allowed
    clock_skew: timedelta = timedelta(minutes=5)  # how far a claimed time may lie in the future

    def next_floor(self, at: datetime) -> tuple[date, int] | None:
        """The day after that one from which RSA keys need more bits, and how many; None: none is set."""
        floor = self.rsa_floor(at)
        return next(
            ((since, bits) for since, bits in self.rsa_floors if since > at.date() and bits > floor), None
        )

    def rsa_floor(self, at: datetime) -> int:
        """The least RSA modulus, in bits, on that day."""
        return max((bits for since, bits in self.rsa_floors if since <= at.date()), default=0)


_ENC: Final = "http://www.w3.org/2001/04/xmlenc#"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007: Final = "http://www.w3.org/2007/05/xmldsig-more#"
_HASHES: Final = ("sha256", "sha384", "sha512")
_DIGESTS: Final = MappingProxyType(
    {f"{_ENC}sha256": "sha256", f"{_MORE}sha384": "sha384", f"{_ENC}sha512": "sha512"}
)
_METHODS: Final = MappingProxyType(
    {f"{_MORE}rsa-{h}": SignatureMethod(key=KeyKind.RSA, digest=h) for h in _HASHES}
    | {f"{_MORE}ecdsa-{h}": SignatureMethod(key=KeyKind.EC, digest=h) for h in _HASHES}
    | {f"{_MORE_2007}{h}-rsa-MGF1": SignatureMethod(key=KeyKind.RSA, digest=h, pss=True) for h in _HASHES}
)

#: What the channel accepts on messages. RSA floors and algorithms follow ETSI TS 119 312.
#: Plain signatures: older clients make them with customs certificates; of other classes XAdES is asked, where
#: the signature itself names its certificate. A certificate pinned by the caller is taken as it is.
MESSAGE_POLICY: Final = SignaturePolicy(
    name="message",
    version="1",
    digests=_DIGESTS,
    certificate_digests=_DIGESTS,
    methods=_METHODS,
    canonicalizations=frozenset({C14N_10, C14N_11, C14N_EXCLUSIVE}),
    rsa_floors=((date(1970, 1, 1), 2048), (date(2029, 1, 1), 3000)),
    rsa_exponent_floor=65537,
    curves=frozenset(
        {"secp256r1", "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"}
    ),
    plain=frozenset({SignerClass.SC, SignerClass.CBTD, SignerClass.PINNED}),
)
