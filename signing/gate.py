"""The strict structure gate: a signature is of one known shape or it is refused, before any cryptography.

What passes is described by `SignatureShape`; the steps after it look nothing up in the document again.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from lxml import etree

from signing.c14n import Canonicalization
from signing.encoding import base64_of
from signing.faults import Rule, refuse
from signing.names import ID_ATTRIBUTES, SIGNED_PROPERTIES_TYPE, WSU, XADES, XML, ds, xades
from signing.nodes import is_comment, is_instruction
from signing.policy import SignatureMethod, SignaturePolicy
from signing.transforms import canonicalization_of, document_canonicalization, target_canonicalization

__all__ = ["Reference", "ReferenceKind", "SignatureShape", "inspect"]

_SIGNATURE = ds("Signature")
_CHILDREN = [ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")]
_OBJECT, _REFERENCE, _TRANSFORMS = ds("Object"), ds("Reference"), ds("Transforms")
_DIGEST_METHOD, _DIGEST_VALUE = ds("DigestMethod"), ds("DigestValue")
_SIGNED_INFO_HEAD = [ds("CanonicalizationMethod"), ds("SignatureMethod")]
_QUALIFYING, _SIGNED, _UNSIGNED = (
    xades("QualifyingProperties"),
    xades("SignedProperties"),
    xades("UnsignedProperties"),
)
# The quick question takes in a few attributes more (iD, other namespaces); only a repeated value asks again.
_PERHAPS_IDS = etree.XPath(
    "/descendant-or-self::*/@*[translate(local-name(), 'ID', 'id') = 'id']", smart_strings=False
)
_IDS = etree.XPath(
    "//@*[local-name()='Id' or local-name()='ID' or local-name()='id']"
    f"[namespace-uri()='' or namespace-uri()='{XML}' or namespace-uri()='{WSU}']",
    smart_strings=False,
)


class ReferenceKind(StrEnum):
    """The three things a signature of the profile covers."""

    DOCUMENT = "DOCUMENT"  # the document element without the signature
    PROPERTIES = "PROPERTIES"  # this signature's xades:SignedProperties
    KEY_INFO = "KEY_INFO"  # this signature's ds:KeyInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One digest of SignedInfo, resolved."""

    kind: ReferenceKind
    element: etree._Element  # ds:Reference
    target: etree._Element
    canonicalization: Canonicalization
    digest: str  # hashlib's name
    value: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class SignatureShape:
    """The one signature of a document, as the gate let it through."""

    element: etree._Element
    signed_info: etree._Element
    canonicalization: Canonicalization
    method: SignatureMethod
    value: bytes
    value_element: etree._Element
    references: tuple[Reference, ...]
    key_info: etree._Element
    properties: etree._Element | None  # xades:SignedProperties; None: plain XML Signature


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """The children of ds:Signature, counted and in order."""

    signature: etree._Element
    signed_info: etree._Element
    value: etree._Element
    key_info: etree._Element
    properties: etree._Element | None


def inspect(root: etree._Element, policy: SignaturePolicy) -> SignatureShape:
    """Check form, identifiers, algorithms and references of the signature in a document.

    Args:
        root: the document element.
        policy: what a signature may be made of.

    Raises:
        RefusedError: the first rule broken (XML Signature, EN 319 132-1, channel profile).
    """
    marks = list(root.iter(_SIGNATURE, etree.Comment, etree.PI))
    parts = _parts(_locate(root, [mark for mark in marks if mark.tag == _SIGNATURE]), policy)
    _check_ids(root)
    head = _signed_info_head(parts.signed_info, policy)
    references = _references(root, parts, policy)
    _check_marks(root, marks, policy)
    return SignatureShape(
        element=parts.signature,
        signed_info=parts.signed_info,
        canonicalization=head[0],
        method=head[1],
        value=base64_of(parts.value),
        value_element=parts.value,
        references=references,
        key_info=parts.key_info,
        properties=parts.properties,
    )


def _locate(root: etree._Element, found: list[etree._Element]) -> etree._Element:
    """The one signature, a child of the document element."""
    if not found:
        raise refuse(Rule.NO_SIGNATURE, root)
    if root.tag == _SIGNATURE:
        raise refuse(Rule.ENVELOPING, root)
    if len(found) > 1:
        raise refuse(Rule.SIGNATURE_COUNT, found[1], count=len(found))
    if found[0].getparent() is not root:
        raise refuse(Rule.SIGNATURE_POSITION, found[0])
    return found[0]


def _parts(signature: etree._Element, policy: SignaturePolicy) -> _Parts:
    children = list(signature)
    if [child.tag for child in children[:3]] != _CHILDREN:
        raise refuse(
            Rule.SIGNATURE_STRUCTURE,
            signature,
            what="SignedInfo, SignatureValue, KeyInfo expected in this order",
        )
    objects = children[3:]
    if any(child.tag != _OBJECT for child in objects):
        raise refuse(Rule.SIGNATURE_STRUCTURE, signature, what="unexpected child elements")
    if not objects and not policy.plain:
        raise refuse(Rule.XADES_REQUIRED, signature)
    properties = _signed_properties(signature, objects) if objects else None
    return _Parts(
        signature=signature,
        signed_info=children[0],
        value=children[1],
        key_info=children[2],
        properties=properties,
    )


