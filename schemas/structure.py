"""What a schema allows, element by element: for pages, for comparing versions, for checking paths.

Read from the schema files as they are, without compiling them. Cardinalities are those an author of messages
meets: what stands in a choice or in an optional group may be absent.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from lxml import etree

from schemas.errors import CatalogueError
from schemas.files import load_schema
from schemas.model import MessageType

__all__ = ["Node", "Texts", "Value", "read_structure"]

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_XS_NAMESPACE: Final = _XS[1:-1]
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_MODELS: Final = frozenset(f"{_XS}{one}" for one in ("sequence", "choice", "all"))
_COMPONENTS: Final = frozenset(
    f"{_XS}{one}" for one in ("element", "complexType", "simpleType", "group", "attribute", "attributeGroup")
)
_DERIVED: Final = frozenset({f"{_XS}extension", f"{_XS}restriction"})
_MOST_NODES: Final = 50_000  # the largest official message has 3000
_DEEPEST: Final = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """Documentation; empty where there is none in the language."""

    pl: str = ""
    en: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """What a value may be."""

    base: str  # built-in type, e.g. "decimal"
    facets: tuple[tuple[str, str], ...] = ()  # name and value, e.g. ("maxLength", "35")
    allowed: tuple[str, ...] = ()  # enumeration


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """An element or attribute."""

    path: str  # below the document element, local names: "Consignment/HouseConsignment", "Traders/@language"
    minimum: int
    maximum: int | None  # None: any number
    texts: Texts = field(default_factory=Texts)
    value: Value | None = None  # None: it has children only
    choice: bool = False  # one of several that exclude each other
    children: tuple["Node", ...] = ()

    @property
    def name(self) -> str:
        """Its local name; "*" stands for any."""
        return self.path.rpartition("/")[2]

    def walk(self) -> Iterator["Node"]:
        """It and all below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


