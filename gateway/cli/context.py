"""What commands work on: the store and the registry of the settings in force."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from gateway import clock
from gateway.bootstrap import Gateway, open_gateway
from gateway.flow.operations import Operations
from gateway.observe import configure_logging
from gateway.settings import load_settings
from gateway.store.ports import Store
from registry.repository import RegistryRepository
from registry.session import RegistrySession
from registry.texts import clean_text

__all__ = ["ReasonOption", "open_configured", "open_registry", "open_store", "operations", "operator"]

ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why; kept in the history.")]


@contextmanager
def open_configured() -> Iterator[Gateway]:
    """The gateway of the settings file in force; closed at the end."""
    configure_logging("warning")  # what a command has to say is its output
    gateway = open_gateway(load_settings(), component="command")
    try:
        yield gateway
    finally:
        gateway.store.close()


@contextmanager
def open_store() -> Iterator[Store]:
    """The store of the settings file in force."""
    with open_configured() as gateway:
        yield gateway.store


@contextmanager
def open_registry(reason: str | None = None) -> Iterator[RegistrySession]:
    """One transaction on the registry: committed at the end, rolled back by an exception.

    Args:
        reason: why something is changed, for the history.

    Raises:
        InvalidRecordError: the reason is no text.
    """
    why = None if reason is None else clean_text("reason", reason)
    with open_configured() as gateway, gateway.store.begin() as work:
        yield RegistrySession(
            repository=RegistryRepository(work.connection, reason=why),
            vault=gateway.vault,
            now=clock.now(),
            operator=operator(),
        )
        work.commit()


def operations(gateway: Gateway) -> Operations:
    """What the person who gives the command may do with documents and systems."""
    return Operations(
        store=gateway.store,
        routes=gateway.routes,
        clock=gateway.store.clock,
        operator=operator(),
        observe=gateway.observe,
    )


def operator() -> str:
    """Who gives the command, for the histories."""
    return f"operator:{getpass.getuser()}"
