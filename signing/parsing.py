"""The one way in which bytes from outside become a tree.

The parser reads no DTD, no file and no network. A document type declaration is refused before the parser sees
the document, so there is never an entity to expand; memory is bounded before the tree is built.
"""

import re
import threading
from dataclasses import dataclass

from lxml import etree

from signing.errors import Construct, ForbiddenConstructError, NotWellFormedError, TooLargeError
from signing.nodes import is_instruction, line_of

__all__ = ["ParseLimits", "parse"]

# XML declaration, then comments, instructions and blanks: all that may stand before a DOCTYPE.
# Possessive and atomic throughout: one pass, whatever the input.
_PROLOG = re.compile(
    rb"""(?>\xef\xbb\xbf)?+
    (?P<declaration> <\?xml [\ \t\r\n] [^?>]*+ \?> )?+
    (?: [\ \t\r\n]++ | (?><!--.*?-->) | (?P<instruction> (?><\?.*?\?>) ) )*+""",
    re.DOTALL | re.VERBOSE,
)
_ENCODING = re.compile(rb"""encoding[ \t\r\n]*=[ \t\r\n]*["'](?P<name>[^"']*)["']""")
_VERSION = re.compile(rb"""version[ \t\r\n]*=[ \t\r\n]*["'](?P<name>[^"']*)["']""")
_PLACE = re.compile(r"\n|, line \d+, column \d+$")  # the place is told apart from the parser's words
_UTF_16_OR_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00")
_STRIDE = 20  # levels per step of the depth check: shallow documents answer at the first


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseLimits:
    """How large and of what shape a document may be."""

    max_bytes: int = 15 * 1024 * 1024  # bytes of the document as received
    max_depth: int = 200  # elements inside one another
    max_nodes: int = 1_000_000  # tags, comments, instructions and attributes together
    outer_instructions: bool = False  # whether instructions outside the document element are let through


class _Local(threading.local):
    """Parsers belong to one thread: a shared one would serialise all threads on its lock."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=True,
            collect_ids=False,
        )


_LOCAL = _Local()
_DEEPER: dict[int, etree.XPath] = {}


def parse(data: bytes, limits: ParseLimits) -> etree._Element:
    """Parse a document from outside; verify and read only the tree that this returns.

    Args:
        data: the document, UTF-8, a byte order mark is fine.
        limits: what is too large.

    Returns:
        The document element.

    Raises:
        NotWellFormedError: not XML, with the place.
        ForbiddenConstructError: a DOCTYPE, another encoding, an instruction outside the document element.
        TooLargeError: beyond a limit.
    """
    _check_size(data, limits)
    _check_prolog(data, limits)
    root = _parse(data)
    _check_tree(root, limits)
    return root


def _check_size(data: bytes, limits: ParseLimits) -> None:
    if len(data) > limits.max_bytes:
        raise TooLargeError(limit_name="max_bytes", limit=limits.max_bytes)
    # Every node costs at least one of these characters, so a short document needs no counting.
    if len(data) > limits.max_nodes and data.count(b"<") + data.count(b"=") > limits.max_nodes:
        raise TooLargeError(limit_name="max_nodes", limit=limits.max_nodes)


def _check_prolog(data: bytes, limits: ParseLimits) -> None:
    if data.startswith(_UTF_16_OR_32):
        raise ForbiddenConstructError(rule=Construct.ENCODING, line=1)
    prolog = _PROLOG.match(data)
    end = prolog.end() if prolog else 0
    if prolog and prolog["declaration"]:
        _check_declaration(prolog["declaration"])
    if data.startswith(b"<!", end) and not data.startswith(b"<!--", end):
        raise ForbiddenConstructError(rule=Construct.DOCTYPE, line=_line(data, end))
    if prolog and prolog["instruction"] and not limits.outer_instructions:
        raise ForbiddenConstructError(
            rule=Construct.INSTRUCTION, line=_line(data, prolog.start("instruction"))
        )


def _check_declaration(declaration: bytes) -> None:
    encoding = _ENCODING.search(declaration)
    if encoding and encoding["name"].lower() != b"utf-8":
        raise ForbiddenConstructError(rule=Construct.ENCODING, line=1)
    version = _VERSION.search(declaration)
    if version and version["name"] != b"1.0":
        raise ForbiddenConstructError(rule=Construct.VERSION, line=1)


def _parse(data: bytes) -> etree._Element:
    try:
        return etree.fromstring(data, _LOCAL.parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        reason = _PLACE.sub("", error.msg or "not XML").strip()
        raise NotWellFormedError(line=line or 0, column=column or 0, reason=reason) from error


def _check_tree(root: etree._Element, limits: ParseLimits) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise ForbiddenConstructError(rule=Construct.DOCTYPE)
    if _deeper_than(limits.max_depth)(root):
        raise TooLargeError(limit_name="max_depth", limit=limits.max_depth)
    if not limits.outer_instructions:
        for outside in root.itersiblings():
            if is_instruction(outside):
                raise ForbiddenConstructError(rule=Construct.INSTRUCTION, line=line_of(outside))


def _deeper_than(depth: int) -> etree.XPath:
    """An expression that is true where an element stands deeper than `depth`."""
    if depth not in _DEEPER:
        _DEEPER[depth] = etree.XPath(f"boolean(/{_levels(depth + 1)})")
    return _DEEPER[depth]


def _levels(count: int) -> str:
    """`count` child steps, nested as predicates so that few are evaluated for a shallow document."""
    steps = "/".join("*" * min(count, _STRIDE))
    return steps if count <= _STRIDE else f"{steps}[{_levels(count - _STRIDE)}]"


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1
