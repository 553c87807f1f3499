"""The rights desk: reads what a decision needs from the registry and decides."""

from collections.abc import Sequence
from datetime import datetime

from registry.model import NamedParty, RightsDecision
from registry.repository import RegistryRepository
from registry.rights import decide

__all__ = ["decide_rights"]


def decide_rights(  # noqa: PLR0913 - the facts of one question, all by name
    repository: RegistryRepository,
    *,
    login: str,
    principals: Sequence[NamedParty],
    representatives: Sequence[NamedParty],
    system: str,
    at: datetime,
    needs_right: bool,
) -> RightsDecision:
    """Decide whether the account may send a message; arguments and result as `registry.rights.decide`.

    Raises:
        NotRegisteredError: there is no such account.
        InvalidRecordError: `at` has no time zone.
    """
    account, person = repository.sender_standing(login)
    parties = [*principals[:1], *representatives]
    entities = repository.standing_of(parties)
    wanted = [entities[party].id_sisc for party in principals[:1] if party in entities]
    representations = repository.representations_for(person.id_sisc, wanted) if person is not None else []
    return decide(
        account=account,
        person=person,
        principals=principals,
        representatives=representatives,
        system=system,
        entities=entities,
        representations=representations,
        at=at,
        needs_right=needs_right,
    )
