"""For whom an answer is: the sender of the document answered, or the parties that the back end names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.store.ports import UnitOfWork
from registry.model import Account, Entity, NumberKind
from registry.repository import RegistryRepository
from routing.model import Answer, Recipient
from schemas.model import IdentifierKind

__all__ = ["Addressee", "addressees", "nobody_known"]

_KINDS: Final = {
    IdentifierKind.EORI: NumberKind.EORI,
    IdentifierKind.EXCISE: NumberKind.EXCISE,
    IdentifierKind.NIP: NumberKind.NIP,
    IdentifierKind.ID_SISC: NumberKind.ID_SISC,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressee:
    """Where a document for a firm goes that nobody asked for."""

    account: str  # login; where nobody reads for the firm yet: its ID SISC in brackets
    person: str | None  # ID SISC of the account's person
    entity: str  # ID SISC of the firm: its representatives find the document in its context


def addressees(work: UnitOfWork, answer: Answer, *, system: str, at: datetime) -> Sequence[Addressee]:
    """The registered firms among the recipients named, each with the account that reads for it.

    Of several representatives the one who had the firm's last document of this channel gets it; the others
    find it in the firm's context.

    Args:
        work: the transaction that stores the answer.
        answer: one with recipients.
        system: target-system code of the back end.
        at: moment of the answer, with zone.

    Returns:
        Empty where no recipient is registered.
    """
    registry = RegistryRepository(work.connection)
    firms = [_firm(registry, recipient) for recipient in answer.recipients]
    known = {firm.id_sisc: firm for firm in firms if firm is not None}
    return [_addressee(work, registry, firm, system, at) for firm in known.values()]


def nobody_known(answer: Answer) -> str:
    """What is told of an answer none of whose recipients is registered."""
    named = ", ".join(f"{each.kind.value} {each.number}" for each in answer.recipients)
    return f"nobody is registered with {named}"


def _firm(registry: RegistryRepository, recipient: Recipient) -> Entity | None:
    return registry.entity_by_number(_KINDS[recipient.kind], recipient.number)


def _addressee(
    work: UnitOfWork, registry: RegistryRepository, firm: Entity, system: str, at: datetime
) -> Addressee:
    readers = {account.login: account for account in registry.readers(firm.id_sisc, system=system, at=at)}
    reader = _reader(readers, work.mailbox.last_reader(firm.id_sisc))
    return Addressee(
        account=reader.login if reader else f"({firm.id_sisc})",
        person=reader.person_id if reader else None,
        entity=firm.id_sisc,
    )


def _reader(readers: dict[str, Account], last: str | None) -> Account | None:
    if last in readers:
        return readers[last]
    return next(iter(readers.values()), None)
