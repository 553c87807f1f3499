"""Records of persons and entities."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from registry import tables
from registry.errors import AlreadyRegisteredError, InvalidRecordError, NotRegisteredError
from registry.history import Changes, Subject
from registry.model import Entity, NamedParty, NumberKind, Person
from registry.numbers import parse_id_sisc, parse_number, parse_pesel
from registry.rows import JsonObject, entity_from_row, entity_row, entity_values, person_from_row, person_row
from registry.texts import clean_text

__all__ = ["PartyRecords", "check_entity", "check_person"]

_ENTITIES = (
    select(
        tables.entities.c.id_sisc,
        tables.entities.c.name,
        tables.entities.c.active,
        tables.entities.c.owner_person,
        tables.numbers.c.kind,
        tables.numbers.c.number,
    )
    .outerjoin_from(tables.entities, tables.numbers)
    .order_by(tables.entities.c.id_sisc)
)

_named = tables.numbers.alias("named")
_BY_NUMBER = _ENTITIES.join(_named, _named.c.entity == tables.entities.c.id_sisc).where(
    _named.c.kind == bindparam("wanted_kind"), _named.c.number == bindparam("wanted_number")
)
_BY_ID = _ENTITIES.where(tables.entities.c.id_sisc == bindparam("wanted"))
_BY_IDS = _ENTITIES.where(tables.entities.c.id_sisc.in_(bindparam("wanted", expanding=True)))


def check_person(person: Person) -> None:
    """Raise InvalidNumberError or InvalidRecordError where a person breaks a rule."""
    parse_id_sisc(person.id_sisc)
    if person.pesel is not None and parse_pesel(person.pesel).number != person.pesel:
        raise InvalidRecordError(field="pesel", reason="must be stored as eleven digits")
    clean_text("surname", person.surname)
    if person.given_names:
        clean_text("given_names", person.given_names)


def check_entity(entity: Entity) -> None:
    """Raise InvalidNumberError or InvalidRecordError where an entity breaks a rule."""
    parse_id_sisc(entity.id_sisc)
    clean_text("name", entity.name)
    for kind, number in entity.numbers:
        if kind is NumberKind.ID_SISC:
            raise InvalidRecordError(field="numbers", reason="the ID SISC is the key, not a further number")
        if parse_number(kind, number) != number:
            raise InvalidRecordError(field="numbers", reason=f"{number} must be without spaces and hyphens")
    if len(set(entity.numbers)) != len(entity.numbers):
        raise InvalidRecordError(field="numbers", reason="a number is given twice")


class PartyRecords(Changes):
    """Persons and entities. ID SISC are unique across both."""

    def add_person(self, person: Person, *, operator: str, at: datetime) -> None:
        """Register a person (WRR0001).

        Raises:
            InvalidNumberError, InvalidRecordError: the record breaks a rule.
            AlreadyRegisteredError: ID SISC or PESEL is taken.
        """
        check_person(person)
        self._require_free_id(person.id_sisc)
        self._require_free_pesel(person)
        try:
            self._connection.execute(insert(tables.persons), person_row(person))
        except IntegrityError as error:  # registered by somebody else since we looked
            raise AlreadyRegisteredError(what="person", key=person.id_sisc) from error
        self._record(
            Subject.PERSON, person.id_sisc, "added", operator=operator, at=at, after=person_row(person)
        )

    def change_person(self, person: Person, *, operator: str, at: datetime) -> None:
        """Replace a person's data (WRR0002); `active=False` deactivates. Raises like `add_person`.

        Raises:
            NotRegisteredError: there is no such person.
        """
        check_person(person)
        before = self.get_person(person.id_sisc)
        self._require_free_pesel(person)
        self._connection.execute(
            update(tables.persons)
            .where(tables.persons.c.id_sisc == person.id_sisc)
            .values(person_row(person))
        )
        self._record(
            Subject.PERSON,
            person.id_sisc,
            "changed",
            operator=operator,
            at=at,
            before=person_row(before),
            after=person_row(person),
        )

    def get_person(self, id_sisc: str) -> Person:
        """The person with this ID SISC; raises NotRegisteredError."""
        wanted = select(tables.persons).where(tables.persons.c.id_sisc == id_sisc)
        row = self._connection.execute(wanted).mappings().one_or_none()
        if row is None:
            raise NotRegisteredError(what="person", key=id_sisc)
        return person_from_row(row)

    def persons(self, *, limit: int, after: str = "") -> Sequence[Person]:
        """Persons in the order of their ID SISC, from the first behind `after` on."""
        wanted = (
            select(tables.persons)
            .where(tables.persons.c.id_sisc > after)
            .order_by(tables.persons.c.id_sisc)
            .limit(limit)
        )
        return [person_from_row(row) for row in self._connection.execute(wanted).mappings()]

    def add_entity(self, entity: Entity, *, operator: str, at: datetime) -> None:
        """Register an entity with its numbers (WRP0001).

        Raises:
            InvalidNumberError, InvalidRecordError: the record breaks a rule.
            AlreadyRegisteredError: the ID SISC, or an EORI, NIP or excise number is taken.
            NotRegisteredError: there is no such owner.
        """
        check_entity(entity)
        self._require_free_id(entity.id_sisc)
        self._require_owner_and_numbers(entity)
        try:
            self._connection.execute(insert(tables.entities), entity_row(entity))
            self._insert_numbers(entity)
        except IntegrityError as error:  # registered by somebody else since we looked
            raise AlreadyRegisteredError(what="entity", key=entity.id_sisc) from error
        self._record(
            Subject.ENTITY, entity.id_sisc, "added", operator=operator, at=at, after=entity_values(entity)
        )

    def change_entity(self, entity: Entity, *, operator: str, at: datetime) -> None:
        """Replace an entity's data and numbers (WRP0002); `active=False` deactivates (WRP0003).

        Raises:
            NotRegisteredError: there is no such entity or owner.
            InvalidNumberError, InvalidRecordError, AlreadyRegisteredError: as `add_entity`.
        """
        check_entity(entity)
        before = self.get_entity(entity.id_sisc)
        self._require_owner_and_numbers(entity)
        self._connection.execute(
            update(tables.entities)
            .where(tables.entities.c.id_sisc == entity.id_sisc)
            .values(entity_row(entity))
        )
        self._connection.execute(delete(tables.numbers).where(tables.numbers.c.entity == entity.id_sisc))
        try:
            self._insert_numbers(entity)
        except IntegrityError as error:
            raise AlreadyRegisteredError(what="entity", key=entity.id_sisc) from error
        self._record(
            Subject.ENTITY,
            entity.id_sisc,
            "changed",
            operator=operator,
            at=at,
            before=entity_values(before),
            after=entity_values(entity),
        )

    def get_entity(self, id_sisc: str) -> Entity:
        """The entity with this ID SISC; raises NotRegisteredError."""
        found = self._entities(_BY_ID, wanted=id_sisc)
        if not found:
            raise NotRegisteredError(what="entity", key=id_sisc)
        return found[0]

    def entities(self, *, limit: int, after: str = "") -> Sequence[Entity]:
        """Entities in the order of their ID SISC, from the first behind `after` on."""
        key = tables.entities.c.id_sisc
        page = select(key).where(key > after).order_by(key).limit(limit)
        return self._entities(_BY_IDS, wanted=self._connection.scalars(page).all())

    def entity_by_number(self, kind: NumberKind, number: str) -> Entity | None:
        """The entity with this number; None when there is none, or more than one (REGON only)."""
        if kind is NumberKind.ID_SISC:
            found = self._entities(_BY_ID, wanted=number)
        else:
            found = self._entities(_BY_NUMBER, wanted_kind=kind.value, wanted_number=number)
        return found[0] if len(found) == 1 else None

    def entities_by_numbers(self, parties: Collection[NamedParty]) -> Mapping[NamedParty, Entity]:
        """The registered entities among the parties of a message, as `entity_by_number` finds them."""
        found = ((party, self.entity_by_number(party.kind, party.number)) for party in dict.fromkeys(parties))
        return {party: entity for party, entity in found if entity is not None}

    def details(self, id_sisc: str) -> JsonObject:
        """What the forms told of a person or entity; empty when they told nothing."""
        wanted = select(tables.details.c.data).where(tables.details.c.id_sisc == id_sisc)
        return dict(self._connection.scalar(wanted) or {})

    def set_details(
        self, subject: Subject, id_sisc: str, data: JsonObject, *, operator: str, at: datetime
    ) -> None:
        """Replace what the forms told of a person or entity; nothing is recorded when nothing changes."""
        before = self.details(id_sisc)
        if before == data:
            return
        self._connection.execute(delete(tables.details).where(tables.details.c.id_sisc == id_sisc))
        self._connection.execute(insert(tables.details), {"id_sisc": id_sisc, "data": data})
        self._record(subject, id_sisc, "details", operator=operator, at=at, before=before, after=data)

    def person_by_pesel(self, pesel: str) -> Person | None:
        """The person with this PESEL; None when nobody has it."""
        wanted = select(tables.persons).where(tables.persons.c.pesel == pesel)
        row = self._connection.execute(wanted).mappings().one_or_none()
        return None if row is None else person_from_row(row)

    def persons_by_id(self, ids: Collection[str]) -> Mapping[str, Person]:
        """The registered persons among these ID SISC."""
        wanted = select(tables.persons).where(tables.persons.c.id_sisc.in_(ids))
        return {row["id_sisc"]: person_from_row(row) for row in self._connection.execute(wanted).mappings()}

    def _entities(self, statement: Select[tuple[object, ...]], **facts: object) -> list[Entity]:
        rows = self._connection.execute(statement, facts).mappings().all()
        numbers: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in rows:
            if row["kind"] is not None:
                numbers[row["id_sisc"]].append((row["kind"], row["number"]))
        firsts = {row["id_sisc"]: row for row in rows}
        return [entity_from_row(row, numbers[id_sisc]) for id_sisc, row in firsts.items()]

    def _insert_numbers(self, entity: Entity) -> None:
        if entity.numbers:
            self._connection.execute(
                insert(tables.numbers),
                [
                    {"kind": kind.value, "number": number, "entity": entity.id_sisc}
                    for kind, number in entity.numbers
                ],
            )

    def _require_owner_and_numbers(self, entity: Entity) -> None:
        if entity.owner_person is not None:
            self.get_person(entity.owner_person)
        self._require_free_numbers(entity)

    def _require_free_numbers(self, entity: Entity) -> None:
        for kind, number in entity.numbers:
            if kind is NumberKind.REGON:  # a local unit may share it
                continue
            owner = self.entity_by_number(kind, number)
            if owner is not None and owner.id_sisc != entity.id_sisc:
                raise AlreadyRegisteredError(what=kind.value, key=number)

    def _require_free_pesel(self, person: Person) -> None:
        others = select(tables.persons.c.id_sisc).where(
            tables.persons.c.pesel == person.pesel, tables.persons.c.id_sisc != person.id_sisc
        )
        if person.pesel is not None and self._connection.execute(others).first() is not None:
            raise AlreadyRegisteredError(what="PESEL", key=person.pesel)

    def _require_free_id(self, id_sisc: str) -> None:
        if self._is_registered(id_sisc):
            raise AlreadyRegisteredError(what="ID SISC", key=id_sisc)

    def _is_registered(self, id_sisc: str) -> bool:
        return bool(
            self._connection.execute(
                select(
                    or_(
                        exists().where(tables.persons.c.id_sisc == id_sisc),
                        exists().where(tables.entities.c.id_sisc == id_sisc),
                    )
                )
            ).scalar_one()
        )
