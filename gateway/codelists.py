"""The folder of installed code lists."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.actions import Action
from gateway.errors import ConfigurationError
from schemas.codelists import CodeList, read_kept
from schemas.errors import CodeListError

if TYPE_CHECKING:  # logs and figures take long to import, and who only reads lists does without
    from gateway.observe import Observer

__all__ = ["CodeListFolder", "file_of", "read_folder"]

_ENDING: Final = ".codes"


def file_of(folder: Path, name: str) -> Path:
    """The file in which a list is kept."""
    return folder / f"{name}{_ENDING}"


def read_folder(folder: Path) -> Mapping[str, CodeList]:
    """All installed lists by name; none where there is no folder.

    Raises:
        ConfigurationError: a list cannot be read, or was changed after it was installed.
    """
    try:
        lists = [
            read_kept(file.read_bytes(), source=file.name) for file in sorted(folder.glob(f"*{_ENDING}"))
        ]
    except OSError as error:
        reason = f"cannot read {error.filename}: {error.strerror}"
        raise ConfigurationError(key="plausibility.code_lists", reason=reason) from error
    except CodeListError as error:
        raise ConfigurationError(key="plausibility.code_lists", reason=str(error)) from error
    return MappingProxyType({one.name: one for one in lists})


class CodeListFolder:
    """The lists in force, read anew when one is installed while the process runs.

    Args:
        folder: of the lists.
        observe: told when new lists cannot be used; those read before stay in force.

    Raises:
        ConfigurationError: as `read_folder`.
    """

    def __init__(self, folder: Path, observe: "Observer") -> None:
        self._folder = folder
        self._observe = observe
        self._state = self._look()
        self._lists = read_folder(folder)

    def current(self) -> Mapping[str, CodeList]:
        """The lists in force; the same object until something changes."""
        state = self._look()
        if state != self._state:
            self._state = state
            self._reload()
        return self._lists

    def _reload(self) -> None:
        try:
            self._lists = read_folder(self._folder)
        except ConfigurationError as error:
            self._observe(Action.CODE_LISTS_REFUSED, reason=error.reason)

    def _look(self) -> int:
        """When the folder was last changed; a list is put into it by renaming."""
        try:
            return self._folder.stat().st_mtime_ns
        except OSError:
            return 0
