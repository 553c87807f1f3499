"""Installing a pack: what would change, told before it does."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.catalogue import Catalogue
from schemas.comparison import differences
from schemas.compiling import Engine
from schemas.model import MessageType, Places
from schemas.packs.contents import Declared, read_contents
from schemas.packs.folder import InForce, Mode, PackFolder
from schemas.packs.manifest import Manifest
from schemas.packs.source import Source
from schemas.packs.trial import Compiled, compile_all
from schemas.structure import Node, read_structure

__all__ = ["Effect", "Installed", "Progress", "Replacing", "install"]

#: Told each schema that was compiled, and how many there are.
Progress = Callable[[Compiled, int], None]
_KINDS: Final = ("own_id", "lrn", "mrn", "arc", "correlation")


@dataclass(frozen=True, kw_only=True, slots=True)
class Replacing:
    """The type a new one takes the place of."""

    message_type: MessageType
    differences: int  # elements that differ, see `schemas.comparison`


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What a pack means for one type."""

    message_type: MessageType
    engine: Engine
    compile_seconds: float
    replaces: Replacing | None = None  # documents of the same namespace and root
    beside: MessageType | None = None  # the same message in another namespace, which stays
    lost: tuple[str, ...] = ()  # numbers and parties whose places the new schema does not have


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """What was done."""

    line: InForce
    effects: Sequence[Effect]
    undescribed: Sequence[Declared]  # document elements that make no type
    left_out: int  # files of the pack that no type needs


def install(  # noqa: PLR0913 - the facts of one installation, all by name
    source: Source,
    manifest: Manifest,
    *,
    packs: PackFolder,
    known: Catalogue,
    mode: Mode,
    by: str,
    progress: Progress,
) -> Installed:
    """Check a pack, compile every schema of it, and put it in force.

    Args:
        source: the pack as read.
        manifest: what is told of it.
        packs: where it goes.
        known: what is in force so far.
        mode: in force, or on trial.
        by: who does it, for the list.
        progress: told after each schema.

    Raises:
        PackError: it is refused; nothing has changed.
        CatalogueError: its entries make no types; nothing has changed.
    """
    contents = read_contents(source.schemas, manifest, known.types())
    files = {name: source.schemas[name] for name in contents.files}
    with packs.install(manifest.system, manifest.version, contents.entries, files) as staged:
        schemas = list(dict.fromkeys(one.schema for one in staged.types))
        compiled: dict[str, Compiled] = {}
        for each in compile_all(staged.schemas, schemas):
            compiled[each.schema] = each
            progress(each, len(schemas))
        effects = [_effect(one, compiled[one.schema], known) for one in staged.types]
        line = staged.commit(mode=mode, by=by)
    return Installed(
        line=line,
        effects=effects,
        undescribed=contents.undescribed,
        left_out=len(source.schemas) - len(files) + source.ignored,
    )


def _effect(one: MessageType, compiled: Compiled, known: Catalogue) -> Effect:
    same = [each for each in known.types() if (each.system, each.root) == (one.system, one.root)]
    replaced = _replaced(one, known.types())
    before = replaced or (same[0] if same else None)
    structure = read_structure(one)
    old = read_structure(before) if before else None
    return Effect(
        message_type=one,
        engine=compiled.engine,
        compile_seconds=compiled.seconds,
        replaces=_replacing(replaced, old, structure),
        beside=before if replaced is None else None,
        lost=_lost(one, structure, old),
    )


def _replaced(one: MessageType, known: Iterable[MessageType]) -> MessageType | None:
    """The type that such documents have on the first day of the new one, so far."""
    tag = (one.namespace, one.root, one.part)
    first = one.valid_from or date.min
    fitting = (each for each in known if (each.namespace, each.root, each.part) == tag)
    return next((each for each in fitting if each.valid_to is None or each.valid_to >= first), None)


def _replacing(replaced: MessageType | None, old: Node | None, new: Node) -> Replacing | None:
    if replaced is None or old is None:
        return None
    return Replacing(message_type=replaced, differences=len(differences(old, new)))


def _lost(one: MessageType, new: Node, old: Node | None) -> tuple[str, ...]:
    """Kinds of numbers that stand nowhere in the new schema although they are looked for."""
    there = {node.path for node in new.walk()}
    before = {node.path for node in old.walk()} if old else None
    return tuple(kind for kind, paths in _paths(one) if _is_lost(paths, there, before))


def _paths(one: MessageType) -> list[tuple[str, set[str]]]:
    places: Places = one.places
    numbers = [(kind, set(getattr(places, kind))) for kind in _KINDS]
    return [*numbers, ("parties", {party.xpath for party in one.parties})]


def _is_lost(paths: set[str], there: set[str], before: set[str] | None) -> bool:
    """Whether none of the places exists, unless that was so before, too."""
    return bool(paths) and not paths & there and (before is None or bool(paths & before))
