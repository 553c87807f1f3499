"""AIS/ICS: entry summary declarations, their amendment, diversion (CC315A, CC313A, CC323A)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from routing.simulators.ledger import State
from routing.simulators.lifecycle import Case, FunctionalError, Header, Reaction, Side, Step, Tell, text_at
from routing.simulators.rules import EU_COUNTRIES, office_is_in
from routing.simulators.shaping import Told
from schemas.identifiers import make_mrn

__all__ = ["ANSWERS", "STEPS", "head", "reject"]

#: Types of answers.
ANSWERS: Final = frozenset({"CC304A", "CC305A", "CC316A", "CC328A"})
_OFFICE: Final = "CUSOFFFENT730/RefNumCUSOFFFENT731"
#: Procedure letter of the MRN: entry summary declaration alone.
_ENTRY: Final = "T"
_LONGEST_POINTER, _LONGEST_VALUE, _LONGEST_REASON = 210, 140, 6


def _check(case: Case) -> Iterator[FunctionalError]:
    yield from office_is_in(case.asked, _OFFICE, EU_COUNTRIES)


def _declare(case: Case) -> Reaction:
    """CC315A → CC328A with the MRN."""
    office = case.declared(_OFFICE)

    def make(serial: str) -> str:
        return make_mrn(case.local.year, office[:2], office[2:8] + serial, _ENTRY)

    movement = case.moved(State.RELEASED)
    movement = replace(movement, reference=case.numbers.new_reference(movement, make, length=6))
    changes: dict[str, Told] = {
        "HEAHEA": {"DocNumHEA5": movement.reference, "DecRegDatTimHEA115": _moment(case)},
        **_carrier(case),
    }
    told = Tell(type_code="CC328A", changes=changes, to=Side.ACTOR, movement=movement)
    return Reaction(tell=(told,), movement=movement)


def _amend(case: Case) -> Reaction:
    """CC313A → CC304A."""
    changes: dict[str, Told] = {"HEAHEA": {"AmeAccDatTimHEA111": _moment(case)}, **_carrier(case)}
    told = Tell(type_code="CC304A", changes=changes, to=Side.ACTOR)
    return Reaction(tell=(told,), movement=replace(case.movement, declaration=case.asked.content))


def _divert(_case: Case) -> Reaction:
    """CC323A: the UPO stands alone, there is no open schema of the answers to a diversion."""
    return Reaction()


def _carrier(case: Case) -> Mapping[str, Told]:
    """An entry carrier without a number has no place in an answer."""
    known = text_at(case.asked.root, "TRACARENT601/TINTRACARENT602")
    return {} if known else {"TRACARENT601": None}


def reject(case: Case, errors: Sequence[FunctionalError]) -> Tell | None:
    """CC316A and CC305A; a diversion is refused as a document."""
    found: list[Told] = [
        {
            "ErrTypER11": error.code,
            "ErrPoiER12": error.pointer[:_LONGEST_POINTER],
            "ErrReaER13": error.reason[-_LONGEST_REASON:],
            "OriAttValER14": error.value and error.value[:_LONGEST_VALUE],
        }
        for error in errors
    ]
    match case.asked.delivery.type_code:
        case "CC315A":
            header = {"DecRejReaHEA252": errors[0].text.pl, "DecRejDatTimHEA116": _moment(case)}
            type_code = "CC316A"
        case "CC313A":
            header = {"AmeRejMotTexHEA605": errors[0].text.pl, "AmeRejDatTimHEA112": _moment(case)}
            type_code = "CC305A"
        case _:
            return None
    changes: dict[str, Told] = {"HEAHEA": header, "FUNERRER1": found}
    return Tell(type_code=type_code, changes=changes, to=Side.ACTOR)


def head(case: Case, header: Header) -> Mapping[str, Told]:
    """The message header; sender and recipient change sides."""
    sender = text_at(header.sides, "MesSenMES3")
    return {
        "MesSenMES3": text_at(header.sides, "MesRecMES6") or "NICA.PL",
        "MesRecMES6": sender,
        "DatOfPreMES9": case.local.strftime("%y%m%d"),
        "TimOfPreMES10": case.local.strftime("%H%M"),
        "MesIdeMES19": header.number,
        "MesTypMES20": header.type_code,
        "CorIdeMES25": header.correlation,
    }


def _moment(case: Case) -> str:
    """Date and time as these messages write them."""
    return case.local.strftime("%Y%m%d%H%M")


_ACCEPTED: Final = frozenset({State.RELEASED})

#: The steps of the office of first entry.
STEPS: Final = {
    "CC315A": Step(does=_declare, check=_check),
    "CC313A": Step(does=_amend, within=_ACCEPTED, check=_check),
    "CC323A": Step(does=_divert, within=_ACCEPTED, from_elsewhere=True),
}
