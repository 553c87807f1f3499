"""Transforms of references: read as data, compared with the few the profile knows, never executed."""

import re
from collections.abc import Sequence

from lxml import etree

from signing.c14n import Canonicalization
from signing.encoding import text_of
from signing.faults import Rule, refuse
from signing.names import C14N_10, C14N_EXCLUSIVE, DS, ENVELOPED, XPATH, ds
from signing.policy import SignaturePolicy

__all__ = ["canonicalization_of", "document_canonicalization", "target_canonicalization"]

_INCLUSIVE_NAMESPACES = f"{{{C14N_EXCLUSIVE}}}InclusiveNamespaces"
_TRANSFORM, _XPATH = ds("Transform"), ds("XPath")
_NOT_IN_SIGNATURE = re.compile(r"not\(ancestor-or-self::(?P<prefix>[\w.-]+):Signature\)")
_DEFAULT = Canonicalization(algorithm=C14N_10)


def canonicalization_of(
    element: etree._Element, policy: SignaturePolicy, *, otherwise: Rule = Rule.C14N_ALG
) -> Canonicalization:
    """The canonicalisation that a CanonicalizationMethod or Transform element asks for.

    Raises:
        RefusedError: `otherwise` for an algorithm outside the policy, TRANSFORM_PARAM for parameters.
    """
    algorithm = element.get("Algorithm")
    if algorithm is None or algorithm not in policy.canonicalizations:
        raise refuse(otherwise, element, algorithm=algorithm)
    if not len(element):
        return Canonicalization(algorithm=algorithm)
    if algorithm != C14N_EXCLUSIVE or len(element) > 1 or element[0].tag != _INCLUSIVE_NAMESPACES:
        raise refuse(Rule.TRANSFORM_PARAM, element, algorithm=algorithm)
    return Canonicalization(algorithm=algorithm, prefixes=tuple((element[0].get("PrefixList") or "").split()))


def document_canonicalization(
    reference: etree._Element, transforms: Sequence[etree._Element], policy: SignaturePolicy
) -> Canonicalization:
    """Of the reference to the document: "enveloped" first and once, then at most one canonicalisation.

    Raises:
        RefusedError: TRANSFORM_ORDER, TRANSFORM_ALG or TRANSFORM_PARAM.
    """
    _check_names(reference, transforms)
    if not transforms or not _is_enveloped(transforms[0], policy):
        raise refuse(Rule.TRANSFORM_ORDER, reference)
    return _at_most_one(reference, transforms[1:], policy)


def target_canonicalization(
    reference: etree._Element, transforms: Sequence[etree._Element], policy: SignaturePolicy
) -> Canonicalization:
    """Of the references to SignedProperties and KeyInfo: at most one canonicalisation.

    Raises:
        RefusedError: TRANSFORM_ORDER, TRANSFORM_ALG or TRANSFORM_PARAM.
    """
    _check_names(reference, transforms)
    return _at_most_one(reference, transforms, policy)


def _check_names(reference: etree._Element, transforms: Sequence[etree._Element]) -> None:
    if any(transform.tag != _TRANSFORM for transform in transforms):
        raise refuse(Rule.SIGNATURE_STRUCTURE, reference, what="unexpected children of Transforms")


def _is_enveloped(transform: etree._Element, policy: SignaturePolicy) -> bool:
    algorithm = transform.get("Algorithm")
    if algorithm == ENVELOPED and not len(transform):
        return True
    if algorithm == XPATH and policy.literal_xpath and _is_literal_xpath(transform):
        return True
    if algorithm in policy.canonicalizations:
        return False
    raise refuse(
        Rule.TRANSFORM_PARAM if len(transform) else Rule.TRANSFORM_ALG, transform, algorithm=algorithm
    )


def _is_literal_xpath(transform: etree._Element) -> bool:
    """Whether it is the one expression that several tools write for "enveloped"; nothing is evaluated."""
    if [child.tag for child in transform] != [_XPATH]:
        return False
    found = _NOT_IN_SIGNATURE.fullmatch(text_of(transform[0]).strip())
    return found is not None and transform[0].nsmap.get(found["prefix"]) == DS


def _at_most_one(
    reference: etree._Element, transforms: Sequence[etree._Element], policy: SignaturePolicy
) -> Canonicalization:
    if not transforms:
        return _DEFAULT
    if transforms[0].get("Algorithm") == ENVELOPED or len(transforms) > 1:
        raise refuse(Rule.TRANSFORM_ORDER, reference)
    if transforms[0].get("Algorithm") not in policy.canonicalizations and len(transforms[0]):
        raise refuse(Rule.TRANSFORM_PARAM, transforms[0], algorithm=transforms[0].get("Algorithm"))
    return canonicalization_of(transforms[0], policy, otherwise=Rule.TRANSFORM_ALG)