def read_structure(message_type: MessageType) -> Node:
    """The document element of a type with all that may stand below it.

    An element of a type that contains itself is told without its children where it repeats.

    Raises:
        CatalogueError: the schema cannot be read, does not declare the element, or is too large to tell.
    """
    files = load_schema(message_type.folder, message_type.schema)
    return _Reader(files, message_type).root()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where content stands."""

    path: str = ""
    optional: bool = False
    many: bool = False
    choice: bool = False
    types: tuple[etree._Element, ...] = ()  # complex types it stands in, outermost first

    def within(self, model: etree._Element) -> "_Place":
        """The place of what stands in a model group."""
        several = model.tag == f"{_XS}choice" and len(model.findall("*")) > 1
        return replace(
            self,
            optional=self.optional or several or model.get("minOccurs") == "0",
            many=self.many or model.get("maxOccurs", "1") not in {"0", "1"},
            choice=several or (self.choice and model.tag != f"{_XS}choice"),
        )


class _Reader:
    def __init__(self, files: Sequence[etree._ElementTree], message_type: MessageType) -> None:
        self._type = message_type
        self._count = 0
        self._by_name: dict[tuple[str, str, str], etree._Element] = {}
        self._by_local: dict[tuple[str, str], etree._Element] = {}
        for tree in files:
            self._index(tree.getroot())

    def _index(self, schema: etree._Element) -> None:
        namespace = schema.get("targetNamespace", "")
        for component in schema.iterchildren(*_COMPONENTS):
            name = component.get("name", "")
            self._by_name.setdefault((component.tag, namespace, name), component)
            self._by_local.setdefault((component.tag, name), component)

    def root(self) -> Node:
        one = self._type
        declaration = self._named("element", one.namespace, one.root)
        if declaration is None:
            raise CatalogueError(source=one.schema, reason=f"does not declare {one.root}")
        return self._element(declaration, _Place())

    def _find(self, kind: str, reference: str, at: etree._Element) -> etree._Element | None:
        prefix, _, local = reference.strip().rpartition(":")
        namespace = at.nsmap.get(prefix or None) or ""
        if namespace == _XS_NAMESPACE:
            return None
        return self._named(kind, namespace, local)

    def _named(self, kind: str, namespace: str, local: str) -> etree._Element | None:
        """A component by name. Files without a namespace take that of whoever includes them."""
        tag = f"{_XS}{kind}"
        found = self._by_name.get((tag, namespace, local), self._by_name.get((tag, "", local)))
        return self._by_local.get((tag, local)) if found is None else found

    def _element(self, particle: etree._Element, place: _Place) -> Node:
        self._count += 1
        if self._count > _MOST_NODES or len(place.types) > _DEEPEST:
            raise CatalogueError(source=self._type.schema, reason="has too many elements to be told")
        reference = particle.get("ref")
        found = self._find("element", reference, particle) if reference else particle
        declaration = particle if found is None else found
        name = declaration.get("name") or (reference or "*").rpartition(":")[2]
        path = f"{place.path}/{name}" if place.path else name
        path = path if place.types else ""  # the document element itself
        node = Node(
            path=path,
            minimum=0 if place.optional else int(particle.get("minOccurs", "1")),
            maximum=_maximum(particle, many=place.many),
            texts=self._texts(particle, declaration),
            choice=place.choice,
        )
        kind = self._type_of(declaration)
        if kind is None or kind in place.types:
            return node if kind is not None else replace(node, value=_builtin(declaration.get("type")))
        if kind.tag == f"{_XS}simpleType":
            return replace(node, value=self._value(kind))
        inside = _Place(path=path, types=(*place.types, kind))
        return replace(node, children=tuple(self._content(kind, inside)), value=self._text_value(kind))

    def _type_of(self, declaration: etree._Element) -> etree._Element | None:
        """The type's definition; None where it is built in."""
        named = declaration.get("type")
        if named is None:
            return next(declaration.iterchildren(f"{_XS}complexType", f"{_XS}simpleType"), None)
        found = self._find("complexType", named, declaration)
        return found if found is not None else self._find("simpleType", named, declaration)

    def _content(self, holder: etree._Element, place: _Place) -> Iterator[Node]:
        """Attributes and children of a complex type, a derivation, a group or a model group."""
        for part in holder.iterchildren(etree.Element):
            if part.tag == f"{_XS}element":
                yield self._element(part, place)
            elif part.tag in _MODELS:
                yield from self._content(part, place.within(part))
            elif part.tag in {f"{_XS}group", f"{_XS}attributeGroup"}:
                yield from self._group(part, place)
            elif part.tag in {f"{_XS}complexContent", f"{_XS}simpleContent"}:
                yield from self._derived(part, place)
            elif part.tag == f"{_XS}attribute":
                yield self._attribute(part, place)
            elif part.tag == f"{_XS}any":
                yield self._element(part, place)

    def _group(self, part: etree._Element, place: _Place) -> Iterator[Node]:
        found = self._find(etree.QName(part).localname, part.get("ref", ""), part)
        if found is not None and found not in place.types:
            inside = replace(place.within(part), types=(*place.types, found))
            yield from self._content(found, inside)

    def _derived(self, part: etree._Element, place: _Place) -> Iterator[Node]:
        for derivation in part.iterchildren(*_DERIVED):
            base = self._find("complexType", derivation.get("base", ""), derivation)
            if derivation.tag == f"{_XS}extension" and base is not None and base not in place.types:
                yield from self._content(base, replace(place, types=(*place.types, base)))
            yield from self._content(derivation, place)

    def _attribute(self, part: etree._Element, place: _Place) -> Node:
        reference = part.get("ref")
        found = self._find("attribute", reference, part) if reference else None
        declaration = part if found is None else found
        name = (declaration.get("name") or reference or "").rpartition(":")[2]
        kind = self._type_of(declaration)
        return Node(
            path=f"{place.path}/@{name}" if place.path else f"@{name}",
            minimum=int(part.get("use") == "required"),
            maximum=0 if part.get("use") == "prohibited" else 1,
            texts=self._texts(part, declaration),
            value=self._value(kind) if kind is not None else _builtin(declaration.get("type")),
        )

    def _text_value(self, kind: etree._Element) -> Value | None:
        """The text of an element that has attributes, too."""
        for derivation in kind.iterfind(f"{_XS}simpleContent/*"):
            base = derivation.get("base", "")
            simple = self._find("simpleType", base, derivation)
            if simple is not None:
                return self._value(simple)
            complex_base = self._find("complexType", base, derivation)
            return _builtin(base) if complex_base is None else self._text_value(complex_base)
        return None

    def _value(self, kind: etree._Element, depth: int = 0) -> Value:
        restriction = kind.find(f"{_XS}restriction")
        if restriction is None or depth > _DEEPEST:
            return Value(base="list" if kind.find(f"{_XS}list") is not None else "union")
        base = self._find("simpleType", restriction.get("base", ""), restriction)
        inner = base if base is not None else restriction.find(f"{_XS}simpleType")
        start = self._value(inner, depth + 1) if inner is not None else _builtin(restriction.get("base"))
        allowed = tuple(one.get("value", "") for one in restriction.iterchildren(f"{_XS}enumeration"))
        facets = {
            etree.QName(one).localname: one.get("value", "")
            for one in restriction.iterchildren(etree.Element)
            if one.get("value") is not None and one.tag != f"{_XS}enumeration"
        }
        merged = {**dict(start.facets), **facets}
        return Value(base=start.base, facets=tuple(merged.items()), allowed=allowed or start.allowed)

    def _texts(self, particle: etree._Element, declaration: etree._Element) -> Texts:
        """What is said of it where it stands, else of its declaration, else of its type."""
        kind = self._type_of(declaration)
        for one in (particle, declaration, *([kind] if kind is not None else [])):
            texts = _documentation(one)
            if texts != Texts():
                return texts
        return Texts()


def _maximum(particle: etree._Element, *, many: bool) -> int | None:
    told = particle.get("maxOccurs", "1")
    return None if many or told == "unbounded" else int(told)


def _builtin(name: str | None) -> Value:
    return Value(base=(name or "anyType").rpartition(":")[2])


def _documentation(component: etree._Element) -> Texts:
    told: dict[str, str] = {}
    for one in component.iterfind(f"{_XS}annotation/{_XS}documentation"):
        text = " ".join(_words(one)).strip()
        told.setdefault(one.get(_LANGUAGE, "en")[:2].lower(), " ".join(text.split()))
    return Texts(pl=told.get("pl", ""), en=told.get("en", ""))


def _words(documentation: etree._Element) -> Iterable[str]:
    """Text; where there is none, what the EU's schemas have in its place: `<description value="…"/>`."""
    if (documentation.text or "").strip():
        return (str(part) for part in documentation.itertext())
    return (
        one.get("value", "")
        for one in documentation.iterchildren(etree.Element)
        if etree.QName(one).localname == "description"
    )
