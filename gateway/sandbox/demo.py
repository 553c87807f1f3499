"""`sisc demo`: the tour of the README against a gateway in a temporary folder."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree
from rich.console import Console
from rich.table import Table

from gateway import clock
from gateway.client.channel_client import ChannelClient, FaultError
from gateway.client.profile import ClientProfile, load_profile
from gateway.described import Described, describe
from gateway.errors import ConfigurationError, GatewayError, UnavailableError
from gateway.sandbox.serving import Sandbox, prepare_sandbox, serve_sandbox
from signing.keys import load_pkcs12
from signing.parsing import ParseLimits, parse
from signing.sign import sign_enveloped

__all__ = ["run_demo"]

_ANSWER_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1
_EXAMPLES: Final = Path(__file__).parents[2] / "examples"
#: Local names that hold the LRN; the demo gives every document one of its own.
_LRN_NAMES: Final = ("LRN", "lrn", "LocalReferenceNumber")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """One place of the tour."""

    title: str
    example: str
    system: str
    expected: tuple[str, ...]  # kinds of documents that come back, or the code of a fault
    lrn: str
    stranger: bool = False  # sent from the account without rights
    spoiled: bool = False  # one character is changed after signing
    invalid: bool = False  # the LRN element is renamed before signing


_TOUR: Final = (
    _Place(
        title="transit declaration",
        example="CC015C.xml",
        system="NCTS2",
        lrn="DEMOTRANSIT",
        expected=("UPP", "UPO", "CC928C", "CC028C", "CC029C"),
    ),
    _Place(
        title="export declaration",
        example="CC515C.xml",
        system="AES",
        lrn="DEMOEXPORT",
        expected=("UPP", "UPO", "CC528C", "CC529C"),
    ),
    _Place(
        title="import declaration",
        example="ZC415.xml",
        system="AIS",
        lrn="DEMOIMPORT",
        expected=("UPP", "UPO", "ZC428", "ZC429"),
    ),
    _Place(
        title="excise movement",
        example="IE815.xml",
        system="EMCSPL2",
        lrn="DEMOEXCISE",
        expected=("UPP", "UPO", "IE801"),
    ),
    _Place(
        title="rejected by the back end",
        example="CC015C.xml",
        system="NCTS2",
        lrn="REJDEMO",
        expected=("UPP", "UPO", "CC056C"),
    ),
    _Place(
        title="not valid against its schema",
        example="CC015C.xml",
        system="NCTS2",
        lrn="DEMOINVALID",
        invalid=True,
        expected=("NPP",),
    ),
    _Place(
        title="changed after signing",
        example="CC515C.xml",
        system="AES",
        lrn="DEMOSPOILED",
        spoiled=True,
        expected=("NPP",),
    ),
    _Place(
        title="no right to act for the firm",
        example="CC515C.xml",
        system="AES",
        lrn="DEMOSTRANGER",
        stranger=True,
        expected=("NPP",),
    ),
)


def run_demo(console: Console, stop: threading.Event) -> bool | None:
    """Run the tour and print it as a table.

    Args:
        console: where to print.
        stop: ends the tour early when set; it is set in any case when the tour is over.

    Returns:
        Whether everything came back as expected; None: the tour was ended early, and nothing is printed.

    Raises:
        ConfigurationError: the examples are not there (they come with the source, not with the wheel).
        UnavailableError: the gateway did not start.
    """
    if not _EXAMPLES.is_dir():
        raise ConfigurationError(key="examples", reason=f"there is no folder {_EXAMPLES}")
    with (
        Console(stderr=True).status("starting a sandbox") as progress,
        tempfile.TemporaryDirectory(prefix="sisc-demo-") as folder,
        _served(Path(folder) / "sandbox", stop) as sandbox,
    ):
        table = Table(
            title="sisc-gateway: documents and what came back", title_justify="left", show_lines=True
        )
        for column in ("document", "to", "came back", "seconds", "as expected"):
            table.add_column(column, overflow="fold")
        good = True
        for place in _TOUR:
            if stop.is_set():
                return None
            progress.update(f"{place.title} to {place.system}")
            started = time.monotonic()
            lines, kinds = _visit(sandbox, place, stop)
            as_expected = kinds == place.expected
            good = good and as_expected
            seconds = f"{time.monotonic() - started:.2f}"
            told = "\n".join(lines)
            table.add_row(
                f"{place.title}\n{place.example}", place.system, told, seconds, "yes" if as_expected else "NO"
            )
        if stop.is_set():
            return None
    console.print(table)
    return good


@contextmanager
def _served(folder: Path, stop: threading.Event) -> Iterator[Sandbox]:
    """A sandbox that ends with the block, or when `stop` is set."""
    sandbox = prepare_sandbox(folder, port=0)
    with serve_sandbox(sandbox, stop):
        yield sandbox


def _visit(sandbox: Sandbox, place: _Place, stop: threading.Event) -> tuple[list[str], tuple[str, ...]]:
    """Send one document; what came back in words, and the kinds of it."""
    name = "stranger.toml" if place.stranger else "client.toml"
    profile = load_profile(sandbox.folder / name, url=None, login=None, password_file=None)
    with ChannelClient(profile.url, login=profile.login, password=profile.password) as channel:
        try:
            sys_ref = channel.send(_document(place, profile), filename=place.example, system=place.system)
            answers = _answers(channel, sys_ref, len(place.expected), stop)
        except FaultError as fault:
            return [str(fault)], (fault.code or "fault",)
        except GatewayError as error:
            return [str(error)], ()
    return [a.as_text() for a in answers], tuple(a.kind for a in answers)


def _document(place: _Place, profile: ClientProfile) -> bytes:
    root = parse((_EXAMPLES / place.example).read_bytes(), ParseLimits())
    for element in root.iter(etree.Element):
        if etree.QName(element).localname in _LRN_NAMES:
            element.text = place.lrn
            if place.invalid:
                element.tag = f"{element.tag}X"
    if profile.key is None:
        raise ConfigurationError(key="key", reason="the profile names no key")
    key = load_pkcs12(profile.key.read_bytes(), profile.key_password)
    signed = sign_enveloped(root, key, at=clock.now(), ids=clock.signature_id)
    return signed.replace(place.lrn.encode(), place.lrn[::-1].encode(), 1) if place.spoiled else signed


def _answers(channel: ChannelClient, sys_ref: str, expected: int, stop: threading.Event) -> list[Described]:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while True:
        page = channel.replies(sys_ref)
        described = [describe(each.content, filename=each.filename) for each in page.documents]
        if page.count >= expected or stop.is_set():
            return described
        if time.monotonic() > deadline:
            raise UnavailableError(what="an answer", reason=f"{page.count} of {expected} came in time")
        stop.wait(_POLL_SECONDS)
