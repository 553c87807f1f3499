"""What a schema of a pack may say. Schemas are programs of a kind: libxml2 and xmlschema run them.

Refused: DTDs and entities, references out of the pack, repetitions and facets whose compiled form would fill
the memory, XPath that opens files. What is allowed is compiled once under limits of time and memory before it
counts (`schemas.packs.trial`).
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

from lxml import etree

from schemas.errors import PackError
from schemas.packs.patterns import repetitions

__all__ = ["check_schema", "closure", "parse_schema", "referred_to"]

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_INCLUDING: Final = frozenset({f"{_XS}include", f"{_XS}redefine", f"{_XS}override"})
_REFERENCES: Final = (*_INCLUDING, f"{_XS}import")
_LONGEST_CHAIN: Final = 32  # references from file to file; the official sets have up to 4
_MOST_OCCURRENCES: Final = (
    100_000  # the official sets have up to 9999; each is a state of libxml2's automaton
)
_LONGEST_FACET: Final = 4096  # characters; the longest official pattern has 275
_MOST_REPETITIONS: Final = 10_000  # in a pattern, nested ones multiplied; the official sets have up to 999
_LONGEST_NUMBER: Final = 18  # digits of a length
_LENGTHS: Final = frozenset(
    f"{_XS}{one}" for one in ("length", "minLength", "maxLength", "totalDigits", "fractionDigits")
)
#: XPath functions of assertions that read files, the network or the environment.
_READING: Final = re.compile(
    r"\b(?:doc|doc-available|collection|uri-collection|unparsed-text[a-z-]*|json-doc|environment-variable"
    r"|available-environment-variables|transform|load-xquery-module)\s*\("
)


def parse_schema(name: str, content: bytes) -> etree._ElementTree:
    """Parse a file of a pack.

    Raises:
        PackError: not well-formed, a DTD, too deep, or no schema.
    """
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise PackError(source=name, reason="a schema may not have a DOCTYPE; take it out of the file")
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PackError(source=name, reason=f"no well-formed XML: {error}") from error
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:  # in an encoding that hides it from the look above
        raise PackError(source=name, reason="a schema may not have a DOCTYPE; take it out of the file")
    if root.tag != f"{_XS}schema":
        raise PackError(source=name, reason="is no XML Schema")
    return tree


def closure(names: Iterable[str], trees: Mapping[str, etree._ElementTree]) -> list[str]:
    """These files and all they refer to, each once.

    Raises:
        PackError: a reference leads out of the pack or to itself, or the chain of references is too long.
    """
    reached: dict[str, int] = dict.fromkeys(names, 0)
    waiting = list(reached)
    for name in waiting:
        for target in _references(name, trees):
            if target in reached:
                continue
            reached[target] = reached[name] + 1
            if reached[target] > _LONGEST_CHAIN:
                raise PackError(source=name, reason=f"a chain of more than {_LONGEST_CHAIN} references")
            waiting.append(target)
    return waiting


def referred_to(trees: Mapping[str, etree._ElementTree]) -> set[str]:
    """The files that others include or import, whether they may or not."""
    return {
        _resolved(name, location)
        for name, tree in trees.items()
        for reference in tree.getroot().iterchildren(*_REFERENCES)
        if (location := reference.get("schemaLocation")) is not None
    }


def _references(name: str, trees: Mapping[str, etree._ElementTree]) -> Iterable[str]:
    for reference in trees[name].getroot().iterchildren(*_REFERENCES):
        location = reference.get("schemaLocation")
        if location is None:
            if reference.tag in _INCLUDING:
                raise PackError(source=name, reason="includes nothing: schemaLocation is missing")
            continue
        target = _target(name, location)
        if target not in trees:
            raise PackError(source=name, reason=f"refers to {location}, which is not in the pack")
        if target == name:
            raise PackError(source=name, reason="refers to itself")
        yield target


def _target(name: str, location: str) -> str:
    if ":" in location or location.startswith(("/", "\\")):
        reason = f"refers to {location}; put that file into the pack and refer to it by a relative path"
        raise PackError(source=name, reason=reason)
    target = _resolved(name, location)
    if target.startswith("../") or target == ".." or "\\" in target:
        raise PackError(source=name, reason=f"refers to {location}, which lies outside of the pack")
    return target


def _resolved(name: str, location: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(location.strip())))


def check_schema(name: str, tree: etree._ElementTree) -> None:
    """Refuse what would be dangerous to compile or to validate with.

    Raises:
        PackError: with the line.
    """
    for element in tree.iter(etree.Element):
        for problem in _problems(element):
            raise PackError(source=f"{name}, line {element.sourceline}", reason=problem)


def _problems(element: etree._Element) -> Iterable[str]:
    for bound in ("minOccurs", "maxOccurs"):
        value = element.get(bound, "1").strip()
        if value != "unbounded" and not (len(value) < _LONGEST_NUMBER and value.isdecimal()):
            yield f"{bound} is no number: {value[:40]}"
        elif value != "unbounded" and int(value) > _MOST_OCCURRENCES:
            yield f"{bound} {value} is more than {_MOST_OCCURRENCES}; use unbounded"
    facet = element.get("value", "")
    if element.tag in _LENGTHS and len(facet.strip()) > _LONGEST_NUMBER:
        yield "a length of so many digits is refused"
    if len(facet) > _LONGEST_FACET:
        yield f"a value of more than {_LONGEST_FACET} characters"
    elif element.tag == f"{_XS}pattern" and repetitions(facet) > _MOST_REPETITIONS:
        yield f"a pattern of more than {_MOST_REPETITIONS} repetitions; simplify it"
    if any(_READING.search(element.get(key, "")) for key in ("test", "xpath")):
        yield "an XPath that reads from elsewhere is refused"
