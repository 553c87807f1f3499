"""Secrets that commands ask for: from a file, a pipe, or a prompt that does not echo."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.passwords import read_password

__all__ = ["PasswordFileOption", "ask_password", "ask_secret"]

PasswordFileOption = Annotated[
    Path | None, typer.Option(help="File whose first line is the password; else it is asked for or piped in.")
]


def ask_password(file: Path | None) -> str:
    """A new password; never from the command line, where other users of the machine could read it."""
    return ask_secret("Password", file, option="--password-file", twice=True)


def ask_secret(name: str, file: Path | None, *, option: str, twice: bool = False) -> str:
    """A secret from a file, a pipe, or a prompt; raises BadParameter when it is empty."""
    named = read_password(file, option=option)
    if named is not None:
        return named
    if sys.stdin.isatty():
        secret = str(typer.prompt(name, hide_input=True, confirmation_prompt=twice))
    else:
        secret = sys.stdin.readline().partition("\n")[0].rstrip("\r")
    if not secret:
        raise typer.BadParameter(f"the {name.lower()} must not be empty")
    return secret
