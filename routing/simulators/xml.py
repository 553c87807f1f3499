"""Reading requests and writing answers."""

from collections.abc import Sequence
from typing import TypeAlias

from lxml import etree

__all__ = ["Element", "Fields", "element", "fill", "local_name", "parse", "to_bytes"]

Element = etree._Element  # noqa: SLF001 - lxml gives the class of all elements a private name

#: What an element holds: a text, or its children in order. None: the element is left out.
Value: TypeAlias = "str | Fields | None"
#: A child: (name, value) or (name, value, attributes).
Field: TypeAlias = "tuple[str, Value] | tuple[str, Value, dict[str, str]]"
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


def element(name: str, namespace: str, content: Fields) -> Element:
    """A document element with its content, all in one namespace, which is the default one."""
    nsmap: dict[str, str] = {None: namespace}  # type: ignore[dict-item] # the stubs know no default namespace
    root = etree.Element(f"{{{namespace}}}{name}", nsmap=nsmap)
    fill(root, content, namespace)
    return root


def fill(parent: Element, content: Fields, namespace: str) -> None:
    """Append children, all in one namespace, in the order given."""
    for name, value, *attributes in content:
        if value is None:
            continue
        child = etree.SubElement(parent, f"{{{namespace}}}{name}", *attributes)
        if isinstance(value, str):
            child.text = value
        else:
            fill(child, value, namespace)


def local_name(part: Element) -> str:
    """The name of an element without its namespace."""
    tag: str = part.tag
    return tag[tag.index("}") + 1 :] if tag[0] == "{" else tag


def to_bytes(root: Element) -> bytes:
    """The document in UTF-8 with an XML declaration."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
