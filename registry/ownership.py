"""Rights on messages that name no party: they belong to whoever owns the number the message is about."""

from collections.abc import Sequence
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

    def ask(entity: str | None, *, needs_right: bool) -> RightsDecision:
        named = [] if entity is None else [NamedParty(kind=NumberKind.ID_SISC, number=entity)]
        return decide_rights(
            repository,
            login=login,
            principals=named,
            representatives=(),
            system=system,
            at=at,
            needs_right=needs_right,
        )

    alone = ask(None, needs_right=False)
    if isinstance(alone, Refused):
        return alone
    if not owners:
        if unknown is OwnerUnknown.SENDER:
            return alone
        return refuse(RefusalReason.OWNER_UNKNOWN, number=number or "-", system=system)
    decisions = []
    for owner in owners:
        if owner.entity is None:
            decision = _for_person(owner, alone.context, number or "-")
        else:
            sent_it = sender_suffices and owner.person == alone.context.person
            decision = ask(owner.entity, needs_right=not sent_it)
        if isinstance(decision, Granted):
            return decision
        decisions.append(decision)
    return decisions[0]


def _for_person(owner: NumberOwner, context: Context, number: str) -> RightsDecision:
    """A number got in a person's own name is that person's alone: nobody can hold a right for a person."""
    if owner.person == context.person:
        return Granted(context=context)
    return refuse(RefusalReason.NOT_OWNER, number=number, who=context.person)
