"""Making enveloped signatures: any document in any allowed form, and our own receipts as fast as can be.

Both fill the same text, which is written in its exclusive canonical form already: every element has an end
tag, every namespace stands where it is first used. A seal needs no canonicalisation but the document's own.
"""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.c14n import Canonicalization, canonicalize
from signing.certificates import issuer_serial_der
from signing.errors import UnsupportedKeyError
from signing.keys import KeyPair, PrivateKey
from signing.names import C14N_EXCLUSIVE, DS, ENVELOPED, SIGNED_PROPERTIES_TYPE, XADES, ds, xades
from signing.nodes import line_of

__all__ = ["Sealer", "SignatureProfile", "sign_enveloped"]


class SignatureProfile(StrEnum):
    """What a signature says beside the digest of the document."""

    XADES = "XADES"  # XAdES-B-B: signing time and certificate are signed too (EN 319 132-1)
    PLAIN = "PLAIN"  # XML Signature only


_WITH_OBJECT: Final = 4  # children of a ds:Signature that has properties
_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_EXCLUSIVE: Final = Canonicalization(algorithm=C14N_EXCLUSIVE)
_CURVE_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "secp256r1": hashes.SHA256(),
    "brainpoolP256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "brainpoolP384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
    "brainpoolP512r1": hashes.SHA512(),
}

_REFERENCE_DIGEST: Final = (
    f'<ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod><ds:DigestValue>%(digest)s</ds:DigestValue>'
)
_DOCUMENT_REFERENCE: Final = (
    '<ds:Reference Id="%(id)s-document" URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{ENVELOPED}"></ds:Transform>'
    '<ds:Transform Algorithm="%(c14n)s"></ds:Transform></ds:Transforms>'
    f"{_REFERENCE_DIGEST}</ds:Reference>"
)
_PROPERTIES_REFERENCE: Final = (
    f'<ds:Reference Type="{SIGNED_PROPERTIES_TYPE}" URI="#%(id)s-properties"><ds:Transforms>'
    '<ds:Transform Algorithm="%(c14n)s"></ds:Transform></ds:Transforms>'
    f"{_REFERENCE_DIGEST}</ds:Reference>"
)
_SIGNED_INFO: Final = (
    f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="%(c14n)s">'
    '</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="%(method)s"></ds:SignatureMethod>'
    "%(references)s</ds:SignedInfo>"
)
_SIGNED_PROPERTIES: Final = (
    f'<xades:SignedProperties xmlns:xades="{XADES}" Id="%(id)s-properties"><xades:SignedSignatureProperties>'
    "<xades:SigningTime>%(time)s</xades:SigningTime><xades:SigningCertificateV2><xades:Cert>"
    f'<xades:CertDigest><ds:DigestMethod xmlns:ds="{DS}" Algorithm="{_SHA256}"></ds:DigestMethod>'
    f'<ds:DigestValue xmlns:ds="{DS}">%(cert_digest)s</ds:DigestValue></xades:CertDigest>'
    "<xades:IssuerSerialV2>%(issuer_serial)s</xades:IssuerSerialV2></xades:Cert>"
    "</xades:SigningCertificateV2></xades:SignedSignatureProperties><xades:SignedDataObjectProperties>"
    '<xades:DataObjectFormat ObjectReference="#%(id)s-document"><xades:MimeType>text/xml</xades:MimeType>'
    "</xades:DataObjectFormat></xades:SignedDataObjectProperties></xades:SignedProperties>"
)
_OBJECT: Final = (
    f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#%(id)s">%(properties)s'
    "</xades:QualifyingProperties></ds:Object>"
)
_SIGNATURE: Final = (
    f'<ds:Signature xmlns:ds="{DS}" Id="%(id)s">%(signed_info)s'
    "<ds:SignatureValue>%(value)s</ds:SignatureValue>"
    "<ds:KeyInfo><ds:X509Data>%(certificates)s</ds:X509Data></ds:KeyInfo>%(object)s</ds:Signature>"
)


def sign_enveloped(  # noqa: PLR0913 - the parts of one act, all but two by name
    root: etree._Element,
    key: KeyPair,
    *,
    at: datetime,
    ids: Callable[[], str],
    profile: SignatureProfile = SignatureProfile.XADES,
    c14n: str = C14N_EXCLUSIVE,
    claimed_role: etree._Element | None = None,
) -> bytes:
    """Sign a whole document; the signature becomes the last child of its document element.

    Args:
        root: the document element; the signature is added to this tree.
        key: RSA (SHA-256) or EC (the hash that fits the curve).
        at: signing time, with zone; not used by PLAIN.
        ids: makes identifiers that are unique and valid as xs:ID.
        profile: XAdES or plain.
        c14n: canonicalisation of everything, one of names.C14N_….
        claimed_role: XAdES only: what the signer says of himself; the trusted profile names the person so.

    Returns:
        The signed document, UTF-8 with XML declaration.

    Raises:
        UnsupportedKeyError: the key is on a curve outside the profile.
        NotWellFormedError: the document has no canonical form.
    """
    identifier, how = ids(), Canonicalization(algorithm=c14n)
    document = _DOCUMENT_REFERENCE % {
        "id": identifier,
        "c14n": c14n,
        "digest": _digest(canonicalize(root, how)),
    }
    signed = profile is SignatureProfile.XADES
    properties = _PROPERTIES_REFERENCE % {"id": identifier, "c14n": c14n, "digest": ""} if signed else ""
    signature = etree.fromstring(
        _SIGNATURE
        % {
            "id": identifier,
            "signed_info": _SIGNED_INFO
            % {"c14n": c14n, "method": _method(key.private_key), "references": document + properties},
            "value": "",
            "certificates": _certificates(key),
            "object": _object(identifier, _properties(identifier, key, at)) if signed else "",
        }
    )
    if claimed_role is not None:
        _claim(signature, claimed_role)
    root.append(signature)
    _complete(signature, key.private_key, how)
    return _written(root)


