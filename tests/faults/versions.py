"""The version before this one, built from the project's history."""

import subprocess
import sys
from pathlib import Path

from tests.acceptance.running import PROJECT

__all__ = ["HistoryMissingError", "before_newest_migration", "install"]

_MIGRATIONS = "gateway/store/migrations/versions"


class HistoryMissingError(Exception):
    """The project's history is not here, or not far enough back."""


def before_newest_migration() -> str:
    """The last commit whose schema is older than this version's.

    Raises:
        HistoryMissingError: this is no checkout, or a shallow one.
    """
    added = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", f"{_MIGRATIONS}/v*.py").strip()
    if not added:
        raise HistoryMissingError("no commit that adds a migration is here")
    return _git("rev-parse", "--verify", f"{added}^").strip()


def install(revision: str | None, folder: Path) -> Path:
    """Build a wheel of a commit, None: of the files as they are, and install it without its dependencies.

    Args:
        revision: names the commit.
        folder: for everything; must not be there yet.

    Returns:
        The folder to be put first into the path of Python.
    """
    source, home = PROJECT, folder / "installed"
    folder.mkdir(parents=True)
    if revision is not None:
        source = folder / "source"
        source.mkdir()
        _run("git", "archive", "--output", str(folder / "source.tar"), revision, cwd=PROJECT)
        _run("tar", "-xf", str(folder / "source.tar"), "-C", str(source), cwd=folder)
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=source)
    (wheel,) = folder.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps")
    _run(*pip, "--target", str(home), str(wheel), cwd=folder)
    return home


def _git(*words: str) -> str:
    try:
        return _run("git", *words, cwd=PROJECT)
    except (OSError, subprocess.CalledProcessError) as error:
        raise HistoryMissingError(str(error)) from error


def _run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout
