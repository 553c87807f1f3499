"""`sisc pki`: certificates to test with."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_json, say
from gateway.clock import now
from gateway.pki.sandbox.world import index, make_pki_sandbox

__all__ = ["app"]

app = group("Certificates to test with.")


@app.callback()
def _group() -> None:
    """Keeps `sandbox` a command of its own, although it is the only one."""


@app.command("sandbox")
def sandbox(
    folder: Annotated[Path, typer.Option("--dir", help="New folder for everything.")] = Path("pki-sandbox"),
    as_json: JsonFlag = False,
) -> None:
    """Make signers of every class, good and bad, sign a document with each, and tell what each must yield."""
    readme = make_pki_sandbox(folder, at=now())
    if not as_json:
        say(f"written: {readme}")
        return
    for line in index():
        print_json(line)
