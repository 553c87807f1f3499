"""OdrzucenieKomunikatu under the gateway's seal: what becomes of documents that no back end will answer."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from gateway.channel import IdMaker
from gateway.clock import WARSAW
from gateway.receipts import Seal
from gateway.store.model import Document, NewReply
from gateway.upo import xml_text

__all__ = ["Notices", "Reason"]

_TYPE: Final = "OdrzucenieKomunikatu"
_NAMESPACE: Final = f"http://www.mf.gov.pl/xsd/sisc/channel/{_TYPE}"
#: None is the key of the default namespace, which the stubs do not know.
_DEFAULT_NAMESPACE: Final[dict[str, str]] = {None: _NAMESPACE}  # type: ignore[dict-item]
_ISSUING_SYSTEM: Final = "SEAP"  # the channel, not the back end, which may know nothing of the document


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why a document goes no further, and what to do."""

    pl: str
    en: str

    @classmethod
    def refused(cls, system: str, reason: str, *, held: bool = False) -> "Reason":
        """The back end refused the document, and no rejection of its own can be passed on.

        Args:
            system: target-system code.
            reason: that the back end gives.
            held: it sent one that waits for an operator.
        """
        why = reason.rstrip(".")
        held_pl = " Odpowiedź systemu zatrzymano do sprawdzenia przez operatora." if held else ""
        held_en = " The answer of the system is held until an operator has looked at it." if held else ""
        return cls(
            pl=f"System {system} odmówił przyjęcia komunikatu: {why}. Popraw go i wyślij ponownie.{held_pl}",
            en=f"System {system} refused the message: {why}. Correct it and send it again.{held_en}",
        )

    @classmethod
    def undelivered(cls, system: str) -> "Reason":
        """The back end could not be reached for so long that the document was taken off its way."""
        return cls(
            pl=(
                f"Komunikatu nie udało się przekazać do systemu {system} w przewidzianym czasie; nie wywołał "
                f"skutków. Wyślij go ponownie, gdy system {system} będzie dostępny."
            ),
            en=(
                f"The message could not be passed on to system {system} in time and has had no effect. "
                f"Send it again once system {system} is available."
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Notices:
    """Tells senders, in the form back ends use, that a document goes no further (seap-wire §10.2)."""

    operator: str  # who runs the gateway: the issuer
    seal: Seal
    new_id: IdMaker

    def rejection(self, document: Document, reason: Reason, at: datetime) -> NewReply:
        """A sealed OdrzucenieKomunikatu for the document's sender.

        Args:
            document: the document that goes no further.
            reason: why, and what to do.
            at: moment of issue.
        """
        number = self.new_id()
        return NewReply(
            sys_ref=self.new_id(),
            type_code=_TYPE,
            account=document.account,
            system=document.system,
            content=self.seal.seal(self._draft(number, document, reason, at), at),
            filename=f"{_TYPE}_{number}.xml",
            mime="application/xml",
            created_at=at,
            correlation_sys_ref=document.sys_ref,
            own_id=document.own_id,
            person=document.person,
            middle=document.middle,
            end=document.end,
        )

    def _draft(self, number: str, document: Document, reason: Reason, at: datetime) -> etree._Element:
        root = etree.Element(f"{{{_NAMESPACE}}}{_TYPE}", nsmap=_DEFAULT_NAMESPACE)
        root.set("KorelacjaSysref", document.sys_ref)
        _add(root, "NumerIdentyfikacyjny", number)
        _add(root, "IdentyfikatorECIPSEAP", document.sys_ref)
        _add(root, "NazwaPodmiotuWydajacego", self.operator)
        _add(root, "NazwaSystemuWydajacego", _ISSUING_SYSTEM)
        _add(root, "DataDoreczenia", _local(document.received_at))
        _add(root, "DataWytworzenia", _local(at))
        original = _add(root, "Dokument")
        _add(original, "Skrot", base64.b64encode(bytes.fromhex(document.sha256)).decode("ascii"))
        if document.own_id:
            _add(original, "NrWlasny", document.own_id)
        information = _add(root, "Informacja")
        _add(information, "Rodzaj", "ERROR")
        for language, text in (("pl", reason.pl), ("en", reason.en)):
            _add(information, "Tekst", text).set("Jezyk", language)
        return root


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    child.text = None if text is None else xml_text(text)
    return child


def _local(moment: datetime) -> str:
    """Polish time with its offset, to the second, as back ends write it."""
    return moment.astimezone(WARSAW).isoformat(timespec="seconds")
