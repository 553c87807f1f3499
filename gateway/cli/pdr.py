"""`sisc registry import-pdr`: bringing in the records of PDR."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final, Self

import typer

from gateway.cli.context import open_store, operator
from gateway.cli.files import unusable
from gateway.cli.output import JsonFlag, print_json, print_rows, say
from gateway.cli.progress import reading_bar
from gateway.clock import new_id, now
from gateway.migration import PdrImport
from registry.pdr.entering import Outcome
from registry.pdr.records import Problem

__all__ = ["import_pdr"]

_SHOWN: Final = 20  # problems told to people; a report has all


def import_pdr(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or XML in UTF-8.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every record against the register; enter nothing.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write what is wrong to this file, one JSON object a line.")
    ] = None,
    freeze_keys: Annotated[
        bool, typer.Option("--freeze-keys", help="Close the register of CBTD keys for good afterwards.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Import the records of PDR: persons, entities, authorisations, CBTD keys.

    Every record is entered once: a run that was killed is simply started again. Exits 1 when records were
    refused; mend these lines and run the file again.
    """
    if dry_run and freeze_keys:
        raise typer.BadParameter("--dry-run enters nothing, so there is nothing to freeze")
    frozen = None
    with _report(report) as write, file.open("rb") as opened, open_store() as store:
        teller = _Teller(write=write, as_json=as_json)
        with teller, reading_bar(opened, size=file.stat().st_size) as advance:
            run = PdrImport(
                store=store,
                operator=operator(),
                at=now(),
                new_id=new_id,
                on_problem=teller.tell,
                on_progress=advance,
            )
            outcomes = run.rehearse(opened) if dry_run else run.run(opened)
        if freeze_keys:
            frozen = run.freeze_keys()
    teller.conclude(outcomes, dry_run=dry_run, frozen=frozen)
    if outcomes[Outcome.REFUSED]:
        raise typer.Exit(1)


class _Teller:
    """Tells what is wrong: all of it at once to a program or a report, the first at the end to people."""

    def __init__(self, *, write: Callable[[str], object] | None, as_json: bool) -> None:
        self._write = write
        self._as_json = as_json
        self._count = 0
        self._first: list[Problem] = []

    def tell(self, problem: Problem) -> None:
        self._count += 1
        if self._write is not None:
            self._write(json.dumps(asdict(problem), ensure_ascii=False) + "\n")
        if self._as_json:
            print_json(asdict(problem))
        elif self._count <= _SHOWN:
            self._first.append(problem)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for problem in self._first:
            where = f"line {problem.line}: {problem.record[:30]} {problem.id[:64]}"
            say(f"{where}: {problem.code}: {problem.message_en}")
        if self._count > len(self._first) and not self._as_json:
            more = "" if self._write else "; --report FILE keeps them all"
            say(f"… and {self._count - len(self._first)} more{more}")

    def conclude(self, outcomes: Counter[Outcome], *, dry_run: bool, frozen: int | None) -> None:
        counts = {outcome.value: outcomes[outcome] for outcome in Outcome}
        if self._as_json:
            print_json({"records": outcomes.total(), **counts, "dry_run": dry_run, "keys_frozen": frozen})
            return
        title = "PDR records (dry run: nothing entered)" if dry_run else "PDR records"
        print_rows(title, ("outcome", "records"), counts.items(), as_json=False)
        if frozen is not None:
            say(f"the register of CBTD keys is frozen with {frozen} certificates")


@contextmanager
def _report(file: Path | None) -> Iterator[Callable[[str], object] | None]:
    if file is None:
        yield None
        return
    try:
        opened = file.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise unusable(file, error) from error
    with opened:
        yield opened.write
