"""The manifest of a pack: what its maker or the operator says of it."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from schemas.errors import PackError

__all__ = ["Manifest", "read_manifest"]

#: Code of a target system: it becomes part of names of files, lanes and settings.
_SYSTEM: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9 _.-]{0,30}[A-Z0-9])?")
_VERSION: Final = re.compile(r"[\w][\w.+-]{0,39}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What is told of a pack."""

    system: str
    version: str
    valid_from: date | None = None  # first day in Europe/Warsaw; None: as soon as it is installed
    valid_to: date | None = None
    skip: tuple[str, ...] = ()  # patterns of files whose document elements are no types
    defaults: Mapping[str, Any] = field(default_factory=dict)  # as in a catalogue file
    message: tuple[Mapping[str, Any], ...] = ()  # types that are new, or differ from what is known


def read_manifest(content: bytes | None, options: Mapping[str, object], *, source: str) -> Manifest:
    """Read a manifest.

    Args:
        content: TOML; None: everything is told by options.
        options: values that win over those of the file; None values do not count.
        source: named in errors.

    Raises:
        PackError: not TOML, an unknown key, or a value that is missing or not allowed.
    """
    data = {**_table(content, source), **{key: value for key, value in options.items() if value is not None}}
    known = [one.name for one in fields(Manifest)]
    if unknown := sorted(data.keys() - set(known)):
        raise PackError(source=source, reason=f"unknown key {unknown[0]}; there are {', '.join(known)}")
    for key, form in (("system", _SYSTEM), ("version", _VERSION)):
        if not isinstance(value := data.get(key), str) or not form.fullmatch(value):
            raise PackError(source=source, reason=_bad(key, value))
    try:
        return _MANIFEST.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise PackError(source=source, reason=reason) from error


_MANIFEST: Final = TypeAdapter(Manifest)


def _table(content: bytes | None, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8")) if content is not None else {}
    except ValueError as error:
        raise PackError(source=source, reason=f"no TOML: {error}") from error


def _bad(key: str, value: object) -> str:
    if value is None:
        return f"{key} is missing; put it into the manifest or name it with --{key}"
    allowed: Sequence[str] = (
        ("capitals, digits, blanks and . _ -",) if key == "system" else ("letters, digits and . _ + -",)
    )
    return f"{key} may not be {value!r}: {allowed[0]}"
