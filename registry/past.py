"""The register as it was: who could send what for whom at a moment gone by, told from the history alone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from registry.history import Subject
from registry.model import (
    Account,
    AccountLevel,
    AccountStatus,
    Activity,
    Entity,
    NamedParty,
    NumberKind,
    Person,
    Privilege,
    Representation,
    RepresentationLevel,
    RightsDecision,
)
from registry.repository import RegistryRepository
from registry.rights import decide
from registry.rows import JsonObject

__all__ = ["Answer", "who_could"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What would have been decided for one account."""

    account: Account
    person: Person
    decision: RightsDecision


def who_could(
    repository: RegistryRepository, *, entity: str, system: str, at: datetime, person: str | None = None
) -> Sequence[Answer]:
    """Decide anew, on the register as it was, for everybody who had anything to do with an entity.

    Args:
        repository: the register.
        entity: ID SISC of the entity sent for.
        system: target-system code.
        at: the moment asked about.
        person: ID SISC of a person, to ask about him alone, whether or not he had a right.

    Returns:
        One answer for each account that was linked with such a person then, in the order of the ID SISC.
    """
    firm = _entity_at(repository, entity, at)
    links = list(_links_at(repository, entity, firm, at))
    candidates = {person} if person is not None else _people(links, firm)
    return [
        answer
        for account in _accounts_at(repository, candidates, at)
        for answer in _answers(repository, account, firm, links, entity, system, at)
    ]


def _accounts_at(repository: RegistryRepository, persons: Collection[str], at: datetime) -> list[Account]:
    """The accounts linked with these persons at a moment, under the logins they had."""
    states = {
        login: _state(repository, Subject.ACCOUNT, login, at) for login in repository.logins_ever_of(persons)
    }
    accounts = [_account(state) for login, state in states.items() if state and state["login"] == login]
    linked = [account for account in accounts if account.person_id in persons]
    return sorted(linked, key=lambda account: (account.person_id, account.login))


def _answers(  # noqa: PLR0913, PLR0917 - the facts of one question
    repository: RegistryRepository,
    account: Account,
    firm: Entity | None,
    links: Sequence[Representation],
    entity: str,
    system: str,
    at: datetime,
) -> Iterator[Answer]:
    state = _state(repository, Subject.PERSON, str(account.person_id), at)
    if state is None:
        return
    person = _person(state)
    party = NamedParty(kind=NumberKind.ID_SISC, number=entity)
    decision = decide(
        account=account,
        person=person,
        principals=[party],
        representatives=(),
        system=system,
        entities={party: firm} if firm else {},
        representations=[
            link for link in links if entity == link.represented or person.id_sisc == link.representative
        ],
        at=at,
        needs_right=True,
    )
    yield Answer(account=account, person=person, decision=decision)


def _people(links: Sequence[Representation], firm: Entity | None) -> set[str]:
    """Everybody at the near end of a link, and the owners of agencies; an agency itself has no account."""
    owners = {link.representative_owner for link in links} | ({firm.owner_person} if firm else set())
    return {link.representative for link in links} | {owner for owner in owners if owner is not None}


def _links_at(
    repository: RegistryRepository, entity: str, firm: Entity | None, at: datetime
) -> Iterator[Representation]:
    """Links to the entity, and links of people to the agencies in between, as they were."""
    if firm is None:
        return
    grants = [_link_at(repository, id_, at) for id_ in repository.rights_for(entity)]
    for grant in (grant for grant in grants if grant is not None):
        yield grant
        for id_ in repository.rights_for(grant.representative):
            reach = _link_at(repository, id_, at)
            if reach is not None:
                yield reach


def _link_at(repository: RegistryRepository, id_: str, at: datetime) -> Representation | None:
    state = _state(repository, Subject.REPRESENTATION, id_, at)
    if state is None:
        return None
    agency = _entity_at(repository, str(state["representative"]), at)
    return _representation(state, agency)


def _entity_at(repository: RegistryRepository, id_sisc: str, at: datetime) -> Entity | None:
    state = _state(repository, Subject.ENTITY, id_sisc, at)
    return None if state is None else _entity(state)


def _state(repository: RegistryRepository, subject: Subject, key: str, at: datetime) -> JsonObject | None:
    """The columns of a record at a moment; None when it did not exist."""
    state: JsonObject = {}
    for change in repository.history(subject, key):
        if change.at <= at and change.action != "details":
            state |= change.after or {}
    return state or None


def _person(state: Mapping[str, object]) -> Person:
    return Person(
        id_sisc=str(state["id_sisc"]),
        given_names=str(state["given_names"]),
        surname=str(state["surname"]),
        pesel=_text(state.get("pesel")),
        active=bool(state["active"]),
        only_system=_text(state.get("only_system")),
    )


def _account(state: Mapping[str, object]) -> Account:
    return Account(
        login=str(state["login"]),
        level=AccountLevel(str(state["level"])),
        status=AccountStatus(str(state["status"])),
        person_id=_text(state.get("person_id")),
    )


def _entity(state: Mapping[str, object]) -> Entity:
    return Entity(
        id_sisc=str(state["id_sisc"]),
        name=str(state["name"]),
        active=bool(state["active"]),
        owner_person=_text(state.get("owner_person")),
    )


def _representation(state: Mapping[str, object], agency: Entity | None) -> Representation:
    last, ended = _text(state.get("valid_to")), _text(state.get("ended_at"))
    scope = state.get("scope")
    named = scope if isinstance(scope, dict) else {}
    return Representation(
        id=str(state["id"]),
        representative=str(state["representative"]),
        represented=str(state["represented"]),
        systems=frozenset(_texts(state["systems"])),
        level=RepresentationLevel(str(state["level"])),
        valid_from=date.fromisoformat(str(state["valid_from"])),
        valid_to=date.fromisoformat(last) if last else None,
        ended_at=datetime.fromisoformat(ended) if ended else None,
        version=int(str(state["version"])),
        activities={
            system: frozenset(map(Activity, activities))
            for system, activities in dict(named.get("activities") or {}).items()
        },
        privileges=frozenset(map(Privilege, _texts(named.get("privileges")))),
        substitution=bool(named.get("substitution")),
        basis=_text(state.get("basis")),
        representative_active=agency is None or agency.active,
        representative_owner=agency.owner_person if agency else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _texts(value: object) -> list[str]:
    return list(map(str, value)) if isinstance(value, list) else []
