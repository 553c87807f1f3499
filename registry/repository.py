"""The registry in a database: one object for everything that is read and changed."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from registry import tables
from registry.accounts import AccountRecords
from registry.model import Representation
from registry.readers import ReaderRecords
from registry.representations import RepresentationRecords, all_with_representative
from registry.rights import in_force
from registry.rows import representation_from_row
from registry.signers import SignerRecords
from registry.standing import StandingRecords

__all__ = ["EVERY_SYSTEM", "RegistryRepository", "covers"]

#: Stands for all target systems in a scope: an own business is seen whole.
EVERY_SYSTEM = "*"


def covers(systems: frozenset[str], system: str | None) -> bool:
    """Whether a scope covers a target system; None asks for any at all."""
    return bool(systems) if system is None else system in systems or EVERY_SYSTEM in systems


class RegistryRepository(
    AccountRecords, RepresentationRecords, StandingRecords, SignerRecords, ReaderRecords
):
    """Accounts, persons, entities, representations and their history on one connection.

    Takes part in the transaction of the connection and never commits. Any RegistryError of a change asks for
    a rollback. Every change names its `operator` and moment `at`, and writes one row of history. Errors of
    the database itself are left to the owner of the connection.

    Args:
        connection: open connection to a database with `registry.tables.metadata`; SQLite or PostgreSQL.
    """

    def visible_entities(self, person_id: str, at: datetime) -> Mapping[str, frozenset[str]]:
        """Entities whose documents the person may see beside his own, with the target systems covered.

        Those are entities with a direct link in force, and the person's own businesses (EVERY_SYSTEM).
        Deactivated entities stay visible: their documents are still theirs.
        """
        visible: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
        for link in self._links_of(person_id):
            if link.readable and in_force(link, at):
                visible[link.represented] |= link.readable
        for entity in self._own_entities(person_id):
            visible[entity] = frozenset({EVERY_SYSTEM})
        return dict(visible)

    def may_use_context(
        self,
        person_id: str,
        *,
        person: str | None = None,
        middle: str | None = None,
        end: str | None = None,
        system: str | None = None,
        at: datetime,
    ) -> bool:
        """Whether a person may ask for documents in these contexts (idSiscROF, idSiscROP, idSiscP).

        Args:
            person_id: ID SISC of the person who asks.
            person: idSiscROF: must be the person himself.
            middle: idSiscROP: an agency the person has a link to, or owns.
            end: idSiscP: an entity the person reaches by a first or a second link, or owns; when `middle` is
                given too, by a second link through it.
            system: target system that the links must cover; None: any.
            at: the moment that counts.
        """
        if person is not None and person != person_id:
            return False
        direct = {
            entity
            for entity, systems in self.visible_entities(person_id, at).items()
            if covers(systems, system)
        }
        if middle is not None and middle not in direct:
            return False
        if end is None or (middle is None and end in {*direct, person_id}):
            return True
        agencies = direct if middle is None else {middle}
        return any(
            link.representative in agencies and covers(link.readable, system) and in_force(link, at)
            for link in self.representations_for(person_id, [end])
            if link.represented == end
        )

    def _links_of(self, person_id: str) -> list[Representation]:
        wanted = all_with_representative().where(tables.representations.c.representative == person_id)
        return [representation_from_row(row) for row in self._connection.execute(wanted).mappings()]

    def _own_entities(self, person_id: str) -> list[str]:
        wanted = select(tables.entities.c.id_sisc).where(tables.entities.c.owner_person == person_id)
        return list(self._connection.scalars(wanted))
