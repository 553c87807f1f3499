"""`sisc registry`: persons, accounts, entities and representations."""

from datetime import datetime
from typing import Annotated
from uuid import uuid4

import typer

from gateway.cli.applications import app as applications_app
from gateway.cli.asking import PasswordFileOption, ask_password
from gateway.cli.context import ReasonOption, open_registry
from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_facts, print_list, tell
from gateway.cli.pdr import import_pdr
from gateway.cli.registry_past import history, who_could_send
from gateway.cli.registry_signer import app as signer_app
from registry.accounts import normal_login
from registry.credentials import password_hash
from registry.days import polish_day
from registry.history import Subject
from registry.model import (
    Account,
    AccountLevel,
    AccountStatus,
    Entity,
    NumberKind,
    Person,
    Representation,
    RepresentationLevel,
)
from registry.numbers import entity_id_sisc, parse_number, parse_pesel, person_id_sisc

__all__ = ["app"]


app = group("Who may send what for whom.")
person_app = group("Natural persons registered in SISC.")
account_app = group("Accounts: who may log in.")
entity_app = group("Firms and their numbers.")
representation_app = group("Rights to act for a firm.")
app.add_typer(person_app, name="person")
app.add_typer(signer_app, name="signer")
app.add_typer(account_app, name="account")
app.add_typer(entity_app, name="entity")
app.add_typer(representation_app, name="representation")
app.add_typer(applications_app, name="applications")
app.command("history")(history)
app.command("who-could")(who_could_send)
app.command("import-pdr")(import_pdr)

_Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]
_After = Annotated[str, typer.Option(help="Go on behind this key, the last one of the page before.")]
_IdSisc = Annotated[str, typer.Argument(help="ID SISC.")]
_Login = Annotated[str, typer.Argument(help="E-mail address of the account.")]
_Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day in Poland, YYYY-MM-DD.")]


def _person_facts(person: Person) -> dict[str, object]:
    return {
        "id_sisc": person.id_sisc,
        "given_names": person.given_names,
        "surname": person.surname,
        "pesel": person.pesel,
        "active": person.active,
    }


def _account_facts(account: Account) -> dict[str, object]:
    return {
        "login": account.login,
        "level": account.level.value,
        "status": account.status.value,
        "person": account.person_id,
        "failed_logins": account.failed_logins,
    }


def _entity_facts(entity: Entity) -> dict[str, object]:
    return {
        "id_sisc": entity.id_sisc,
        "name": entity.name,
        "numbers": [f"{kind.value}:{number}" for kind, number in entity.numbers],
        "owner": entity.owner_person,
        "active": entity.active,
    }


def _representation_facts(representation: Representation) -> dict[str, object]:
    return {
        "id": representation.id,
        "representative": representation.representative,
        "represented": representation.represented,
        "systems": sorted(representation.systems),
        "level": representation.level.value,
        "valid_from": representation.valid_from.isoformat(),
        "valid_to": representation.valid_to.isoformat() if representation.valid_to else None,
        "ended_at": representation.ended_at,
        "version": representation.version,
    }


