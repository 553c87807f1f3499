"""Private keys in a PKCS#11 token: they sign there and never leave it.

They are private keys of `cryptography` like those from files, so whatever signs takes either.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import new as new_hash
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any, Final, NoReturn, Self
from urllib.parse import unquote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signing.authority import KeyType
from signing.errors import TokenError, UnsupportedKeyError
from signing.keys import PrivateKey

__all__ = ["TokenUri", "generate_token_key", "open_token_key"]

_CURVES: Final[Mapping[KeyType, str]] = MappingProxyType(
    {KeyType.P256: "secp256r1", KeyType.P384: "secp384r1"}
)
_RSA_BITS: Final = 3072
_LIBRARY: Final = "python-pkcs11 is not installed: pip install 'sisc-gateway[pkcs11]'"


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenUri:
    """Where a key is: the part of RFC 7512 that is needed to find one."""

    module: str  # file of the token's PKCS#11 library
    token: str  # label of the token
    label: str  # of the key pair in it

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `pkcs11:token=…;object=…?module-path=…`; a PIN does not belong into it.

        Raises:
            TokenError: it is no such URI, or has parts we do not know.
        """
        scheme, _, rest = text.partition(":")
        path, _, query = rest.partition("?")
        parts = [part.partition("=") for part in (*path.split(";"), *query.split("&")) if part]
        values = {name: unquote(value) for name, _, value in parts}
        if scheme != "pkcs11" or sorted(values) != ["module-path", "object", "token"]:
            raise TokenError(reason="expected pkcs11:token=…;object=…?module-path=…")
        return cls(module=values["module-path"], token=values["token"], label=values["object"])


def open_token_key(uri: TokenUri, pin: str) -> PrivateKey:
    """A key in a token. Open it in the process that uses it, after forking.

    Raises:
        TokenError: library, token, PIN or key are not as named.
    """
    with _translated():
        session = _session(uri, pin, writing=False)
        return _wrapped(session, uri.label)


def generate_token_key(uri: TokenUri, pin: str, key_type: KeyType) -> PrivateKey:
    """Make a key pair in a token; the private key is sensitive and cannot be extracted.

    Raises:
        TokenError: library, token or PIN are not as named, or a key of this label is there already.
    """
    with _translated():
        session = _session(uri, pin, writing=True)
        if _find(session, "PRIVATE_KEY", uri.label) is not None:
            raise TokenError(reason=f"the token holds a key {uri.label!r} already")
        pkcs11 = _library()
        how = {"label": uri.label, "store": True, "capabilities": pkcs11.MechanismFlag.SIGN}
        if key_type is KeyType.RSA_3072:
            session.generate_keypair(pkcs11.KeyType.RSA, _RSA_BITS, **how)
        else:
            curve = pkcs11.util.ec.encode_named_curve_parameters(_CURVES[key_type])
            names = {pkcs11.Attribute.EC_PARAMS: curve}
            parameters = session.create_domain_parameters(pkcs11.KeyType.EC, names, local=True)
            parameters.generate_keypair(**how)
        return _wrapped(session, uri.label)


@cache
def _library() -> ModuleType:
    """python-pkcs11, an optional dependency."""
    try:
        for name in ("pkcs11.util.ec", "pkcs11.util.rsa"):
            import_module(name)
        return import_module("pkcs11")
    except ImportError as error:
        raise TokenError(reason=_LIBRARY) from error


@contextmanager
def _translated() -> Iterator[None]:
    pkcs11 = _library()
    try:
        yield
    except (pkcs11.PKCS11Error, OSError, RuntimeError) as error:
        raise TokenError(reason=str(error) or type(error).__name__) from error


def _session(uri: TokenUri, pin: str, *, writing: bool) -> Any:  # noqa: ANN401 - the optional library's type
    """A session of its own; the login is the process's, so the PIN counts for the first one."""
    pkcs11 = _library()
    token = pkcs11.lib(uri.module).get_token(token_label=uri.token)
    try:
        return token.open(user_pin=pin, rw=writing)
    except pkcs11.UserAlreadyLoggedIn:
        return token.open(rw=writing)


