"""What is asked of values beyond their schema here: the rules with their judges, levels and code lists."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

from lxml import etree

from registry.errors import InvalidNumberError
from registry.numbers import parse_eori, parse_nip, parse_pesel, parse_regon
from schemas.codelists import CodeList
from schemas.findings import Severity
from schemas.identifiers import arc_fault, grn_fault, mrn_fault
from schemas.model import MessageType, SchemaReport
from schemas.plausibility import Judge, Plausibility, Rule
from schemas.wording import PlausibilityCode, Text

__all__ = ["GatewayPlausibility", "Level"]

#: How a broken rule counts: not looked at, told to the sender, or refused.
Level = Literal["off", "warning", "error"]

_LIST_CODES: Final = {"countries": PlausibilityCode.COUNTRY, "offices": PlausibilityCode.OFFICE}
_COMPACT_DATE, _SHORT_DATE = 8, 6  # digits of YYYYMMDD, of YYMMDD


class GatewayPlausibility:
    """The rules of the settings, with the code lists installed at the moment; serves all threads.

    Args:
        lists: the code lists in force; the same object until they change.
        level: how broken rules count.
        rules: how those count that differ from it.
    """

    def __init__(
        self,
        lists: Callable[[], Mapping[str, CodeList]],
        *,
        level: Level = "warning",
        rules: Mapping[PlausibilityCode, Level] = MappingProxyType({}),
    ) -> None:
        self._lists = lists
        self._level: Level = level
        self._levels = rules
        self._in_force = (lists(), self._rules(lists()))

    def examine(
        self, root: etree._Element, message_type: MessageType, *, on: date, content: bytes | None = None
    ) -> SchemaReport:
        """What is wrong with the values of a valid document: see `Plausibility.examine`."""
        lists, plausibility = self._in_force
        if (now := self._lists()) is not lists:
            plausibility = self._rules(now)
            self._in_force = (now, plausibility)
        return plausibility.examine(root, message_type, on=on, content=content)

    def _rules(self, lists: Mapping[str, CodeList]) -> Plausibility:
        judged = {**_JUDGES, **{name: (_code_of(name), _of_list(one)) for name, one in lists.items()}}
        levels = {kind: self._levels.get(code, self._level) for kind, (code, _) in judged.items()}
        return Plausibility(
            {
                kind: Rule(code=code, judge=judge, severity=Severity(levels[kind].upper()))
                for kind, (code, judge) in judged.items()
                if levels[kind] != "off"
            }
        )


def _code_of(name: str) -> PlausibilityCode:
    """What a value is told by that a list does not know."""
    return _LIST_CODES.get(name, PlausibilityCode.CODE)


def _of_list(one: CodeList) -> Judge:
    def judge(value: str, on: date) -> Text | None:
        if one.knows(value, on=on):
            return None
        return Text(
            f"{value} nie ma na liście {one.name} ważnej dnia {on}",
            f"{value} is not in the list {one.name} valid on {on}",
        )

    return judge


def _parsed(parse: Callable[[str], object]) -> Judge:
    def judge(value: str, _on: date) -> Text | None:
        try:
            parse(value)
        except InvalidNumberError as error:
            return Text(error.reason_pl, error.reason_en)
        return None

    return judge


def _form(fault: Callable[[str], Text | None]) -> Judge:
    return lambda value, _on: fault(value)


def _not_ahead(value: str, on: date) -> Text | None:
    """A date in any form of the systems, by its digits: YYYY-MM-DD…, YYYYMMDD…, YYMMDD."""
    digits = "".join(one for one in value if one.isdecimal())
    day = f"{on:%C}{digits}" if len(digits) == _SHORT_DATE else digits[:_COMPACT_DATE]
    if day <= f"{on:%Y%m%d}":
        return None
    return Text(f"dzień odbioru to {on}", f"the day of receipt is {on}")


_JUDGES: Final[Mapping[str, tuple[PlausibilityCode, Judge]]] = {
    "mrn": (PlausibilityCode.MRN, _form(mrn_fault)),
    "grn": (PlausibilityCode.GRN, _form(grn_fault)),
    "arc": (PlausibilityCode.ARC, _form(arc_fault)),
    "eori": (PlausibilityCode.EORI, _parsed(parse_eori)),
    "nip": (PlausibilityCode.NIP, _parsed(parse_nip)),
    "regon": (PlausibilityCode.REGON, _parsed(parse_regon)),
    "pesel": (PlausibilityCode.PESEL, _parsed(parse_pesel)),
    "past": (PlausibilityCode.FUTURE_DATE, _not_ahead),
}