@person_app.command("add")
def add_person(
    surname: Annotated[str, typer.Option(help="Surname.")],
    given_names: Annotated[str, typer.Option(help="Given names.")],
    pesel: Annotated[str | None, typer.Option(help="PESEL; none for persons known by passport.")] = None,
    id_sisc: Annotated[str | None, typer.Option(help="ID SISC; built from the PESEL when absent.")] = None,
    reason: ReasonOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Register a person."""
    if id_sisc is None and pesel is None:
        raise typer.BadParameter("give --pesel or --id-sisc")
    number = parse_pesel(pesel).number if pesel is not None else None
    person = Person(
        id_sisc=id_sisc or person_id_sisc(number or ""),
        given_names=given_names,
        surname=surname,
        pesel=number,
    )
    with open_registry(reason) as session:
        session.repository.add_person(person, operator=session.operator, at=session.now)
    print_facts("Person", _person_facts(person), as_json=as_json)


@person_app.command("show")
def show_person(id_sisc: _IdSisc, as_json: JsonFlag = False) -> None:
    """Show a person, his accounts, and the rights he has."""
    with open_registry() as session:
        person = session.repository.get_person(id_sisc)
        logins = [account.login for account in session.repository.accounts_of([id_sisc])]
        rights = session.repository.representations(limit=100, party=id_sisc)
    print_facts("Person", _person_facts(person) | {"accounts": logins}, as_json=as_json)
    print_list("Rights (first 100)", map(_representation_facts, rights), as_json=as_json)


@person_app.command("list")
def list_persons(limit: _Limit = 100, after: _After = "", as_json: JsonFlag = False) -> None:
    """List persons by ID SISC."""
    with open_registry() as session:
        found = session.repository.persons(limit=limit, after=after)
    print_list("Persons", map(_person_facts, found), as_json=as_json)


@account_app.command("add")
def add_account(
    login: _Login,
    person: Annotated[str | None, typer.Option(help="ID SISC of the registered person behind it.")] = None,
    level: Annotated[AccountLevel, typer.Option(help="Scope of the account.")] = AccountLevel.EXTENDED,
    password_file: PasswordFileOption = None,
    reason: ReasonOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Register an account."""
    account = Account(login=normal_login(login), level=level, status=AccountStatus.ACTIVE, person_id=person)
    secret = password_hash(ask_password(password_file))
    with open_registry(reason) as session:
        sealed = session.vault.encrypt(secret)
        session.repository.add_account(account, sealed, operator=session.operator, at=session.now)
    print_facts("Account", _account_facts(account), as_json=as_json)


@account_app.command("show")
def show_account(login: _Login, as_json: JsonFlag = False) -> None:
    """Show an account and its history."""
    with open_registry() as session:
        account = session.repository.get_account(login)
        changes = session.repository.history(Subject.ACCOUNT, account.login)
    print_facts("Account", _account_facts(account), as_json=as_json)
    rows = ({"at": change.at, "operator": change.operator, "action": change.action} for change in changes)
    print_list("History", rows, as_json=as_json)


@account_app.command("list")
def list_accounts(limit: _Limit = 100, after: _After = "", as_json: JsonFlag = False) -> None:
    """List accounts by login."""
    with open_registry() as session:
        found = session.repository.accounts(limit=limit, after=after)
    print_list("Accounts", map(_account_facts, found), as_json=as_json)


@account_app.command("link")
def link_account(
    login: _Login,
    person: Annotated[str, typer.Argument(help="ID SISC of the person.")],
    reason: ReasonOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Link an account with a registered person."""
    with open_registry(reason) as session:
        account = session.repository.link_account(login, person, operator=session.operator, at=session.now)
    print_facts("Account", _account_facts(account), as_json=as_json)


@account_app.command("password")
def set_password(
    login: _Login,
    password_file: PasswordFileOption = None,
    reason: ReasonOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Set the password of an account."""
    secret = password_hash(ask_password(password_file))
    with open_registry(reason) as session:
        sealed = session.vault.encrypt(secret)
        session.repository.set_password(login, sealed, operator=session.operator, at=session.now)
    tell({"login": login, "password_set": True}, f"the password of {login} is set", as_json=as_json)


@entity_app.command("add")
def add_entity(
    name: Annotated[str, typer.Option(help="Name of the firm.")],
    eori: Annotated[str | None, typer.Option(help="EORI number.")] = None,
    nip: Annotated[str | None, typer.Option(help="NIP.")] = None,
    regon: Annotated[str | None, typer.Option(help="REGON.")] = None,
    excise: Annotated[list[str] | None, typer.Option(help="Excise number; may be repeated.")] = None,
    id_sisc: Annotated[
        str | None, typer.Option(help="ID SISC; built from EORI, or NIP and REGON, when absent.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="ID SISC of the person whose own business this is.")
    ] = None,
    reason: ReasonOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Register a firm with its numbers."""
    given = [
        (NumberKind.EORI, eori),
        (NumberKind.NIP, nip),
        (NumberKind.REGON, regon),
        *((NumberKind.EXCISE, number) for number in excise or ()),
    ]
    entity = Entity(
        id_sisc=id_sisc or entity_id_sisc(eori=eori, nip=nip, regon=regon),
        name=name,
        numbers=tuple((kind, parse_number(kind, number)) for kind, number in given if number is not None),
        owner_person=owner,
    )
    with open_registry(reason) as session:
        session.repository.add_entity(entity, operator=session.operator, at=session.now)
    print_facts("Entity", _entity_facts(entity), as_json=as_json)


@entity_app.command("show")
def show_entity(id_sisc: _IdSisc, as_json: JsonFlag = False) -> None:
    """Show a firm and the rights it gave and has."""
    with open_registry() as session:
        entity = session.repository.get_entity(id_sisc)
        rights = session.repository.representations(limit=100, party=id_sisc)
    print_facts("Entity", _entity_facts(entity), as_json=as_json)
    print_list("Rights (first 100)", map(_representation_facts, rights), as_json=as_json)


@entity_app.command("list")
def list_entities(limit: _Limit = 100, after: _After = "", as_json: JsonFlag = False) -> None:
    """List firms by ID SISC."""
    with open_registry() as session:
        found = session.repository.entities(limit=limit, after=after)
    print_list("Entities", map(_entity_facts, found), as_json=as_json)


@representation_app.command("add")
def add_representation(
    representative: Annotated[str, typer.Option(help="ID SISC of the person or agency that may act.")],
    represented: Annotated[str, typer.Option(help="ID SISC of the firm it may act for.")],
    system: Annotated[list[str], typer.Option(help="Target system, e.g. AES; may be repeated.")],
    level: Annotated[
        RepresentationLevel, typer.Option(help="basic: send and receive; extended: also change and grant on.")
    ] = RepresentationLevel.BASIC,
    valid_from: _Day = None,
    valid_to: _Day = None,
    reason: ReasonOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Register a right: from today on and without term unless days are given."""
    with open_registry(reason) as session:
        representation = Representation(
            id=str(uuid4()),
            representative=representative,
            represented=represented,
            systems=frozenset(map(str.upper, system)),
            level=level,
            valid_from=valid_from.date() if valid_from else polish_day(session.now),
            valid_to=valid_to.date() if valid_to else None,
        )
        session.repository.add_representation(representation, operator=session.operator, at=session.now)
    print_facts("Representation", _representation_facts(representation), as_json=as_json)


@representation_app.command("end")
def end_representation(
    representation: Annotated[str, typer.Argument(help="Id of the representation.")],
    reason: ReasonOption = None,
    as_json: JsonFlag = False,
) -> None:
    """End a right at once."""
    with open_registry(reason) as session:
        ended = session.repository.end_representation(
            representation, operator=session.operator, at=session.now
        )
    print_facts("Representation", _representation_facts(ended), as_json=as_json)


@representation_app.command("list")
def list_representations(
    party: Annotated[str | None, typer.Option(help="ID SISC of either side.")] = None,
    limit: _Limit = 100,
    after: _After = "",
    as_json: JsonFlag = False,
) -> None:
    """List rights by id."""
    with open_registry() as session:
        found = session.repository.representations(limit=limit, after=after, party=party)
    print_list("Representations", map(_representation_facts, found), as_json=as_json)