def _signed_properties(signature: etree._Element, objects: list[etree._Element]) -> etree._Element:
    """The SignedProperties of exactly ./Object/QualifyingProperties/SignedProperties."""
    if len(objects) > 1 or [child.tag for child in objects[0]] != [_QUALIFYING]:
        raise refuse(Rule.EXTRA_OBJECT, objects[-1])
    qualifying = objects[0][0]
    if [child.tag for child in qualifying] not in ([_SIGNED], [_SIGNED, _UNSIGNED]):
        raise refuse(Rule.XADES_STRUCTURE, qualifying, what=f"SignedProperties of {XADES} expected")
    identifier = signature.get("Id")
    if not identifier or qualifying.get("Target") != f"#{identifier}":
        raise refuse(Rule.XADES_TARGET, qualifying)
    return qualifying[0]


def _check_ids(root: etree._Element) -> None:
    """No value of any identifier attribute on two elements, whatever its spelling."""
    perhaps = cast("list[str]", _PERHAPS_IDS(root))
    if len(set(perhaps)) == len(perhaps):
        return
    value, times = Counter(cast("list[str]", _IDS(root))).most_common(1)[0]
    if times > 1:
        bearer = next(e for e in root.iter("*") if value in (e.get(name) for name in ID_ATTRIBUTES))
        raise refuse(Rule.DUPLICATE_ID, bearer, value=value)


def _signed_info_head(
    signed_info: etree._Element, policy: SignaturePolicy
) -> tuple[Canonicalization, SignatureMethod]:
    tags = [child.tag for child in signed_info]
    if tags[:2] != _SIGNED_INFO_HEAD or any(tag != _REFERENCE for tag in tags[2:]):
        raise refuse(Rule.SIGNATURE_STRUCTURE, signed_info, what="unexpected children of SignedInfo")
    algorithm = signed_info[1].get("Algorithm")
    method = policy.methods.get(algorithm or "")
    if method is None or len(signed_info[1]):
        raise refuse(Rule.SIGNATURE_ALG, signed_info[1], algorithm=algorithm)
    return canonicalization_of(signed_info[0], policy), method


def _references(root: etree._Element, parts: _Parts, policy: SignaturePolicy) -> tuple[Reference, ...]:
    elements = list(parts.signed_info)[2:]
    if len(elements) > policy.max_references:
        raise refuse(
            Rule.REFERENCE_COUNT, parts.signed_info, count=len(elements), limit=policy.max_references
        )
    kinds = [_kind(element, root, parts) for element in elements]
    _check_coverage(kinds, parts)
    return tuple(
        _reference(element, kind, root, parts, policy) for element, kind in zip(elements, kinds, strict=True)
    )


def _kind(element: etree._Element, root: etree._Element, parts: _Parts) -> ReferenceKind:
    """What a reference names; identifiers are those of known elements, never searched for."""
    uri, kind = element.get("URI"), element.get("Type")
    if uri == "" and kind != SIGNED_PROPERTIES_TYPE:
        return ReferenceKind.DOCUMENT
    if uri and uri.startswith("#") and len(uri) > 1:
        if kind == SIGNED_PROPERTIES_TYPE:
            if parts.properties is not None and parts.properties.get("Id") == uri[1:]:
                return ReferenceKind.PROPERTIES
        elif parts.key_info.get("Id") == uri[1:]:
            return ReferenceKind.KEY_INFO
        elif uri[1:] in (root.get(name) for name in ID_ATTRIBUTES):
            return ReferenceKind.DOCUMENT
    raise refuse(Rule.REFERENCE_URI, element, uri=uri)


def _check_coverage(kinds: list[ReferenceKind], parts: _Parts) -> None:
    documents = kinds.count(ReferenceKind.DOCUMENT)
    if documents != 1:
        raise refuse(Rule.DOC_REFERENCE_COUNT, parts.signed_info, count=documents)
    if kinds.count(ReferenceKind.PROPERTIES) != (parts.properties is not None):
        raise refuse(Rule.PROPERTIES_REFERENCE, parts.signed_info)
    if kinds.count(ReferenceKind.KEY_INFO) > 1 or (parts.properties is None and len(kinds) > 1):
        raise refuse(Rule.REFERENCE_COUNT, parts.signed_info, count=len(kinds), limit=len(set(kinds)))


def _reference(
    element: etree._Element,
    kind: ReferenceKind,
    root: etree._Element,
    parts: _Parts,
    policy: SignaturePolicy,
) -> Reference:
    children = list(element)
    transforms = list(children.pop(0)) if children and children[0].tag == _TRANSFORMS else []
    if [child.tag for child in children] != [_DIGEST_METHOD, _DIGEST_VALUE]:
        raise refuse(Rule.SIGNATURE_STRUCTURE, element, what="unexpected children of Reference")
    algorithm = children[0].get("Algorithm")
    digest = policy.digests.get(algorithm or "")
    if digest is None:
        raise refuse(Rule.DIGEST_ALG, children[0], algorithm=algorithm)
    whole = kind is ReferenceKind.DOCUMENT
    read = document_canonicalization if whole else target_canonicalization
    target = root if whole else parts.properties if kind is ReferenceKind.PROPERTIES else parts.key_info
    assert target is not None  # noqa: S101 - _kind names PROPERTIES only where there are some
    return Reference(
        kind=kind,
        element=element,
        target=target,
        canonicalization=read(element, transforms, policy),
        digest=digest,
        value=base64_of(children[1]),
    )


def _check_marks(root: etree._Element, marks: list[etree._Element], policy: SignaturePolicy) -> None:
    """Comments are never signed and instructions split text, so readers would disagree on what was signed."""
    outside = [*root.itersiblings(preceding=True), *root.itersiblings()]
    for mark in marks:
        if is_comment(mark) and not policy.comments:
            raise refuse(Rule.COMMENT, mark)
        if is_instruction(mark) and not policy.instructions:
            raise refuse(Rule.INSTRUCTION, mark)
    for mark in outside:
        if is_instruction(mark):
            raise refuse(Rule.INSTRUCTION, mark)