def _find(session: Any, kind: str, label: str) -> Any:  # noqa: ANN401
    pkcs11 = _library()
    wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass[kind], pkcs11.Attribute.LABEL: label}
    found = list(session.get_objects(wanted))
    if len(found) > 1:
        raise TokenError(reason=f"the token holds several keys {label!r}")
    return found[0] if found else None


def _wrapped(session: Any, label: str) -> PrivateKey:  # noqa: ANN401
    private, public = _find(session, "PRIVATE_KEY", label), _find(session, "PUBLIC_KEY", label)
    if private is None or public is None:
        raise TokenError(reason=f"the token holds no key pair {label!r}")
    pkcs11 = _library()
    if public.key_type == pkcs11.KeyType.RSA:
        key = load_der_public_key(pkcs11.util.rsa.encode_rsa_public_key(public))
    else:
        key = load_der_public_key(pkcs11.util.ec.encode_ec_public_key(public))
    if isinstance(key, rsa.RSAPublicKey):
        return _TokenRsaKey(private, key)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _TokenEcKey(private, key)
    raise TokenError(reason="neither an RSA nor an EC key")


class _Signing:
    """A private key in a token; a session does one thing at a time."""

    def __init__(self, private: Any) -> None:  # noqa: ANN401
        self._private = private
        self._turn = threading.Lock()

    def sign(self, octets: bytes, mechanism: str) -> bytes:
        with self._turn, _translated():
            return bytes(self._private.sign(octets, mechanism=_library().Mechanism[mechanism]))


def _refuse(what: str) -> NoReturn:
    raise UnsupportedKeyError(kind=f"PKCS#11 token: {what}")


class _TokenRsaKey(rsa.RSAPrivateKey):
    """An RSA key in a token; PKCS #1 v1.5 signatures."""

    def __init__(self, private: Any, public: rsa.RSAPublicKey) -> None:  # noqa: ANN401
        self._signing = _Signing(private)
        self._public = public

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public

    def sign(self, data: Any, padding: padding.AsymmetricPadding, algorithm: Any) -> bytes:  # noqa: ANN401
        mechanism = _RSA_MECHANISMS.get(getattr(algorithm, "name", ""))
        if mechanism is None or padding.name != "EMSA-PKCS1-v1_5":
            _refuse("only PKCS #1 v1.5 with SHA-256, SHA-384 or SHA-512")
        return self._signing.sign(bytes(data), mechanism)

    def decrypt(self, ciphertext: Any, padding: padding.AsymmetricPadding) -> bytes:  # noqa: ANN401, ARG002
        _refuse("it signs only")

    def private_numbers(self) -> rsa.RSAPrivateNumbers:
        _refuse("the key cannot be extracted")

    def private_bytes(self, *_: object, **__: object) -> bytes:
        _refuse("the key cannot be extracted")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self


class _TokenEcKey(ec.EllipticCurvePrivateKey):
    """An EC key in a token; ECDSA over a digest made here, since not every token hashes."""

    def __init__(self, private: Any, public: ec.EllipticCurvePublicKey) -> None:  # noqa: ANN401
        self._signing = _Signing(private)
        self._public = public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:  # noqa: ANN401
        algorithm = signature_algorithm.algorithm
        if not isinstance(algorithm, hashes.HashAlgorithm):
            _refuse("it hashes by itself")
        value = self._signing.sign(new_hash(algorithm.name, data).digest(), "ECDSA")
        half = len(value) // 2  # PKCS#11 gives r and s side by side
        return encode_dss_signature(int.from_bytes(value[:half]), int.from_bytes(value[half:]))

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:  # noqa: ARG002
        _refuse("it signs only")

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        _refuse("the key cannot be extracted")

    def private_bytes(self, *_: object, **__: object) -> bytes:
        _refuse("the key cannot be extracted")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self


_RSA_MECHANISMS: Final = MappingProxyType(
    {"sha256": "SHA256_RSA_PKCS", "sha384": "SHA384_RSA_PKCS", "sha512": "SHA512_RSA_PKCS"}
)
