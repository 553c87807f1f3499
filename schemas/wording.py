"""What findings say of schemas and values, in Polish and English: data, no decisions."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "BUILTIN_TYPES",
    "PLAUSIBILITY_WORDING",
    "TYPE_LIMITS",
    "WORDING",
    "PlausibilityCode",
    "SchemaCode",
    "Text",
    "Wording",
]


class SchemaCode(StrEnum):
    """Stable codes of schema findings, the most telling first: of several for a value that one counts."""

    TYPE = "XSD_TYPE"  # the value is no date, number, … at all
    ENUMERATION = "XSD_ENUMERATION"  # not one of the values of the list
    LENGTH = "XSD_LENGTH"  # too short or too long
    DIGITS = "XSD_DIGITS"  # too many digits
    RANGE = "XSD_RANGE"  # too small or too great
    PATTERN = "XSD_PATTERN"  # characters or their order are wrong
    ATTRIBUTE = "XSD_ATTRIBUTE"  # an attribute is missing or not allowed
    MISSING_ELEMENT = "XSD_MISSING_ELEMENT"  # a required element is not there
    ELEMENT_ORDER = "XSD_ELEMENT_ORDER"  # a known element stands in the wrong place
    TOO_MANY_ELEMENTS = "XSD_TOO_MANY_ELEMENTS"  # an element is repeated more often than allowed
    ELEMENT_NAMESPACE = "XSD_ELEMENT_NAMESPACE"  # right name, wrong namespace
    UNEXPECTED_ELEMENT = "XSD_UNEXPECTED_ELEMENT"  # no such element here
    CONTENT = "XSD_CONTENT"  # text between elements, or elements inside a value
    UNIQUE = "XSD_UNIQUE"  # a key is used twice
    OTHER = "XSD_OTHER"  # any other rule of the schema


class PlausibilityCode(StrEnum):
    """Stable codes of what is found beyond the schema."""

    MRN = "VALUE_MRN"
    GRN = "VALUE_GRN"
    ARC = "VALUE_ARC"
    EORI = "VALUE_EORI"
    NIP = "VALUE_NIP"
    REGON = "VALUE_REGON"
    PESEL = "VALUE_PESEL"
    FUTURE_DATE = "VALUE_FUTURE_DATE"
    OFFICE = "VALUE_OFFICE"
    COUNTRY = "VALUE_COUNTRY"
    CODE = "VALUE_CODE"


@dataclass(frozen=True, slots=True)
class Text:
    """The same in both languages."""

    pl: str
    en: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of a code: ``{name}`` is the element or attribute, ``{expected}`` what is wanted."""

    message: Text
    remedy: Text


WORDING = {
    SchemaCode.TYPE: Wording(
        Text("Wartość {name} ma niewłaściwy rodzaj.", "The value of {name} is of the wrong kind."),
        Text("Podaj: {expected}.", "Give: {expected}."),
    ),
    SchemaCode.ENUMERATION: Wording(
        Text("Wartość {name} jest spoza listy.", "The value of {name} is not in its list."),
        Text("Użyj jednej z wartości: {expected}.", "Use one of: {expected}."),
    ),
    SchemaCode.LENGTH: Wording(
        Text("Wartość {name} ma niewłaściwą długość.", "The value of {name} has the wrong length."),
        Text("Wymagane: {expected}.", "Needed: {expected}."),
    ),
    SchemaCode.DIGITS: Wording(
        Text("Wartość {name} ma za dużo cyfr.", "The value of {name} has too many digits."),
        Text("Dozwolone: {expected}.", "Allowed: {expected}."),
    ),
    SchemaCode.RANGE: Wording(
        Text("Wartość {name} jest spoza zakresu.", "The value of {name} is out of range."),
        Text("Wymagane: {expected}.", "Needed: {expected}."),
    ),
    SchemaCode.PATTERN: Wording(
        Text("Wartość {name} ma niewłaściwą postać.", "The value of {name} has the wrong form."),
        Text("Wymagane: {expected}.", "Needed: {expected}."),
    ),
    SchemaCode.ATTRIBUTE: Wording(
        Text(
            "Atrybuty {name} są niezgodne ze schematem.", "The attributes of {name} do not match the schema."
        ),
        Text("Popraw: {expected}.", "Mend: {expected}."),
    ),
    SchemaCode.MISSING_ELEMENT: Wording(
        Text("Brakuje wymaganego elementu {name}.", "The required element {name} is missing."),
        Text("Dodaj {name}: {expected}.", "Add {name}: {expected}."),
    ),
    SchemaCode.ELEMENT_ORDER: Wording(
        Text("Element {name} stoi w niewłaściwym miejscu.", "The element {name} stands in the wrong place."),
        Text("Zachowaj kolejność: {expected}.", "Keep the order: {expected}."),
    ),
    SchemaCode.TOO_MANY_ELEMENTS: Wording(
        Text("Element {name} występuje za wiele razy.", "The element {name} is there too many times."),
        Text("Dozwolone wystąpienia: {expected}.", "Occurrences allowed: {expected}."),
    ),
    SchemaCode.ELEMENT_NAMESPACE: Wording(
        Text(
            "Element {name} ma niewłaściwą przestrzeń nazw.", "The element {name} is in the wrong namespace."
        ),
        Text("Użyj przestrzeni nazw: {expected}.", "Use the namespace: {expected}."),
    ),
    SchemaCode.UNEXPECTED_ELEMENT: Wording(
        Text("Element {name} jest tu niedozwolony.", "The element {name} is not allowed here."),
        Text(
            "Usuń go albo zmień; dozwolone tu: {expected}.", "Remove or change it; allowed here: {expected}."
        ),
    ),
    SchemaCode.CONTENT: Wording(
        Text("Zawartość {name} jest niedozwolona.", "The content of {name} is not allowed."),
        Text("Dozwolone: {expected}.", "Allowed: {expected}."),
    ),
    SchemaCode.UNIQUE: Wording(
        Text("Wartość klucza w {name} się powtarza.", "A key in {name} is used twice."),
        Text("Podaj: {expected}.", "Give: {expected}."),
    ),
    SchemaCode.OTHER: Wording(
        Text("{name} jest niezgodne ze schematem.", "{name} does not match the schema."),
        Text("Reguła schematu: {expected}.", "Rule of the schema: {expected}."),
    ),
}

