"""Small questions about nodes of a tree."""

from lxml import etree

__all__ = ["is_comment", "is_instruction", "line_of", "xpath_of"]

_COMMENT: object = etree.Comment
_INSTRUCTION: object = etree.PI


def is_comment(node: etree._Element) -> bool:
    """Whether the node is a comment; lxml marks it by its tag."""
    return node.tag is _COMMENT


def is_instruction(node: etree._Element) -> bool:
    """Whether the node is a processing instruction."""
    return node.tag is _INSTRUCTION


def line_of(node: etree._Element) -> int | None:
    """The 1-based line on which the node starts, where the parser has kept it."""
    line: object = node.sourceline
    return line if isinstance(line, int) else None


def xpath_of(element: etree._Element) -> str:
    """The place of an element: names without prefixes, numbers where siblings share a name."""
    steps = [_step(node) for node in (element, *element.iterancestors())]
    return "/" + "/".join(reversed(steps))


def _step(node: etree._Element) -> str:
    name = _name(node)
    before = sum(1 for other in node.itersiblings(preceding=True) if _name(other) == name)
    alone = not before and all(_name(other) != name for other in node.itersiblings())
    return name if alone else f"{name}[{before + 1}]"


def _name(node: etree._Element) -> str:
    if is_comment(node):
        return "comment()"
    return "processing-instruction()" if is_instruction(node) else etree.QName(node).localname
