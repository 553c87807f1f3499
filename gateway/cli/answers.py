"""`sisc answers`: what back ends answered and what nobody may be given without an operator's word."""

from pathlib import Path
from typing import Annotated

import typer

from gateway import clock
from gateway.bootstrap import Gateway
from gateway.cli.context import open_configured, open_store, operator
from gateway.cli.files import new_file
from gateway.cli.groups import group
from gateway.cli.output import AnySystem, JsonFlag, local, print_json, print_rows, say, tell
from gateway.errors import NotFoundError
from gateway.flow.quarantine_desk import QuarantineDesk
from gateway.store.quarantine import Quarantine, Quarantined, QuarantineState

__all__ = ["app"]

app = group("Answers of back ends that wait in the quarantine.")

_COLUMNS = ("answer", "arrived", "system", "reason", "bytes", "state", "detail")

Number = Annotated[int, typer.Argument(help="Number of the answer, as `list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the answer.")]


@app.command("list")
def list_answers(
    system: AnySystem = None,
    everything: Annotated[bool, typer.Option("--all", help="Those decided upon, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, oldest first.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List answers in the quarantine, oldest first."""
    state = None if everything else QuarantineState.WAITING
    with open_store() as store, store.read() as work:
        found = Quarantine(work.connection).find(state=state, system=system, limit=limit)
    if as_json:
        for each in found:
            print_json(_record(each))
    else:
        print_rows("Answers in the quarantine", _COLUMNS, map(_row, found), as_json=False)


@app.command("show")
def show(
    number: Number,
    save: Annotated[Path | None, typer.Option(help="Write its bytes to this new file.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell all about one answer in the quarantine."""
    with open_store() as store, store.read() as work:
        found = Quarantine(work.connection).get(number)
    if found is None:
        raise NotFoundError(what="answer", key=str(number))
    if save is not None:
        with new_file(save, option="--save") as write:
            write(found.answer.content)
    if as_json:
        print_json(_record(found))
        return
    for key, value in {**_record(found), "arrived": local(found.arrived_at)}.items():
        if value not in {None, ""}:
            say(f"{key:>12}  {value}")


@app.command("release")
def release(
    number: Number,
    reason: Reason,
    sys_ref: Annotated[str | None, typer.Option(help="sysRef of the document it is about.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Pass it on although it is invalid.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Look at an answer again and pass it on to whom it is for."""
    with open_configured() as gateway:
        released = _desk(gateway).release(number, note=reason, sys_ref=sys_ref, force=force)
    record = {"answer": number, "state": QuarantineState.RELEASED.value, "to": released.to}
    tell(record, f"answer {number} is passed on, to {released.to}", as_json=as_json)


@app.command("drop")
def drop(number: Number, reason: Reason, as_json: JsonFlag = False) -> None:
    """Decide that an answer is passed on to nobody; it is kept, but waits no longer."""
    with open_configured() as gateway:
        _desk(gateway).drop(number, note=reason)
    record = {"answer": number, "state": QuarantineState.DROPPED.value}
    tell(record, f"answer {number} is dropped", as_json=as_json)


def _desk(gateway: Gateway) -> QuarantineDesk:
    return QuarantineDesk(
        store=gateway.store,
        reader=gateway.answer_reader,
        answers=gateway.answers,
        operator=operator(),
        clock=clock.now,
        observe=gateway.observe,
    )


def _row(kept: Quarantined) -> tuple[object, ...]:
    return (
        kept.id,
        kept.arrived_at,
        kept.system,
        kept.reason.value,
        kept.size,
        kept.state.value,
        kept.detail,
    )


def _record(kept: Quarantined) -> dict[str, object]:
    answer = kept.answer
    return {
        "answer": kept.id,
        "arrived": kept.arrived_at.isoformat(),
        "system": kept.system,
        "id": answer.back_end_id,
        "reason": kept.reason.value,
        "detail": kept.detail,
        "type": answer.type_code or None,
        "sysRef": answer.sys_ref,
        "correlation": answer.correlation,
        "LRN": answer.lrn,
        "MRN": answer.mrn,
        "ARC": answer.arc,
        "file name": answer.filename,
        "bytes": kept.size,
        "state": kept.state.value,
        "decided": kept.decided_at.isoformat() if kept.decided_at else None,
        "by": kept.decided_by,
        "why": kept.note,
    }
