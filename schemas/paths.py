"""Places in a document as people read them: local names, no prefixes."""

from typing import cast

from lxml import etree

__all__ = ["line_of", "local_name", "path_of"]


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace; quicker than ``etree.QName``."""
    return element.tag[element.tag.rfind("}") + 1 :]


def line_of(element: etree._Element) -> int | None:
    """The line an element starts on, 1-based; None where the tree was not parsed from text."""
    return cast("int | None", element.sourceline)


def path_of(element: etree._Element) -> str:
    """Where an element stands, for people and for XPath tools that ignore namespaces.

    Groups carry their position among siblings of the same name, single values only where there are several:
    ``/CC015C/Consignment[1]/HouseConsignment[2]/grossMass``.
    """
    steps = [_step(one) for one in (element, *element.iterancestors())]
    return "/" + "/".join(reversed(steps))


def _step(element: etree._Element) -> str:
    name = local_name(element)
    if element.getparent() is None:
        return name
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    several = before or len(element) or next(element.itersiblings(element.tag), None) is not None
    return f"{name}[{before + 1}]" if several else name
