"""What a person may do with an entity itself: change its record, end rights, grant and pass rights on. Pure.

Along a chain (person – agency – firm) the power is the intersection of both links, as with sending.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from registry.model import (
    EVERY_ACTIVITY,
    Activity,
    Entity,
    Person,
    Privilege,
    Representation,
    RepresentationLevel,
)
from registry.rights import in_force

__all__ = ["Power", "cut_back", "powers_over"]

_OF_EXTENDED = frozenset(
    {Privilege.UPDATE_ENTITY, Privilege.LIST_REPRESENTATIVES, Privilege.END_REPRESENTATIONS}
)
_FOREVER = date.max


@dataclass(frozen=True, kw_only=True, slots=True)
class Power:
    """One way in which a person may act for an entity."""

    owner: bool = False  # the person's own business, or the entity itself: nothing is out of reach
    extended: bool = False
    privileges: frozenset[Privilege] = frozenset()
    basis: Representation | None = None  # of a power by right: what may be granted lies within it
    substitution: bool = False

    def may(self, privilege: Privilege) -> bool:
        """Whether this power holds a privilege over the entity."""
        return self.owner or privilege in self.privileges

    @property
    def may_grant(self) -> bool:
        """Whether rights may be given to others: in the entity's name, or by passing on what is held."""
        return self.owner or self.extended or self.substitution

    def covers(self, wanted: Representation) -> bool:
        """Whether a right lies within what may be granted: systems, activities, level, privileges, term."""
        if self.owner:
            return True
        return self.basis is not None and self.may_grant and cut_back(wanted, self.basis) == wanted


def powers_over(
    person: Person, entity: Entity, representations: Sequence[Representation], at: datetime
) -> Sequence[Power]:
    """Every way in which a person may act for an entity now; empty when there is none.

    Args:
        person: who wants to act.
        entity: whose record or rights are concerned; need not be active.
        representations: all links between the person, agencies and the entity, also those over.
        at: the moment that counts.

    Raises:
        InvalidRecordError: `at` has no time zone.
    """
    if not person.active or person.only_system is not None:
        return ()
    if entity.owner_person == person.id_sisc:
        return (Power(owner=True),)
    live = [link for link in representations if in_force(link, at)]
    return [_power(*chain) for chain in _chains(person.id_sisc, entity.id_sisc, live)]


def _chains(me: str, firm: str, live: Sequence[Representation]) -> Iterator[tuple[Representation, ...]]:
    for grant in live:
        if grant.represented != firm:
            continue
        if me in {grant.representative, grant.representative_owner}:
            yield (grant,)
        for reach in live:
            if reach.representative == me and reach.represented == grant.representative:
                yield (grant, reach)


def _power(grant: Representation, *reach: Representation) -> Power:
    """The last link is the firm's own: what is passed on stands and falls with it."""
    effective = grant
    for link in reach:
        effective = cut_back(grant, link) or replace(grant, systems=frozenset(), privileges=frozenset())
    links = (grant, *reach)
    return Power(
        extended=all(link.level is RepresentationLevel.EXTENDED for link in links),
        privileges=frozenset.intersection(*map(_privileges, links)),
        basis=effective,
        substitution=all(link.substitution for link in links),
    )


def _privileges(link: Representation) -> frozenset[Privilege]:
    return link.privileges | (_OF_EXTENDED if link.level is RepresentationLevel.EXTENDED else frozenset())


def cut_back(right: Representation, basis: Representation) -> Representation | None:
    """What is left of a right within another: never more than either; None when nothing is."""
    activities = _common(right, basis)
    both_extended = RepresentationLevel.EXTENDED is right.level is basis.level
    left = replace(
        right,
        systems=frozenset(activities),
        activities={system: both for system, both in activities.items() if both != EVERY_ACTIVITY},
        privileges=right.privileges & _privileges(basis),
        level=RepresentationLevel.EXTENDED if both_extended else RepresentationLevel.BASIC,
        substitution=right.substitution and basis.substitution,
        valid_from=max(right.valid_from, basis.valid_from),
        valid_to=min(right.valid_to or _FOREVER, basis.valid_to or _FOREVER),
    )
    if left.valid_to == _FOREVER:
        left = replace(left, valid_to=None)
    lasting = left.valid_to is None or left.valid_from <= left.valid_to
    return left if lasting and (left.systems or left.privileges) else None


def _common(one: Representation, other: Representation) -> Mapping[str, frozenset[Activity]]:
    both = {
        system: one.activities.get(system, EVERY_ACTIVITY) & other.activities.get(system, EVERY_ACTIVITY)
        for system in one.systems & other.systems
    }
    return {system: activities for system, activities in both.items() if activities}
