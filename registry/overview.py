"""What a person sees of himself in the register: links, entities, effective rights; page by page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias

from sqlalchemy import select, tuple_

from registry import tables
from registry.model import Account, AccountLevel, Entity, Person, Representation
from registry.powers import cut_back
from registry.repository import EVERY_SYSTEM, RegistryRepository
from registry.representations import all_with_representative
from registry.rights import in_force
from registry.rows import representation_from_row

__all__ = ["EffectiveRight", "Overview", "Place", "RightsPage"]

Place: TypeAlias = tuple[str, str, str]  # representative, represented, id


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectiveRight:
    """For whom the person may act now, where, and through which agency."""

    entity: str  # ID SISC
    systems: frozenset[str]  # EVERY_SYSTEM for an own business
    through: str | None = None  # ID SISC of the agency of a second link
    valid_to: date | None = None  # last day


@dataclass(frozen=True, kw_only=True, slots=True)
class RightsPage:
    """Some rights, and the place after which the next page begins; None: there is none."""

    rights: Sequence[EffectiveRight]
    next_place: Place | None


class Overview(RegistryRepository):
    """Reads on one connection; what it costs depends on the page, not on the register."""

    def links_page(self, person_id: str, *, limit: int, after: str = "") -> Sequence[Representation]:
        """First links of a person, those over and those to come too, by id."""
        table = tables.representations.c
        wanted = all_with_representative().where(table.representative == person_id, table.id > after)
        rows = self._connection.execute(wanted.order_by(table.id).limit(limit)).mappings()
        return [representation_from_row(row) for row in rows]

    def entities_page(self, person_id: str, *, limit: int, after: str = "") -> Sequence[Entity]:
        """Entities the person has a link with, or owns, by ID SISC."""
        table, owned = tables.representations.c, tables.entities.c
        linked = select(table.represented.label("id")).where(
            table.representative == person_id, table.represented > after
        )
        own = select(owned.id_sisc.label("id")).where(owned.owner_person == person_id, owned.id_sisc > after)
        ids = linked.union(own).order_by("id").limit(limit)
        return [self.get_entity(id_sisc) for id_sisc in self._connection.scalars(ids)]

    def names_of(self, ids: Sequence[str]) -> dict[str, str]:
        """Names of entities by ID SISC."""
        table = tables.entities.c
        rows = self._connection.execute(select(table.id_sisc, table.name).where(table.id_sisc.in_(ids)))
        return {row.id_sisc: row.name for row in rows}

    def rights_page(
        self, account: Account, person: Person, *, limit: int, at: datetime, after: Place | None = None
    ) -> RightsPage:
        """Effective rights now: own businesses first, then first and second links.

        The right of a second link is what the links person – agency and agency – firm have in common. A
        basic account acts in its own name only.

        Args:
            account: of the person.
            person: who asks.
            limit: links looked at; those not in force are left out, so that a page may have fewer rights.
            at: the moment that counts.
            after: where the page before ended.
        """
        if not person.active:
            return RightsPage(rights=(), next_place=None)
        own = self._own_entities(person.id_sisc)
        rights = [] if after else [_own(entity, person) for entity in own]
        if account.level is AccountLevel.BASIC:
            return RightsPage(rights=rights, next_place=None)
        bases = self._bases(person, own, at)
        grants = list(self._grants(sorted(bases), limit=limit, after=after))
        for grant in grants:
            if in_force(grant, at):
                for basis in bases[grant.representative]:
                    rights += _effective(grant, basis, person)
        full = len(grants) == limit
        return RightsPage(rights=rights, next_place=_place(grants[-1]) if full else None)

    def _bases(
        self, person: Person, own: Sequence[str], at: datetime
    ) -> dict[str, list[Representation | None]]:
        """Who the person may act as, and by which links; None: without one."""
        bases: dict[str, list[Representation | None]] = {person.id_sisc: [None]}
        for entity in own:
            bases[entity] = [None]
        for link in self._links_of(person.id_sisc):
            if in_force(link, at):
                bases.setdefault(link.represented, []).append(link)
        return bases

    def _grants(
        self, representatives: Sequence[str], *, limit: int, after: Place | None
    ) -> Iterator[Representation]:
        """Rights of these representatives, by representative, represented and id, one index range each."""
        left = limit
        for representative in representatives:
            if left == 0 or (after is not None and representative < after[0]):
                continue
            begin = after[1:] if after is not None and representative == after[0] else ("", "")
            for grant in self._granted_to(representative, begin, left):
                left -= 1
                yield grant

    def _granted_to(
        self, representative: str, begin: tuple[str, ...], limit: int
    ) -> Iterator[Representation]:
        table = tables.representations.c
        wanted = (
            all_with_representative()
            .where(
                table.representative == representative,
                table.represented >= begin[0],  # by index; the pair alone is not
                tuple_(table.represented, table.id) > tuple_(*begin),
            )
            .order_by(table.represented, table.id)
            .limit(limit)
        )
        for row in self._connection.execute(wanted).mappings().all():
            yield representation_from_row(row)


def _place(grant: Representation) -> Place:
    return grant.representative, grant.represented, grant.id


def _own(entity: str, person: Person) -> EffectiveRight:
    return EffectiveRight(entity=entity, systems=frozenset({person.only_system or EVERY_SYSTEM}))


def _effective(
    grant: Representation, basis: Representation | None, person: Person
) -> Iterator[EffectiveRight]:
    right = grant if basis is None else cut_back(grant, basis)
    if right is not None and person.only_system is not None:
        right = replace(right, systems=right.systems & {person.only_system})
    if right is not None and right.systems:
        yield EffectiveRight(
            entity=grant.represented,
            systems=right.systems,
            through=None if grant.representative == person.id_sisc else grant.representative,
            valid_to=right.valid_to,
        )
