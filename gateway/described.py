"""What a received document says, in a few lines for people and as facts for machines."""

from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from gateway.upo import WARNING
from signing.errors import SigningError
from signing.parsing import ParseLimits, parse

__all__ = ["Described", "describe"]

#: Answers after which nothing more comes of itself, and whether they refuse the document.
_FINAL: Final = {
    "NPP": True,
    "OdrzucenieKomunikatu": True,
    "CC004C": False,
    "CC009C": False,
    "CC025C": False,
    "CC029C": False,
    "CC043C": False,
    "CC051C": True,
    "CC055C": True,
    "CC056C": True,
    "CC057C": True,
    "CC906C": True,
    "CC917C": True,
    "CC529C": False,
    "CC556C": True,
    "ZC429": False,
    "ZC416": True,
    "IE801": False,
    "IE704": True,
    "IE829": False,
    "IE839": True,
    "IE881": False,
    "IE905": False,
    "DecyzjaWRR": False,  # unless it refuses: see _REFUSED
    "DecyzjaWRP": False,
    "DecyzjaWPE": False,
}
#: Outcome of a decision of the register that refuses the application.
_REFUSED: Final = "{*}Odmowiono"
#: Outcome that leaves it to a clerk: it may take days, so nobody waits for what comes after.
_PENDING: Final = "{*}OczekujeNaUrzednika"
#: Elements worth telling, by local name, with the name to tell them under.
_TOLD: Final = {
    "LRN": "LRN",
    "lrn": "LRN",
    "LocalReferenceNumber": "LRN",
    "MRN": "MRN",
    "mrn": "MRN",
    "AdministrativeReferenceCode": "ARC",
    "NumerIdentyfikacyjny": "number",
}
#: Elements that tell one error each, in their children.
_ERRORS: Final = frozenset(
    {"Blad", "FunctionalError", "functionalError", "Informacja", "Przyczyna", "OczekujeNaUrzednika"}
)
#: Children of an error that are numbers, and what they number.
_PLACES: Final = {"Linia": "line", "Kolumna": "column"}
#: Attributes that name the language of a text; texts are told in English where there is a choice.
_LANGUAGES: Final = ("{http://www.w3.org/XML/1998/namespace}lang", "Jezyk", "language")


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """A document in brief."""

    kind: str
    facts: dict[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    final: bool = False
    refusal: bool = False

    def as_text(self) -> str:
        """One line, then the texts of errors or warnings."""
        facts = "  ".join(f"{key} {value}" for key, value in self.facts.items())
        return "\n".join([f"{self.kind:<8} {facts}".rstrip(), *(f"  - {text}" for text in self.texts)])

    def as_json(self) -> dict[str, object]:
        """For machines."""
        return {"type": self.kind, **self.facts, "texts": list(self.texts), "refusal": self.refusal}


def describe(content: bytes, *, filename: str | None = None) -> Described:
    """Read the kind, the numbers, and what is wrong or doubtful, of a document of the channel or a back end.

    Args:
        content: its bytes.
        filename: told when the content is no XML.
    """
    try:
        root = parse(content, ParseLimits())
    except SigningError:
        return Described(kind=filename or "document")
    kind = _kind(root)
    refusal = _FINAL.get(kind, False) or root.find(_REFUSED) is not None
    explained = refusal or root.find(_PENDING) is not None
    return Described(
        kind=kind,
        facts=_facts(root),
        texts=_texts(root) if explained else _warnings(root),
        final=kind in _FINAL,
        refusal=refusal,
    )


def _kind(root: etree._Element) -> str:
    name = etree.QName(root).localname
    first = root.find("*")  # a comment may stand before it
    return etree.QName(first).localname if name == "Dokument" and first is not None else name


def _facts(root: etree._Element) -> dict[str, str]:
    facts: dict[str, str] = {}
    for element in root.iter(etree.Element):
        key = _TOLD.get(etree.QName(element).localname)
        if key is not None and element.text and element.text.strip():
            facts.setdefault(key, element.text.strip())
    return facts


def _texts(root: etree._Element) -> tuple[str, ...]:
    errors = (e for e in root.iter(etree.Element) if etree.QName(e).localname in _ERRORS)
    return tuple(text for text in map(_error, errors) if text)


def _warnings(root: etree._Element) -> tuple[str, ...]:
    """What a UPP says is doubtful, though the document was submitted."""
    remarks = root.iter("{*}InformacjaUzupelniajaca")
    return tuple(
        one.text.strip() for one in remarks if one.text and one.get("TypInformacjiUzupelniajacej") == WARNING
    )


def _error(error: etree._Element) -> str:
    """The children of an error in one line, e.g. line, code, text and remedy."""
    told = [e for e in error.iter(etree.Element) if e.text and e.text.strip() and not _is_polish(e)]
    words = ((_PLACES.get(etree.QName(e).localname, ""), str(e.text).strip()) for e in told)
    return "  ".join(f"{word} {text}".strip() for word, text in words)


def _is_polish(element: etree._Element) -> bool:
    return any(element.get(name, "").lower() == "pl" for name in _LANGUAGES)
