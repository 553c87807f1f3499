"""`sisc codelists`: lists of codes that values are compared with."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from gateway import clock
from gateway.cli.files import read_input, write_whole
from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_rows, tell
from gateway.codelists import file_of, read_folder
from gateway.errors import ConfigurationError
from gateway.flow.dates import parse_moment
from gateway.settings import load_settings
from schemas.codelists import MAX_BYTES, CodeList, kept, read_list
from schemas.errors import CodeListError

__all__ = ["app"]

app = group("Lists of codes that values in documents are compared with.")


@app.command("install")
def install(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, or XML as of CS/RD2.")],
    name: Annotated[
        str | None,
        typer.Option("--as", help="Name of the list, e.g. countries; else told by the file."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Install a list in place of an earlier one of its name; running workers take it up at once."""
    if file.stat().st_size > MAX_BYTES:
        raise ConfigurationError(key=str(file), reason=f"larger than {MAX_BYTES // 2**20} MiB")
    try:
        one = read_list(read_input(file), source=file.name, name=name, at=clock.now())
    except CodeListError as error:
        raise ConfigurationError(key=str(file), reason=error.reason) from error
    folder = _folder()
    before = len(lists[one.name].codes) if one.name in (lists := read_folder(folder)) else None
    _write(folder, one)
    record = {"name": one.name, "codes": len(one.codes), "codes_before": before, "sha256": one.digest}
    replaced = "" if before is None else f", in place of one with {before}"
    tell(record, f"{one.name}: {len(one.codes)} codes{replaced}", as_json=as_json)


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """Tell which lists are installed."""
    today = clock.warsaw_day(clock.now())
    columns = ("name", "codes", "valid today", "source", "installed at", "sha256")
    rows = [_row(one, today) for one in read_folder(_folder()).values()]
    print_rows("Code lists", columns, rows, as_json=as_json)


def _row(one: CodeList, today: date) -> tuple[object, ...]:
    valid = sum(each.valid_on(today) for each in one.codes)
    return one.name, len(one.codes), valid, one.source, one.installed_at, one.digest


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of the list.")],
    code: Annotated[str | None, typer.Option(help="Only this code.")] = None,
    at: Annotated[str | None, typer.Option(help="Only codes valid on this day, e.g. 2026-03-01.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Print the codes of a list. Exits 1 if there are none to print."""
    lists = read_folder(_folder())
    if name not in lists:
        installed = ", ".join(lists) or "none"
        raise ConfigurationError(key=name, reason=f"is not installed; installed lists: {installed}")
    day = None
    if at is not None and (day := parse_moment(at)) is None:
        raise ConfigurationError(key="--at", reason=f"{at!r} is no day")
    chosen = [
        one
        for one in lists[name].codes
        if code in {None, one.code} and (day is None or one.valid_on(clock.warsaw_day(day.moment)))
    ]
    rows = ((one.code, *one.validity, one.description) for one in chosen)
    print_rows(name, ("code", "valid from", "valid to", "description"), rows, as_json=as_json)
    if not chosen:
        raise typer.Exit(1)


def _folder() -> Path:
    settings = load_settings()
    return settings.path(settings.plausibility.code_lists)


def _write(folder: Path, one: CodeList) -> None:
    """Put a list into the folder, whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(file_of(folder, one.name), kept(one))
    except OSError as error:
        reason = f"cannot write into {folder}: {error.strerror}"
        raise ConfigurationError(key="plausibility.code_lists", reason=reason) from error
