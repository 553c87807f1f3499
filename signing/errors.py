"""Errors of parsing, signing and the certificate authority.

SigningError
├── ParsingError                 the bytes are not a document we take
│   ├── NotWellFormedError       not XML
│   ├── ForbiddenConstructError  XML, but with something that no message may contain (a DOCTYPE …)
│   └── TooLargeError            beyond a limit on bytes, depth or nodes
├── RefusedError                 inside verification: a rule is broken (callers get a Verdict instead)
├── KeyFileError                 a key file cannot be read: wrong password, damaged, no private key
├── UnsupportedKeyError          the key cannot make a signature of the profile
├── RequestError                 a certificate request is refused
├── DuplicateCertificateError    the register has a certificate with this serial number
├── UnknownCertificateError      the register has no certificate with this serial number
├── StatusError                  the certificate's status does not allow the act
├── PublicationError             a CRL cannot be published now
├── TokenError                   a PKCS#11 token or the key in it cannot be used
├── FrozenRegisterError          the CBTD register was imported before; it takes nothing more
└── UnfitCertificateError        a certificate cannot be entered in the CBTD register
"""

from enum import StrEnum

from signing.verdict import Fault

__all__ = [
    "Construct",
    "DuplicateCertificateError",
    "ForbiddenConstructError",
    "FrozenRegisterError",
    "KeyFileError",
    "NotWellFormedError",
    "ParsingError",
    "PublicationError",
    "RefusedError",
    "RequestError",
    "SigningError",
    "StatusError",
    "TokenError",
    "TooLargeError",
    "UnfitCertificateError",
    "UnknownCertificateError",
    "UnsupportedKeyError",
]


class SigningError(Exception):
    """Anything this package refuses or cannot do."""


class ParsingError(SigningError):
    """The bytes are not a document we take."""


class NotWellFormedError(ParsingError):
    """The bytes are not well-formed XML.

    Args:
        line: 1-based; 0 where the parser does not know it.
        column: 1-based; 0 where the parser does not know it.
        reason: the parser's words.
    """

    def __init__(self, *, line: int, column: int, reason: str) -> None:
        super().__init__(f"line {line}, column {column}: {reason}")
        self.line = line
        self.column = column
        self.reason = reason


class Construct(StrEnum):
    """What a message may not contain although XML allows it."""

    DOCTYPE = "DOCTYPE"  # a document type declaration, even an empty one
    ENCODING = "ENCODING"  # another encoding than UTF-8, declared or used
    VERSION = "VERSION"  # another XML version than 1.0
    INSTRUCTION = "INSTRUCTION"  # a processing instruction outside the document element


class ForbiddenConstructError(ParsingError):
    """Well-formed perhaps, but with a construct that no message may contain."""

    def __init__(self, *, rule: Construct, line: int | None = None) -> None:
        super().__init__(f"{rule.value} is not allowed" + (f", line {line}" if line else ""))
        self.rule = rule
        self.line = line


class TooLargeError(ParsingError):
    """A limit is passed.

    Args:
        limit_name: the field of ParseLimits, e.g. "max_depth".
        limit: its value.
    """

    def __init__(self, *, limit_name: str, limit: int) -> None:
        super().__init__(f"{limit_name} is {limit}")
        self.limit_name = limit_name
        self.limit = limit


class RefusedError(SigningError):
    """A signature or certificate breaks a rule; verify() turns it into a Verdict."""

    def __init__(self, *, fault: Fault) -> None:
        super().__init__(f"{fault.rule}: {fault.message_en}")
        self.fault = fault


class KeyFileError(SigningError):
    """A key file cannot be used."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"key file: {reason}")
        self.reason = reason


class UnsupportedKeyError(SigningError):
    """The key cannot make a signature of the profile."""

    def __init__(self, *, kind: str) -> None:
        super().__init__(f"cannot sign with a key of kind {kind}")
        self.kind = kind


class RequestError(SigningError):
    """A certificate request is refused; nothing is issued."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"certificate request refused: {reason}")
        self.reason = reason


class DuplicateCertificateError(SigningError):
    """The register already has this serial number."""

    def __init__(self, *, serial: str) -> None:
        super().__init__(f"serial {serial} is in the register already")
        self.serial = serial


class UnknownCertificateError(SigningError):
    """The register has no certificate with this serial number."""

    def __init__(self, *, serial: str) -> None:
        super().__init__(f"no certificate {serial} in the register")
        self.serial = serial


class StatusError(SigningError):
    """The certificate's status does not allow the act.

    Args:
        serial: whose.
        status: where it stands, e.g. "revoked".
        act: what was asked for, e.g. "released".
    """

    def __init__(self, *, serial: str, status: str, act: str) -> None:
        super().__init__(f"certificate {serial} is {status}: it cannot be {act}")
        self.serial = serial
        self.status = status
        self.act = act


class PublicationError(SigningError):
    """A CRL cannot be published now; the register is not touched."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"CRL not published: {reason}")
        self.reason = reason


class TokenError(SigningError):
    """A PKCS#11 token or the key in it cannot be used."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"PKCS#11: {reason}")
        self.reason = reason


class FrozenRegisterError(SigningError):
    """The CBTD register was imported before; it takes nothing more."""

    def __init__(self) -> None:
        super().__init__("the CBTD register was imported before and is frozen; it takes nothing more")


class UnfitCertificateError(SigningError):
    """A certificate cannot be entered in the CBTD register.

    Args:
        subject: whose, RFC 4514.
        reason: why not.
    """

    def __init__(self, *, subject: str, reason: str) -> None:
        super().__init__(f"certificate of {subject}: {reason}")
        self.subject = subject
        self.reason = reason
