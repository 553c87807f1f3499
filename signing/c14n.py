"""Canonical XML 1.0, 1.1 and Exclusive Canonical XML 1.0, without comments, of elements inside a tree.

libxml2 canonicalises whole documents rightly. Of an element inside a tree only the exclusive form without a
prefix list is right in place; every other case goes through a document of its own that carries the context
(namespaces, xml: attributes) which the specification wants on it.
"""

from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import etree

from signing.errors import NotWellFormedError
from signing.names import C14N_10, C14N_EXCLUSIVE, XML
from signing.nodes import line_of
from signing.parsing import ParseLimits, parse

__all__ = ["Canonicalization", "canonicalize"]

_XML_BASE = f"{{{XML}}}base"
_INHERITED_BY_11 = (f"{{{XML}}}lang", f"{{{XML}}}space")
# The subtree was parsed and limited before; serialising it again adds namespace declarations only.
_SUBTREE = ParseLimits(max_bytes=1 << 40, max_nodes=1 << 40, max_depth=1000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Canonicalization:
    """A canonicalisation algorithm with its parameter."""

    algorithm: str  # identifier, one of names.C14N_…
    prefixes: tuple[str, ...] = ()  # InclusiveNamespaces PrefixList, exclusive form only


def canonicalize(element: etree._Element, how: Canonicalization) -> bytes:
    """The octets that a digest or a signature is computed over.

    Args:
        element: a document element or one inside a tree; its tail never counts.
        how: which form.

    Raises:
        NotWellFormedError: the form is not defined for this document (relative namespace names).
    """
    exclusive = how.algorithm == C14N_EXCLUSIVE
    in_place = element.getparent() is None or (exclusive and not how.prefixes)
    subject = element if in_place else _with_context(element, how.algorithm)
    try:
        return etree.tostring(
            subject,
            method="c14n",
            exclusive=exclusive,
            with_comments=False,
            inclusive_ns_prefixes=list(how.prefixes) or None,
        )
    except (etree.LxmlError, ValueError) as error:
        raise NotWellFormedError(
            line=line_of(element) or 0, column=0, reason=f"cannot be canonicalised: {error}"
        ) from error


def _with_context(element: etree._Element, algorithm: str) -> etree._Element:
    """The element as document element, with the namespaces in scope and the xml: attributes it inherits."""
    alone = parse(etree.tostring(element, encoding="utf-8", with_tail=False), _SUBTREE)
    for name, value in _inherited(element, algorithm).items():
        alone.set(name, value)
    return alone


def _inherited(element: etree._Element, algorithm: str) -> dict[str, str]:
    """xml: attributes of ancestors: all of them in 1.0; language, space and the joined base in 1.1."""
    if algorithm == C14N_EXCLUSIVE:
        return {}
    found: dict[str, str] = {}
    for ancestor in [*reversed(list(element.iterancestors())), element]:
        for name, value in _xml_attributes(ancestor):
            if algorithm == C14N_10 or name in _INHERITED_BY_11:
                found[name] = value
            elif name == _XML_BASE:
                found[name] = urljoin(found.get(name, ""), value)
    return found


def _xml_attributes(element: etree._Element) -> list[tuple[str, str]]:
    return [(str(n), str(v)) for n, v in element.attrib.items() if str(n).startswith(f"{{{XML}}}")]
