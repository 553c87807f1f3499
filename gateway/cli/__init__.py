"""The command line: `sisc`. One module a group of commands; `lazy` lists them."""

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.lazy import LazyGroup

__all__ = ["app", "main", "run"]

#: Names the settings file for this process and those it starts. Spelled out: settings are slow to import.
_CONFIG_VARIABLE = "SISC_CONFIG"

app = typer.Typer(
    name="sisc",
    cls=LazyGroup,
    help="Gateway for the Polish customs system-to-system channel.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help, and usage errors in one line
    pretty_exceptions_enable=False,  # the traceback of a defect, as Python shows it
)


@app.callback()
def _options(
    config: Annotated[
        str, typer.Option(envvar=_CONFIG_VARIABLE, help="sisc.toml to use; else ./sisc.toml.")
    ] = "",
) -> None:
    """Options before the command."""
    if config:
        os.environ[_CONFIG_VARIABLE] = str(Path(config).absolute())


def main() -> None:
    """Run the command line; exits 0, 1 (refused or failed) or 2 (usage or settings)."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries' words to programmers, e.g. on odd certificates
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show is shown escaped; in JSON it stays readable.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # both are TextIOWrapper here
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and tell in one line why it failed, if it did.

    Args:
        arguments: what stands behind `sisc`.

    Returns:
        The exit code.
    """
    try:
        code = app(list(arguments), prog_name="sisc", standalone_mode=False)
    except typer.Abort:
        return 1
    except Exception as error:
        from gateway.cli.failing import tell  # noqa: PLC0415 - knows the errors of all packages, seldom needed

        code = tell(error)
        if code is None:
            raise  # a defect: its traceback is wanted
    return int(code or 0)
