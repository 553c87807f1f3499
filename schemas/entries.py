"""Message types as data: from the tables of a catalogue file or of a pack to `MessageType`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.errors import CatalogueError
from schemas.model import Condition, MessageType, PartyPlace, Places

__all__ = ["MESSAGE_KEYS", "read_entries"]

_TEMPLATES = ("namespace", "schema")  # keys in whose values {root} and {version} stand for those of the entry
_GIVEN = {"folder", "pack", "system"}  # told by who reads the entries, never by the entries themselves
#: Keys of `[[message]]`.
MESSAGE_KEYS = frozenset({one.name for one in fields(MessageType)} - _GIVEN | {"versions"})


def read_entries(
    entries: Iterable[Mapping[str, Any]],
    *,
    common: Mapping[str, Any],
    folder: Path,
    base: str,
    source: str,
) -> list[MessageType]:
    """Make message types.

    Args:
        entries: tables of `[[message]]`, with the keys of ``builtin/README.md``.
        common: what holds for all of them: system, pack and the values of `[defaults]`.
        folder: the catalogue folder, absolute.
        base: folder of the schemas below it; "" where they lie in it directly.
        source: named in errors.

    Raises:
        CatalogueError: an unknown key, a value that is not allowed, a schema that is missing, a type twice.
    """
    types = [
        _message_type(one, folder, base, source)
        for entry in entries
        for one in _versions(_merged(common, entry, source), source)
    ]
    _refuse_doubles(types, source)
    return types


def _merged(common: Mapping[str, Any], entry: Mapping[str, Any], source: str) -> dict[str, Any]:
    _refuse_unknown(entry, MESSAGE_KEYS, source)
    _refuse_unknown(common, MESSAGE_KEYS | _GIVEN, source)
    tables = {key: {**common.get(key, {}), **entry.get(key, {})} for key in ("places", "values")}
    return {**common, **entry, **tables}


def _versions(entry: Mapping[str, Any], source: str) -> Iterator[dict[str, Any]]:
    """The entry once for each of its versions, with what differs between them."""
    single = {key: value for key, value in entry.items() if key != "versions"}
    versions = entry.get("versions", [{}])
    if not isinstance(versions, list) or not all(isinstance(one, dict) for one in versions):
        raise CatalogueError(source=source, reason=f"{entry.get('code')}: versions is no list of tables")
    for version in versions:
        _refuse_unknown(version, MESSAGE_KEYS, source)
        one = {**single, **version}
        yield {**one, **{key: _filled(one[key], one) for key in _TEMPLATES if key in one}}


def _filled(template: object, entry: Mapping[str, Any]) -> str:
    text = str(template).replace("{root}", str(entry.get("root")))
    return text.replace("{version}", str(entry.get("version")))


def _message_type(entry: dict[str, Any], folder: Path, base: str, source: str) -> MessageType:
    _refuse_unknown(entry.get("places", {}), _names(Places), source)
    for party in entry.get("parties", ()):
        _refuse_unknown(party, _names(PartyPlace), source)
        _refuse_unknown(party.get("when", {}), _names(Condition), source)
    file = str(entry.get("schema", f"{entry.get('root')}.xsd"))
    schema = f"{base}/{file}" if base else file
    try:
        one = _adapter().validate_python(
            {**entry, "schema": schema, "folder": folder, "values": _values(entry)}
        )
    except ValidationError as error:
        raise CatalogueError(source=source, reason=_reason(entry, error)) from error
    if not (folder / schema).is_file():
        raise CatalogueError(source=source, reason=f"{one.code}: schema {schema} is missing")
    if one.valid_from and one.valid_to and one.valid_to < one.valid_from:
        raise CatalogueError(source=source, reason=f"{one.code}: valid_to is before valid_from")
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


def _names(kind: type[Places | PartyPlace | Condition]) -> frozenset[str]:
    return frozenset(one.name for one in fields(kind))


def _refuse_unknown(data: object, known: Iterable[str], source: str) -> None:
    if not isinstance(data, Mapping):
        raise CatalogueError(source=source, reason=f"{data!r} is no table")
    if unknown := sorted(data.keys() - set(known)):
        raise CatalogueError(source=source, reason=f"unknown key {unknown[0]}")


def _refuse_doubles(types: Iterable[MessageType], source: str) -> None:
    seen: set[tuple[str, str]] = set()
    for one in types:
        if (one.code, one.version) in seen:
            raise CatalogueError(source=source, reason=f"{one.code} {one.version} is described twice")
        seen.add((one.code, one.version))
