"""Identification numbers of Polish customs: shape, check digits, and why one is wrong.

Every `parse_…` returns the canonical form and raises InvalidNumberError with a reason in Polish and English.
Spaces and hyphens, as people write them, are ignored; the wire formats carry neither.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from registry.errors import InvalidNumberError
from registry.model import NumberKind

__all__ = [
    "ID_SISC_LENGTH",
    "NIP_WEIGHTS",
    "NUMBER_PARSERS",
    "PESEL_WEIGHTS",
    "Pesel",
    "Sex",
    "document_id_sisc",
    "entity_id_sisc",
    "parse_eori",
    "parse_excise",
    "parse_id_sisc",
    "parse_krs",
    "parse_nip",
    "parse_number",
    "parse_pesel",
    "parse_regon",
    "person_id_sisc",
]

#: Length of the ID SISC we assign; the channel's schema allows 10 to 50 characters.
ID_SISC_LENGTH = 17

#: Of the first nine digits of a NIP.
NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
_REGON9_WEIGHTS = (8, 9, 2, 3, 4, 5, 6, 7)
_REGON14_WEIGHTS = (2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8)
#: Of the first ten digits of a PESEL.
PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)

#: PESEL adds to the month by century: 1800s +80, 1900s +0, 2000s +20, 2100s +40, 2200s +60.
_PESEL_CENTURIES = (1900, 2000, 2100, 2200, 1800)

_SEPARATORS = re.compile(r"[\s-]")
_EORI = re.compile(r"[A-Z]{2}[A-Za-z0-9]{1,15}", re.ASCII)
_POLISH_EORI = re.compile(r"PL(?:[0-9]{15}|[0-9]{14}Z)")
_EXCISE = re.compile(r"[A-Z]{2}[A-Za-z0-9]{11}")
_ID_SISC = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]{10,50}")  # control characters are no text


class Sex(StrEnum):
    """Sex as a PESEL encodes it."""

    FEMALE = "female"  # tenth digit even
    MALE = "male"  # tenth digit odd


@dataclass(frozen=True, kw_only=True, slots=True)
class Pesel:
    """A valid PESEL and what it says about its bearer."""

    number: str
    born: date
    sex: Sex


def _without_separators(text: str) -> str:
    return _SEPARATORS.sub("", text)


def _digits(kind: str, text: str, *lengths: int) -> str:
    number = _without_separators(text)
    if not (number.isascii() and number.isdigit()):
        raise InvalidNumberError(
            kind=kind, value=text, reason_pl="dozwolone są tylko cyfry", reason_en="only digits are allowed"
        )
    if len(number) not in lengths:
        wanted = " / ".join(map(str, lengths))
        raise InvalidNumberError(
            kind=kind,
            value=text,
            reason_pl=f"wymagana liczba cyfr: {wanted}, podano {len(number)}",
            reason_en=f"{wanted} digits are needed, {len(number)} were given",
        )
    return number


def _weighted_sum(number: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


def _require_check_digit(kind: str, text: str, *, found: str, expected: int) -> None:
    if int(found) != expected:
        raise InvalidNumberError(
            kind=kind,
            value=text,
            reason_pl="cyfra kontrolna się nie zgadza: sprawdź, czy nie ma literówki",
            reason_en="the check digit does not match: look for a typing error",
        )


def parse_nip(text: str) -> str:
    """A tax identification number (NIP): ten digits, the last is the weighted sum modulo 11.

    Raises:
        InvalidNumberError: not ten digits, or the check digit does not match (remainder 10 is never issued).
    """
    number = _digits("NIP", text, 10)
    _require_check_digit(
        "NIP", text, found=number[9], expected=_weighted_sum(number, NIP_WEIGHTS) % 11
    )  # remainder 10 equals no digit, so such numbers are refused here too
    return number


def parse_regon(text: str) -> str:
    """A statistical number (REGON) of nine digits, or of fourteen for a local unit of the first nine.

    Raises:
        InvalidNumberError: wrong length or check digit.
    """
    number = _digits("REGON", text, 9, 14)
    weighted = _weighted_sum(number, _REGON9_WEIGHTS)
    _require_check_digit("REGON", text, found=number[8], expected=weighted % 11 % 10)
    if len(number) == len(_REGON14_WEIGHTS) + 1:
        weighted = _weighted_sum(number, _REGON14_WEIGHTS)
        _require_check_digit("REGON", text, found=number[13], expected=weighted % 11 % 10)
    return number


def _birth_date(number: str, text: str) -> date:
    century, month = divmod(int(number[2:4]), 20)
    try:
        return date(_PESEL_CENTURIES[century] + int(number[:2]), month, int(number[4:6]))
    except ValueError as error:
        raise InvalidNumberError(
            kind="PESEL",
            value=text,
            reason_pl="pierwsze sześć cyfr nie jest datą urodzenia",
            reason_en="the first six digits are not a date of birth",
        ) from error


def parse_pesel(text: str) -> Pesel:
    """A personal number (PESEL) with the date of birth and sex it encodes.

    Raises:
        InvalidNumberError: not eleven digits, wrong check digit, or no such date.
    """
    number = _digits("PESEL", text, 11)
    expected = -_weighted_sum(number, PESEL_WEIGHTS) % 10
    _require_check_digit("PESEL", text, found=number[10], expected=expected)
    sex = Sex.MALE if int(number[9]) % 2 else Sex.FEMALE
    return Pesel(number=number, born=_birth_date(number, text), sex=sex)


def _holds(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except InvalidNumberError:
        return False
    return True


def _is_polish_eori(number: str) -> bool:
    if not _POLISH_EORI.fullmatch(number):
        return False
    return number.endswith("Z") or _holds(parse_nip, number[2:12]) or _holds(parse_pesel, number[2:13])


def parse_eori(text: str) -> str:
    """An EORI number: country code and at most 15 letters or digits (Regulation (EU) 2015/2447, annex 12-01).

    Polish numbers are held to their own forms: `PL`, NIP or PESEL, filled up to 17 characters with the digits
    of a branch or zeros; or `PL`, 14 digits and `Z` for third-country entities registered in Poland.

    Raises:
        InvalidNumberError: neither form holds.
    """
    number = _without_separators(text)
    if not _EORI.fullmatch(number):
        raise InvalidNumberError(
            kind="EORI",
            value=text,
            reason_pl="wymagany kod kraju (dwie wielkie litery) i od 1 do 15 liter lub cyfr",
            reason_en="a country code (two capital letters) and 1 to 15 letters or digits are needed",
        )
    if number.startswith("PL") and not _is_polish_eori(number):
        raise InvalidNumberError(
            kind="EORI",
            value=text,
            reason_pl="polski EORI to PL, poprawny NIP lub PESEL i cyfry do 17 znaków, albo PL, 14 cyfr i Z",
            reason_en="a Polish EORI is PL, a valid NIP or PESEL and digits up to 17, or PL, 14 digits and Z",
        )
    return number


def parse_excise(text: str) -> str:
    """An excise number of EMCS: country code and 11 letters or digits (Regulation (EU) 612/2013).

    Raises:
        InvalidNumberError: the pattern does not hold.
    """
    number = _without_separators(text)
    if not _EXCISE.fullmatch(number):
        raise InvalidNumberError(
            kind="excise number",
            value=text,
            reason_pl="wymagane 13 znaków: kod kraju (dwie wielkie litery) i 11 liter lub cyfr",
            reason_en="13 characters are needed: country code (two capital letters), 11 letters or digits",
        )
    return number


def parse_krs(text: str) -> str:
    """A number of the National Court Register (KRS): ten digits without a check digit.

    Raises:
        InvalidNumberError: not ten digits.
    """
    return _digits("KRS", text, 10)


def parse_id_sisc(text: str) -> str:
    """An ID SISC as the channel's schema allows it: 10 to 50 characters; nothing is read out of them.

    Raises:
        InvalidNumberError: shorter, longer, or with white space or control characters.
    """
    if not _ID_SISC.fullmatch(text):
        raise InvalidNumberError(
            kind="ID SISC",
            value=text,
            reason_pl="wymagane od 10 do 50 znaków bez odstępów",
            reason_en="10 to 50 characters without white space are needed",
        )
    return text


#: How each kind of number is checked.
NUMBER_PARSERS: Mapping[NumberKind, Callable[[str], str]] = MappingProxyType(
    {
        NumberKind.EORI: parse_eori,
        NumberKind.NIP: parse_nip,
        NumberKind.EXCISE: parse_excise,
        NumberKind.REGON: parse_regon,
        NumberKind.KRS: parse_krs,
        NumberKind.ID_SISC: parse_id_sisc,
    }
)


def parse_number(kind: NumberKind, text: str) -> str:
    """The canonical form of a number of this kind; raises InvalidNumberError."""
    return NUMBER_PARSERS[kind](text)


def person_id_sisc(pesel: str) -> str:
    """The ID SISC assigned to a person: the PESEL, with leading zeros to 17 characters.

    Raises:
        InvalidNumberError: the PESEL is wrong.
    """
    return parse_pesel(pesel).number.zfill(ID_SISC_LENGTH)


def document_id_sisc(country: str, number: str) -> str:
    """The ID SISC of a person without PESEL: country and number of the identity document, zeros in between.

    Args:
        country: two capital letters, which issued it.
        number: as printed; what is neither letter nor digit does not count.
    """
    room = ID_SISC_LENGTH - len(country)
    compact = "".join(filter(str.isalnum, number)).upper()
    return country + compact[-room:].rjust(room, "0")


def entity_id_sisc(*, eori: str | None = None, nip: str | None = None, regon: str | None = None) -> str:
    """The ID SISC assigned to an entity: its EORI number; without one, `PL`, NIP, last five digits of REGON.

    A shorter EORI number, of another country, gets leading zeros to 17 characters.

    Raises:
        InvalidNumberError: a number is wrong, or there are too few (EORI, or NIP and REGON).
    """
    if eori is not None:
        return parse_eori(eori).rjust(ID_SISC_LENGTH, "0")
    if nip is None or regon is None:
        raise InvalidNumberError(
            kind="ID SISC",
            value="",
            reason_pl="do nadania numeru potrzebny jest EORI albo NIP i REGON",
            reason_en="an EORI number, or NIP and REGON, are needed to assign it",
        )
    return f"PL{parse_nip(nip)}{parse_regon(regon)[-5:]}"
