"""`sisc schemas install` and what goes with it: packs of official schemas."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gateway.bootstrap import open_catalogue, open_packs
from gateway.cli.context import open_configured, operator
from gateway.cli.files import read_input
from gateway.cli.output import JsonFlag, local, print_json, print_rows, say, tell
from gateway.errors import NotFoundError
from gateway.settings import Settings, load_settings
from gateway.store.trials import SqlTrials
from schemas.compiling import Engine
from schemas.errors import CatalogueError
from schemas.naming import source_of
from schemas.packs.contents import Declared, declared_in
from schemas.packs.folder import Mode
from schemas.packs.installing import Effect, Installed
from schemas.packs.installing import install as install_pack
from schemas.packs.manifest import Manifest, read_manifest
from schemas.packs.source import read_source
from schemas.packs.trial import Compiled

__all__ = ["add_pack_commands", "unreadable"]

_EFFECTS: Final = ("type", "version", "direction", "change", "validator", "remark")
_TRIED: Final = ("pack", "type", "documents", "would be refused", "would be accepted")
_FINDINGS: Final = ("type", "code", "path", "documents", "what is wrong", "sysRef")
_PACKS: Final = ("pack", "mode", "since", "until", "by")
_SLOW: Final = (
    "{count} of the types need XSD 1.1, which libxml2 does not know: xmlschema validates them, about sixty"
    " times slower (some ms for 8 KB), and each takes {seconds:.1f} s before its first document."
)
#: A message of a drafted manifest.
_DRAFT: Final = """
[[message]]
root = {root}
schema = {schema}
direction = "inbound"  # or "outbound"
title_pl = {root}
title_en = {root}
rights = "parties"  # or "none", "owner"
# signature_required = false
places = {{ own_id = [], lrn = [], mrn = [], arc = [], correlation = [] }}
parties = []  # such as {{ role = "principal", kind = "eori", xpath = "Declarant/identificationNumber" }}
"""

_PathArgument = Annotated[
    Path, typer.Argument(exists=True, metavar="PATH", help="Folder or zip of XSD files.")
]
_SystemOption = Annotated[str | None, typer.Option(help="Target system, e.g. NCTS2.")]
_VersionOption = Annotated[str | None, typer.Option(help="Version of the schemas, e.g. 60.4.16.")]
_SkipOption = Annotated[
    list[str] | None,
    typer.Option(help="Files whose document elements are no types, e.g. '*-New.xsd'; may be repeated."),
]


def add_pack_commands(app: typer.Typer) -> None:
    """Add the commands about packs to those about schemas."""
    app.command("install")(install)
    app.command("packs")(packs)
    app.command("rollback")(rollback)
    app.command("shadow")(shadow_report)
    app.command("manifest")(manifest)


def unreadable(error: CatalogueError) -> None:
    """What a command does when packs cannot be read: it fails."""
    raise error


def install(
    path: _PathArgument,
    manifest_file: Annotated[
        Path | None, typer.Option("--manifest", help="Manifest in place of the pack's own pack.toml.")
    ] = None,
    system: _SystemOption = None,
    version: _VersionOption = None,
    valid_from: Annotated[str | None, typer.Option(help="First day of validity, e.g. 2026-06-01.")] = None,
    valid_to: Annotated[str | None, typer.Option(help="Last day of validity.")] = None,
    skip: _SkipOption = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="On trial: live documents are tried on it, without effect.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Install official schemas; they take precedence over all that are there, and need no restart."""
    source = read_source(path)
    content = source.manifest if manifest_file is None else read_input(manifest_file)
    options = {
        "system": system,
        "version": version,
        "skip": skip,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    settings = load_settings()
    with _Bar() as bar:
        installed = install_pack(
            source,
            read_manifest(content, options, source=str(manifest_file or source.name)),
            packs=open_packs(settings),
            known=open_catalogue(settings, unreadable),
            mode=Mode.SHADOW if shadow else Mode.ACTIVE,
            by=operator(),
            progress=bar.step,
        )
    if as_json:
        print_json(_record(installed))
    else:
        _tell(installed)


def packs(
    every: Annotated[bool, typer.Option("--all", help="Those that were taken back, too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List installed packs, oldest first: of two with the same message the later counts."""
    lines = open_packs(load_settings()).lines()
    rows = (
        (one.pack, one.mode.value, one.since, one.until, one.by)
        for one in lines
        if every or one.until is None
    )
    print_rows("Schema packs", _PACKS, rows, as_json=as_json)


def rollback(
    pack: Annotated[
        str | None, typer.Argument(help="Id of the pack; the one installed last unless named.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Take a pack back: what it replaced counts again. Documents already received keep to it."""
    line = open_packs(load_settings()).take_back(pack)
    text = f"{line.pack} is taken back for documents received from {_time(line.until)} on"
    tell({"pack": line.pack, "until": line.until}, text, as_json=as_json)


def shadow_report(
    pack: Annotated[str | None, typer.Argument(help="Id of the pack; all that are or were on trial.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Report what packs on trial have made of live documents: what would be refused, where and why."""
    with open_configured() as gateway, gateway.store.read() as work:
        sums = SqlTrials(work.connection).sums(pack)
        if pack and not sums:
            _demand_trial(gateway.settings, pack)
    if as_json:
        for one in sums:
            print_json(asdict(one))
        return
    rows = (
        (one.pack, one.type_code, one.documents, one.refused, one.accepted) for one in sums if not one.code
    )
    print_rows("Documents tried", _TRIED, rows, as_json=False)
    findings = (
        (one.type_code, one.code, one.xpath, one.documents, one.message, one.example)
        for one in sums
        if one.code
    )
    print_rows("What would be refused", _FINDINGS, findings, as_json=False)


def _demand_trial(settings: Settings, pack: str) -> None:
    """Without documents tried there may be nothing to tell, or no such pack."""
    lines = open_packs(settings).lines()
    if not any(one.pack == pack and one.mode is Mode.SHADOW for one in lines):
        raise NotFoundError(what="pack on trial", key=pack)


def manifest(
    path: _PathArgument,
    system: _SystemOption = None,
    version: _VersionOption = None,
    skip: _SkipOption = None,
) -> None:
    """Draft the manifest of a pack whose messages are new: every document element, to be described."""
    source = read_source(path)
    described = read_manifest(None, {"system": system, "version": version, "skip": skip}, source=source.name)
    types = open_catalogue(load_settings(), unreadable).types()
    known = {one.root for one in types if one.system == described.system}
    new = [one for one in declared_in(source.schemas, described.skip) if one.root not in known]
    say(_draft(described, new))


class _Bar:
    """Progress on standard error; nothing where that is no terminal."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        shown = sys.stderr.isatty()
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown)
        self._task = self._progress.add_task("compiling", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._progress.stop()

    def step(self, compiled: Compiled, total: int) -> None:
        """One more schema is compiled."""
        self._progress.update(self._task, description=compiled.schema, total=total, advance=1)


def _tell(installed: Installed) -> None:
    line = installed.line
    rows = [_row(effect) for effect in installed.effects]
    print_rows(line.pack, _EFFECTS, rows, as_json=False)
    slow = [effect for effect in installed.effects if effect.engine is Engine.XMLSCHEMA]
    if slow:
        seconds = max(effect.compile_seconds for effect in slow)
        say(_SLOW.format(count=len(slow), seconds=seconds), style="yellow")
    if installed.undescribed:
        names = ", ".join(one.root for one in installed.undescribed)
        say(f"No types, since nothing is known of them: {names}. A manifest may describe them.")
    what = "on trial" if line.mode is Mode.SHADOW else "in force"
    say(f"{line.pack} is {what} for documents received from {_time(line.since)} on", style="green")


def _row(effect: Effect) -> tuple[object, ...]:
    one = effect.message_type
    return (one.code, one.version, one.direction.value, _change(effect), effect.engine.value, _remark(effect))


def _change(effect: Effect) -> str:
    if effect.replaces is not None:
        old = effect.replaces.message_type
        owner = "" if old.system == effect.message_type.system else f" of {old.system}"
        return f"replaces {old.version} ({source_of(old)}){owner}"
    return "new" if effect.beside is None else f"beside {effect.beside.version}, in another namespace"


def _remark(effect: Effect) -> str:
    differing = f"{effect.replaces.differences} differences" if effect.replaces else ""
    lost = f"no place for {', '.join(effect.lost)}" if effect.lost else ""
    return "; ".join(filter(None, (differing, lost)))


def _record(installed: Installed) -> dict[str, object]:
    line = installed.line
    return {
        "pack": line.pack,
        "mode": line.mode.value,
        "since": line.since,
        "types": [
            {
                **dict(zip(_EFFECTS, _row(effect), strict=True)),
                "valid_from": _iso(effect.message_type.valid_from),
            }
            for effect in installed.effects
        ],
        "undescribed": [one.root for one in installed.undescribed],
        "left_out": installed.left_out,
    }


def _draft(described: Manifest, new: Sequence[Declared]) -> str:
    head = f"system = {json.dumps(described.system)}\nversion = {json.dumps(described.version)}\n"
    return head + "".join(
        _DRAFT.format(root=json.dumps(one.root), schema=json.dumps(one.schema)) for one in new
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _time(moment: datetime | None) -> str:
    return "" if moment is None else local(moment)
