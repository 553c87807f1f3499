"""What a certificate says of itself: QCStatements (EN 319 412-5), policies, the numbers of its subject."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

__all__ = [
    "QC_COMPLIANCE",
    "QC_DEVICE",
    "CertificateFacts",
    "claims_to_be_qualified",
    "facts_of",
    "subject_ids",
]

QC_COMPLIANCE: Final = "0.4.0.1862.1.1"
QC_DEVICE: Final = "0.4.0.1862.1.4"  # QcSSCD: the key is in a qualified device
QC_TYPE: Final = "0.4.0.1862.1.6"

_QC_STATEMENTS: Final = ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_SEQUENCE, _OID = 0x30, 0x06
_Value = tuple[int, bytes]  # tag and content
_SUBJECT_NUMBERS: Final = (NameOID.SERIAL_NUMBER, NameOID.USER_ID, NameOID.ORGANIZATION_IDENTIFIER)
_USAGE_BITS: Final = (
    ("digitalSignature", "digital_signature"),
    ("nonRepudiation", "content_commitment"),
    ("keyEncipherment", "key_encipherment"),
    ("dataEncipherment", "data_encipherment"),
    ("keyAgreement", "key_agreement"),
    ("keyCertSign", "key_cert_sign"),
    ("crlSign", "crl_sign"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateFacts:
    """Everything that qualification asks of a certificate."""

    statements: frozenset[str]  # statementId of each QCStatement
    types: frozenset[str]  # of QcType
    policies: frozenset[str]
    purposes: frozenset[str]  # extended key usage
    usage: frozenset[str]  # names of RFC 5280 with a set bit
    attributes: frozenset[str]  # of the subject's name


@lru_cache(maxsize=4096)
def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """Read the extensions that qualification looks at.

    Raises:
        ValueError: an extension cannot be read.
    """
    try:
        extensions = certificate.extensions
    except x509.DuplicateExtension as error:
        raise ValueError(str(error)) from error
    values = {extension.oid: extension.value for extension in extensions}
    raw = values.get(_QC_STATEMENTS)
    statements = dict(_statements(raw.value)) if isinstance(raw, x509.UnrecognizedExtension) else {}
    policies = values.get(x509.CertificatePolicies.oid)
    purposes = values.get(x509.ExtendedKeyUsage.oid)
    usage = values.get(x509.KeyUsage.oid)
    return CertificateFacts(
        statements=frozenset(statements),
        types=frozenset(_types(statements.get(QC_TYPE))),
        policies=frozenset(
            policy.policy_identifier.dotted_string
            for policy in (policies if isinstance(policies, x509.CertificatePolicies) else ())
        ),
        purposes=frozenset(
            purpose.dotted_string
            for purpose in (purposes if isinstance(purposes, x509.ExtendedKeyUsage) else ())
        ),
        usage=frozenset(_usage(usage) if isinstance(usage, x509.KeyUsage) else ()),
        attributes=frozenset(attribute.oid.dotted_string for attribute in certificate.subject),
    )


def claims_to_be_qualified(certificate: x509.Certificate) -> bool:
    """Whether it says so itself, which is nothing to rely on."""
    try:
        return QC_COMPLIANCE in facts_of(certificate).statements
    except ValueError:
        return False


def subject_ids(certificate: x509.Certificate) -> tuple[str, ...]:
    """The numbers in the subject's name that may identify a registered person, e.g. "PNOPL-44051401359".

    They are handed on as written: what binds a number to a person is for the registry to say.
    """
    return tuple(
        dict.fromkeys(
            attribute.value
            for oid in _SUBJECT_NUMBERS
            for attribute in certificate.subject.get_attributes_for_oid(oid)
            if isinstance(attribute.value, str)
        )
    )


def _usage(usage: x509.KeyUsage) -> Iterator[str]:
    yield from (name for name, field in _USAGE_BITS if getattr(usage, field))
    if usage.key_agreement:  # the other two bits mean something with this one only
        yield from (("encipherOnly",) if usage.encipher_only else ())
        yield from (("decipherOnly",) if usage.decipher_only else ())


def _statements(der: bytes) -> Iterator[tuple[str, _Value | None]]:
    """QCStatements ::= SEQUENCE OF SEQUENCE { statementId, statementInfo OPTIONAL } (RFC 3739 §3.2.6)."""
    for tag, statement in _values(_only(der, _SEQUENCE)):
        if tag != _SEQUENCE:
            raise ValueError("QCStatements: a SEQUENCE expected")
        (first, identifier), *info = _values(statement)
        if first != _OID:
            raise ValueError("QCStatements: an identifier expected")
        yield _dotted(identifier), info[0] if info else None


def _types(info: _Value | None) -> Iterator[str]:
    """QcType ::= SEQUENCE OF OBJECT IDENTIFIER (EN 319 412-5 §4.2.3)."""
    if info is not None and info[0] == _SEQUENCE:
        yield from (_dotted(value) for tag, value in _values(info[1]) if tag == _OID)


def _only(der: bytes, tag: int) -> bytes:
    values = list(_values(der))
    if len(values) != 1 or values[0][0] != tag:
        raise ValueError("DER: one value of another kind expected")
    return values[0][1]


def _values(der: bytes) -> list[_Value]:
    """Tag and content of each value, one after the other."""
    found, position = [], 0
    while position < len(der):
        start, end = _extent(der, position)
        found.append((der[position], der[start:end]))
        position = end
    return found


def _extent(der: bytes, position: int) -> tuple[int, int]:
    """Where the content of the value at a position starts and ends."""
    if position + 1 >= len(der):
        raise ValueError("DER: cut off")
    first = der[position + 1]
    count = first & 0x7F if first & 0x80 else 0
    start = position + 2 + count
    size = int.from_bytes(der[position + 2 : start]) if count else first
    if (first & 0x80 and not count) or count > 4 or start + size > len(der):  # noqa: PLR2004 - 4 GB
        raise ValueError("DER: wrong length")
    return start, start + size


def _dotted(content: bytes) -> str:
    """An object identifier from its DER content (X.690 §8.19)."""
    if not content or content[-1] & 0x80:
        raise ValueError("DER: not an object identifier")
    numbers, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))
