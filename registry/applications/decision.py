"""Writing decisions: DecyzjaWRR, DecyzjaWRP, DecyzjaWPE."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree

from registry.applications.facts import Facts
from registry.applications.form import Form, Part
from registry.applications.outcome import Approved, Content, Outcome, Reason, Refusal

__all__ = ["decision_document"]

_NAMESPACE = "http://www.mf.gov.pl/xsd/szprot/"
_TEXT_LENGTH = 1000  # characters of a text in the schema
_POLAND = ZoneInfo("Europe/Warsaw")
_LANGUAGES = ("pl", "en")


def decision_document(
    form: Form, facts: Facts, outcome: Outcome, *, case: str, number: int
) -> etree._Element:
    """The decision on an application, not sealed yet.

    Args:
        form: the application.
        facts: what it was judged on.
        outcome: what was decided.
        case: number of the case, the same for every decision on this application.
        number: 1 for the first decision on it.
    """
    name = f"Decyzja{form.code[:3]}"
    root = etree.Element(f"{{{_NAMESPACE}{name}}}{name}", nsmap={None: f"{_NAMESPACE}{name}"})  # type: ignore[dict-item]  # the default namespace, which the stubs do not know
    _write(root, (*_header(form, case, number, facts.at), *_subject(form, facts)))
    match outcome:
        case Approved(content=content):
            _write(root, [("Uwzgledniono", content)])
        case Refusal(reasons=reasons):
            refused = _add(root, "Odmowiono")
            for each in reasons:
                _write_reason(_add(refused, "Przyczyna"), each)
        case waiting:
            part = _add(root, "OczekujeNaUrzednika")
            _write(part, [("Powod", waiting.why.value)])
            _texts(part, "Opis", waiting.text_pl, waiting.text_en)
    return root


def _header(form: Form, case: str, number: int, at: datetime) -> Content:
    return (
        ("IdentyfikatorKomunikatu", f"{case}-{number}"),
        ("KorelacjaKomunikatu", form.text("Naglowek/IdentyfikatorKomunikatu")),
        ("NumerWlasny", form.text("Naglowek/NumerWlasny")),
        ("NumerSprawy", case),
        ("DataWydania", at.astimezone(_POLAND).isoformat(timespec="milliseconds")),
        ("UrzadCelnoSkarbowy", form.text("Naglowek/UrzadCelnoSkarbowy")),
        ("Wniosek", form.code),
    )


def _subject(form: Form, facts: Facts) -> Iterator[tuple[str, "str | Content | None"]]:
    """The person or entity, as the application named it."""
    if form.code.startswith("WRR"):
        yield "IdSisc", facts.applicant.id_sisc if facts.applicant else None
        return
    name = "Reprezentowany" if form.code == "WPE0001" else "Podmiot"
    number = _number(form.part(name) or form)
    if number is not None:
        yield name, (number,)


def _number(part: Part) -> tuple[str, str] | None:
    return next(((name, number) for name in ("IdSisc", "Eori", "Nip") if (number := part.text(name))), None)


def _write(parent: etree._Element, content: Content) -> None:
    for name, value in content:
        if value is None:
            continue
        child = _add(parent, name)
        if isinstance(value, str):
            child.text = value
        else:
            _write(child, value)


def _write_reason(part: etree._Element, reason: Reason) -> None:
    _write(part, [("Kod", reason.code)])
    _texts(part, "Opis", reason.message_pl, reason.message_en)
    _write(part, [("WskaznikXpath", reason.xpath[:_TEXT_LENGTH] if reason.xpath else None)])
    _texts(part, "Zalecenie", reason.remedy_pl, reason.remedy_en)


def _texts(parent: etree._Element, name: str, *texts: str) -> None:
    for language, text in zip(_LANGUAGES, texts, strict=True):
        child = _add(parent, name)
        child.set("Jezyk", language)
        child.text = " ".join(text.split())[:_TEXT_LENGTH].strip()


def _add(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