def _written(root: etree._Element) -> bytes:
    """The document as text; every element on the line it came from, where it was read from a text.

    Line ends outside the document element are in no canonical form, and libxml2 writes none there.
    """
    before = [_text(each) for each in root.itersiblings(preceding=True)][::-1]
    after = [_text(each) for each in root.itersiblings()]
    head = _DECLARATION + b"".join(each + b"\n" for each in before)
    missing = (line_of(root) or 0) - head.count(b"\n") - 1
    return head + b"\n" * missing + b"\n".join([_text(root), *after])


def _text(node: etree._Element) -> bytes:
    text: str = etree.tostring(node, encoding="unicode", with_tail=False)
    return text.encode()


def _claim(signature: etree._Element, role: etree._Element) -> None:
    """The last of the signed signature properties (EN 319 132-1 §5.2.6)."""
    element = signature[3][0][0][0]
    for name in ("SignerRoleV2", "ClaimedRoles", "ClaimedRole"):
        element = etree.SubElement(element, xades(name))
    element.append(role)


def _complete(signature: etree._Element, key: PrivateKey, how: Canonicalization) -> None:
    """Digest the properties and sign, both where they stand: inclusive forms depend on their surroundings."""
    signed_info, value = signature[0], signature[1]
    if len(signature) == _WITH_OBJECT:
        properties = signature[3][0][0]
        signed_info[3].findall(ds("DigestValue"))[0].text = _digest(canonicalize(properties, how))
    value.text = _sign(key, canonicalize(signed_info, how))


class Sealer:
    """Seals receipts with one key: XAdES-B-B, enveloped, exclusive canonicalisation.

    Everything that does not change between two seals is prepared once.

    Args:
        key: the gateway's seal key; EC P-256 is fastest.

    Raises:
        UnsupportedKeyError: the key is on a curve outside the profile.
    """

    _ID: Final = "seal"

    def __init__(self, key: KeyPair) -> None:
        self._key = key.private_key
        facts = {"id": self._ID, "c14n": C14N_EXCLUSIVE, "digest": "%(document)s"}
        document = _DOCUMENT_REFERENCE % facts
        properties = _PROPERTIES_REFERENCE % (facts | {"digest": "%(properties)s"})
        self._signed_info = _SIGNED_INFO % {
            "c14n": C14N_EXCLUSIVE,
            "method": _method(key.private_key),
            "references": document + properties,
        }
        self._properties = _properties_template(self._ID, key)
        self._signature = _SIGNATURE % {
            "id": self._ID,
            "signed_info": "%(signed_info)s",
            "value": "%(value)s",
            "certificates": _certificates(key),
            "object": _object(self._ID, "%(properties)s"),
        }

    def seal(self, root: etree._Element, at: datetime) -> bytes:
        """Sign a receipt.

        Args:
            root: its document element, without identifiers that begin with "seal" and without comments or
                instructions; it is not changed.
            at: signing time, with zone.

        Returns:
            The sealed document in canonical form, UTF-8 with XML declaration.

        Raises:
            NotWellFormedError: the document has no canonical form.
        """
        document = canonicalize(root, _EXCLUSIVE)
        properties = self._properties % {"time": _time(at)}
        signed_info = self._signed_info % {
            "document": _digest(document),
            "properties": _digest(properties.encode()),
        }
        signature = self._signature % {
            "signed_info": signed_info,
            "value": _sign(self._key, signed_info.encode()),
            "properties": properties,
        }
        end = document.rindex(b"</")
        return b"".join((_DECLARATION, document[:end], signature.encode(), document[end:]))


def _properties(identifier: str, key: KeyPair, at: datetime) -> str:
    return _properties_template(identifier, key) % {"time": _time(at)}


def _properties_template(identifier: str, key: KeyPair) -> str:
    return _SIGNED_PROPERTIES % {
        "id": identifier,
        "time": "%(time)s",
        "cert_digest": _digest(key.certificate.public_bytes(Encoding.DER)),
        "issuer_serial": _base64(issuer_serial_der(key.certificate)),
    }


def _object(identifier: str, properties: str) -> str:
    return _OBJECT % {"id": identifier, "properties": properties}


def _certificates(key: KeyPair) -> str:
    return "".join(
        f"<ds:X509Certificate>{_base64(certificate.public_bytes(Encoding.DER))}</ds:X509Certificate>"
        for certificate in (key.certificate, *key.chain)
    )


def _method(key: PrivateKey) -> str:
    """The signature method that a key of the profile signs with."""
    if isinstance(key, rsa.RSAPrivateKey):
        return f"{_MORE}rsa-sha256"
    if key.curve.name not in _CURVE_HASHES:
        raise UnsupportedKeyError(kind=key.curve.name)
    return f"{_MORE}ecdsa-{_CURVE_HASHES[key.curve.name].name}"


def _sign(key: PrivateKey, octets: bytes) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return _base64(key.sign(octets, padding.PKCS1v15(), hashes.SHA256()))
    r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(_CURVE_HASHES[key.curve.name])))
    size = (key.curve.key_size + 7) // 8
    return _base64(r.to_bytes(size) + s.to_bytes(size))


def _digest(octets: bytes) -> str:
    return _base64(sha256(octets).digest())


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
