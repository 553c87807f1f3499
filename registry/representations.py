"""Records of representations: granting, changing, ending a right, and what the rights decision reads."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Select, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from registry import tables
from registry.days import require_zone
from registry.errors import (
    AlreadyRegisteredError,
    ChangedMeanwhileError,
    InvalidRecordError,
    NotRegisteredError,
)
from registry.history import Subject
from registry.model import Activity, Entity, Person, Privilege, Representation, RepresentationLevel
from registry.parties import PartyRecords
from registry.powers import cut_back
from registry.rights import in_force
from registry.rows import representation_from_row, representation_row

__all__ = [
    "KEEP_BASIS",
    "SYSTEM_CODE",
    "RepresentationRecords",
    "all_with_representative",
    "check_representation",
]

#: A change leaves the right that this one was passed on from as it is.
KEEP_BASIS = "*"

#: How a target-system code looks.
SYSTEM_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,29}")
#: No right comes near it; an index holds whole rights, and PostgreSQL takes at most 2,704 bytes into one row.
_MOST_SYSTEMS = 30


def all_with_representative() -> Select[tuple[object, ...]]:
    """Select representations as `representation_from_row` wants them."""
    return select(
        tables.representations,
        tables.entities.c.active.label("representative_active"),
        tables.entities.c.owner_person.label("representative_owner"),
    ).outerjoin(tables.entities, tables.entities.c.id_sisc == tables.representations.c.representative)


def check_representation(representation: Representation) -> None:
    """Raise InvalidRecordError where a representation breaks a rule."""
    if representation.representative == representation.represented:
        raise InvalidRecordError(field="representative", reason="nobody is his own representative")
    if not representation.systems and not representation.privileges:
        raise InvalidRecordError(
            field="systems", reason="a right names at least one target system or privilege"
        )
    if not representation.activities.keys() <= representation.systems or not all(
        representation.activities.values()
    ):
        raise InvalidRecordError(
            field="activities", reason="activities are named for systems of the right only"
        )
    for system in representation.systems:
        if not SYSTEM_CODE.fullmatch(system):
            raise InvalidRecordError(field="systems", reason=f"{system!r} is no target-system code")
    if len(representation.systems) > _MOST_SYSTEMS:
        raise InvalidRecordError(field="systems", reason=f"a right names at most {_MOST_SYSTEMS} systems")
    if representation.ended_at is not None:
        require_zone(representation.ended_at)
    if representation.valid_to is not None and representation.valid_to < representation.valid_from:
        raise InvalidRecordError(field="valid_to", reason="the last day lies before the first")


class RepresentationRecords(PartyRecords):
    """Representations (WPE0001). A change grows the version, which documents keep as evidence."""

    def add_representation(self, representation: Representation, *, operator: str, at: datetime) -> None:
        """Register a right.

        Raises:
            InvalidRecordError: the record breaks a rule.
            NotRegisteredError: representative or represented entity is not registered.
            AlreadyRegisteredError: the id is taken.
        """
        check_representation(representation)
        self._require_live_basis(representation, at)
        self.get_entity(representation.represented)
        if not self._is_registered(representation.representative):
            raise NotRegisteredError(what="representative", key=representation.representative)
        try:
            self._connection.execute(insert(tables.representations), representation_row(representation))
        except IntegrityError as error:
            raise AlreadyRegisteredError(what="representation", key=representation.id) from error
        self._record_representation("added", None, representation, operator=operator, at=at)

    def get_representation(self, representation_id: str) -> Representation:
        """The representation with this id; raises NotRegisteredError."""
        wanted = all_with_representative().where(tables.representations.c.id == representation_id)
        row = self._connection.execute(wanted).mappings().one_or_none()
        if row is None:
            raise NotRegisteredError(what="representation", key=representation_id)
        return representation_from_row(row)

    def representations(
        self, *, limit: int, after: str = "", party: str | None = None
    ) -> Sequence[Representation]:
        """Representations in the order of their id, from the first behind `after` on.

        Args:
            limit: at most so many.
            after: the last id of the page before.
            party: only those in which this ID SISC is representative or represented.
        """
        key = tables.representations.c.id
        wanted = all_with_representative().where(key > after).order_by(key).limit(limit)
        if party is not None:
            table = tables.representations.c
            wanted = wanted.where(or_(table.representative == party, table.represented == party))
        return [representation_from_row(row) for row in self._connection.execute(wanted).mappings()]

    def change_representation(  # noqa: PLR0913 - the parts of a right, all by name
        self,
        representation_id: str,
        *,
        systems: Collection[str],
        level: RepresentationLevel,
        valid_from: date,
        valid_to: date | None,
        operator: str,
        at: datetime,
        activities: Mapping[str, frozenset[Activity]] | None = None,
        privileges: Collection[Privilege] = (),
        substitution: bool = False,
        basis: str | None = KEEP_BASIS,
    ) -> Representation:
        """Replace scope, level and term of a right; returns it with its new version.

        A right that was passed on stays within its basis. What was passed on from it is cut back to what it
        still covers, or ends.

        Raises:
            NotRegisteredError: there is no such representation.
            InvalidRecordError: it was ended before, or would break a rule.
            ChangedMeanwhileError: somebody else changed it in between.
        """
        before = self._get_open(representation_id)
        after = replace(
            before,
            systems=frozenset(systems),
            level=level,
            valid_from=valid_from,
            valid_to=valid_to,
            activities=activities or {},
            privileges=frozenset(privileges),
            substitution=substitution,
            basis=before.basis if basis == KEEP_BASIS else basis,
            version=before.version + 1,
        )
        after = self._within_basis(after)
        check_representation(after)
        self._replace(before, after, "changed", operator=operator, at=at)
        for passed_on in self._passed_on(after.id):
            self._cut_back(passed_on, after, operator=operator, at=at)
        return after

    def end_representation(
        self, representation_id: str, *, operator: str, at: datetime, ended_at: datetime | None = None
    ) -> Representation:
        """End a right from `at`, or from the moment `ended_at`, on; returns it with its new version.

        What was passed on from it ends with it.

        Raises:
            NotRegisteredError: there is no such representation.
            InvalidRecordError: it was ended before.
            ChangedMeanwhileError: somebody else changed it in between.
        """
        before = self._get_open(representation_id)
        after = replace(before, ended_at=require_zone(ended_at or at), version=before.version + 1)
        self._replace(before, after, "ended", operator=operator, at=at)
        for passed_on in self._passed_on(after.id):
            self.end_representation(passed_on.id, operator=operator, at=at, ended_at=after.ended_at)
        return after

    def end_all_of(self, party: str, *, operator: str, at: datetime) -> None:
        """End every right that an entity or person gave or holds, as when it is deactivated."""
        table = tables.representations.c
        wanted = select(table.id).where(
            or_(table.representative == party, table.represented == party), table.ended_at.is_(None)
        )
        self._end_open(self._connection.scalars(wanted).all(), operator=operator, at=at)

    def _end_open(self, ids: Sequence[str], *, operator: str, at: datetime) -> None:
        for representation_id in ids:
            if self.get_representation(representation_id).ended_at is None:  # not ended with its basis
                self.end_representation(representation_id, operator=operator, at=at)

    def representations_between(
        self, represented: str, representatives: Collection[str]
    ) -> Sequence[Representation]:
        """The rights that these representatives hold for an entity, those not ended, oldest id first."""
        table = tables.representations.c
        wanted = (
            all_with_representative()
            .where(
                table.represented == represented,
                table.representative.in_(representatives),
                table.ended_at.is_(None),
            )
            .order_by(table.id)
        )
        return [representation_from_row(row) for row in self._connection.execute(wanted).mappings()]

    def change_entity(self, entity: Entity, *, operator: str, at: datetime) -> None:
        """As `PartyRecords.change_entity`; what a deactivated entity passed on ends."""
        super().change_entity(entity, operator=operator, at=at)
        if not entity.active:
            self._end_passed_on_by(entity.id_sisc, operator=operator, at=at)

    def change_person(self, person: Person, *, operator: str, at: datetime) -> None:
        """As `PartyRecords.change_person`; what a deactivated person passed on ends."""
        super().change_person(person, operator=operator, at=at)
        if not person.active:
            self._end_passed_on_by(person.id_sisc, operator=operator, at=at)

    def _end_passed_on_by(self, party: str, *, operator: str, at: datetime) -> None:
        held = tables.representations.alias("held")
        table = tables.representations.c
        wanted = (
            select(table.id)
            .join(held, held.c.id == table.basis)
            .where(held.c.representative == party, table.ended_at.is_(None))
        )
        self._end_open(self._connection.scalars(wanted).all(), operator=operator, at=at)

    def _require_live_basis(self, right: Representation, at: datetime) -> None:
        if right.basis is None:
            return
        basis = self.get_representation(right.basis)
        if not in_force(basis, at) or cut_back(right, basis) != right:
            raise InvalidRecordError(field="basis", reason="the right it is passed on from does not cover it")

    def _within_basis(self, right: Representation) -> Representation:
        if right.basis is None:
            return right
        left = cut_back(right, self.get_representation(right.basis))
        if left is None:
            raise InvalidRecordError(field="basis", reason="the right it is passed on from covers none of it")
        return left

    def rights_for(self, represented: str) -> Sequence[str]:
        """The ids of all rights ever given for an entity."""
        table = tables.representations.c
        return list(
            self._connection.scalars(
                select(table.id).where(table.represented == represented).order_by(table.id)
            )
        )

    def _passed_on(self, basis: str) -> list[Representation]:
        table = tables.representations.c
        wanted = all_with_representative().where(table.basis == basis, table.ended_at.is_(None))
        return [representation_from_row(row) for row in self._connection.execute(wanted).mappings()]

    def _cut_back(
        self, passed_on: Representation, basis: Representation, *, operator: str, at: datetime
    ) -> None:
        """Keep of a right that was passed on what its basis still covers; end it when nothing is left."""
        left = cut_back(passed_on, basis)
        if left is None:
            self.end_representation(passed_on.id, operator=operator, at=at)
        elif left != passed_on:
            self.change_representation(
                left.id,
                systems=left.systems,
                level=left.level,
                valid_from=left.valid_from,
                valid_to=left.valid_to,
                activities=left.activities,
                privileges=left.privileges,
                substitution=left.substitution,
                operator=operator,
                at=at,
            )

    def _get_open(self, representation_id: str) -> Representation:
        found = self.get_representation(representation_id)
        if found.ended_at is not None:
            raise InvalidRecordError(field="ended_at", reason=f"representation {found.id} was ended before")
        return found

    def _replace(
        self, before: Representation, after: Representation, action: str, *, operator: str, at: datetime
    ) -> Representation:
        table = tables.representations
        changed = self._connection.execute(
            update(table)
            .where(table.c.id == before.id, table.c.version == before.version)
            .values(representation_row(after))
        ).rowcount
        if not changed:
            raise ChangedMeanwhileError(what="representation", key=before.id)
        self._record_representation(action, before, after, operator=operator, at=at)
        return after

    def _record_representation(
        self,
        action: str,
        before: Representation | None,
        after: Representation,
        *,
        operator: str,
        at: datetime,
    ) -> None:
        self._record(
            Subject.REPRESENTATION,
            after.id,
            action,
            operator=operator,
            at=at,
            before=None if before is None else representation_row(before),
            after=representation_row(after),
        )
