"""`sisc my-account`: what an account holder sees of himself, and does for himself."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.asking import ask_secret
from gateway.cli.client import LoginOption, PasswordFileOption, ProfileOption, UrlOption
from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_facts, print_list, tell
from gateway.client.profile import load_profile
from gateway.client.registry_client import RegistryClient

__all__ = ["app"]

app = group("Your own account: person, links, rights, certificates, requests.")


def _open(
    profile: Path | None, url: str | None, login: str | None, password_file: Path | None
) -> RegistryClient:
    chosen = load_profile(profile, url=url, login=login, password_file=password_file)
    return RegistryClient(chosen.url, login=chosen.login, password=chosen.password)


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
        print_facts("Account", client.account(), as_json=as_json)


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
            print_list(title, client.items(operation), as_json=as_json)

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
        print_facts("Account", client.link(secret), as_json=as_json)


@app.command("confirm")
def confirm(
    links: Annotated[list[str], typer.Argument(help="Ids of links that came from PDR.")],
    url: UrlOption = None,
    login: LoginOption = None,
    password_file: PasswordFileOption = None,
    profile: ProfileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Confirm that links which came from PDR are right."""
    with _open(profile, url, login, password_file) as client:
        for each in links:
            _tell_review(each, client.review(each, correct=True), as_json=as_json)


@app.command("dispute")
def dispute(
    link_id: Annotated[str, typer.Argument(metavar="LINK", help="Id of a link that came from PDR.")],
    note: Annotated[str, typer.Option(help="What is wrong with it.")],
    url: UrlOption = None,
    login: LoginOption = None,
    password_file: PasswordFileOption = None,
    profile: ProfileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell the help desk that a link which came from PDR is wrong."""
    with _open(profile, url, login, password_file) as client:
        review = client.review(link_id, correct=False, note=note)
        _tell_review(link_id, review, as_json=as_json)


def _tell_review(link_id: str, review: str, *, as_json: bool) -> None:
    tell({"id": link_id, "review": review}, f"{link_id} {review}", as_json=as_json)
