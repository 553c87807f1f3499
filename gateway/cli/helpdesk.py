"""`sisc helpdesk`: what the help desk does for people, each act with its reason."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer

from gateway.cli import ca_status
from gateway.cli.asking import PasswordFileOption, ask_password
from gateway.cli.context import open_configured, operator
from gateway.cli.groups import group
from gateway.cli.helpdesk_requests import app as request_app
from gateway.cli.output import JsonFlag, local, print_facts, print_json, print_rows, say, tell
from gateway.clock import now
from gateway.store.accounts import move_account
from gateway.store.ports import UnitOfWork
from registry.credentials import CredentialVault, password_hash
from registry.helpdesk import HelpDeskRecords
from registry.linking import TRIES
from registry.migrated import MigratedLink, Review
from registry.model import Account, AccountLevel
from registry.texts import clean_text

__all__ = ["app"]


app = group("Help for account holders; every act is kept with its reason.")
certificate_app = group("SC certificates: suspend, unsuspend, revoke.")
link_app = group("Rights that came from PDR: which are confirmed, which disputed.")
app.add_typer(request_app, name="request")
app.add_typer(certificate_app, name="certificate")
app.add_typer(link_app, name="link")
for act in (ca_status.suspend, ca_status.unsuspend, ca_status.revoke):
    certificate_app.command()(act)

_Login = Annotated[str, typer.Argument(help="E-mail address of the account.")]
_Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Desk:
    """One act: its transaction, who does it and when."""

    work: UnitOfWork
    records: HelpDeskRecords
    vault: CredentialVault
    operator: str
    at: datetime


@contextmanager
def _act(what: str, reason: str, request: int | None) -> Iterator[_Desk]:
    """One transaction: committed at the end, rolled back by an exception."""
    why = clean_text("reason", reason)
    with open_configured() as gateway, gateway.store.begin() as work:
        records = HelpDeskRecords(work.connection, reason=why)
        desk = _Desk(work=work, records=records, vault=gateway.vault, operator=operator(), at=now())
        yield desk
        if request is not None:
            records.note_action(request, f"{what}: {why}", operator=desk.operator, at=desk.at)
        work.commit()


def _show_account(account: Account, *, as_json: bool) -> None:
    facts = {
        "login": account.login,
        "level": account.level.value,
        "status": account.status.value,
        "person": account.person_id,
    }
    print_facts("Account", facts, as_json=as_json)


@app.command("change-email")
def change_email(
    login: _Login,
    new_login: Annotated[str, typer.Argument(help="The new e-mail address.")],
    reason: _Reason,
    request: ca_status.RequestOption = None,
    password_file: PasswordFileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Give an account a new e-mail address and a new password, for an owner who has lost the password."""
    secret = password_hash(ask_password(password_file))
    with _act(f"e-mail of {login} changed to {new_login}", reason, request) as desk:
        account = desk.records.change_email(
            login, new_login, desk.vault.encrypt(secret), operator=desk.operator, at=desk.at
        )
        move_account(desk.work.connection, login.lower(), account.login)
    _show_account(account, as_json=as_json)


@app.command("create-account")
def create_account(
    login: _Login,
    pesel: Annotated[str, typer.Option(help="PESEL that is in the system already.")],
    reason: _Reason,
    level: Annotated[AccountLevel, typer.Option(help="Scope of the account.")] = AccountLevel.BASIC,
    close_others: Annotated[
        bool, typer.Option("--close-others", help="Close the accounts that the person has.")
    ] = False,
    request: ca_status.RequestOption = None,
    password_file: PasswordFileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Open an account for a person whose PESEL is in the system already, which the portal refuses."""
    secret = password_hash(ask_password(password_file))
    with _act(f"account {login} created", reason, request) as desk:
        account = desk.records.create_account(
            login,
            pesel=pesel,
            credential=desk.vault.encrypt(secret),
            level=level,
            close_others=close_others,
            operator=desk.operator,
            at=desk.at,
        )
    _show_account(account, as_json=as_json)


@app.command("unlock")
def unlock(
    login: _Login, reason: _Reason, request: ca_status.RequestOption = None, as_json: JsonFlag = False
) -> None:
    """Let an account log in again that was locked after wrong passwords."""
    with _act(f"account {login} unlocked", reason, request) as desk:
        account = desk.records.unlock(login, operator=desk.operator, reason=reason, at=desk.at)
    _show_account(account, as_json=as_json)


@app.command("one-time-password")
def one_time_password(
    login: _Login,
    person: Annotated[str, typer.Option(help="ID SISC of the person migrated from PDR.")],
    reason: _Reason,
    hours: Annotated[int, typer.Option(min=1, max=24 * 14, help="How long it is valid.")] = 72,
    request: ca_status.RequestOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Issue the one-time password by which an account links itself to its migrated record.

    It is shown once. A new one makes an older one invalid.
    """
    with _act(f"one-time password issued to {login} for {person}", reason, request) as desk:
        valid_for = timedelta(hours=hours)
        password = desk.records.issue_password(
            login,
            person,
            valid_for=valid_for,
            random_bytes=secrets.token_bytes,
            operator=desk.operator,
            at=desk.at,
        )
    until = desk.at + valid_for
    if as_json:
        print_json({"login": login, "person": person, "one_time_password": password, "valid_until": until})
        return
    say(f"one-time password: {password}")
    say(f"valid until {local(until)}, once, for {TRIES} tries; used by: sisc my-account link")


@link_app.command("list")
def list_links(
    review: Annotated[Review | None, typer.Option(help="Only those of which this was said.")] = None,
    unreviewed: Annotated[
        bool, typer.Option("--unreviewed", help="Only those of which nothing was said yet.")
    ] = False,
    person: Annotated[str | None, typer.Option(help="ID SISC of the representative.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    after: Annotated[str, typer.Option(help="Go on behind this number in PDR.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """List rights that came from PDR, by their numbers there."""
    with open_configured() as gateway, gateway.store.read() as work:
        found = HelpDeskRecords(work.connection).migrated_links(
            limit=limit, after=after, party=person, review=review, unreviewed=unreviewed
        )
    rows = [tuple(asdict(link).values()) for link in found]
    columns = tuple(MigratedLink.__dataclass_fields__)
    print_rows("Rights from PDR", columns, rows, as_json=as_json)


@link_app.command("review")
def review_link(
    representation: Annotated[str, typer.Argument(help="Id of the right.")],
    verdict: Annotated[Review, typer.Argument(help="What is said of it.")],
    reason: _Reason,
    request: ca_status.RequestOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Confirm or dispute a right that came from PDR, for somebody who cannot do it himself.

    A disputed right stays in force until it is ended: sisc registry representation end.
    """
    with _act(f"right {representation} {verdict}", reason, request) as desk:
        desk.records.review_link(representation, verdict, operator=desk.operator, at=desk.at, note=reason)
    record = {"id": representation, "review": verdict.value}
    tell(record, f"{representation} is {verdict}", as_json=as_json)
