"""The catalogue: which message types exist and which of their versions is valid on a day.

A catalogue is built from folders. Each holds one sub-folder per system with a ``catalogue.toml`` (its keys
are described in ``builtin/README.md``) and the schemas it names. Folders given later take precedence.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from lxml import etree

from schemas.entries import read_entries
from schemas.errors import CatalogueError, UnknownMessageError, UnknownTypeError
from schemas.model import MessageType
from schemas.paths import local_name

__all__ = ["BUILTIN", "Catalogue", "Index", "Known", "load", "load_builtin"]

#: The folder of our own schemas.
BUILTIN = Path(__file__).parent / "builtin"
_FILE_KEYS = {"system", "defaults", "message"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A message type and when it counts. That is another matter than on which days its version is valid."""

    message_type: MessageType
    since: datetime | None = None  # documents received from here on; None: always
    until: datetime | None = None  # and before this moment; None: no end

    def counts(self, at: datetime | None) -> bool:
        """Whether it counts for a document received at a moment; without one, for those to come."""
        if at is None:
            return self.until is None
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


class Index:
    """Message types in the order of their precedence, to be found by document element and by code."""

    def __init__(self, known: Iterable[Known]) -> None:
        """Args: known: where two have the same root and are valid on the same day, the first counts."""
        self.known = tuple(known)
        self.types = tuple(one.message_type for one in self.known if one.counts(None))
        self.by_tag: defaultdict[str, list[Known]] = defaultdict(list)
        self.by_code: defaultdict[str, list[MessageType]] = defaultdict(list)
        for one in self.known:
            self.by_tag[_tag(one.message_type)].append(one)
        for each in self.types:
            self.by_code[each.code].append(each)


class Catalogue:
    """All known message types."""

    def __init__(self, types: Iterable[MessageType]) -> None:
        """Args: types: where two have the same root and are valid on the same day, the first counts."""
        self._types = Index(Known(message_type=one) for one in types)

    def _index(self) -> Index:
        """The types of this moment."""
        return self._types

    def types(self) -> tuple[MessageType, ...]:
        """Every type in every version, valid today or not."""
        return self._index().types

    def recognise(self, root: etree._Element, *, on: date, at: datetime | None = None) -> MessageType:
        """Tell the type of a document from its document element alone.

        Args:
            root: the document element, never one from inside an envelope.
            on: day in Europe/Warsaw that decides which version is valid.
            at: when the document was received: packs that came later do not count for it, those taken out of
                force since then still do. None: what counts for documents to come.

        Raises:
            UnknownMessageError: no type with this namespace and root is valid on that day.
        """
        for known in self._index().by_tag.get(root.tag, ()):
            one = known.message_type
            if known.counts(at) and _valid(one, on) and (one.part is None or one.part == _first_child(root)):
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
            for one in self._index().by_code.get(code, ())
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
    if unknown := sorted(data.keys() - _FILE_KEYS):
        raise CatalogueError(source=str(file), reason=f"unknown key {unknown[0]}")
    return read_entries(
        data.get("message", ()),
        common={**data.get("defaults", {}), "system": data.get("system")},
        folder=folder.resolve(),
        base=file.parent.name,
        source=str(file),
    )


def _tag(one: MessageType) -> str:
    return f"{{{one.namespace}}}{one.root}" if one.namespace else one.root


def _valid(one: MessageType, on: date) -> bool:
    return (one.valid_from is None or one.valid_from <= on) and (one.valid_to is None or on <= one.valid_to)


def _first_child(root: etree._Element) -> str | None:
    child = next(root.iterchildren("*"), None)
    return None if child is None else local_name(child)
