"""What a rights decision reads: of accounts, persons, entities and rights only what an index holds.

On PostgreSQL every statement is answered from indexes alone. On SQLite so are numbers and rights, which are
many; an account, a person and an entity are one row each, found by its primary key: SQLite prefers that to an
index with more columns. Either way the cost does not grow with the register.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import BindParameter, RowMapping, Select, String, and_, bindparam, null, select, union_all

from registry import tables
from registry.errors import NotRegisteredError
from registry.history import Changes
from registry.model import Account, EntityStanding, NamedParty, NumberKind, PersonStanding, Representation
from registry.rows import (
    account_from_row,
    entity_standing_from_row,
    person_standing_from_row,
    representation_from_row,
)

__all__ = ["StandingRecords"]

_accounts, _persons, _entities, _numbers = (
    table.c for table in (tables.accounts, tables.persons, tables.entities, tables.numbers)
)

_SENDER = (
    select(
        _accounts.login,
        _accounts.level,
        _accounts.status,
        _accounts.person_id,
        _accounts.failed_logins,
        _persons.id_sisc,
        _persons.active,
        _persons.only_system,
    )
    .outerjoin_from(tables.accounts, tables.persons)
    .where(_accounts.login == bindparam("login"))
)
_ENTITY = select(_entities.id_sisc, _entities.active, _entities.owner_person)
_BY_ID = _ENTITY.where(_entities.id_sisc == bindparam("wanted"))
_BY_NUMBER = _ENTITY.join_from(tables.entities, tables.numbers).where(
    _numbers.kind == bindparam("kind"), _numbers.number == bindparam("wanted")
)


_REACH = "reach_"


def _ways() -> Select[tuple[object, ...]]:
    """Rights for an entity of a person and his agencies; beside each a right he holds for that agency.

    The way leads from the person over his agencies to one pair (represented, representative) each, so the
    cost grows neither with the register, nor with an agency's clients, nor with a firm's representatives.
    """
    grant = tables.representations.alias("granted")
    reach = tables.representations.alias("reach")
    person: BindParameter[str] = bindparam("person", type_=String)
    near = union_all(
        select(person),
        select(reach.c.represented).where(reach.c.representative == person),
        select(_entities.id_sisc).where(_entities.owner_person == person),
    )
    return (
        select(
            grant,
            _entities.active.label("representative_active"),
            _entities.owner_person.label("representative_owner"),
            *(column.label(_REACH + column.name) for column in reach.c),
            null().label(f"{_REACH}representative_active"),  # it is the person
            null().label(f"{_REACH}representative_owner"),
        )
        .outerjoin_from(grant, tables.entities, _entities.id_sisc == grant.c.representative)
        .outerjoin(
            reach, and_(reach.c.represented == grant.c.representative, reach.c.representative == person)
        )
        .where(grant.c.represented == bindparam("wanted"), grant.c.representative.in_(near))
    )


_WAYS = _ways()


def _both(row: RowMapping) -> Iterator[Representation]:
    yield representation_from_row(row)
    if row[f"{_REACH}id"] is not None:
        yield representation_from_row(row, prefix=_REACH)


class StandingRecords(Changes):
    """Reads of the rights decision."""

    def sender_standing(self, login: str) -> tuple[Account, PersonStanding | None]:
        """The account and what is asked of the person behind it; raises NotRegisteredError."""
        row = self._connection.execute(_SENDER, {"login": login.lower()}).mappings().one_or_none()
        if row is None:
            raise NotRegisteredError(what="account", key=login)
        person = person_standing_from_row(row) if row["id_sisc"] is not None else None
        return account_from_row(row), person

    def standing_of(self, parties: Collection[NamedParty]) -> Mapping[NamedParty, EntityStanding]:
        """What is asked of the registered entities among the parties; a REGON may not tell which it is."""
        found = ((party, self._standing(party)) for party in dict.fromkeys(parties))
        return {party: entity for party, entity in found if entity is not None}

    def representations_for(
        self, person_id: str, represented_ids: Collection[str]
    ) -> Sequence[Representation]:
        """Everything the rights decision needs about a person and the entities he may act for.

        First links (person – entity), second links (agency – entity) of agencies the person has a link to or
        owns, and these links (person – agency); also those that are over, because they explain a refusal.
        """
        rows = (
            row
            for represented in represented_ids  # nearly always one, which costs less than a list in SQL
            for row in self._connection.execute(
                _WAYS, {"person": person_id, "wanted": represented}
            ).mappings()
        )
        return list({right.id: right for row in rows for right in _both(row)}.values())

    def _standing(self, party: NamedParty) -> EntityStanding | None:
        by_id = party.kind is NumberKind.ID_SISC
        facts = {"wanted": party.number} if by_id else {"kind": party.kind.value, "wanted": party.number}
        found = self._connection.execute(_BY_ID if by_id else _BY_NUMBER, facts).mappings().all()
        return entity_standing_from_row(found[0]) if len(found) == 1 else None
