"""`sisc pki`: certificates to test with."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.output import say
from gateway.clock import now
from gateway.pki.sandbox import make_pki_sandbox

__all__ = ["app"]

app = typer.Typer(
    help="Certificates to test with.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@app.callback()
def _group() -> None:
    """Keeps `sandbox` a command of its own, although it is the only one."""


@app.command("sandbox")
def sandbox(
    folder: Annotated[Path, typer.Option("--dir", help="New folder for everything.")] = Path("pki-sandbox"),
) -> None:
    """Make an authority, good signers and one of every bad kind, with a table of what each must yield."""
    readme = make_pki_sandbox(folder, at=now())
    say(f"written: {readme}")
