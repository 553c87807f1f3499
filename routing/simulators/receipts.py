"""First answers of every back end: UPO and OdrzucenieKomunikatu (schemas of the channel)."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from routing.model import Answer, AnswerKind, Delivery
from routing.simulators.lifecycle import FunctionalError, code_of, in_warsaw
from routing.simulators.xml import Element, Field, Fields, element, to_bytes

__all__ = ["Receipts", "Refusal", "Seal", "refusal_asked_for", "refusal_of"]

_NAMESPACE = "http://www.mf.gov.pl/xsd/sisc/channel/"
_ISSUER = "Krajowa Administracja Skarbowa (symulator)"
#: Document element, and the sort of information in it.
_FORMS = {
    AnswerKind.CONFIRMATION: ("UPO", "INFO"),
    AnswerKind.REJECTION: ("OdrzucenieKomunikatu", "ERROR"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a back end does not take a document in."""

    text_pl: str
    text_en: str
    xpath: str | None = None


_TAKEN_IN = Refusal(
    text_pl="Komunikat przyjęto do przetwarzania. Nie oznacza to przyjęcia zgłoszenia.",
    text_en="The message has been taken in. This does not mean that the declaration is accepted.",
)


def refusal_asked_for(pointer: str) -> Refusal:
    """The scenario asks for it."""
    return Refusal(
        text_pl="Odrzucono zgodnie ze scenariuszem.", text_en="Refused as the scenario asks.", xpath=pointer
    )


def refusal_of(error: FunctionalError) -> Refusal:
    """For messages that the system has no functional rejection for."""
    return Refusal(
        text_pl=f"Błąd funkcjonalny {error.code}: {error.text.pl}",
        text_en=f"Functional error {error.code}: {error.text.en}",
        xpath=error.pointer,
    )


class Seal(Protocol):
    """Signs what a back end certifies."""

    def seal(self, root: Element, at: datetime) -> bytes:
        """The document with an enveloped signature as its last child."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipts:
    """Writes them. They alone are signed: messages of the procedures have no place for a signature."""

    seal: Seal | None  # None: they go without

    def confirmation(self, delivery: Delivery, own_id: str | None, at: datetime) -> Answer:
        """UPO: the document is in.

        Args:
            delivery: the document.
            own_id: its own number.
            at: time of taking it in, aware.
        """
        return self._receipt(AnswerKind.CONFIRMATION, delivery, own_id, at, _TAKEN_IN)

    def rejection(self, delivery: Delivery, own_id: str | None, at: datetime, refusal: Refusal) -> Answer:
        """OdrzucenieKomunikatu: the document is not taken in."""
        return self._receipt(AnswerKind.REJECTION, delivery, own_id, at, refusal)

    def _receipt(
        self, kind: AnswerKind, delivery: Delivery, own_id: str | None, at: datetime, told: Refusal
    ) -> Answer:
        root, sort = _FORMS[kind]
        local = in_warsaw(at)
        number = f"{local:%y}{code_of(delivery.system, delivery.sys_ref, root, length=14)}"
        content = (*_head(number, delivery, own_id, local), _information(sort, told))
        document = element(root, _NAMESPACE + root, content)
        document.set("KorelacjaSysref", delivery.sys_ref)
        return Answer(
            back_end_id=number,
            kind=kind,
            type_code=root,
            filename=f"{root}_{number}.xml",
            content=to_bytes(document) if self.seal is None else self.seal.seal(document, at),
            sys_ref=delivery.sys_ref,
            correlation=own_id,
        )


def _head(number: str, delivery: Delivery, own_id: str | None, at: datetime) -> Fields:
    moment = at.isoformat(timespec="seconds")
    digest = base64.b64encode(bytes.fromhex(delivery.sha256)).decode("ascii")
    return (
        ("NumerIdentyfikacyjny", number),
        ("IdentyfikatorECIPSEAP", delivery.sys_ref),
        ("NazwaPodmiotuWydajacego", _ISSUER),
        ("NazwaSystemuWydajacego", delivery.system),
        ("DataDoreczenia", moment),
        ("DataWytworzenia", moment),
        ("Dokument", (("Skrot", digest), ("NrWlasny", own_id))),
    )


def _information(sort: str, told: Refusal) -> Field:
    pointer = (("Xpath", told.xpath),) if told.xpath else None
    content: Fields = (
        ("Rodzaj", sort),
        ("Tekst", told.text_pl, {"Jezyk": "pl"}),
        ("Tekst", told.text_en, {"Jezyk": "en"}),
        ("WskaznikXpath", pointer),
    )
    return ("Informacja", content)
