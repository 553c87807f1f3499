"""How commands fail: one line that says what and, where it can be known, what to do."""

import errno
import sys
from typing import Any, Final

import typer

from gateway.client.channel_client import FaultError
from gateway.errors import (
    ConfigurationError,
    DuplicateDocumentError,
    GatewayError,
    NotFoundError,
    UnavailableError,
    UnreadableFileError,
)
from registry.errors import NotRegisteredError, RegistryError
from routing.errors import NoRouteError, RouteConfigurationError, RoutingError
from schemas.errors import SchemaError, UnknownTypeError
from signing.errors import SigningError, UnknownCertificateError

__all__ = ["tell"]

#: Errors that are explained; anything else is a defect and shows its traceback.
_EXPLAINED: Final = (GatewayError, RegistryError, RoutingError, SchemaError, SigningError)
#: What click raises for wrong usage; typer brings its own copy of click or uses the real one, by version.
_USAGE: Final[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
#: What to do, by kind of error; the first that fits counts.
_REMEDIES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (UnreadableFileError, "sisc check shows where the document is wrong"),
    (DuplicateDocumentError, "the sender has sent it again: nothing is left to be done"),
    (NotRegisteredError, "sisc registry lists what is registered"),
    (UnknownCertificateError, "sisc ca list lists certificates"),
    (UnknownTypeError, "sisc schemas list has all types with their systems"),
)
#: Where to look, by what was not found.
_FINDERS: Final = {
    "document": "sisc documents list finds documents",
    "answer": "sisc answers list --all lists what was held",
    "application": "sisc registry applications list shows those that wait",
    "pack on trial": "sisc schemas packs --all lists packs",
    "migrated right": "sisc helpdesk link list has their ids",
    "request": "sisc helpdesk request list finds requests",
}
#: What to do, by the setting that cannot be used.
_SETTING_REMEDIES: Final = {
    "keys.seal": "sisc ca init makes what is missing",
    "keys.authority": "sisc ca init makes what is missing",
    "keys.authority_certificates": "sisc ca init makes what is missing",
}
_STORE: Final = "see [store] in the settings; sisc migrate sets a database up or upgrades it"
_REFUSED_LOGIN: Final = "check login, password and the clock of this computer; three wrong passwords lock"


def tell(error: Exception) -> int | None:
    """Tell an error in one line on standard error.

    Returns:
        The exit code: 2 for usage and settings, else 1; None for an error that nobody foresaw.
    """
    if isinstance(error, _USAGE):
        return _tell_usage(error)
    if isinstance(error, ConfigurationError | RouteConfigurationError):
        return _tell_settings(error)
    if isinstance(error, _EXPLAINED):
        remedy = _remedy(error)
        return _say(f"{str(error).rstrip('.')}; {remedy}" if remedy else str(error), code=1)
    if isinstance(error, BrokenPipeError):  # the reader, e.g. `head`, has seen enough
        sys.stdout = None  # nothing is left to be flushed at exit
        return 1
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _say(f"{error.strerror}; make room and try again", code=1)
    return None


def _tell_usage(error: Any) -> int:  # noqa: ANN401 - see _USAGE
    message = error.format_message()
    if "\n" in message.strip():  # no arguments at all: the message is the help
        typer.echo(message, err=True)
    else:
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context is not None else ""
        _say(message.rstrip(".") + hint, code=0)
    return int(error.exit_code)


def _tell_settings(error: ConfigurationError | RouteConfigurationError) -> int:
    if isinstance(error, RouteConfigurationError):
        return _say(f"{error}; see [routes.{error.system}] in the settings", code=2)
    remedy = _SETTING_REMEDIES.get(error.key) if "cannot read" in error.reason else None
    return _say(f"{error}; {remedy}" if remedy else str(error), code=2)


def _remedy(error: Exception) -> str | None:
    if isinstance(error, UnavailableError):
        return _STORE if error.what == "store" else "try again"
    if isinstance(error, NotFoundError | NotRegisteredError) and error.what in _FINDERS:
        return _FINDERS[error.what]
    if isinstance(error, NoRouteError):
        return error.remedy_en
    if isinstance(error, FaultError):
        return _REFUSED_LOGIN if error.code is None and "security" in error.text else None
    return next((remedy for kind, remedy in _REMEDIES if isinstance(error, kind)), None)


def _say(sentence: str, *, code: int) -> int:
    typer.echo(f"error: {' '.join(sentence.split())}", err=True)
    return code
