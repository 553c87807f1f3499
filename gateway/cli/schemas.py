"""`sisc schemas`: which messages exist, what their schemas say, and which packs are installed."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.bootstrap import open_catalogue
from gateway.cli.groups import group
from gateway.cli.output import AnySystem, JsonFlag, print_json, print_rows, say, tell
from gateway.cli.schema_packs import add_pack_commands, unreadable
from gateway.errors import ConfigurationError
from gateway.settings import load_settings
from schemas.catalogue import Catalogue
from schemas.comparison import cardinality, differences, value_words
from schemas.files import load_schema
from schemas.model import Direction, MessageType
from schemas.naming import find_type, source_of
from schemas.structure import Node, read_structure

__all__ = ["app"]

app = group("Message types, their schemas, and packs of schemas.")
add_pack_commands(app)

_COLUMNS: Final = ("system", "type", "version", "direction", "from", "to", "source", "title")
_KINDS: Final = ("own_id", "lrn", "mrn", "arc", "correlation")
_INDEX: Final = "types.jsonl"
_REFERENCE: Final = "[SYSTEM/]CODE[@VERSION], such as AES/CC928C; VERSION may be a pack, or built-in."


@app.command("list")
def list_types(
    system: AnySystem = None,
    direction: Annotated[Direction | None, typer.Option(help="Who sends them.")] = None,
    on: Annotated[str | None, typer.Option(help="Valid on this day, e.g. 2026-06-01.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List message types; of several with the same document element the first one valid counts."""
    day = None if on is None else _day(on)
    wanted = (
        one
        for one in _catalogue().types()
        if system in {None, one.system} and direction in {None, one.direction} and _is_valid(one, day)
    )
    print_rows("Message types", _COLUMNS, map(_row, wanted), as_json=as_json)


@app.command("show")
def show(
    reference: Annotated[str, typer.Argument(metavar="TYPE", help=_REFERENCE)], as_json: JsonFlag = False
) -> None:
    """Tell what is known of a message type, and every element of its schema."""
    one = find_type(_catalogue().types(), reference)
    nodes = list(read_structure(one).walk())[1:]
    if as_json:
        print_json({**_record(one), "elements": [_element(node) for node in nodes]})
        return
    for key, value in _record(one).items():
        if value:
            say(f"{key:>18}  {_words(value)}")
    rows = ((node.path, cardinality(node), value_words(node.value), node.texts.en) for node in nodes)
    print_rows("Elements", ("path", "number", "value", "meaning"), rows, as_json=False)


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=_REFERENCE)],
    after: Annotated[str, typer.Argument(metavar="B", help=_REFERENCE)],
    as_json: JsonFlag = False,
) -> None:
    """Tell how two versions of a message differ, element by element."""
    types = _catalogue().types()
    old, new = (read_structure(find_type(types, each)) for each in (before, after))
    rows = ((one.path, one.change.value, one.before, one.after) for one in differences(old, new))
    print_rows(f"{before} → {after}", ("path", "change", "before", "after"), rows, as_json=as_json)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(file_okay=False, metavar="DIR", help="A new or empty folder.")],
    system: AnySystem = None,
    as_json: JsonFlag = False,
) -> None:
    """Write all schemas into a folder, each source in its own, and a list of the types: types.jsonl."""
    types = [one for one in _catalogue().types() if system in {None, one.system}]
    if not types:
        raise ConfigurationError(key="--system", reason=f"no message type is of {system}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigurationError(key=str(folder), reason="is not empty; name a new folder")
        files = _copy(types, folder)
        lines = [json.dumps({**_record(one), "file": f"{source_of(one)}/{one.schema}"}) for one in types]
        (folder / _INDEX).write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(key=str(folder), reason=error.strerror or "cannot be written") from error
    record = {"folder": str(folder), "types": len(types), "schemas": files}
    tell(record, f"{len(types)} types, {files} schemas in {folder}", as_json=as_json)


def _copy(types: Iterable[MessageType], folder: Path) -> int:
    """Copy the schemas of types and all they include; returns how many files there are."""
    done: set[Path] = set()
    for one in types:
        for tree in load_schema(one.folder, one.schema):
            path = Path(str(tree.docinfo.URL))
            target = folder / source_of(one) / path.relative_to(one.folder.resolve())
            if target not in done:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
                done.add(target)
    return len(done)


def _catalogue() -> Catalogue:
    return open_catalogue(load_settings(), unreadable)


def _row(one: MessageType) -> tuple[object, ...]:
    return (
        one.system,
        one.code,
        one.version,
        one.direction.value,
        one.valid_from,
        one.valid_to,
        source_of(one),
        one.title_en,
    )


def _record(one: MessageType) -> dict[str, object]:
    return {
        "type": one.code,
        "system": one.system,
        "version": one.version,
        "source": source_of(one),
        "direction": one.direction.value,
        "title_pl": one.title_pl,
        "title_en": one.title_en,
        "namespace": one.namespace,
        "root": one.root,
        "valid_from": one.valid_from.isoformat() if one.valid_from else None,
        "valid_to": one.valid_to.isoformat() if one.valid_to else None,
        "rights": one.rights.value,
        "signature_required": one.signature_required,
        "passed_on": one.passed_on,
        **{kind: list(getattr(one.places, kind)) for kind in _KINDS},
        "parties": [f"{party.role} {party.kind} {party.xpath}" for party in one.parties],
        "schema": one.schema,
    }


def _words(value: object) -> str:
    return "; ".join(value) if isinstance(value, list) else str(value)


def _element(node: Node) -> dict[str, object]:
    return {
        "path": node.path,
        "minimum": node.minimum,
        "maximum": node.maximum,
        "choice": node.choice,
        "base": node.value.base if node.value else None,
        "facets": dict(node.value.facets) if node.value else {},
        "allowed": list(node.value.allowed) if node.value else [],
        "pl": node.texts.pl,
        "en": node.texts.en,
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(key="--on", reason=f"{text!r} is no date such as 2026-06-01") from None


def _is_valid(one: MessageType, day: date | None) -> bool:
    if day is None:
        return True
    return (one.valid_from or date.min) <= day <= (one.valid_to or date.max)
