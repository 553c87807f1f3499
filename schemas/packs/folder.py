"""The packs of an installation: a folder with one sub-folder a pack and a list of which are in force.

The list changes by one atomic rename once everything it names is on disk for good, so that whoever reads the
folder, whenever the machine stops, finds the old packs or the new ones. Nothing is ever deleted: documents
received while a pack was in force are judged by it, even after it has been taken back.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from pydantic import TypeAdapter, ValidationError

from schemas.catalogue import Known
from schemas.entries import read_entries
from schemas.errors import CatalogueError, PackError
from schemas.model import MessageType

__all__ = ["LEAD", "InForce", "Mode", "Pack", "PackFolder"]

#: A change counts from so long after it is made: time for every process of every host to see it, so that the
#: one that accepts a document and the one that judges it go by the same packs.
LEAD: Final = timedelta(seconds=5)
_LIST: Final = "in-force.json"
_PACK: Final = "pack.json"
_SCHEMAS: Final = "xsd"
_STAGED: Final = ".staged-"
_ABANDONED: Final = timedelta(days=1)
_NAME: Final = re.compile(r"[^A-Za-z0-9.+-]+")


class Mode(StrEnum):
    """What a pack does."""

    ACTIVE = "active"  # its types are accepted and validated with
    SHADOW = "shadow"  # live documents are tried on it, without effect


@dataclass(frozen=True, kw_only=True, slots=True)
class InForce:
    """A line of the list: a pack for a time."""

    pack: str  # its id
    digest: str  # SHA-256 of its pack.json, hexadecimal
    mode: Mode
    since: datetime
    by: str  # who installed it
    until: datetime | None = None  # when it was taken back


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """A pack as kept."""

    id: str
    system: str
    version: str
    messages: tuple[Mapping[str, Any], ...]
    files: Mapping[str, str]  # SHA-256 by path


_LINES: Final = TypeAdapter(list[InForce])
_PACKS: Final = TypeAdapter(Pack)


class PackFolder:
    """Reads and changes the packs in a folder; a folder that does not exist holds none.

    Args:
        path: on every host of an installation the same folder, or one with the same content.
        clock: current time, aware.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path
        self._list = path / _LIST
        self._clock = clock

    def stamp(self) -> tuple[int, int] | None:
        """Changes whenever the list does."""
        try:
            status = self._list.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def lines(self) -> list[InForce]:
        """The list, oldest first: of two packs in force the later takes precedence.

        Raises:
            CatalogueError: it cannot be read.
        """
        try:
            return _LINES.validate_json(self._list.read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, ValidationError) as error:
            raise CatalogueError(source=str(self._list), reason=f"cannot be read: {error}") from error

    def types(self, line: InForce) -> list[Known]:
        """The types of a pack, once every file of it is known to be the one installed.

        Raises:
            CatalogueError: a file is missing or was changed.
        """
        pack = self._verified(line)
        types = self.message_types(pack, self.path / pack.id / _SCHEMAS)
        return [Known(message_type=one, since=line.since, until=line.until) for one in types]

    def install(
        self, system: str, version: str, entries: Sequence[Mapping[str, Any]], files: Mapping[str, bytes]
    ) -> "Staged":
        """Write a pack to disk; it does not count before `Staged.commit`. Use it as a context.

        Args:
            system: target-system code.
            version: of the schemas.
            entries: its types, as in a catalogue file.
            files: its schemas by path.

        Raises:
            CatalogueError: the entries make no types.
            PackError: the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._sweep()
            return Staged(self, _describe(system, version, entries, files), files)
        except OSError as error:
            raise PackError(source=str(self.path), reason=f"cannot be written: {error.strerror}") from error

    def take_back(self, pack: str | None = None) -> InForce:
        """Take a pack out of force: documents received from then on are judged without it.

        Args:
            pack: its id; None: the one installed last.

        Raises:
            PackError: there is none.
        """
        missing = PackError(source=pack or str(self.path), reason="no such pack is in force")
        if not self.lines():  # there may be no folder either
            raise missing
        with self.changing() as lines:
            fitting = [n for n, one in enumerate(lines) if one.until is None and pack in {None, one.pack}]
            if not fitting:
                raise missing
            lines[fitting[-1]] = replace(lines[fitting[-1]], until=self.soon())
            return lines[fitting[-1]]

    def soon(self) -> datetime:
        """From when on a change that is made now counts."""
        return self._clock() + LEAD

    def message_types(self, pack: Pack, folder: Path) -> list[MessageType]:
        """The types of a pack whose schemas lie in a folder.

        Raises:
            CatalogueError: its entries make no types.
        """
        return read_entries(
            pack.messages,
            common={"system": pack.system, "pack": pack.id},
            folder=folder.resolve(),
            base="",
            source=pack.id,
        )

    def _verified(self, line: InForce) -> Pack:
        folder = self.path / line.pack
        content = _pinned(folder / _PACK, line.digest)
        try:
            pack = _PACKS.validate_json(content)
        except ValidationError as error:
            raise CatalogueError(source=line.pack, reason=str(error)) from error
        for name, digest in pack.files.items():
            _pinned(folder / _SCHEMAS / name, digest)
        return pack

    def _sweep(self) -> None:
        """Remove what installations that were killed have left."""
        for folder in self.path.glob(f"{_STAGED}*"):
            if folder.stat().st_mtime < (self._clock() - _ABANDONED).timestamp():
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def changing(self) -> Iterator[list[InForce]]:
        """The list, to be changed by one process at a time; written when the block ends well.

        Raises:
            CatalogueError: the list cannot be read.
            PackError: the folder cannot be written.
        """
        try:
            lock = (self.path / ".lock").open("ab")
        except OSError as error:
            raise PackError(source=str(self.path), reason=f"cannot be written: {error.strerror}") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lines = self.lines()
            yield lines
            content = _LINES.dump_json(lines, indent=2)
            part = self.path / f"{_LIST}.part"
            _write(part, content)
            part.replace(self._list)
            _sync_folder(self.path)


class Staged:
    """A pack that lies on disk beside those in force, to be looked at before it counts.

    Leaving the context without `commit` removes it.
    """

    def __init__(self, packs: PackFolder, pack: Pack, files: Mapping[str, bytes]) -> None:
        self.pack = pack
        self._packs = packs
        self._folder = Path(tempfile.mkdtemp(prefix=_STAGED, dir=packs.path))
        try:
            self._digest = _stage(self._folder, pack, files)
            self.types = packs.message_types(pack, self.schemas)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Remove what was not committed."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def schemas(self) -> Path:
        """Where its schemas lie for the time being."""
        return self._folder / _SCHEMAS

    def commit(self, *, mode: Mode, by: str) -> InForce:
        """Put the pack in force, or on trial. One that is already is left as it is.

        Raises:
            PackError: the folder cannot be written.
        """
        packs, target = self._packs, self._packs.path / self.pack.id
        try:
            with packs.changing() as lines:
                same = [n for n, one in enumerate(lines) if one.pack == self.pack.id and one.until is None]
                if same and lines[same[0]].mode is mode:
                    return lines[same[0]]
                line = InForce(
                    pack=self.pack.id,
                    digest=self._digest,
                    mode=mode,
                    since=packs.soon(),
                    by=by,
                )
                for n in same:  # from trial to force, or back
                    lines[n] = replace(lines[n], until=line.since)
                if not target.exists():
                    self._folder.rename(target)
                    _sync_folder(packs.path)
                lines.append(line)
                return line
        except OSError as error:
            raise PackError(source=str(packs.path), reason=f"cannot be written: {error.strerror}") from error


def _describe(
    system: str, version: str, entries: Sequence[Mapping[str, Any]], files: Mapping[str, bytes]
) -> Pack:
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    content = json.dumps([system, version, entries, hashes], sort_keys=True).encode()
    digest = hashlib.sha256(content).hexdigest()
    name = _NAME.sub("-", f"{system}-{version}")
    return Pack(
        id=f"{name}-{digest[:8]}", system=system, version=version, messages=tuple(entries), files=hashes
    )


def _stage(folder: Path, pack: Pack, files: Mapping[str, bytes]) -> str:
    """Write all files for good; returns the digest of the description."""
    folders = {folder, folder / _SCHEMAS}
    for name, content in files.items():
        path = folder / _SCHEMAS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        folders.update(one for one in path.parents if one.is_relative_to(folder))
        _write(path, content)
    description = json.dumps(asdict(pack), indent=2, ensure_ascii=False).encode()
    _write(folder / _PACK, description)
    for one in folders:
        _sync_folder(one)
    folder.chmod(0o755)
    return hashlib.sha256(description).hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pinned(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CatalogueError(source=str(path), reason=f"cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise CatalogueError(source=str(path), reason="was changed after it was installed")
    return content
