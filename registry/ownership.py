"""Rights on messages that name no party: they belong to whoever owns the number the message is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registry.desk import decide_rights
from registry.model import Context, Granted, NamedParty, NumberKind, RefusalReason, Refused, RightsDecision
from registry.refusals import refuse
from registry.repository import RegistryRepository

__all__ = ["NumberOwner", "OwnerUnknown", "decide_for_owners"]


class OwnerUnknown(StrEnum):
    """What holds for a number that nobody got through this gateway."""

    REFUSE = "refuse"
    SENDER = "sender"  # the message goes in the sender's own name; the back end decides


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberOwner:
    """For whom, and by whom, the document was sent that got a number."""

    person: str  # ID SISC of the sender
    entity: str | None  # ID SISC of the firm; None: sent in the person's name alone


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """One question: this account, about this number, in this system, at this moment."""

    repository: RegistryRepository
    login: str
    number: str | None
    system: str
    at: datetime

    def ask(self, entity: str | None, *, needs_right: bool) -> RightsDecision:
        """The decision as on a message that names this entity, or nobody."""
        return decide_rights(
            self.repository,
            login=self.login,
            principals=[] if entity is None else [NamedParty(kind=NumberKind.ID_SISC, number=entity)],
            representatives=(),
            system=self.system,
            at=self.at,
            needs_right=needs_right,
        )


def decide_for_owners(  # noqa: PLR0913 - the facts of one question, all by name
    repository: RegistryRepository,
    *,
    login: str,
    number: str | None,
    owners: Sequence[NumberOwner],
    system: str,
    at: datetime,
    sender_suffices: bool,
    unknown: OwnerUnknown,
) -> RightsDecision:
    """Decide whether the account may send a message about a number.

    Args:
        repository: the register.
        login: the sender's account.
        number: the MRN, ARC or LRN of the message, for the texts; None: it carries none.
        owners: whose it is; an LRN may be several declarants', then a right for one of them is enough.
        system: target-system code.
        at: the moment that counts.
        sender_suffices: whether the person who sent the document that got the number needs no right for the
            firm (systems without representation).
        unknown: what holds when there are no owners.

    Returns:
        As `registry.rights.decide`; of several refusals the first.

    Raises:
        NotRegisteredError: there is no such account.
        InvalidRecordError: `at` has no time zone.
    """
    case = _Case(repository=repository, login=login, number=number, system=system, at=at)
    alone = case.ask(None, needs_right=False)
    if isinstance(alone, Refused):
        return alone
    if not owners:
        return alone if unknown is OwnerUnknown.SENDER else _refuse(RefusalReason.OWNER_UNKNOWN, case)
    return _best(_decide_for(owner, case, alone.context, sender_suffices=sender_suffices) for owner in owners)


def _decide_for(
    owner: NumberOwner, case: _Case, context: Context, *, sender_suffices: bool
) -> RightsDecision:
    if owner.entity is None:
        return _decide_for_person(owner, case, context)
    sent_it = sender_suffices and owner.person == context.person
    return case.ask(owner.entity, needs_right=not sent_it)


def _decide_for_person(owner: NumberOwner, case: _Case, context: Context) -> RightsDecision:
    """A number got in a person's own name is that person's alone: nobody can hold a right for a person."""
    if owner.person == context.person:
        return Granted(context=context)
    return _refuse(RefusalReason.NOT_OWNER, case, who=context.person)


def _best(decisions: Iterable[RightsDecision]) -> RightsDecision:
    """The first that grants, else the first of all; those behind it are not asked for."""
    refusals = []
    for decision in decisions:
        if isinstance(decision, Granted):
            return decision
        refusals.append(decision)
    return refusals[0]


def _refuse(reason: RefusalReason, case: _Case, *, who: str = "") -> Refused:
    return refuse(reason, number=case.number or "-", system=case.system, who=who)
