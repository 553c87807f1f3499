"""A shell that lives as long as a reader's terminal: variables and background jobs stay between steps."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.docs.pages import Step, is_as_shown

__all__ = ["Terminal"]

_END: Final = "=== end of step, exit code"
_STEP_SECONDS: Final = 120.0
_WIDTH: Final = "160"  # columns: tables and sentences in one line


class Terminal:
    """Types steps into bash.

    Args:
        folder: where it starts.
        environment: beside the test's own.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env={**os.environ, "COLUMNS": _WIDTH, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the shell and the jobs it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGTERM)
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        self._shell.stdout.read()  # jobs keep it open until they have ended
        self._shell.stdout.close()
        self._shell.wait()

    def do(self, step: Step, **placeholders: str) -> str:
        """Type a step and check what came of it.

        Args:
            step: of a page.
            placeholders: words in the command that a reader replaces.

        Returns:
            What it printed.
        """
        command = step.command
        for word, value in placeholders.items():
            command = command.replace(word, value)
        exit_code, output = self._type(command)
        told = f"\n$ {command}\n{output}"
        assert exit_code == step.exit_code, f"exit code {exit_code}, not {step.exit_code}:{told}"
        if step.output is not None:
            assert is_as_shown(output, step.output), f"not as shown:\n{step.output}\nbut:{told}"
        return output

    def _type(self, command: str) -> tuple[int, str]:
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{{ {command}\n}}\ncode=$?; echo; echo '{_END}' $code\n")
        self._shell.stdin.flush()
        watchdog = threading.Timer(_STEP_SECONDS, os.killpg, (self._shell.pid, signal.SIGKILL))
        watchdog.start()
        try:
            return self._read(command)
        finally:
            watchdog.cancel()

    def _read(self, command: str) -> tuple[int, str]:
        lines: list[str] = []
        for line in self._lines():
            if line.startswith(_END):
                return int(line.removeprefix(_END)), "".join(lines)
            lines.append(line)
        raise AssertionError(f"the shell ended, or its time was over:\n$ {command}\n{''.join(lines)}")

    def _lines(self) -> Iterator[str]:
        assert self._shell.stdout is not None
        yield from iter(self._shell.stdout.readline, "")
