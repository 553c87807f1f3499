"""`sisc trust cbtd`: the frozen register of CBTD keys."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.context import open_store, operator
from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_rows, tell
from gateway.clock import now
from gateway.trust.cbtd import entries_of, read_held
from registry.repository import RegistryRepository
from signing.cbtd import CbtdRecord
from signing.cbtd_register import SqlCbtdRegister, check_distinct
from signing.errors import FrozenRegisterError

__all__ = ["app"]

app = group("CBTD keys: the register of the older systems, imported once.")

_COLUMNS = ("person", "subject", "issuer", "not after", "fingerprint")


@app.command("import")
def import_register(
    path: Annotated[
        Path,
        typer.Argument(
            exists=True,
            help="Folder of PEM or DER files named after their holders, or CSV: certificate,holder.",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and show it; enter nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Enter all CBTD certificates, once and for good.

    A holder is the ID SISC of a registered person or the login of an account. All are entered or none.
    """
    held = read_held(path)
    with open_store() as store, store.begin() as work:
        register = SqlCbtdRegister(work.connection)
        if register.imported() is not None:
            raise FrozenRegisterError
        records = entries_of(held, RegistryRepository(work.connection))
        check_distinct(records)
        if not dry_run:
            register.freeze(records, operator=operator(), at=now())
            work.commit()
    if dry_run:
        _show("CBTD keys (nothing entered)", records, as_json=as_json)
    else:
        text = f"{len(records)} certificates entered; the register is frozen"
        tell({"certificates": len(records)}, text, as_json=as_json)


@app.command("list")
def list_register(
    person: Annotated[str | None, typer.Option(help="Of this person only, by ID SISC.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the certificates on the register; issuers as exemptions in the settings name them."""
    with open_store() as store, store.read() as work:
        register = SqlCbtdRegister(work.connection)
        done, records = register.imported(), register.list_all(person_id=person)
    title = f"CBTD keys (imported by {done.operator})" if done else "CBTD keys (not imported yet)"
    _show(title, records, as_json=as_json)


def _show(title: str, records: Sequence[CbtdRecord], *, as_json: bool) -> None:
    rows = (
        (
            record.person_id,
            record.certificate.subject.rfc4514_string(),
            record.certificate.issuer.rfc4514_string(),
            record.certificate.not_valid_after_utc,
            record.fingerprint,
        )
        for record in records
    )
    print_rows(title, _COLUMNS, rows, as_json=as_json)
