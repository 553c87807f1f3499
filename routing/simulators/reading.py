"""Reading documents before the ledger is asked: which type, whose, about what."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from routing.model import Delivery
from routing.simulators.lifecycle import Request, System, in_warsaw
from routing.simulators.receipts import Refusal
from routing.simulators.xml import parse, to_bytes
from schemas.catalogue import Catalogue
from schemas.errors import UnknownMessageError
from schemas.facts import read_facts
from schemas.model import MessageFacts, PartyRole

__all__ = ["Proof", "Reader"]


#: Proofs about answers of the system's own: taken note of, never answered.
_PROOFS: Final = frozenset({"UPD", "PND"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """A proof that an answer has reached its reader, or that it has not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Reads documents for one system."""

    system: System
    catalogue: Catalogue

    def read(self, delivery: Delivery) -> Request | Refusal | Proof:
        """What a document says; a refusal where the system has no use for it."""
        if delivery.type_code in _PROOFS:
            return Proof()
        try:
            root = parse(delivery.content)
            message_type = self.catalogue.recognise(root, on=in_warsaw(delivery.received_at).date())
        except etree.XMLSyntaxError as error:
            return _unreadable(error)
        except UnknownMessageError:
            return _not_served(delivery)
        known = (message_type.code, message_type.system) == (delivery.type_code, delivery.system)
        if not known or delivery.type_code not in self.system.steps:
            return _not_served(delivery)
        facts = read_facts(root, message_type)
        return Request(
            delivery=delivery,
            root=root,
            content=to_bytes(root),
            message_type=message_type,
            facts=facts,
            principal=_principal(facts) or delivery.person,
        )


def _principal(facts: MessageFacts) -> str | None:
    return next((party.number for party in facts.parties if party.role is PartyRole.PRINCIPAL), None)


def _not_served(delivery: Delivery) -> Refusal:
    return Refusal(
        text_pl=f"System {delivery.system} nie obsługuje komunikatów {delivery.type_code}.",
        text_en=f"System {delivery.system} does not serve messages of type {delivery.type_code}.",
    )


def _unreadable(error: etree.XMLSyntaxError) -> Refusal:
    return Refusal(
        text_pl=f"Dokument nie jest poprawnym XML: {error.msg}.",
        text_en=f"The document is not well-formed XML: {error.msg}.",
    )
