"""Reading requests and writing answers."""

from collections.abc import Sequence
from typing import TypeAlias

from lxml import etree

__all__ = ["Element", "Fields", "element", "fill", "parse", "renamed", "to_bytes"]

Element = etree._Element  # noqa: SLF001 - lxml gives the class of all elements a private name

#: What an element holds: a text, or its children in order. None: the element is left out.
Value: TypeAlias = "str | Fields | None"
#: A child: (name, value), (name, value, attributes), or an element to be moved in as it is.
Field: TypeAlias = "tuple[str, Value] | tuple[str, Value, dict[str, str]] | Element"
Fields: TypeAlias = "Sequence[Field]"

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


def parse(content: bytes) -> Element:
    """The document without signature, comments, processing instructions and layout.

    Raises:
        etree.XMLSyntaxError: not well-formed.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_blank_text=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(content, parser)
    for signature in root.findall(_SIGNATURE):
        root.remove(signature)
    return root


def element(name: str, namespace: str, prefix: str | None, content: Fields, *, local: str = "") -> Element:
    """A document element with its content.

    Args:
        name: local name.
        namespace: its namespace.
        prefix: for that namespace; None makes it the default one.
        content: children.
        local: namespace of the children; empty: they have none (unqualified schemas).
    """
    nsmap: dict[str, str] = {prefix: namespace}  # type: ignore[dict-item] # the stubs know no default namespace
    root = etree.Element(f"{{{namespace}}}{name}", nsmap=nsmap)
    fill(root, content, local)
    return root


def fill(parent: Element, content: Fields, namespace: str = "") -> None:
    """Append children, all in one namespace, in the order given."""
    for entry in content:
        if not isinstance(entry, tuple):
            parent.append(entry)
            continue
        name, value, *attributes = entry
        if value is None:
            continue
        child = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name, *attributes)
        if isinstance(value, str):
            child.text = value
        else:
            fill(child, value, namespace)


def renamed(part: Element, namespace: str, name: str) -> Element:
    """A copy in another namespace and under another name; the parts below keep their names."""
    copy = etree.Element(f"{{{namespace}}}{name}")
    copy.text = part.text
    for attribute, value in part.items():
        copy.set(attribute, value)
    for child in part:
        copy.append(renamed(child, namespace, etree.QName(child).localname))
    return copy


def to_bytes(root: Element) -> bytes:
    """The document in UTF-8 with an XML declaration."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
