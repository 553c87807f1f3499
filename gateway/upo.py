"""The XML of receipts: `Dokument` of the national schema, one part per kind of receipt (seap-wire §10.1)."""

import re
from datetime import datetime
from typing import Final

from lxml import etree

from gateway.clock import WARSAW

__all__ = ["WARNING", "add", "certificate", "information", "local", "party", "xml_text"]

#: Kind of further information that tells what is doubtful about a submitted document.
WARNING: Final = "Ostrzezenie"
_UPO: Final = "http://crd.gov.pl/xml/schematy/UPO/2008/05/09/"
#: None is the key of the default namespace, which the stubs do not know.
_DEFAULT_NAMESPACE: Final[dict[str, str]] = {None: _UPO}  # type: ignore[dict-item]
#: What XML 1.0 cannot hold (§2.2): names from certificates and registers may.
_NO_CHARACTERS: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def certificate(kind: str) -> tuple[etree._Element, etree._Element]:
    """An empty receipt and its part, e.g. "UPP"."""
    root = etree.Element(f"{{{_UPO}}}Dokument", nsmap=_DEFAULT_NAMESPACE)
    return root, add(root, kind)


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """A child with a text; what XML cannot hold becomes a replacement character."""
    child = etree.SubElement(parent, f"{{{_UPO}}}{name}")
    child.text = None if text is None else xml_text(text)
    return child


def xml_text(text: str) -> str:
    """A text with a replacement for every character that XML cannot hold."""
    return _NO_CHARACTERS.sub("\ufffd", text)


def party(part: etree._Element, role: str, name: str, number: str, kind: str) -> None:
    """A party with its name and its number of some kind."""
    element = add(part, role)
    add(element, "Nazwa", name)
    add(element, "IdentyfikatorPodmiotu", number).set("TypIdentyfikatora", kind)


def information(part: etree._Element, kind: str, text: str) -> None:
    """One piece of further information."""
    add(part, "InformacjaUzupelniajaca", text).set("TypInformacjiUzupelniajacej", kind)


def local(moment: datetime) -> str:
    """Polish time with its offset, to the millisecond."""
    return moment.astimezone(WARSAW).isoformat(timespec="milliseconds")
