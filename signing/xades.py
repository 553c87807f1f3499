"""The signed properties of XAdES (EN 319 132-1): which certificate signed, and when it claims to have."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier
from lxml import etree

from signing.certificates import ReadCertificate, certificate_digest
from signing.encoding import base64_of, text_of, time_of
from signing.faults import Rule, refuse
from signing.names import ds, xades
from signing.policy import SignaturePolicy

__all__ = ["SignedProperties", "read_properties"]

_SIGNATURE_PROPERTIES = xades("SignedSignatureProperties")
_OBJECT_PROPERTIES, _OBJECT_FORMAT = xades("SignedDataObjectProperties"), xades("DataObjectFormat")
_SIGNING_TIME = xades("SigningTime")
_V1, _V2 = xades("SigningCertificate"), xades("SigningCertificateV2")
_CERT, _CERT_DIGEST = xades("Cert"), xades("CertDigest")
_ISSUER_SERIAL, _ISSUER_SERIAL_V2 = xades("IssuerSerial"), xades("IssuerSerialV2")
_DIGEST = [ds("DigestMethod"), ds("DigestValue")]
_BLANK_AFTER_COMMA = re.compile(r"(?<!\\)([,+])\s+")
_DER_STRINGS = "\x0c\x13\x14\x16"  # UTF8String, PrintableString, T61String, IA5String
_NAMES = {
    "E": NameOID.EMAIL_ADDRESS,
    "EMAILADDRESS": NameOID.EMAIL_ADDRESS,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "GIVENNAME": NameOID.GIVEN_NAME,
    "SURNAME": NameOID.SURNAME,
    "SN": NameOID.SURNAME,
    "T": NameOID.TITLE,
    "TITLE": NameOID.TITLE,
    "S": NameOID.STATE_OR_PROVINCE_NAME,
    "ORGANIZATIONIDENTIFIER": NameOID.ORGANIZATION_IDENTIFIER,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedProperties:
    """What the signed properties say."""

    signer: ReadCertificate  # the certificate whose digest they carry
    claimed_time: datetime
    cert: etree._Element  # xades:Cert of the signer


def read_properties(
    properties: etree._Element,
    certificates: Sequence[ReadCertificate],
    references: Sequence[etree._Element],
    policy: SignaturePolicy,
) -> SignedProperties:
    """Find the signing certificate and the claimed time.

    Args:
        properties: xades:SignedProperties.
        certificates: those of KeyInfo.
        references: the ds:Reference elements of the signature.
        policy: which digests may name the certificate.

    Raises:
        RefusedError: XADES_STRUCTURE, SIGNING_TIME, CERT_DIGEST_ALG, CERT_DIGEST, ISSUER_SERIAL …
    """
    signature_properties = [child for child in properties if child.tag == _SIGNATURE_PROPERTIES]
    if len(signature_properties) != 1:
        raise refuse(Rule.XADES_STRUCTURE, properties, what="one SignedSignatureProperties expected")
    _check_object_formats(properties, references)
    cert = _first_cert(signature_properties[0])
    signer = _signer(cert, certificates, policy)
    _check_issuer_serial(cert, signer)
    return SignedProperties(signer=signer, claimed_time=_time(signature_properties[0]), cert=cert)


def _time(properties: etree._Element) -> datetime:
    times = [child for child in properties if child.tag == _SIGNING_TIME]
    if len(times) != 1:
        raise refuse(Rule.SIGNING_TIME, properties)
    return time_of(times[0])


def _first_cert(properties: etree._Element) -> etree._Element:
    """The first Cert of the one SigningCertificate(V2); those after it name issuers and bind nothing here."""
    found = [child for child in properties if child.tag in (_V1, _V2)]
    if len(found) != 1 or not len(found[0]) or found[0][0].tag != _CERT:
        raise refuse(Rule.XADES_STRUCTURE, properties, what="one SigningCertificate with a Cert expected")
    return found[0][0]


def _signer(
    cert: etree._Element, certificates: Sequence[ReadCertificate], policy: SignaturePolicy
) -> ReadCertificate:
    if not len(cert) or cert[0].tag != _CERT_DIGEST or [child.tag for child in cert[0]] != _DIGEST:
        raise refuse(Rule.XADES_STRUCTURE, cert, what="CertDigest expected")
    method, value = cert[0]
    digest = policy.certificate_digests.get(method.get("Algorithm") or "")
    if digest is None:
        raise refuse(Rule.CERT_DIGEST_ALG, method, algorithm=method.get("Algorithm"))
    wanted = base64_of(value)
    for certificate in certificates:
        if compare_digest(certificate_digest(certificate.der, digest), wanted):
            return certificate
    raise refuse(Rule.CERT_DIGEST, cert)


def _check_object_formats(properties: etree._Element, references: Sequence[etree._Element]) -> None:
    known = {f"#{identifier}" for element in references if (identifier := element.get("Id"))}
    about_objects = (child for child in properties if child.tag == _OBJECT_PROPERTIES)
    for element in (child for group in about_objects for child in group if child.tag == _OBJECT_FORMAT):
        named = element.get("ObjectReference")
        if named is not None and named not in known:
            raise refuse(Rule.XADES_STRUCTURE, element, what="ObjectReference names no reference")


def _check_issuer_serial(cert: etree._Element, signer: ReadCertificate) -> None:
    for child in list(cert)[1:]:
        if child.tag == _ISSUER_SERIAL_V2:
            same = base64_of(child) == signer.issuer_serial
        elif child.tag == _ISSUER_SERIAL:
            same = _is_issuer_serial_of(child, signer)
        else:
            raise refuse(Rule.XADES_STRUCTURE, cert, what="unexpected children of Cert")
        if not same:
            raise refuse(Rule.ISSUER_SERIAL, child)


def _is_issuer_serial_of(element: etree._Element, signer: ReadCertificate) -> bool:
    children = {child.tag: text_of(child).strip() for child in element}
    if list(children) != [ds("X509IssuerName"), ds("X509SerialNumber")]:
        return False
    name, serial = children.values()
    return serial == str(signer.certificate.serial_number) and _same_name(name, signer.certificate.issuer)


def _same_name(text: str, name: x509.Name) -> bool:
    """Whether a name written by some tool is this one: order, case, blanks and encoding vary in the wild.

    The certificate digest has already pinned the certificate; this only catches contradictions.
    """
    try:
        written = x509.Name.from_rfc4514_string(_BLANK_AFTER_COMMA.sub(r"\1", text), _NAMES)
    except ValueError:
        return False
    return _attributes(written) == _attributes(name)


def _attributes(name: x509.Name) -> Counter[tuple[ObjectIdentifier, str]]:
    return Counter((attribute.oid, _folded(attribute.value)) for attribute in name)


def _folded(value: str | bytes) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return " ".join(_without_der_head(text).casefold().split())


def _without_der_head(text: str) -> str:
    """A value written as #hex is a DER string (RFC 4514 §2.4): tag and short length stand before its text."""
    content = text[2:]
    if len(text) > 1 and text[0] in _DER_STRINGS and ord(text[1]) == len(content.encode()):
        return content
    return text
