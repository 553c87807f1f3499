"""Who reads what comes for an entity without having been asked for."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from registry import tables
from registry.model import Account, AccountLevel, AccountStatus
from registry.parties import PartyRecords
from registry.representations import all_with_representative
from registry.rights import in_force
from registry.rows import account_from_row, representation_from_row

__all__ = ["ReaderRecords"]

#: A firm may have any number of representatives; the longest-standing ones are looked at.
_MOST = 200

_LINKS = (
    all_with_representative()
    .where(tables.representations.c.represented == bindparam("entity"))
    .where(tables.representations.c.ended_at.is_(None))
    .order_by(tables.representations.c.valid_from, tables.representations.c.id)
    .limit(_MOST)
)


class ReaderRecords(PartyRecords):
    """Accounts that see an entity's documents; they keep their logins until the end of the transaction."""

    def readers(self, entity_id: str, *, system: str, at: datetime) -> Sequence[Account]:
        """The active accounts that may see an entity's documents of a system by a first link, or own it.

        Args:
            entity_id: ID SISC of the entity.
            system: target-system code.
            at: the moment that counts, with zone.

        Returns:
            The owner first, then by how long they have had the right; empty where nobody has.
        """
        links = [
            representation_from_row(row)
            for row in self._connection.execute(_LINKS, {"entity": entity_id}).mappings()
        ]
        holders = [link.representative for link in links if system in link.readable and in_force(link, at)]
        owner = select(tables.entities.c.owner_person).where(tables.entities.c.id_sisc == entity_id)
        persons = list(dict.fromkeys([*self._connection.scalars(owner), *holders]))
        wanted = (
            select(tables.accounts)
            .where(
                tables.accounts.c.person_id.in_([person for person in persons if person]),
                tables.accounts.c.status == AccountStatus.ACTIVE.value,
                tables.accounts.c.level == AccountLevel.EXTENDED.value,
            )
            .with_for_update(read=True, key_share=True)
        )
        found = [account_from_row(row) for row in self._connection.execute(wanted).mappings()]
        return sorted(found, key=lambda account: (persons.index(account.person_id), account.login))
