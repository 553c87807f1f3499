"""`sisc send` and `sisc poll`: a client of any gateway on the command line."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.files import STANDARD_INPUT, parse_input, read_input, write_whole
from gateway.cli.keys import KeyOption, KeyPasswordOption, load_key
from gateway.cli.output import AnySystem, JsonFlag, say, tell
from gateway.client.channel_client import ChannelClient, FetchedDocument
from gateway.client.profile import ClientProfile, load_profile
from gateway.clock import now, signature_id
from gateway.described import Described, describe
from gateway.errors import ConfigurationError, UnavailableError
from signing.names import DS
from signing.sign import sign_enveloped

__all__ = [
    "LoginOption",
    "PasswordFileOption",
    "ProfileOption",
    "UrlOption",
    "poll",
    "send",
    "signed_document",
]

_POLL_SECONDS: Final = 0.3
_NAMELESS: Final = "document.xml"  # what came on standard input
_NAME_LENGTH: Final = 120  # characters of a name that a gateway gives; files systems take 255 bytes
#: What does not belong into a file's name, wherever it comes from.
_UNFIT: Final = re.compile(r"[^\w.()+-]+")

UrlOption = Annotated[str | None, typer.Option(help="Address of the gateway.")]
LoginOption = Annotated[str | None, typer.Option(help="E-mail address of the account.")]
PasswordFileOption = Annotated[
    Path | None,
    typer.Option(help="File whose first line is the account's password; else SISC_PASSWORD or the profile."),
]
ProfileOption = Annotated[
    Path | None,
    typer.Option(
        envvar="SISC_CLIENT",
        help="Client profile; default: the one beside the key, then sandbox/client.toml.",
    ),
]


def send(
    file: Annotated[
        Path,
        typer.Argument(help="The XML document; -: standard input."),
    ],
    to: Annotated[
        str | None, typer.Option(help="Target system, e.g. NCTS2; none: the gateway decides.")
    ] = None,
    key: KeyOption = None,
    key_password_file: KeyPasswordOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the receipt and the answers.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait at most.")] = 30.0,
    url: UrlOption = None,
    login: LoginOption = None,
    password_file: PasswordFileOption = None,
    profile: ProfileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Sign a document (unless it is signed) and send it.

    Prints the sysRef; with --wait also what came back. Exits 1 when the document was refused.
    """
    chosen = load_profile(profile, url=url, login=login, password_file=password_file, key=key)
    content = signed_document(file, chosen, key, key_password_file)
    with ChannelClient(chosen.url, login=chosen.login, password=chosen.password) as channel:
        sys_ref = channel.send(
            content, filename=_NAMELESS if file == STANDARD_INPUT else file.name, system=to
        )
        tell({"sysRef": sys_ref}, f"sysRef {sys_ref}", as_json=as_json)
        if not wait:
            return
        refused = False
        for described in _answers(channel, sys_ref, timeout):
            tell(described.as_json(), described.as_text(), as_json=as_json)
            refused = refused or described.refusal
    if refused:
        raise typer.Exit(1)


def poll(
    system: AnySystem = None,
    into: Annotated[Path | None, typer.Option("--into", help="Folder to save the documents in.")] = None,
    url: UrlOption = None,
    login: LoginOption = None,
    password_file: PasswordFileOption = None,
    profile: ProfileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Collect all waiting documents of the account.

    Each is collected once: with --into it is on disk before the next is asked for.
    """
    chosen = load_profile(profile, url=url, login=login, password_file=password_file)
    none = True
    with ChannelClient(chosen.url, login=chosen.login, password=chosen.password) as channel:
        for document in _waiting(channel, system, into):
            none = False
            saved = _save(into, document) if into else None
            described = describe(document.content, filename=document.filename)
            extra = {"dispatchId": document.dispatch_id, "saved": str(saved) if saved else None}
            text = described.as_text() + (f"\n  saved as {saved}" if saved else "")
            tell({**described.as_json(), **extra}, text, as_json=as_json)
    if none and not as_json:
        say("nothing is waiting")


def signed_document(file: Path, profile: ClientProfile, key: Path | None, password: Path | None) -> bytes:
    """A document as it is sent: with its own signature, or with one by the key that is named.

    Raises:
        ConfigurationError: the file cannot be read, or it is not signed and no key is named.
        UnreadableFileError: it holds no document.
    """
    content = read_input(file)
    root = parse_input(content, file=file)
    if root.find(f"{{{DS}}}Signature") is not None:
        return content
    chosen = key or profile.key
    if chosen is None:
        raise ConfigurationError(
            key="--key", reason="the document is not signed; name a PKCS#12 file to sign with"
        )
    return sign_enveloped(root, load_key(chosen, password, profile.key_password), at=now(), ids=signature_id)


def _waiting(channel: ChannelClient, system: str | None, into: Path | None) -> Iterator[FetchedDocument]:
    more = True
    while more:
        if into:  # what is handed out once must find its place
            _check_writable(into)
        document, more = channel.next(system)
        if document is not None:
            yield document


def _answers(channel: ChannelClient, sys_ref: str, timeout: float) -> Iterator[Described]:
    """The answers to a document as they come, until the last one expected or the time is over."""
    told = 0
    final = False
    deadline = time.monotonic() + timeout
    while not final:
        for document in _replies(channel, sys_ref, deadline)[told:]:
            described = describe(document.content, filename=document.filename)
            told += 1
            final = final or described.final
            yield described
        if not final:
            _pause(deadline, f"not there after {timeout:g} s; sisc poll collects it later")


def _replies(channel: ChannelClient, sys_ref: str, deadline: float) -> tuple[FetchedDocument, ...]:
    """The answers so far; a gateway that is being started anew is asked again."""
    while True:
        try:
            return channel.replies(sys_ref).documents
        except UnavailableError as error:
            _pause(deadline, error.reason)


def _pause(deadline: float, reason: str) -> None:
    if time.monotonic() > deadline:
        raise UnavailableError(what="the last answer", reason=reason)
    time.sleep(_POLL_SECONDS)


def _check_writable(folder: Path) -> None:
    """Raise ConfigurationError unless a document could be saved in a folder."""
    probe = folder / ".sisc-poll"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(probe, b"probe")
        probe.unlink()
    except OSError as error:
        reason = f"cannot write into {folder}: {error.strerror}; nothing more was collected"
        raise ConfigurationError(key="--into", reason=reason) from error


def _save(folder: Path, document: FetchedDocument) -> Path:
    """Write a document under a name of its own; whole or not at all."""
    identity = document.dispatch_id or now().strftime("%Y%m%dT%H%M%S%f")
    target = folder / f"{_fit(identity)}-{_fit(document.filename or 'document.xml')}"
    try:
        write_whole(target, document.content)
    except OSError as error:
        reason = f"collected, but not saved ({error.strerror}); GetDocuments still shows it"
        raise UnavailableError(what=f"document {identity}", reason=reason) from error
    return target


def _fit(name: str) -> str:
    """A name for a file of ours, whatever the gateway calls it."""
    return _UNFIT.sub("_", name)[-_NAME_LENGTH:]
