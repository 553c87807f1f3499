"""Reading a pack as it came: a folder or a zip, neither of them trusted.

Everything is read into memory under limits before anything is written: names that lead elsewhere, links,
devices, archives that unpack to more than they tell are refused here.
"""

import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from schemas.errors import PackError

__all__ = ["MANIFEST", "Limits", "Source", "read_source"]

#: Name of the manifest in a pack.
MANIFEST: Final = "pack.toml"
_SCHEMA_SUFFIX: Final = ".xsd"
_MIB: Final = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a pack may be. The largest official sets have 40 files and 1.4 MB."""

    files: int = 2000
    file_bytes: int = 8 * _MIB
    total_bytes: int = 64 * _MIB
    ratio: int = 200  # unpacked to packed bytes of one file; schemas have about 20
    depth: int = 10  # folders within folders
    name_characters: int = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What was read."""

    name: str  # for people
    schemas: Mapping[str, bytes]  # by path in the pack, with "/"
    manifest: bytes | None
    ignored: int  # files that are neither


def read_source(path: Path, limits: Limits | None = None) -> Source:
    """Read the schemas and the manifest of a pack.

    Args:
        path: a folder, or a zip of one.
        limits: those of the product unless told otherwise.

    Raises:
        PackError: it cannot be read, or holds what no pack may hold.
    """
    bounds = limits or Limits()
    try:
        if path.is_dir():
            return _source(path, _from_folder(path, bounds), bounds)
        return _from_zip(path, bounds)
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PackError(source=str(path), reason=f"is neither a folder nor a zip: {reason}") from error


def _source(path: Path, found: Iterator[tuple[str, bytes | None]], limits: Limits) -> Source:
    schemas: dict[str, bytes] = {}
    folded: set[str] = set()
    manifest, ignored, total = None, 0, 0
    for number, (name, content) in enumerate(found, start=1):
        _refuse_many(path, number, limits)
        if content is None:
            ignored += 1
            continue
        if name.casefold() in folded:
            raise PackError(source=str(path), reason=f"{name} is in it twice")
        folded.add(name.casefold())
        total += len(content)
        if total > limits.total_bytes:
            raise PackError(source=str(path), reason=f"more than {limits.total_bytes // _MIB} MiB of schemas")
        if name == MANIFEST:
            manifest = content
        else:
            schemas[name] = content
    if not schemas:
        raise PackError(source=str(path), reason="holds no .xsd file")
    return Source(name=path.name, schemas=schemas, manifest=manifest, ignored=ignored)


def _from_folder(path: Path, limits: Limits, inside: str = "") -> Iterator[tuple[str, bytes | None]]:
    for entry in sorted((path / inside).iterdir()):
        name = f"{inside}{entry.name}"
        mode = entry.lstat().st_mode
        if stat.S_ISLNK(mode) or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise PackError(source=name, reason="is a link or a device; a pack holds plain files")
        if stat.S_ISDIR(mode):
            _check_name(name, limits)
            yield from _from_folder(path, limits, f"{name}/")
        elif not _is_wanted(name):
            yield name, None
        else:
            _check_name(name, limits)
            yield name, _read_file(entry, name, limits)


def _read_file(file: Path, name: str, limits: Limits) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(limits.file_bytes + 1)
    return _bounded(name, content, limits)


def _from_zip(path: Path, limits: Limits) -> Source:
    if path.stat().st_size > limits.total_bytes:
        raise PackError(source=str(path), reason=f"is larger than {limits.total_bytes // _MIB} MiB")
    with zipfile.ZipFile(path) as archive:
        entries = [one for one in archive.infolist() if not one.is_dir()]
        _refuse_many(path, len(entries), limits)
        top = _common_top([one.filename for one in entries])
        return _source(path, _unpacked(archive, entries, top, limits), limits)


def _unpacked(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], top: str, limits: Limits
) -> Iterator[tuple[str, bytes | None]]:
    for entry in entries:
        _check_name(entry.filename, limits)
        name = entry.filename.removeprefix(top)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in {0, stat.S_IFREG}:
            raise PackError(source=entry.filename, reason="is a link or a device; a pack holds plain files")
        if not _is_wanted(name):
            yield name, None
            continue
        if entry.flag_bits & 1:
            raise PackError(source=entry.filename, reason="is encrypted")
        with archive.open(entry) as opened:
            content = opened.read(limits.file_bytes + 1)  # whatever its header says
        if len(content) > limits.ratio * max(entry.compress_size, 1):
            raise PackError(source=name, reason=f"unpacks to more than {limits.ratio} times its packed size")
        yield name, _bounded(name, content, limits)


def _common_top(names: list[str]) -> str:
    """The one folder that all files of an archive lie in, if there is one."""
    tops = {name.partition("/")[0] for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""


def _is_wanted(name: str) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
    return not hidden and (name == MANIFEST or name.lower().endswith(_SCHEMA_SUFFIX))


def _check_name(name: str, limits: Limits) -> None:
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or ":" in name or not name.isprintable():
        raise PackError(source=ascii(name), reason="is no name of a file inside a pack")
    if any(part in {"", ".", ".."} for part in parts) or str(PurePosixPath(name)) != name:
        raise PackError(source=name, reason="leads out of the pack")
    if len(parts) > limits.depth or any(len(part) > limits.name_characters for part in parts):
        raise PackError(source=name[:80], reason="has too long a name, or lies too deep")


def _refuse_many(path: Path, number: int, limits: Limits) -> None:
    if number > limits.files:
        raise PackError(source=str(path), reason=f"more than {limits.files} files")


def _bounded(name: str, content: bytes, limits: Limits) -> bytes:
    if len(content) > limits.file_bytes:
        raise PackError(source=name, reason=f"is larger than {limits.file_bytes // _MIB} MiB")
    return content
