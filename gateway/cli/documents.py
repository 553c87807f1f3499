"""`sisc documents`: the fate of any document."""

import sys
from base64 import b64decode
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gateway.archive import Archive
from gateway.cli.context import open_configured, open_store, operations
from gateway.cli.groups import group
from gateway.cli.output import AnySystem, JsonFlag, local, print_json, print_rows, say, tell
from gateway.cli.progress import counting_bar
from gateway.errors import ConfigurationError
from gateway.flow.dates import Moment, parse_moment
from gateway.flow.lanes import lane_of
from gateway.store.model import Document, DocumentFilter, DocumentState, Event, Lane
from gateway.store.queue_control import QueuedItem

__all__ = ["app"]

app = group("Find documents and tell what happened to them.")

#: What fits a screen; --json tells everything.
_COLUMNS = ("sysRef", "received", "type", "state", "LRN", "number")

SysRef = Annotated[str, typer.Argument(help="sysRef of the document.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the document's history.")]


@app.command("list")
def list_documents(
    account: Annotated[str | None, typer.Option(help="Login of the sender.")] = None,
    system: AnySystem = None,
    state: Annotated[DocumentState | None, typer.Option(help="State of the document.")] = None,
    own_id: Annotated[str | None, typer.Option(help="The message's own number.")] = None,
    lrn: Annotated[str | None, typer.Option(help="LRN.")] = None,
    mrn: Annotated[str | None, typer.Option(help="MRN.")] = None,
    arc: Annotated[str | None, typer.Option(help="ARC.")] = None,
    eori: Annotated[str | None, typer.Option(help="EORI of a party it names.")] = None,
    excise: Annotated[str | None, typer.Option(help="Excise number of a party it names.")] = None,
    nip: Annotated[str | None, typer.Option(help="NIP of a party it names.")] = None,
    id_sisc: Annotated[str | None, typer.Option(help="ID SISC of a party it names.")] = None,
    hash_: Annotated[
        str | None, typer.Option("--hash", help="SHA-256 or SHA-1 of the payload, hexadecimal or base64.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Received at or after this date or time.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Received before this time, or until this day's end.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, newest first.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List incoming documents, newest first."""
    start, end = _bound(since, "--since"), _bound(until, "--until")
    wanted = DocumentFilter(
        account=account.lower() if account else None,
        system=system,
        state=state,
        own_id=own_id,
        lrn=lrn,
        mrn=mrn,
        arc=arc,
        eori=eori,
        excise=excise,
        nip=nip,
        id_sisc=id_sisc,
        **_hash(hash_),
        received_from=start.moment if start else None,
        received_to=end.after if end else None,
    )
    with open_store() as store, store.read() as work:
        found = work.documents.find(wanted, limit=limit)
    if as_json:
        for document in found:
            print_json(_record(document))
    else:
        print_rows("Documents", _COLUMNS, map(_row, found), as_json=False)


@app.command("show")
def show(sys_ref: SysRef, as_json: JsonFlag = False) -> None:
    """Tell the life of one document with every event."""
    with open_store() as store, store.read() as work:
        document = work.documents.get(sys_ref)
        events = work.events.of(sys_ref)
        item = work.control.item_of(document, Lane.VERIFY, lane_of(document.system))
    record = _record(document) | {"waits": _waits(item)}
    if as_json:
        print_json({**record, "events": [_event(event) for event in events]})
        return
    for key, value in {**record, "received": local(document.received_at)}.items():
        if value not in {None, ""}:
            say(f"{key:>12}  {value}")
    rows = ((event.at, event.action, event.actor, _told(event)) for event in events)
    print_rows("Events", ("time", "action", "actor", "facts"), rows, as_json=False)


@app.command("retry")
def retry(sys_ref: SysRef, reason: Reason, as_json: JsonFlag = False) -> None:
    """Let a document go on at once, also one that was given up."""
    with open_configured() as gateway:
        operations(gateway).retry(sys_ref, reason)
    tell({"sysRef": sys_ref, "act": "retry"}, f"{sys_ref} goes on", as_json=as_json)


@app.command("hold")
def hold(sys_ref: SysRef, reason: Reason, as_json: JsonFlag = False) -> None:
    """Keep a document back until it is released."""
    with open_configured() as gateway:
        operations(gateway).hold(sys_ref, reason)
    tell({"sysRef": sys_ref, "act": "hold"}, f"{sys_ref} is held", as_json=as_json)


@app.command("release")
def release(sys_ref: SysRef, reason: Reason, as_json: JsonFlag = False) -> None:
    """Let a held document go on at once."""
    with open_configured() as gateway:
        operations(gateway).release(sys_ref, reason)
    tell({"sysRef": sys_ref, "act": "release"}, f"{sys_ref} is released", as_json=as_json)


@app.command("reroute")
def reroute(
    sys_ref: SysRef,
    to: Annotated[str, typer.Option(help="Target system, e.g. AES.")],
    reason: Reason,
    as_json: JsonFlag = False,
) -> None:
    """Deliver a waiting document to another target system."""
    with open_configured() as gateway:
        operations(gateway).reroute(sys_ref, to.upper(), reason)
    record = {"sysRef": sys_ref, "act": "reroute", "system": to.upper()}
    tell(record, f"{sys_ref} goes to {to.upper()}", as_json=as_json)


@app.command("export")
def export(
    sys_refs: Annotated[list[str], typer.Argument(help="sysRefs of documents; '-': one a line from input.")],
    to: Annotated[Path, typer.Option(help="Folder; a ZIP a document, by day of receipt.")],
    as_json: JsonFlag = False,
) -> None:
    """Write documents to files, each with its receipts, answers and events."""
    archive = Archive(folder=to)
    wanted = [line.strip() for line in sys.stdin if line.strip()] if sys_refs == ["-"] else sys_refs
    with open_store() as store, counting_bar(len(wanted), "documents") as advance:
        for sys_ref in wanted:
            with store.read() as work:
                path = archive.write(work, sys_ref)
            advance(1)
            if as_json:
                print_json({"sysRef": sys_ref, "file": str(path)})
    if not as_json:
        say(f"{len(wanted)} documents are in {to}")


@app.command("purge")
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    most: Annotated[int, typer.Option(min=1, help="At most so many.")] = 1_000_000,
    as_json: JsonFlag = False,
) -> None:
    """Let go what [retention] keeps no longer; workers do the same in the background."""
    with open_configured() as gateway:
        retention = gateway.retention()
        if not retention.keep_for:
            raise ConfigurationError(key="retention.days", reason="names no state: all is kept for good")
        due = retention.due(limit=most)
        if dry_run:
            print_rows("Due", ("state", "documents"), sorted(due.items()), as_json=as_json)
            return
        with counting_bar(min(most, sum(due.values())), "documents") as advance:
            gone = retention.purge(most=most, told=advance)
    tell({"gone": gone}, f"{gone} documents are gone", as_json=as_json)


def _waits(item: QueuedItem | None) -> str | None:
    """What the document waits for."""
    if item is None:
        return None
    if item.held:
        return f"held by an operator ({item.lane})"
    if item.leased:
        return f"being worked on ({item.lane})"
    return f"{item.lane}, attempt {item.attempt + 1}, not before {local(item.due_at)}"


def _hash(text: str | None) -> dict[str, str]:
    """The key of the search: receipts tell SHA-256 in base64, the channel SHA-1 in hexadecimal."""
    if text is None:
        return {}
    kinds = {32: "sha256", 20: "sha1"}
    for read in (bytes.fromhex, partial(b64decode, validate=True)):
        with suppress(ValueError):
            digest = read(text)
            if len(digest) in kinds:
                return {kinds[len(digest)]: digest.hex()}
    raise ConfigurationError(key="--hash", reason=f"{text!r} is no SHA-256 or SHA-1")


def _bound(text: str | None, option: str) -> Moment | None:
    if text is None:
        return None
    moment = parse_moment(text)
    if moment is None:
        raise ConfigurationError(key=option, reason=f"{text!r} is neither a date nor a time")
    return moment


def _row(document: Document) -> tuple[object, ...]:
    number = document.mrn or document.arc
    received = local(document.received_at)
    return document.sys_ref, received, document.type_code, document.state.value, document.lrn, number


def _record(document: Document) -> dict[str, object]:
    return {
        "sysRef": document.sys_ref,
        "received": document.received_at.isoformat(),
        "type": document.type_code,
        "system": document.system,
        "state": document.state.value,
        "account": document.account,
        "own id": document.own_id,
        "LRN": document.lrn,
        "MRN": document.mrn,
        "ARC": document.arc,
        "person": document.person,
        "agency": document.middle,
        "firm": document.end,
        "file name": document.filename,
        "bytes": document.size,
        "SHA-256": document.sha256,
        "SHA-1": document.sha1,
    }


def _event(event: Event) -> dict[str, object]:
    return {
        "at": event.at.isoformat(),
        "action": event.action,
        "actor": event.actor,
        "facts": dict(event.facts),
    }


def _told(event: Event) -> str:
    return "\n".join(f"{key}: {value}" for key, value in event.facts.items() if value not in (None, [], {}))
