"""The catalogue: which message types exist and which of their versions is valid on a day.

A catalogue is built from folders. Each holds one sub-folder per system with a ``catalogue.toml`` (its keys
are described in ``builtin/README.md``) and the schemas it names. Folders given later take precedence.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from pydantic import TypeAdapter, ValidationError

from schemas.errors import CatalogueError, UnknownMessageError, UnknownTypeError
from schemas.model import Condition, MessageType, PartyPlace, Places
from schemas.paths import local_name

__all__ = ["BUILTIN", "Catalogue", "load", "load_builtin"]

#: The folder of our own schemas.
BUILTIN = Path(__file__).parent / "builtin"
_FILE_KEYS = {"system", "defaults", "message"}
_TEMPLATES = ("namespace", "schema")  # keys in whose values {root} and {version} stand for those of the entry


class Catalogue:
    """All known message types in the order of their precedence."""

    def __init__(self, types: Iterable[MessageType]) -> None:
        """Args: types: where two have the same root and are valid on the same day, the first counts."""
        self._types = tuple(types)
        self._by_tag: defaultdict[str, list[MessageType]] = defaultdict(list)
        self._by_code: defaultdict[str, list[MessageType]] = defaultdict(list)
        for one in self._types:
            self._by_tag[f"{{{one.namespace}}}{one.root}" if one.namespace else one.root].append(one)
            self._by_code[one.code].append(one)

    def types(self) -> tuple[MessageType, ...]:
        """Every type in every version, valid today or not."""
        return self._types

    def recognise(self, root: etree._Element, *, on: date) -> MessageType:
        """Tell the type of a document from its document element alone.

        Args:
            root: the document element, never one from inside an envelope.
            on: day in Europe/Warsaw that decides which version is valid.

        Raises:
            UnknownMessageError: no type with this namespace and root is valid on that day.
        """
        for one in self._by_tag.get(root.tag, ()):
            if _valid(one, on) and (one.part is None or one.part == _first_child(root)):
                return one
        name = etree.QName(root)
        raise UnknownMessageError(namespace=name.namespace or "", root=name.localname)

    def get(self, code: str, *, on: date | None = None, system: str | None = None) -> MessageType:
        """The type with this code.

        Args:
            code: such as "CC015C".
            on: day it must be valid on; without it the version of the highest precedence is meant.
            system: needed where two systems use the code (CC928C is one of NCTS2 and of AES).

        Raises:
            UnknownTypeError: there is no such type, or it is not told which of two is meant.
        """
        found = [
            one
            for one in self._by_code.get(code, ())
            if (on is None or _valid(one, on)) and system in (None, one.system)
        ]
        systems = tuple(sorted({one.system for one in found}))
        if len(systems) != 1:
            raise UnknownTypeError(code=code, systems=systems)
        return found[0]


def load_builtin() -> Catalogue:
    """The catalogue of our own schemas.

    Raises:
        CatalogueError: the installation is damaged.
    """
    return load((BUILTIN,))


def load(folders: Sequence[Path]) -> Catalogue:
    """Build a catalogue from folders.

    Args:
        folders: the later take precedence over the earlier.

    Raises:
        CatalogueError: a file is missing, not TOML, or says something that is not allowed.
    """
    return Catalogue(one for folder in reversed(folders) for one in _read_folder(folder))


def _read_folder(folder: Path) -> list[MessageType]:
    files = sorted(folder.glob("*/catalogue.toml"))
    if not files:
        raise CatalogueError(source=str(folder), reason="no catalogue.toml in any sub-folder")
    types = [one for file in files for one in _read_file(folder, file)]
    return sorted(types, key=lambda one: one.valid_from or date.min, reverse=True)  # stable: newest first


def _read_file(folder: Path, file: Path) -> list[MessageType]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogueError(source=str(file), reason=str(error)) from error
    _refuse_unknown(data, _FILE_KEYS, file)
    common = {**data.get("defaults", {}), "system": data.get("system"), "folder": folder.resolve()}
    merged = [_merged(common, entry) for entry in data.get("message", ())]
    types = [_message_type(one, file) for entry in merged for one in _versions(entry, file)]
    _refuse_doubles(types, file)
    return types


def _merged(common: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    tables = {key: {**common.get(key, {}), **entry.get(key, {})} for key in ("places", "values")}
    return {**common, **entry, **tables}


def _versions(entry: Mapping[str, Any], file: Path) -> Iterator[dict[str, Any]]:
    """The entry once for each of its versions, with what differs between them."""
    single = {key: value for key, value in entry.items() if key != "versions"}
    versions = entry.get("versions", [{}])
    if not isinstance(versions, list) or not all(isinstance(one, dict) for one in versions):
        raise CatalogueError(source=str(file), reason=f"{entry.get('code')}: versions is no list of tables")
    for version in versions:
        one = {**single, **version}
        yield {**one, **{key: _filled(one[key], one) for key in _TEMPLATES if key in one}}


def _filled(template: object, entry: Mapping[str, Any]) -> str:
    text = str(template).replace("{root}", str(entry.get("root")))
    return text.replace("{version}", str(entry.get("version")))


def _message_type(entry: dict[str, Any], file: Path) -> MessageType:
    _refuse_unknown(entry, _names(MessageType), file)
    _refuse_unknown(entry.get("places", {}), _names(Places), file)
    for party in entry.get("parties", ()):
        _refuse_unknown(party, _names(PartyPlace), file)
        _refuse_unknown(party.get("when", {}), _names(Condition), file)
    schema = f"{file.parent.name}/{entry.get('schema', str(entry.get('root')) + '.xsd')}"
    try:
        one = _adapter().validate_python({**entry, "schema": schema, "values": _values(entry)})
    except ValidationError as error:
        raise CatalogueError(source=str(file), reason=_reason(entry, error)) from error
    if not (one.folder / one.schema).is_file():
        raise CatalogueError(source=str(file), reason=f"{one.code}: schema {one.schema} is missing")
    if one.valid_from and one.valid_to and one.valid_to < one.valid_from:
        raise CatalogueError(source=str(file), reason=f"{one.code}: valid_to is before valid_from")
    return one


def _values(entry: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"kind": kind, "place": one} for kind, all_ in entry["values"].items() for one in all_]


@cache
def _adapter() -> TypeAdapter[MessageType]:
    return TypeAdapter(MessageType)


def _reason(entry: Mapping[str, Any], error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return (
        f"{entry.get('code', 'a message without code')}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    )


def _names(kind: type[MessageType | Places | PartyPlace | Condition]) -> set[str]:
    return {one.name for one in fields(kind)}


def _refuse_unknown(data: Mapping[str, Any], known: set[str], file: Path) -> None:
    if unknown := sorted(data.keys() - known):
        raise CatalogueError(source=str(file), reason=f"unknown key {unknown[0]}")


def _refuse_doubles(types: Iterable[MessageType], file: Path) -> None:
    seen: set[tuple[str, str]] = set()
    for one in types:
        if (one.code, one.version) in seen:
            raise CatalogueError(source=str(file), reason=f"{one.code} {one.version} is described twice")
        seen.add((one.code, one.version))


def _valid(one: MessageType, on: date) -> bool:
    return (one.valid_from is None or one.valid_from <= on) and (one.valid_to is None or on <= one.valid_to)


def _first_child(root: etree._Element) -> str | None:
    child = next(root.iterchildren("*"), None)
    return None if child is None else local_name(child)
