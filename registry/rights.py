"""The rights decision: may this sender send this message, and in whose names? Pure, no I/O.

A sender acts in his own name, through a first link (person – firm) or a second link (person – agency – firm).
The effective right of a second link is the intersection of both rights: each must be in force on the day (in
Poland) and cover the target system. Direct or indirect representation (UCC art. 18) is another matter: it
says who is bound by a declaration, a link says who may send it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from registry.days import polish_day
from registry.model import (
    Account,
    AccountLevel,
    AccountStatus,
    Activity,
    Context,
    EntityStanding,
    Granted,
    Link,
    NamedParty,
    NumberKind,
    PersonStanding,
    RefusalReason,
    Refused,
    Representation,
    RightsDecision,
)
from registry.refusals import refuse

__all__ = ["decide", "in_force"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """One question: this person, this entity, this system, this moment."""

    account: Account
    person: PersonStanding
    party: NamedParty
    entity: EntityStanding
    system: str
    at: datetime
    day: date


@dataclass(frozen=True, kw_only=True, slots=True)
class _Path:
    """A way from the person to the entity: one link, or two with the agency in between."""

    middle: str | None
    links: tuple[Representation, ...]
    faults: tuple[tuple[RefusalReason, Representation], ...]

    def granted(self, case: _Case) -> Granted:
        return Granted(
            context=Context(person=case.person.id_sisc, middle=self.middle, end=case.entity.id_sisc),
            links=tuple(
                Link(
                    representation=link.id,
                    version=link.version,
                    representative=link.representative,
                    represented=link.represented,
                )
                for link in self.links
            ),
        )


def _standing(link: Representation, *, at: datetime, day: date) -> RefusalReason | None:
    if link.ended_at is not None and link.ended_at <= at:
        return RefusalReason.RIGHT_EXPIRED
    if link.valid_to is not None and link.valid_to < day:
        return RefusalReason.RIGHT_EXPIRED
    if link.valid_from > day:
        return RefusalReason.RIGHT_NOT_YET_VALID
    if not link.representative_active:
        return RefusalReason.AGENCY_INACTIVE
    return None


def in_force(link: Representation, at: datetime) -> bool:
    """Whether a representation holds at this moment, whatever its systems.

    Raises:
        InvalidRecordError: `at` has no time zone.
    """
    return _standing(link, at=at, day=polish_day(at)) is None


def _faults(link: Representation, case: _Case) -> Iterator[tuple[RefusalReason, Representation]]:
    standing = _standing(link, at=case.at, day=case.day)
    if standing is not None:
        yield standing, link
    if case.system not in link.systems:
        yield RefusalReason.WRONG_SCOPE, link
    elif not link.allows(case.system, Activity.SEND):
        yield RefusalReason.WRONG_ACTIVITY, link


def _path(case: _Case, middle: str | None, *links: Representation) -> _Path:
    return _Path(middle=middle, links=links, faults=tuple(f for link in links for f in _faults(link, case)))


def _paths(case: _Case, representations: Sequence[Representation]) -> Iterator[_Path]:
    me, firm = case.person.id_sisc, case.entity.id_sisc
    mine = [link for link in representations if link.representative == me]
    for grant in representations:
        if grant.represented != firm:
            continue
        if grant.representative == me:
            yield _path(case, None, grant)
            continue
        if grant.representative_owner == me:  # the agency is the person's own business
            yield _path(case, grant.representative, grant)
        for reach in mine:
            if reach.represented == grant.representative:
                yield _path(case, grant.representative, reach, grant)


def _best(paths: Sequence[_Path], named_agencies: frozenset[str]) -> _Path | None:
    """The path with the fewest faults; then first before second link, named agency first, oldest id."""
    return min(
        paths,
        key=lambda path: (
            len(path.faults),
            path.middle is not None,
            path.middle not in named_agencies,
            tuple(link.id for link in path.links),
        ),
        default=None,
    )


def _last_day(link: Representation, at: datetime) -> date | None:
    """The last day of a right that is over; None while it is not."""
    ended = polish_day(link.ended_at) if link.ended_at is not None and link.ended_at <= at else None
    return min((day for day in (ended, link.valid_to) if day is not None), default=None)


def _grantor(link: Representation, case: _Case) -> NamedParty:
    """Who has to grant what is missing: the firm, or the agency for its own people."""
    if link.represented == case.entity.id_sisc:
        return case.party
    return NamedParty(kind=NumberKind.ID_SISC, number=link.represented)


def _refuse_path(path: _Path, case: _Case) -> Refused:
    reason, link = path.faults[0]
    day = link.valid_from if reason is RefusalReason.RIGHT_NOT_YET_VALID else _last_day(link, case.at)
    return refuse(
        reason,
        party=case.party,
        about=_grantor(link, case),
        who=link.representative,
        system=case.system,
        systems=", ".join(sorted(link.systems)),
        day=day.isoformat() if day is not None else "",
    )


def _decide_for_others(
    case: _Case, representations: Sequence[Representation], named_agencies: frozenset[str]
) -> RightsDecision:
    if case.account.level is not AccountLevel.EXTENDED:
        return refuse(RefusalReason.BASIC_LEVEL, party=case.party, login=case.account.login)
    path = _best(tuple(_paths(case, representations)), named_agencies)
    if path is None:
        return refuse(RefusalReason.NO_RIGHT, party=case.party, who=case.person.id_sisc, system=case.system)
    return _refuse_path(path, case) if path.faults else path.granted(case)


def _sender(account: Account, person: PersonStanding | None, system: str) -> PersonStanding | Refused:
    # A lock keeps its owner from logging in; what was sent before stays sent, or three wrong digests by a
    # stranger would refuse another's documents.
    if account.status is AccountStatus.CLOSED:
        return refuse(RefusalReason.ACCOUNT_INACTIVE, login=account.login)
    if person is None or person.id_sisc != account.person_id:
        return refuse(RefusalReason.NO_PERSON, login=account.login)
    if not person.active:
        return refuse(RefusalReason.PERSON_INACTIVE, who=person.id_sisc)
    if person.only_system not in {None, system}:
        return refuse(
            RefusalReason.ONLY_OTHER_SYSTEM,
            who=person.id_sisc,
            system=system,
            systems=str(person.only_system),
        )
    return person


def _own_name(person: PersonStanding, party: NamedParty) -> Granted | None:
    """Grant when the message names the person himself by his ID SISC."""
    if party.kind is not NumberKind.ID_SISC or party.number != person.id_sisc:
        return None
    return Granted(context=Context(person=person.id_sisc, end=person.id_sisc))


def _decide_for_party(  # noqa: PLR0913 - the facts of one decision, all by name
    *,
    account: Account,
    person: PersonStanding,
    party: NamedParty | None,
    representatives: Sequence[NamedParty],
    system: str,
    entities: Mapping[NamedParty, EntityStanding],
    representations: Sequence[Representation],
    at: datetime,
) -> RightsDecision:
    if party is None:
        return refuse(RefusalReason.PARTY_MISSING, system=system)
    entity = entities.get(party)
    if entity is None:
        return _own_name(person, party) or refuse(RefusalReason.PARTY_UNKNOWN, party=party)
    if not entity.active:
        return refuse(RefusalReason.PARTY_INACTIVE, party=party)
    if entity.owner_person == person.id_sisc:
        return Granted(context=Context(person=person.id_sisc, end=entity.id_sisc))
    case = _Case(
        account=account,
        person=person,
        party=party,
        entity=entity,
        system=system,
        at=at,
        day=polish_day(at),
    )
    named = frozenset(entities[agency].id_sisc for agency in representatives if agency in entities)
    return _decide_for_others(case, representations, named)


def decide(  # noqa: PLR0913 - the facts of one decision, all by name
    *,
    account: Account,
    person: PersonStanding | None,
    principals: Sequence[NamedParty],
    representatives: Sequence[NamedParty],
    system: str,
    entities: Mapping[NamedParty, EntityStanding],
    representations: Sequence[Representation],
    at: datetime,
    needs_right: bool,
) -> RightsDecision:
    """Decide whether the sender may send a message, and in whose names.

    The account must be active and linked to an active registered person. The first of `principals` is the
    party the message is sent for. Own name goes before a first link, a first before a second link; among
    second links the agency the message names goes first, then the smallest representation id, so that the
    same facts always give the same evidence.

    Args:
        account: the sender's account.
        person: the person registered behind it, if any.
        principals: parties the message may be sent for, in the order of the message type.
        representatives: agencies the message names.
        system: target-system code.
        entities: the registered entities among the parties.
        representations: all links between the person, the agencies and the principal, also those over.
        at: the moment that counts, normally when the document was received.
        needs_right: False where the system asks for no representation (NCTS2). A link then only fills the
            context; without one the document goes in the person's name alone, with no view of the entity.

    Returns:
        Granted with the context and the links used, or Refused with the most helpful reason: of all ways from
        the sender to the party, the one that lacks least is explained.

    Raises:
        InvalidRecordError: `at` has no time zone.
    """
    sender = _sender(account, person, system)
    if isinstance(sender, Refused):
        return sender
    decision = _decide_for_party(
        account=account,
        person=sender,
        party=principals[0] if principals else None,
        representatives=representatives,
        system=system,
        entities=entities,
        representations=representations,
        at=at,
    )
    if needs_right or isinstance(decision, Granted):
        return decision
    return Granted(context=Context(person=sender.id_sisc))
