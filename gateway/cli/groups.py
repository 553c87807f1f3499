"""Groups of commands, all alike: bare they show their help, which is plain text."""

import typer

__all__ = ["group"]


def group(help_text: str) -> typer.Typer:
    """A group of commands.

    Args:
        help_text: what they are about, one sentence.
    """
    return typer.Typer(help=help_text, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