#: What a value of a built-in XSD type looks like.
BUILTIN_TYPES = {
    "date": Text("data RRRR-MM-DD", "a date YYYY-MM-DD"),
    "dateTime": Text("data i czas RRRR-MM-DDTGG:MM:SS", "date and time YYYY-MM-DDThh:mm:ss"),
    "time": Text("czas GG:MM:SS", "a time hh:mm:ss"),
    "decimal": Text("liczba, część ułamkowa po kropce", "a number, its fraction after a point"),
    "integer": Text("liczba całkowita", "a whole number"),
    "nonNegativeInteger": Text("liczba całkowita od 0", "a whole number from 0"),
    "positiveInteger": Text("liczba całkowita od 1", "a whole number from 1"),
    "boolean": Text("true albo false", "true or false"),
    "base64Binary": Text("dane w kodowaniu base64", "data encoded in base64"),
    "hexBinary": Text("dane szesnastkowe", "hexadecimal data"),
    "language": Text("kod języka, na przykład pl", "a language code such as pl"),
    "anyURI": Text("adres URI", "a URI"),
}

#: Limits that come with a built-in type, by xmlschema's name for them.
TYPE_LIMITS = {
    "positive": Text("liczba większa od zera", "a number above zero"),
    "negative": Text("liczba mniejsza od zera", "a number below zero"),
    "non negative": Text("zero albo więcej", "zero or more"),
    "non positive": Text("zero albo mniej", "zero or less"),
}

_TYPING_ERROR = Text(
    "Porównaj numer z dokumentem, z którego pochodzi.", "Compare it with where it comes from."
)
_LIST = Text(
    "Użyj kodu z listy; wykaz kodów pokazuje `sisc codelists show`.",
    "Use a code of the list; `sisc codelists show` prints it.",
)


def _number(pl: str, en: str) -> Wording:
    return Wording(
        Text(
            f"{{name}} nie jest poprawnym numerem {pl}: {{reason}}.", f"{{name}} is no good {en}: {{reason}}."
        ),
        _TYPING_ERROR,
    )


#: ``{name}`` is the element, ``{reason}`` what the judge says.
PLAUSIBILITY_WORDING = {
    PlausibilityCode.MRN: _number("MRN", "MRN"),
    PlausibilityCode.GRN: _number("GRN", "GRN"),
    PlausibilityCode.ARC: _number("ARC", "ARC"),
    PlausibilityCode.EORI: _number("EORI", "EORI number"),
    PlausibilityCode.NIP: _number("NIP", "NIP"),
    PlausibilityCode.REGON: _number("REGON", "REGON"),
    PlausibilityCode.PESEL: _number("PESEL", "PESEL"),
    PlausibilityCode.FUTURE_DATE: Wording(
        Text("{name} to data z przyszłości: {reason}.", "{name} lies in the future: {reason}."),
        Text("Podaj datę zdarzenia, które już nastąpiło.", "Give the date of what has already happened."),
    ),
    PlausibilityCode.OFFICE: Wording(
        Text("{name} nie jest znanym urzędem: {reason}.", "{name} is no known office: {reason}."), _LIST
    ),
    PlausibilityCode.COUNTRY: Wording(
        Text("{name} nie jest znanym krajem: {reason}.", "{name} is no known country: {reason}."), _LIST
    ),
    PlausibilityCode.CODE: Wording(
        Text("{name} nie jest znanym kodem: {reason}.", "{name} is no known code: {reason}."), _LIST
    ),
}
