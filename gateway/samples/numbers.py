"""Numbers of the right form and with the right check digits."""

import base64
import random
import string
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from registry.errors import InvalidNumberError
from registry.numbers import entity_id_sisc, parse_nip, parse_pesel, parse_regon, person_id_sisc
from schemas.identifiers import grn_check_digit, make_arc, make_mrn

__all__ = ["MAKERS", "filled"]

_COUNTRIES: Final = ("PL", "DE", "FR", "NL", "CZ")
_OFFICES: Final = ("441000", "440000", "322080", "351010", "401010", "443010")


def filled(pattern: str, source: random.Random) -> str:
    """A pattern with a digit for every # and a capital letter for every ?."""
    signs = {"#": string.digits, "?": string.ascii_uppercase}
    return "".join(source.choice(signs[one]) if one in signs else one for one in pattern)


def _checked(pattern: str, parse: Callable[[str], object]) -> Callable[[random.Random, date], str]:
    """Numbers whose last digit is a check digit: the one that the parser takes."""

    def make(source: random.Random, _on: date) -> str:
        while True:  # some beginnings have no check digit
            begin = filled(pattern, source)
            for digit in string.digits:
                if _holds(parse, begin + digit):
                    return begin + digit

    return make


def _holds(parse: Callable[[str], object], number: str) -> bool:
    try:
        parse(number)
    except InvalidNumberError:
        return False
    return True


_nip = _checked("526######", parse_nip)
_regon = _checked("14######", parse_regon)
_pesel = _checked("8#0#1#####", parse_pesel)


def _polish_eori(source: random.Random, on: date) -> str:
    return f"PL{_nip(source, on)}00000"


def _foreign_eori(source: random.Random, _on: date) -> str:
    return filled(source.choice(("DE#######", "FR#########00###", "NL#########", "CZ########")), source)


def _mrn(letters: str) -> Callable[[random.Random, date], str]:
    def make(source: random.Random, on: date) -> str:
        body = source.choice(_OFFICES) + filled("00####", source)
        return make_mrn(on.year, "PL", body, source.choice(letters))

    return make


def _grn(source: random.Random, on: date) -> str:
    body = f"{on.year % 100:02}PL" + source.choice(_OFFICES) + filled("??####", source)
    return f"{body}{grn_check_digit(body)}"


def _arc(source: random.Random, on: date) -> str:
    return make_arc(on.year, "PL", filled("00000######????", source) + "1")


def _country(source: random.Random, _on: date) -> str:
    return source.choice(_COUNTRIES)


def _office(source: random.Random, _on: date) -> str:
    return f"PL{source.choice(_OFFICES)}"


def _excise(source: random.Random, _on: date) -> str:
    return filled(source.choice(("DE000000#####", "FR0000#######", "PL00000######")), source)


def _polish_excise(source: random.Random, _on: date) -> str:
    return filled("PL00000######", source)


def _somebody(source: random.Random, on: date) -> str:
    return person_id_sisc(_pesel(source, on))


def _sha256(source: random.Random, _on: date) -> str:
    return base64.b64encode(source.randbytes(32)).decode()


#: Ways to make numbers, by the kinds of the catalogue and by names in `values.toml`: of several the schema
#: takes one.
MAKERS: Final[Mapping[str, tuple[Callable[[random.Random, date], str], ...]]] = {
    "mrn": (_mrn("JKLM"), _mrn("ABCDE"), _mrn("RSTUV")),
    "import_mrn": (_mrn("R"),),
    "grn": (_grn,),
    "arc": (_arc,),
    "eori": (_polish_eori, _foreign_eori),
    "nip": (_nip,),
    "regon": (_regon,),
    "pesel": (_pesel,),
    "offices": (_office,),
    "countries": (_country, lambda *_: "UA", lambda *_: "CH", lambda *_: "GB"),
    "excise": (_excise,),
    "polish_excise": (_polish_excise,),
    "somebody": (_somebody,),
    "other_firm": (lambda source, on: entity_id_sisc(eori=_polish_eori(source, on)),),
    "sha256": (_sha256,),
}
