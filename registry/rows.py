"""Rows of the registry's tables as values, and values as rows."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TypeAlias

from sqlalchemy import RowMapping

from registry.model import (
    Account,
    AccountLevel,
    AccountStatus,
    Activity,
    Entity,
    EntityStanding,
    NumberKind,
    Person,
    PersonStanding,
    Privilege,
    Representation,
    RepresentationLevel,
)

__all__ = [
    "JsonObject",
    "account_from_row",
    "account_row",
    "entity_from_row",
    "entity_row",
    "entity_standing_from_row",
    "entity_values",
    "json_object",
    "person_from_row",
    "person_row",
    "person_standing_from_row",
    "representation_from_row",
    "representation_row",
    "scope_values",
]

Values: TypeAlias = dict[str, object]
JsonObject: TypeAlias = dict[str, object]


def person_row(person: Person) -> Values:
    """Columns of a person."""
    return {
        "id_sisc": person.id_sisc,
        "given_names": person.given_names,
        "surname": person.surname,
        "pesel": person.pesel,
        "active": person.active,
        "only_system": person.only_system,
    }


def person_from_row(row: RowMapping) -> Person:
    """A person as stored."""
    return Person(
        id_sisc=row["id_sisc"],
        given_names=row["given_names"],
        surname=row["surname"],
        pesel=row["pesel"],
        active=row["active"],
        only_system=row["only_system"],
    )


def person_standing_from_row(row: RowMapping) -> PersonStanding:
    """What a decision asks of a person, as stored."""
    return PersonStanding(id_sisc=row["id_sisc"], active=row["active"], only_system=row["only_system"])


def account_row(account: Account) -> Values:
    """Columns of an account, all but its credential."""
    return {
        "login": account.login,
        "level": account.level.value,
        "status": account.status.value,
        "person_id": account.person_id,
        "failed_logins": account.failed_logins,
    }


def account_from_row(row: RowMapping) -> Account:
    """An account as stored."""
    return Account(
        login=row["login"],
        level=AccountLevel(row["level"]),
        status=AccountStatus(row["status"]),
        person_id=row["person_id"],
        failed_logins=row["failed_logins"],
    )


def entity_row(entity: Entity) -> Values:
    """Columns of an entity; its numbers stand in a table of their own."""
    return {
        "id_sisc": entity.id_sisc,
        "name": entity.name,
        "active": entity.active,
        "owner_person": entity.owner_person,
    }


def entity_values(entity: Entity) -> JsonObject:
    """An entity with its numbers, for the history."""
    return entity_row(entity) | {"numbers": [[kind.value, number] for kind, number in entity.numbers]}


def entity_from_row(row: RowMapping, numbers: Iterable[tuple[str, str]]) -> Entity:
    """An entity as stored, with its (kind, number) pairs."""
    return Entity(
        id_sisc=row["id_sisc"],
        name=row["name"],
        active=row["active"],
        owner_person=row["owner_person"],
        numbers=tuple(sorted((NumberKind(kind), number) for kind, number in numbers)),
    )


def entity_standing_from_row(row: RowMapping) -> EntityStanding:
    """What a decision asks of an entity, as stored."""
    return EntityStanding(id_sisc=row["id_sisc"], active=row["active"], owner_person=row["owner_person"])


def representation_row(representation: Representation) -> Values:
    """Columns of a representation, without what is read beside it."""
    return {
        "id": representation.id,
        "representative": representation.representative,
        "represented": representation.represented,
        "systems": sorted(representation.systems),
        "level": representation.level.value,
        "valid_from": representation.valid_from,
        "valid_to": representation.valid_to,
        "ended_at": representation.ended_at,
        "version": representation.version,
        "scope": scope_values(representation),
        "basis": representation.basis,
    }


def scope_values(representation: Representation) -> JsonObject | None:
    """What a right covers beside whole systems; None: nothing, as with most rights."""
    scope: JsonObject = {}
    if representation.activities:
        scope["activities"] = {
            system: sorted(activities) for system, activities in sorted(representation.activities.items())
        }
    if representation.privileges:
        scope["privileges"] = sorted(representation.privileges)
    if representation.substitution:
        scope["substitution"] = True
    return scope or None


def _activities(scope: Mapping[str, object]) -> dict[str, frozenset[Activity]]:
    named = scope.get("activities")
    if not isinstance(named, dict):
        return {}
    return {system: frozenset(map(Activity, activities)) for system, activities in named.items()}


def _privileges(scope: Mapping[str, object]) -> frozenset[Privilege]:
    named = scope.get("privileges")
    return frozenset(map(Privilege, named)) if isinstance(named, list) else frozenset()


def representation_from_row(row: RowMapping, *, prefix: str = "") -> Representation:
    """A representation as stored, with the state of the representative joined to it.

    A representative without an entity record is a person; whether a person is active is judged at the sender.
    """
    scope = row[f"{prefix}scope"] or {}
    return Representation(
        id=row[f"{prefix}id"],
        representative=row[f"{prefix}representative"],
        represented=row[f"{prefix}represented"],
        systems=frozenset(row[f"{prefix}systems"]),
        level=RepresentationLevel(row[f"{prefix}level"]),
        valid_from=row[f"{prefix}valid_from"],
        valid_to=row[f"{prefix}valid_to"],
        ended_at=row[f"{prefix}ended_at"],
        version=row[f"{prefix}version"],
        activities=_activities(scope),
        privileges=_privileges(scope),
        substitution=bool(scope.get("substitution")),
        basis=row[f"{prefix}basis"],
        representative_active=row[f"{prefix}representative_active"] is not False,
        representative_owner=row[f"{prefix}representative_owner"],
    )


def json_object(values: Mapping[str, object]) -> JsonObject:
    """The values with days and moments as ISO 8601 texts."""
    return {
        key: value.isoformat() if isinstance(value, (date, datetime)) else value
        for key, value in values.items()
    }
