"""UPP and NPP: what the gateway certifies to the sender, under its seal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from lxml import etree

from gateway.channel import IdMaker
from gateway.upo import WARNING, add, certificate, information, local, party
from schemas.findings import Finding

__all__ = ["Receipt", "ReceiptFacts", "Receipts", "Seal"]

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


class Seal(Protocol):
    """Puts the gateway's seal on a receipt."""

    def seal(self, root: etree._Element, at: datetime) -> bytes:
        """The document with an enveloped XAdES signature as its last child."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptFacts:
    """What a receipt is about."""

    sys_ref: str
    own_id: str | None  # the document's own number
    system: str
    received_at: datetime
    sender_name: str
    sender_id: str  # ID SISC, or the login of an account without a person
    sender_id_kind: str  # "IdSISC" or "login"
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A sealed receipt."""

    kind: str  # "UPP" or "NPP"
    content: bytes

    @property
    def filename(self) -> str:
        """Name under which clients expect it."""
        return f"{self.kind}.xml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipts:
    """Writes receipts."""

    operator: str  # who runs the gateway; named as addressee of the documents
    seal: Seal
    new_id: IdMaker

    def upp(self, facts: ReceiptFacts, at: datetime, warnings: Sequence[Finding] = ()) -> Receipt:
        """Certify that a document was submitted.

        Args:
            facts: what the receipt is about.
            at: moment of certification.
            warnings: told to the sender as further information.
        """
        root, part = self._draft("UPP", facts, at)
        for warning in warnings:
            information(part, WARNING, _remark(warning))
        return Receipt(kind="UPP", content=self.seal.seal(root, at))

    def npp(self, facts: ReceiptFacts, at: datetime, findings: Sequence[Finding], total: int) -> Receipt:
        """Certify that a document was not submitted, with every reason.

        Args:
            facts: what the receipt is about.
            at: moment of certification.
            findings: at least one; the most useful first.
            total: how many there were, those not listed included.
        """
        root, part = self._draft("NPP", facts, at)
        information(part, "PrzyczynaBledu", f"{findings[0].message_pl} / {findings[0].message_en}")
        errors = add(part, "Bledy")
        errors.set("lacznie", str(total))
        for finding in findings:
            _error(errors, finding)
        return Receipt(kind="NPP", content=self.seal.seal(root, at))

    def _draft(self, kind: str, facts: ReceiptFacts, at: datetime) -> tuple[etree._Element, etree._Element]:
        root, part = certificate(kind)
        add(part, "IdentyfikatorPoswiadczenia", self.new_id())
        party(part, "Adresat", self.operator, facts.system, "System")
        party(part, "Nadawca", facts.sender_name, facts.sender_id, facts.sender_id_kind)
        add(part, "DataDoreczenia", local(facts.received_at))
        add(part, "DataWytworzeniaPoswiadczenia", local(at))
        add(part, "IdentyfikatorDokumentu", facts.own_id or facts.sys_ref)
        information(part, "idDokumentuSEAP", facts.sys_ref)
        information(part, "KorelacjaSysref", facts.sys_ref)
        information(part, "SkrotSHA256", facts.sha256)
        return root, part


def _remark(warning: Finding) -> str:
    """A warning in one line, with its place where there is one."""
    place = f" [{warning.line}: {warning.xpath}]" if warning.xpath else ""
    return f"{warning.code}{place}: {warning.message_pl} / {warning.message_en}"


def _error(errors: etree._Element, finding: Finding) -> None:
    error = add(errors, "Blad")
    add(error, "Kod", finding.code)
    add(error, "Opis", finding.message_pl).set(_LANG, "pl")
    add(error, "Opis", finding.message_en).set(_LANG, "en")
    add(error, "Zalecenie", finding.remedy_pl).set(_LANG, "pl")
    add(error, "Zalecenie", finding.remedy_en).set(_LANG, "en")
    if finding.line:
        add(error, "Linia", str(finding.line))
    if finding.column:
        add(error, "Kolumna", str(finding.column))
    if finding.xpath:
        add(error, "Xpath", finding.xpath)
    if finding.value is not None:
        add(error, "Wartosc", finding.value)
