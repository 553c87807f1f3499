"""What a granted application changes in the register. Values that know how to apply themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from registry.history import Subject
from registry.model import AccountLevel, Entity, Person, Representation
from registry.repository import RegistryRepository
from registry.rows import JsonObject

__all__ = [
    "AddEntity",
    "AddPerson",
    "ChangeEntity",
    "ChangePerson",
    "DeactivateEntity",
    "EndRight",
    "GiveRight",
    "LinkAccount",
    "RegisterChange",
    "ReplaceRight",
    "ShortenRight",
]


class RegisterChange(Protocol):
    """One change of the register."""

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """Make the change; raises RegistryError, then the whole application is rolled back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AddPerson:
    """Register a person."""

    person: Person
    data: JsonObject

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        repository.add_person(self.person, operator=operator, at=at)
        repository.set_details(Subject.PERSON, self.person.id_sisc, self.data, operator=operator, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangePerson:
    """Replace a person's data."""

    person: Person
    data: JsonObject

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        if repository.get_person(self.person.id_sisc) != self.person:
            repository.change_person(self.person, operator=operator, at=at)
        repository.set_details(Subject.PERSON, self.person.id_sisc, self.data, operator=operator, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkAccount:
    """Put a person behind an account and give it a level."""

    login: str
    person: str
    level: AccountLevel

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        account = repository.get_account(self.login)
        if account.person_id != self.person:
            repository.link_account(self.login, self.person, operator=operator, at=at)
        if account.level is not self.level:
            repository.set_account_level(self.login, self.level, operator=operator, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class AddEntity:
    """Register an entity."""

    entity: Entity
    data: JsonObject

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        repository.add_entity(self.entity, operator=operator, at=at)
        repository.set_details(Subject.ENTITY, self.entity.id_sisc, self.data, operator=operator, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeEntity:
    """Replace an entity's data and numbers."""

    entity: Entity
    data: JsonObject

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        if repository.get_entity(self.entity.id_sisc) != self.entity:
            repository.change_entity(self.entity, operator=operator, at=at)
        repository.set_details(Subject.ENTITY, self.entity.id_sisc, self.data, operator=operator, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeactivateEntity:
    """Deactivate an entity and end every right it gave or holds."""

    id_sisc: str

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        entity = replace(repository.get_entity(self.id_sisc), active=False)
        repository.change_entity(entity, operator=operator, at=at)
        repository.end_all_of(self.id_sisc, operator=operator, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveRight:
    """Register a new right."""

    right: Representation

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        repository.add_representation(self.right, operator=operator, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplaceRight:
    """Replace scope, level and term of a right; further rights of the same pair end."""

    right: Representation
    superseded: Sequence[str] = ()

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        right = self.right
        repository.change_representation(
            right.id,
            systems=right.systems,
            level=right.level,
            valid_from=right.valid_from,
            valid_to=right.valid_to,
            activities=right.activities,
            privileges=right.privileges,
            substitution=right.substitution,
            basis=right.basis,
            operator=operator,
            at=at,
        )
        for other in self.superseded:
            repository.end_representation(other, operator=operator, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class EndRight:
    """End a right at once."""

    representation: str

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        if repository.get_representation(self.representation).ended_at is None:  # not ended with its basis
            repository.end_representation(self.representation, operator=operator, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortenRight:
    """Let a right end with a day to come."""

    representation: str
    last_day: date

    def apply(self, repository: RegistryRepository, *, operator: str, at: datetime) -> None:
        """See RegisterChange."""
        right = repository.get_representation(self.representation)
        if right.ended_at is None:
            last_day = min(self.last_day, right.valid_to or date.max)
            shortened = replace(right, valid_to=last_day)
            ReplaceRight(right=shortened).apply(repository, operator=operator, at=at)
