"""Rules that several simulated systems share."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from routing.simulators.lifecycle import FunctionalError, Request, texts_at
from schemas.wording import Text

__all__ = ["COMMON_TRANSIT_COUNTRIES", "EU_COUNTRIES", "decimals", "mass_adds_up", "office_is_in"]

#: Functional error codes that NCTS and AES share since phase 5 (EU DDNTA); AIS is simulated with them.
_CODE_LIST, _RULE = "12", "14"

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"
_OTHER_PARTIES = "AD CH GB GE IS LI MD ME MK NO RS SM TR UA"

#: Member states; XI is Northern Ireland.
EU_COUNTRIES = frozenset(_EU.split())
#: Those and the other parties of the Convention on a common transit procedure, AD and SM.
COMMON_TRANSIT_COUNTRIES = EU_COUNTRIES | frozenset(_OTHER_PARTIES.split())


def office_is_in(request: Request, path: str, countries: frozenset[str]) -> Iterator[FunctionalError]:
    """A customs office belongs to one of the countries. An office that is not named breaks nothing."""
    office = request.text(path)
    if office is not None and office[:2] not in countries:
        yield FunctionalError(
            pointer=_pointer(request, path),
            code=_CODE_LIST,
            reason="SIM-OFF",
            text=Text(
                pl="Urząd nie leży w państwie, które uczestniczy w procedurze.",
                en="The office is not in a country that takes part in the procedure.",
            ),
            value=office,
        )


def mass_adds_up(request: Request, total: str, parts: str) -> Iterator[FunctionalError]:
    """A declared total mass is the sum of its parts. Nothing to compare breaks nothing."""
    declared = decimals([request.text(total)])
    summands = decimals(texts_at(request.root, parts))
    if declared and summands and declared[0] != sum(summands):
        yield FunctionalError(
            pointer=_pointer(request, total),
            code=_RULE,
            reason="SIM-SUM",
            text=Text(
                pl=f"Części ważą łącznie {sum(summands)} kg, a w sumie podano {declared[0]} kg.",
                en=f"The parts weigh {sum(summands)} kg in all, the total says {declared[0]} kg.",
            ),
            value=str(declared[0]),
        )


def _pointer(request: Request, path: str) -> str:
    return f"/{request.delivery.type_code}/{path}"


def decimals(texts: Iterable[str | None]) -> Sequence[Decimal]:
    """The numbers; nothing at all when one of them is missing or none."""
    try:
        return [Decimal(text or "") for text in texts]
    except InvalidOperation:
        return ()
