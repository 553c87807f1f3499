"""Commands that are imported when they are called: what `sisc check` needs is not what a server needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

__all__ = ["COMMANDS", "Entry", "LazyGroup"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Where a command is and what the list of commands says of it."""

    module: str
    name: str  # a function, or a typer.Typer for a group of commands
    summary: str  # first line of the function's docstring, or the group's help

    def load(self, called: str) -> Any:  # noqa: ANN401 - click's Command, whose home differs between versions
        """Import the command under the name it is called by."""
        found = getattr(import_module(self.module), self.name)
        if isinstance(found, typer.Typer):
            return get_command(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(called)(found)
        return get_command(alone)


#: Every command, in the order in which help lists them.
COMMANDS: Final[Mapping[str, Entry]] = {
    "sandbox": Entry(
        module="gateway.cli.sandbox",
        name="sandbox",
        summary="Serve a gateway with sandbox data and simulated back ends until Ctrl-C or SIGTERM.",
    ),
    "demo": Entry(
        module="gateway.cli.sandbox",
        name="demo",
        summary="Run the whole tour against a gateway in a temporary folder, and leave nothing behind.",
    ),
    "simulate": Entry(
        module="gateway.cli.simulate",
        name="simulate",
        summary="Run a simulated back end that speaks the contract of real ones, until Ctrl-C or SIGTERM.",
    ),
    "scenarios": Entry(
        module="gateway.cli.scenarios",
        name="app",
        summary="Tell what simulated back ends can be asked for, and ask it for a party.",
    ),
    "check": Entry(
        module="gateway.cli.inspect",
        name="check",
        summary="Check documents as the gateway would: schema and signature.",
    ),
    "samples": Entry(
        module="gateway.cli.samples",
        name="app",
        summary="Messages to test with: valid ones, and ones with a single known fault.",
    ),
    "sign": Entry(
        module="gateway.cli.sign",
        name="sign",
        summary="Sign a document: the signature becomes the last child of its document element.",
    ),
    "send": Entry(
        module="gateway.cli.client",
        name="send",
        summary="Sign a document (unless it is signed) and send it.",
    ),
    "batch": Entry(
        module="gateway.cli.batch",
        name="batch",
        summary="Send every document of a folder once, and tell what became of each.",
    ),
    "poll": Entry(
        module="gateway.cli.client",
        name="poll",
        summary="Collect all waiting documents of the account.",
    ),
    "codelists": Entry(
        module="gateway.cli.codelists",
        name="app",
        summary="Lists of codes that values in documents are compared with.",
    ),
    "my-account": Entry(
        module="gateway.cli.my_account",
        name="app",
        summary="Your own account: person, links, rights, certificates, requests.",
    ),
    "documents": Entry(
        module="gateway.cli.documents",
        name="app",
        summary="Find documents and tell what happened to them.",
    ),
    "schemas": Entry(
        module="gateway.cli.schemas",
        name="app",
        summary="Message types, their schemas, and packs of schemas.",
    ),
    "answers": Entry(
        module="gateway.cli.answers",
        name="app",
        summary="Answers of back ends that wait in the quarantine.",
    ),
    "systems": Entry(
        module="gateway.cli.systems",
        name="app",
        summary="Pause and resume deliveries to a target system, or the intake.",
    ),
    "registry": Entry(
        module="gateway.cli.registry",
        name="app",
        summary="Who may send what for whom.",
    ),
    "helpdesk": Entry(
        module="gateway.cli.helpdesk",
        name="app",
        summary="Help for account holders; every act is kept with its reason.",
    ),
    "ca": Entry(module="gateway.cli.ca", name="app", summary="The SC certificate authority."),
    "pki": Entry(module="gateway.cli.pki", name="app", summary="Certificates to test with."),
    "trust": Entry(
        module="gateway.cli.trust",
        name="app",
        summary="Whose certificates are accepted: EU trusted lists, CBTD register.",
    ),
    "serve": Entry(
        module="gateway.cli.serve",
        name="serve",
        summary="Serve the channel and work in the background: web server and worker under one roof.",
    ),
    "web": Entry(
        module="gateway.cli.serve",
        name="web",
        summary="Serve the channel over HTTP; needs a worker beside it.",
    ),
    "worker": Entry(
        module="gateway.cli.serve",
        name="worker",
        summary="Verify and deliver documents in the background.",
    ),
    "doctor": Entry(
        module="gateway.cli.doctor",
        name="doctor",
        summary="Look at everything this gateway needs, and tell how to mend what is wrong.",
    ),
    "migrate": Entry(
        module="gateway.cli.serve",
        name="migrate",
        summary="Bring the database schema to this version.",
    ),
}


class _Loaded(Mapping[str, Any]):
    """Commands by name, each imported when it is looked up."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - see Entry.load
        return COMMANDS[name].load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class LazyGroup(TyperGroup):
    """The commands of COMMANDS."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - typer's own, handed on
        super().__init__(**options)
        self.commands = _Loaded()  # type: ignore[assignment]  # looked up and listed, never changed

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - click's signature
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])
