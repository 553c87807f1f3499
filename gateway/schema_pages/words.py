"""The words of the pages, in both languages."""

from enum import StrEnum
from typing import Final

from schemas.model import Direction

__all__ = ["WORDS", "Language"]


class Language(StrEnum):
    """Of a page."""

    PL = "pl"
    EN = "en"


#: What the pages say, by key.
WORDS: Final = {
    Language.PL: {
        "title": "Komunikaty i schematy",
        "intro": "Typy komunikatów przyjmowane i wysyłane przez bramkę. Z kilku wersji obowiązuje"
        " pierwsza ważna.",
        "code": "kod",
        "name": "nazwa",
        "version": "wersja",
        "valid": "ważność",
        "source": "źródło",
        "direction": "kierunek",
        Direction.INBOUND: "do systemu",
        Direction.OUTBOUND: "z systemu",
        "system": "system",
        "namespace": "przestrzeń nazw",
        "root": "element główny",
        "signature": "podpis",
        "required": "wymagany",
        "not required": "niewymagany",
        "schema": "schemat",
        "element": "element",
        "number": "liczba",
        "value": "wartość",
        "meaning": "znaczenie",
        "always": "bezterminowo",
        "from": "od",
        "to": "do",
        "choice": "jeden z kilku",
        "elements": "Elementy",
        "all": "wszystkie komunikaty",
        "length": "znaków: {}",
        "minLength": "co najmniej {} znaków",
        "maxLength": "najwyżej {} znaków",
        "pattern": "wzorzec {}",
        "totalDigits": "najwyżej {} cyfr",
        "fractionDigits": "najwyżej {} cyfr po przecinku",
        "minInclusive": "od {}",
        "maxInclusive": "do {}",
        "minExclusive": "więcej niż {}",
        "maxExclusive": "mniej niż {}",
        "other": "English",
    },
    Language.EN: {
        "title": "Messages and schemas",
        "intro": "Message types that the gateway takes and sends. Of several versions the"
        " first valid one counts.",
        "code": "code",
        "name": "name",
        "version": "version",
        "valid": "valid",
        "source": "source",
        "direction": "direction",
        Direction.INBOUND: "to the system",
        Direction.OUTBOUND: "from the system",
        "system": "system",
        "namespace": "namespace",
        "root": "document element",
        "signature": "signature",
        "required": "required",
        "not required": "not required",
        "schema": "schema",
        "element": "element",
        "number": "number",
        "value": "value",
        "meaning": "meaning",
        "always": "always",
        "from": "from",
        "to": "to",
        "choice": "one of several",
        "elements": "Elements",
        "all": "all messages",
        "length": "{} characters",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "pattern": "pattern {}",
        "totalDigits": "at most {} digits",
        "fractionDigits": "at most {} digits after the point",
        "minInclusive": "from {}",
        "maxInclusive": "to {}",
        "minExclusive": "more than {}",
        "maxExclusive": "less than {}",
        "other": "po polsku",
    },
}
