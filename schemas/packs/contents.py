"""What is in a pack: its schemas read, and the message types they make together with its manifest.

Facts of a type that no XSD tells (where LRN and MRN stand, who its parties are, which right is needed) come
from the manifest, else from the type of the same system and document element that is known already.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Final

from lxml import etree
from pydantic import TypeAdapter

from schemas.errors import PackError
from schemas.model import MessageType, Places, RightsRule
from schemas.packs.manifest import Manifest
from schemas.packs.safety import check_schema, closure, parse_schema, referred_to

__all__ = ["Contents", "Declared", "declared_in", "read_contents"]

_ELEMENT: Final = "{http://www.w3.org/2001/XMLSchema}element"
#: What a type takes over from the one it replaces.
_INHERITED: Final = (
    "code", "part", "direction", "title_pl", "title_en", "places", "parties", "rights", "signature_required",
    "passed_on",
)  # fmt: skip
_AS_DATA: Final = TypeAdapter(MessageType)


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """A document element that a schema declares."""

    namespace: str
    root: str
    schema: str  # path in the pack


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """A pack as it would be installed."""

    entries: tuple[Mapping[str, Any], ...]  # one a type, complete
    files: tuple[str, ...]  # the schemas of the types and all they refer to
    undescribed: tuple[Declared, ...]  # document elements of the pack of which nothing is known


def declared_in(schemas: Mapping[str, bytes], skip: Sequence[str] = ()) -> list[Declared]:
    """The document elements of the schemas that no other one includes, in the order of the files.

    Args:
        schemas: content by path.
        skip: patterns of paths to leave out.

    Raises:
        PackError: a file is no schema.
    """
    trees = {name: parse_schema(name, content) for name, content in schemas.items()}
    return list(_on_top(_declared(trees, skip), trees))


def read_contents(schemas: Mapping[str, bytes], manifest: Manifest, known: Iterable[MessageType]) -> Contents:
    """Work out the types of a pack.

    Args:
        schemas: content by path.
        manifest: what is told of the pack.
        known: types in the order of their precedence.

    Raises:
        PackError: a file says what none may, a message has no schema or two, nothing is known of any.
    """
    trees = {name: parse_schema(name, content) for name, content in schemas.items()}
    declared = _declared(trees, manifest.skip)
    of_system = [one for one in known if one.system == manifest.system]
    chosen: dict[Declared, dict[str, Any]] = {}
    for message in manifest.message:
        found = _found(message, declared)
        chosen[found] = _merged(_inherited(found, of_system), manifest.defaults, message)
    for one in declared:
        if one not in chosen and (facts := _inherited(one, of_system)):
            chosen[one] = _merged(facts, manifest.defaults)
    _refuse_ambiguous(chosen)
    files = closure(dict.fromkeys(one.schema for one in chosen), trees)
    for name in files:
        check_schema(name, trees[name])
    if not chosen:
        raise PackError(source=manifest.system, reason=_nothing_known(manifest.system, declared))
    return Contents(
        entries=tuple(_entry(one, facts, manifest) for one, facts in chosen.items()),
        files=tuple(files),
        undescribed=tuple(one for one in _on_top(declared, trees) if one not in chosen),
    )


def _declared(trees: Mapping[str, etree._ElementTree], skip: Sequence[str]) -> list[Declared]:
    return [
        Declared(namespace=tree.getroot().get("targetNamespace", ""), root=name, schema=path)
        for path, tree in trees.items()
        if not any(fnmatchcase(path, pattern) for pattern in skip)
        for element in tree.getroot().iterchildren(_ELEMENT)
        if element.get("abstract") not in {"true", "1"} and (name := element.get("name", ""))
    ]


def _on_top(declared: Iterable[Declared], trees: Mapping[str, etree._ElementTree]) -> Iterator[Declared]:
    """Those of files no other file refers to: what lies deeper is a part of messages."""
    included = referred_to(trees)
    return (one for one in declared if one.schema not in included)


def _found(message: Mapping[str, Any], declared: Iterable[Declared]) -> Declared:
    """The document element a `[[message]]` of the manifest means."""
    root = message.get("root") or message.get("code")
    namespace, schema = message.get("namespace"), message.get("schema")
    fitting = [
        one
        for one in declared
        if one.root == root and namespace in {None, one.namespace} and schema in {None, one.schema}
    ]
    if not fitting:
        raise PackError(source=str(root), reason="no schema of the pack declares this document element")
    if len(fitting) > 1:
        names = ", ".join(one.schema for one in fitting)
        raise PackError(source=str(root), reason=f"is declared by {names}: name one as schema")
    return fitting[0]


def _inherited(one: Declared, known: Iterable[MessageType]) -> dict[str, Any]:
    """The facts of the type that this one replaces: of the same namespace, else of another version's."""
    same = [each for each in known if each.root == one.root]
    best = next((each for each in same if each.namespace == one.namespace), same[0] if same else None)
    if best is None:
        return {}
    data = _AS_DATA.dump_python(best, mode="json", exclude_none=True)
    values: defaultdict[str, list[str]] = defaultdict(list)
    for each in best.values:
        values[each.kind].append(each.place)
    return {**{key: data[key] for key in _INHERITED if key in data}, "values": dict(values)}


def _merged(*facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts, the later of which win; of places and values only the kinds they name."""
    merged: dict[str, Any] = {
        "parties": [],
        "rights": RightsRule.PARTIES.value,
        "signature_required": True,
        "passed_on": False,
    }
    tables: dict[str, dict[str, Any]] = {"places": {one.name: [] for one in fields(Places)}, "values": {}}
    for one in facts:
        merged |= one
        for key, table in tables.items():
            table.update(one.get(key, {}))
    return {**merged, **tables}


def _entry(one: Declared, facts: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    limits = {"valid_from": manifest.valid_from, "valid_to": manifest.valid_to}
    entry = {
        "code": one.root,
        "title_pl": facts.get("code", one.root),
        "title_en": facts.get("code", one.root),
        "version": manifest.version,
        **{key: day.isoformat() for key, day in limits.items() if day is not None},
        **facts,
        "root": one.root,
        "namespace": one.namespace,
        "schema": one.schema,
    }
    _refuse_senseless(entry)
    return _plain(entry)


def _refuse_senseless(entry: Mapping[str, Any]) -> None:
    if "direction" not in entry:
        reason = "nothing is known of it: the manifest must tell its direction, inbound or outbound"
        raise PackError(source=str(entry["code"]), reason=reason)
    needs_party = entry["rights"] == RightsRule.PARTIES
    if entry["direction"] == "inbound" and needs_party and not entry["parties"]:
        reason = 'names no parties, so nobody could send it: tell parties, or rights = "none" or "owner"'
        raise PackError(source=str(entry["code"]), reason=reason)


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Without dates as TOML has them: what is kept is JSON."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in entry.items()}


def _refuse_ambiguous(chosen: Iterable[Declared]) -> None:
    seen: dict[tuple[str, str], Declared] = {}
    for one in chosen:
        first = seen.setdefault((one.namespace, one.root), one)
        if first is not one:
            reason = (
                f"is declared by {first.schema} and {one.schema}: leave one out with --skip or skip = […]"
            )
            raise PackError(source=one.root, reason=reason)


def _nothing_known(system: str, declared: Sequence[Declared]) -> str:
    names = ", ".join(dict.fromkeys(one.root for one in declared)) or "none at all"
    return (
        f"nothing is known of its document elements ({names[:200]}); describe them in a manifest, which"
        f" sisc schemas manifest PATH --system {system} drafts"
    )
