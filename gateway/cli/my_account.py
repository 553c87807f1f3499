"""`sisc my-account`: what an account holder sees of himself, and does for himself."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.asking import ask_secret
from gateway.cli.client import LoginOption, PasswordFileOption, ProfileOption, UrlOption
from gateway.cli.output import JsonFlag, print_json, print_rows, say
from gateway.client.profile import load_profile
from gateway.client.registry_client import Facts, RegistryClient

__all__ = ["app"]

app = typer.Typer(
    help="Your own account: person, links, rights, certificates, requests.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


def _open(
    profile: Path | None, url: str | None, login: str | None, password_file: Path | None
) -> RegistryClient:
    chosen = load_profile(profile, url=url, login=login, password_file=password_file)
    return RegistryClient(chosen.url, login=chosen.login, password=chosen.password)


def _cell(value: object) -> object:
    if isinstance(value, Mapping):
        return ":".join(map(str, value.values()))
    return ", ".join(str(_cell(each)) for each in value) if isinstance(value, list) else value


def _show(account: Facts, *, as_json: bool) -> None:
    if as_json:
        print_json(account)
    else:
        print_rows("Account", ("field", "value"), account.items(), as_json=False)


def _list(title: str, items: Iterable[Facts], *, as_json: bool) -> None:
    if as_json:
        for item in items:
            print_json(item)
        return
    found = list(items)
    if not found:
        say(f"{title}: none")
        return
    columns = tuple(dict.fromkeys(name for item in found for name in item))
    rows = ([_cell(item.get(name)) for name in columns] for item in found)
    print_rows(title, columns, rows, as_json=False)


@app.command("show")
def show(
    url: UrlOption = None,
    login: LoginOption = None,
    password_file: PasswordFileOption = None,
    profile: ProfileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the account and the person registered behind it."""
    with _open(profile, url, login, password_file) as client:
        _show(client.account(), as_json=as_json)


def _lister(title: str, operation: str) -> Callable[..., None]:
    """The command that lists what an operation of the self-service tells."""

    def command(
        url: UrlOption = None,
        login: LoginOption = None,
        password_file: PasswordFileOption = None,
        profile: ProfileOption = None,
        as_json: JsonFlag = False,
    ) -> None:
        with _open(profile, url, login, password_file) as client:
            _list(title, client.items(operation), as_json=as_json)

    return command


for _name, _operation, _help in (
    ("links", "ListLinks", "List your own links, those over and those to come too."),
    ("entities", "ListEntities", "List the entities you are linked to, or own."),
    ("rights", "ListRights", "List for whom and where you may act now."),
    ("certificates", "ListCertificates", "List your SC certificates and CBTD keys, with their expiry."),
    ("requests", "ListRequests", "List your newest requests to the help desk."),
):
    app.command(_name, help=_help)(_lister(_name.capitalize(), _operation))


@app.command("link")
def link(
    one_time_password_file: Annotated[
        Path | None,
        typer.Option(
            help="File whose first line is the one-time password; else it is asked for or piped in."
        ),
    ] = None,
    url: UrlOption = None,
    login: LoginOption = None,
    password_file: PasswordFileOption = None,
    profile: ProfileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Link the account to its record from PDR, with a one-time password of the help desk."""
    secret = ask_secret("One-time password", one_time_password_file, option="--one-time-password-file")
    with _open(profile, url, login, password_file) as client:
        _show(client.link(secret), as_json=as_json)


@app.command("confirm")
def confirm(
    links: Annotated[list[str], typer.Argument(help="Ids of links that came from PDR.")],
    url: UrlOption = None,
    login: LoginOption = None,
    password_file: PasswordFileOption = None,
    profile: ProfileOption = None,
) -> None:
    """Confirm that links which came from PDR are right."""
    with _open(profile, url, login, password_file) as client:
        for each in links:
            say(f"{each} {client.review(each, correct=True)}")


@app.command("dispute")
def dispute(
    link_id: Annotated[str, typer.Argument(metavar="LINK", help="Id of a link that came from PDR.")],
    note: Annotated[str, typer.Option(help="What is wrong with it.")],
    url: UrlOption = None,
    login: LoginOption = None,
    password_file: PasswordFileOption = None,
    profile: ProfileOption = None,
) -> None:
    """Tell the help desk that a link which came from PDR is wrong."""
    with _open(profile, url, login, password_file) as client:
        say(f"{link_id} {client.review(link_id, correct=False, note=note)}")
