"""Customs and excise identifiers: their patterns and check digits.

MRN, GRN and ARC share one check digit, that of the movement reference number (document DGXXI/0879/99 rev. 1):
each character has a value, the values are weighted with powers of two, and the sum is taken modulo 11, 10
counting as 0. The digit catches every change of one digit to another, except where it is 0 (remainders 0
and 10 look the same). Test messages often carry wrong ones: they are warned of, not refused by default.
"""

import re
import string

from schemas.errors import IdentifierError
from schemas.wording import Text

__all__ = [
    "arc_check_digit",
    "arc_fault",
    "grn_check_digit",
    "grn_fault",
    "has_arc_form",
    "is_valid_arc",
    "is_valid_eori",
    "is_valid_excise_number",
    "is_valid_grn",
    "is_valid_mrn",
    "is_valid_office",
    "make_arc",
    "make_mrn",
    "mrn_check_digit",
    "mrn_fault",
]

_MODULUS = 11
_MRN_BODY, _ARC_BODY, _GRN_BODY = 17, 20, 16  # characters before the check digit

_MRN = re.compile(
    r"([01][0-9]|2[0-4])[A-Z]{2}[A-Z0-9]{13}[0-9]"  # years up to 24: no procedure letter
    r"|(2[4-9]|[3-9][0-9])[A-Z]{2}[A-Z0-9]{12}[A-Z][0-9]"
)
_GRN = re.compile(r"[0-9]{2}[A-Z]{2}[A-Z0-9]{12}[0-9]([A-Z][0-9]{6})?")
_ARC = re.compile(r"[0-9]{2}[A-Z]{2}[A-Z0-9]{16}[0-9]")
_EORI = re.compile(r"[A-Z]{2}[!-~]{1,15}")
_EXCISE = re.compile(r"[A-Z]{2}[a-zA-Z0-9]{11}")
_OFFICE = re.compile(r"[A-Z]{2}[A-Z0-9]{6}")


def _character_values() -> dict[str, int]:
    """Digits stand for themselves, letters count on from 10, and multiples of 11 are skipped."""
    letter_values = [value for value in range(10, 39) if value % _MODULUS]
    digits = {digit: int(digit) for digit in string.digits}
    return digits | dict(zip(string.ascii_uppercase, letter_values, strict=True))


_VALUES = _character_values()


def mrn_check_digit(body: str) -> int:
    """The check digit of an MRN.

    Args:
        body: its first 17 characters.

    Raises:
        IdentifierError: not 17 capital letters and digits.
    """
    return _check_digit("MRN", body, _MRN_BODY)


def grn_check_digit(body: str) -> int:
    """The check digit of a GRN, from its first 16 characters.

    Raises:
        IdentifierError: not 16 capital letters and digits.
    """
    return _check_digit("GRN", body, _GRN_BODY)


def arc_check_digit(body: str) -> int:
    """The check digit of an ARC, from its first 20 characters.

    Raises:
        IdentifierError: not 20 capital letters and digits.
    """
    return _check_digit("ARC", body, _ARC_BODY)


def make_mrn(year: int, country: str, body: str, procedure: str) -> str:
    """Put an MRN of the present form together.

    Args:
        year: of acceptance; only its last two digits count.
        country: ISO 3166-1 alpha-2.
        body: 12 capital letters and digits, usually the rest of the office number and a serial number.
        procedure: letter of the procedure: J to M transit, A to E export, R to V import.

    Raises:
        IdentifierError: the parts do not make an MRN.
    """
    return _completed("MRN", f"{year % 100:02}{country}{body}{procedure}", _MRN_BODY, _MRN)


def make_arc(year: int, country: str, body: str) -> str:
    """Put an ARC together.

    Args:
        year: of validation; only its last two digits count.
        country: ISO 3166-1 alpha-2 of the Member State of dispatch.
        body: 16 capital letters and digits: 15 that identify the movement and the kind of the movement.

    Raises:
        IdentifierError: the parts do not make an ARC.
    """
    return _completed("ARC", f"{year % 100:02}{country}{body}", _ARC_BODY, _ARC)


def is_valid_mrn(value: str) -> bool:
    """Whether form and check digit are those of an MRN (of the old or the present form)."""
    return mrn_fault(value) is None


def is_valid_grn(value: str) -> bool:
    """Whether form and check digit are those of a GRN, with or without its voucher part."""
    return grn_fault(value) is None


def is_valid_arc(value: str) -> bool:
    """Whether form and check digit are those of an administrative reference code."""
    return arc_fault(value) is None


def mrn_fault(value: str) -> Text | None:
    """Why a value is no MRN; None: it is one."""
    return _fault(value, _MRN, _MRN_BODY)


def grn_fault(value: str) -> Text | None:
    """Why a value is no GRN; None: it is one."""
    return _fault(value, _GRN, _GRN_BODY)


def arc_fault(value: str) -> Text | None:
    """Why a value is no ARC; None: it is one."""
    return _fault(value, _ARC, _ARC_BODY)


def has_arc_form(value: str) -> bool:
    """Whether a value looks like an ARC, be its check digit right or wrong."""
    return _ARC.fullmatch(value) is not None


def is_valid_eori(value: str) -> bool:
    """Whether a value has the form of an EORI number: country and 1 to 15 printable characters."""
    return _EORI.fullmatch(value) is not None


def is_valid_excise_number(value: str) -> bool:
    """Whether a value has the form of an excise number: country and 11 letters and digits."""
    return _EXCISE.fullmatch(value) is not None


def is_valid_office(value: str) -> bool:
    """Whether a value has the form of an office number: country and 6 capital letters and digits."""
    return _OFFICE.fullmatch(value) is not None


def _check_digit(kind: str, body: str, length: int) -> int:
    if len(body) != length or not _VALUES.keys() >= set(body):
        raise IdentifierError(kind=kind, value=body)
    return sum(_VALUES[character] << place for place, character in enumerate(body)) % _MODULUS % 10


def _completed(kind: str, body: str, length: int, form: re.Pattern[str]) -> str:
    value = f"{body}{_check_digit(kind, body, length)}"
    if not form.fullmatch(value):
        raise IdentifierError(kind=kind, value=value)
    return value


def _fault(value: str, form: re.Pattern[str], length: int) -> Text | None:
    if form.fullmatch(value) is None:
        return Text("niewłaściwa postać", "the form is wrong")
    expected = _check_digit("", value[:length], length)
    if expected == int(value[length]):
        return None
    return Text(
        f"cyfrą kontrolną ({length + 1}. znak) powinno być {expected}",
        f"the check digit (character {length + 1}) should be {expected}",
    )
