"""`sisc batch`: a whole folder of documents, for systems that send many at once."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.client import LoginOption, PasswordFileOption, ProfileOption, UrlOption, signed_document
from gateway.cli.files import read_input, unusable, write_whole
from gateway.cli.keys import KeyOption, KeyPasswordOption
from gateway.cli.output import JsonFlag, print_json, print_rows
from gateway.cli.progress import counting_bar
from gateway.client.batch import Batch, Journal, Sent
from gateway.client.channel_client import ChannelClient
from gateway.client.profile import ClientProfile, load_profile
from gateway.errors import ConfigurationError, UnavailableError

__all__ = ["batch"]

_JOURNAL: Final = "batch.jsonl"
_SIGNED: Final = "signed"
_COLUMNS: Final = ("file", "sysRef", "result", "LRN", "number", "what is wrong")
_PAUSE_SECONDS: Final = 1.0


def batch(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Folder of XML documents, *.xml.")
    ],
    to: Annotated[
        str | None, typer.Option(help="Target system, e.g. NCTS2; none: the gateway decides.")
    ] = None,
    key: KeyOption = None,
    key_password_file: KeyPasswordOption = None,
    timeout: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for the last answers; 0: only send.")
    ] = 120.0,
    url: UrlOption = None,
    login: LoginOption = None,
    password_file: PasswordFileOption = None,
    profile: ProfileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Send every document of a folder once, and tell what became of each.

    After a break begin it anew. Each is signed into FOLDER/signed first, unless it is signed, and
    FOLDER/batch.jsonl keeps what was sent and answered. A file whose content changes is a new document. Exits
    1 when one is refused or unanswered.
    """
    chosen = load_profile(profile, url=url, login=login, password_file=password_file, key=key)
    files = sorted(folder.glob("*.xml"))
    if not files:
        raise ConfigurationError(key=str(folder), reason="holds no *.xml")

    def signed(file: Path, digest: str) -> bytes:
        return _signed_once(file, digest, chosen, key, key_password_file)

    with (
        Journal.opened(folder / _JOURNAL) as journal,
        ChannelClient(chosen.url, login=chosen.login, password=chosen.password) as channel,
    ):
        work = Batch(journal=journal, channel=channel, signed=signed, system=to)
        known = _sent(work, files)
        if timeout:
            known = _answered(work, known, timeout)
    _tell(known, as_json=as_json)
    if any(each.refusal or (timeout and not each.final) for each in known):
        raise typer.Exit(1)


def _sent(work: Batch, files: Sequence[Path]) -> list[Sent]:
    known = []
    with counting_bar(len(files), "sent") as advance:
        for file in files:
            known.append(work.send(file, read_input(file)))
            advance(1)
    return known


def _answered(work: Batch, known: Sequence[Sent], timeout: float) -> list[Sent]:
    """Asked again and again until each has its last answer or the time is over."""
    deadline = time.monotonic() + timeout
    found = list(known)
    with counting_bar(len(found), "answered") as advance:
        advance(sum(each.final for each in found))
        while True:
            before = sum(each.final for each in found)
            found = [_looked(work, each) for each in found]
            advance(sum(each.final for each in found) - before)
            if all(each.final for each in found) or time.monotonic() > deadline:
                return found
            time.sleep(_PAUSE_SECONDS)


def _looked(work: Batch, entry: Sent) -> Sent:
    try:
        return work.look(entry)
    except UnavailableError:  # a gateway that is being started anew is asked again
        return entry


def _signed_once(
    file: Path, digest: str, profile: ClientProfile, key: Path | None, password: Path | None
) -> bytes:
    """The bytes to send: on disk before they are sent, so that after a break the same ones are sent again."""
    copy = file.parent / _SIGNED / f"{file.stem}-{digest[:16]}.xml"
    if not copy.exists():
        content = signed_document(file, profile, key, password)
        try:
            copy.parent.mkdir(exist_ok=True)
            write_whole(copy, content)
        except OSError as error:
            raise unusable(copy, error) from error
    return read_input(copy)


def _tell(known: Sequence[Sent], *, as_json: bool) -> None:
    if as_json:
        for each in known:
            print_json(_record(each))
        return
    rows = (
        (
            each.file,
            each.sys_ref,
            each.result,
            (each.facts or {}).get("LRN"),
            (each.facts or {}).get("MRN") or (each.facts or {}).get("ARC"),
            each.texts[0] if each.refusal and each.texts else None,
        )
        for each in known
    )
    print_rows("Documents sent", _COLUMNS, rows, as_json=False)


def _record(sent: Sent) -> dict[str, object]:
    facts = {name: value for name, value in (sent.facts or {}).items() if name in {"LRN", "MRN", "ARC"}}
    return {
        "file": sent.file,
        "sysRef": sent.sys_ref,
        "type": sent.result,
        **facts,
        "texts": list(sent.texts),
        "refusal": sent.refusal,
        "final": sent.final,
    }
