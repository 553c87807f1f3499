"""The outline of a message: which elements its schema allows, in which order, which it demands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from lxml import etree

from schemas.errors import CatalogueError
from schemas.files import load_schema
from schemas.model import MessageType

__all__ = ["Place", "outline_of"]

_XS = "{http://www.w3.org/2001/XMLSchema}"
_GROUPS = (f"{_XS}sequence", f"{_XS}all")
_CONTENT = (f"{_XS}complexContent", f"{_XS}simpleContent")
_DERIVED = (f"{_XS}extension", f"{_XS}restriction")
_NAMED = ("element", "complexType", "group", "attributeGroup")


class Place:
    """An element of a message as its schema describes it. Its parts are read when first asked for.

    Attributes:
        tag: name with namespace, as lxml writes it.
        name: local name.
        required: it must stand in every parent.
        many: it may stand there more than once.
    """

    def __init__(self, tag: str, *, required: bool, many: bool, content: "_Content | None") -> None:
        self.tag = tag
        self.name = etree.QName(tag).localname
        self.required = required
        self.many = many
        self._content = content

    @cached_property
    def parts(self) -> tuple["Place", ...]:
        """The elements inside, in order; none: it holds text. Of a choice all are listed, optional."""
        found: dict[str, Place] = {}
        for part in self._content.parts() if self._content else ():
            found.setdefault(part.tag, part)
        return tuple(found.values())

    @cached_property
    def attributes(self) -> frozenset[str]:
        """Names of its attributes."""
        return frozenset(self._content.attributes()) if self._content else frozenset()


@lru_cache(maxsize=1024)
def outline_of(message_type: MessageType) -> Place:
    """The document element of a type.

    Raises:
        CatalogueError: its schema cannot be read, or does not declare the document element.
    """
    components = _read(message_type.folder, message_type.schema)
    key = ("element", message_type.namespace, message_type.root)
    if key not in components:
        reason = f"declares no {{{message_type.namespace}}}{message_type.root}"
        raise CatalogueError(source=message_type.schema, reason=reason)
    node, scope = components[key]
    return _place(node, scope, optional=False, many=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scope:
    """Where a component stands: decides how names in it are read."""

    namespace: str  # target namespace, also of files that take it from who includes them
    qualified: bool  # local elements have it
    components: "dict[_Key, tuple[etree._Element, _Scope]]"

    def find(self, kind: str, node: etree._Element, name: str) -> "tuple[etree._Element, _Scope] | None":
        """A component named in an attribute of a node; None: not one of the schema (xs:string)."""
        prefix, _, local = name.rpartition(":")
        namespace = node.nsmap.get(prefix or None) or ("" if prefix else self.namespace)
        return self.components.get((kind, namespace, local))


_Key = tuple[str, str, str]  # kind, namespace, name


@dataclass(frozen=True, kw_only=True, slots=True)
class _Content:
    """A complex type."""

    node: etree._Element
    scope: _Scope

    def parts(self) -> Iterator[Place]:
        """Its elements in order, with those of its base."""
        for child in self.node:
            if child.tag in _CONTENT:
                for derived in child.iterchildren(*_DERIVED):
                    if base := self._base(derived):
                        yield from base.parts()
                    yield from _particles(derived, self.scope, optional=False, many=False)
        yield from _particles(self.node, self.scope, optional=False, many=False)

    def attributes(self) -> Iterator[str]:
        """Names of its attributes, with those of its base."""
        yield from _attributes(self.node, self.scope)
        for content in self.node.iterchildren(*_CONTENT):
            for derived in content.iterchildren(*_DERIVED):
                yield from _attributes(derived, self.scope)
                if base := _content(derived, derived.get("base", ""), self.scope):
                    yield from base.attributes()

    def _base(self, derived: etree._Element) -> "_Content | None":
        """The type that is extended; a restriction repeats what it keeps."""
        if derived.tag != f"{_XS}extension":
            return None
        return _content(derived, derived.get("base", ""), self.scope)


def _particles(node: etree._Element, scope: _Scope, *, optional: bool, many: bool) -> Iterator[Place]:
    for child in node:
        spared = optional or child.get("minOccurs") == "0"
        repeated = many or child.get("maxOccurs", "1") not in {"0", "1"}
        if child.tag == f"{_XS}element":
            yield _place(child, scope, optional=spared, many=repeated)
        elif child.tag in _GROUPS:
            yield from _particles(child, scope, optional=spared, many=repeated)
        elif child.tag == f"{_XS}choice":
            yield from _particles(child, scope, optional=True, many=repeated)
        elif child.tag == f"{_XS}group" and (found := scope.find("group", child, child.get("ref", ""))):
            yield from _particles(*found, optional=spared, many=repeated)


def _place(node: etree._Element, scope: _Scope, *, optional: bool, many: bool) -> Place:
    reference = node.get("ref")
    declared = scope.find("element", node, reference) if reference else None
    found, found_scope = declared or (node, scope)
    name = found.get("name") or (reference or "").rpartition(":")[2]
    qualified = found_scope.qualified or _is_global(found)
    tag = f"{{{found_scope.namespace}}}{name}" if qualified and found_scope.namespace else name
    return Place(tag, required=not optional, many=many, content=_content_of(found, found_scope))


def _is_global(node: etree._Element) -> bool:
    parent = node.getparent()
    return parent is not None and parent.tag == f"{_XS}schema"


def _content_of(node: etree._Element, scope: _Scope) -> _Content | None:
    inline = node.find(f"{_XS}complexType")
    if inline is not None:
        return _Content(node=inline, scope=scope)
    return _content(node, node.get("type", ""), scope)


def _content(node: etree._Element, name: str, scope: _Scope) -> _Content | None:
    found = scope.find("complexType", node, name)
    return None if found is None else _Content(node=found[0], scope=found[1])


def _attributes(node: etree._Element, scope: _Scope) -> Iterator[str]:
    for attribute in node.iterchildren(f"{_XS}attribute"):
        yield attribute.get("name", attribute.get("ref", ""))
    for group in node.iterchildren(f"{_XS}attributeGroup"):
        if found := scope.find("attributeGroup", group, group.get("ref", "")):
            yield from _attributes(*found)


def _read(folder: Path, schema: str) -> dict[_Key, tuple[etree._Element, _Scope]]:
    """Every named component of a schema and of all it includes and imports."""
    roots = {Path(tree.docinfo.URL or ""): tree.getroot() for tree in load_schema(folder, schema)}
    components: dict[_Key, tuple[etree._Element, _Scope]] = {}
    seen: set[tuple[Path, str]] = set()
    waiting = [((folder.resolve() / schema).resolve(), "")]
    while waiting:
        path, including = waiting.pop()
        root = roots[path]
        namespace = root.get("targetNamespace", including)
        if (path, namespace) in seen:
            continue
        seen.add((path, namespace))
        qualified = root.get("elementFormDefault") == "qualified"
        scope = _Scope(namespace=namespace, qualified=qualified, components=components)
        components |= dict(_named(root, scope))
        waiting.extend(_referred(root, path, namespace))
    return components


def _named(root: etree._Element, scope: _Scope) -> Iterable[tuple[_Key, tuple[etree._Element, _Scope]]]:
    for kind in _NAMED:
        for node in root.iterchildren(f"{_XS}{kind}"):
            yield (kind, scope.namespace, node.get("name", "")), (node, scope)


def _referred(root: etree._Element, path: Path, namespace: str) -> Iterator[tuple[Path, str]]:
    """Files included, with the namespace they take on, and files imported."""
    for node in root.iterchildren(f"{_XS}include", f"{_XS}import", f"{_XS}redefine", f"{_XS}override"):
        if location := node.get("schemaLocation"):
            passed = "" if node.tag == f"{_XS}import" else namespace
            yield (path.parent / location).resolve(), passed
