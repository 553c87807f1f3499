"""Why a document cannot be followed: functional errors that all systems share."""

from typing import Final

from routing.errors import AnswerShapeError
from routing.simulators.ledger import Movement, State
from routing.simulators.lifecycle import FunctionalError, Request, System
from schemas.wording import Text

__all__ = [
    "asked_for",
    "duplicate_lrn",
    "duplicate_message",
    "out_of_sequence",
    "unanswerable",
    "unknown_key",
]

_STATES: Final = {
    State.PRELODGED: "złożone z wyprzedzeniem",
    State.ACCEPTED: "przyjęte",
    State.AMENDMENT_WANTED: "oczekuje na sprostowanie",
    State.UNDER_CONTROL: "w kontroli",
    State.NOT_RELEASED: "odmowa zwolnienia",
    State.INVALIDATED: "unieważnione",
    State.RELEASED: "zwolnione",
    State.ARRIVED: "przybyłe",
    State.UNLOADING: "w rozładunku",
    State.UNLOADED: "rozładowane",
    State.ENQUIRED: "w postępowaniu poszukiwawczym",
    State.REFUSED: "odmowa przyjęcia wyrobów",
    State.INTERRUPTED: "przerwane",
    State.EXPORTING: "w wywozie",
    State.SPLIT: "podzielone",
    State.CLOSED: "zamknięte",
}


def asked_for(request: Request, system: System) -> FunctionalError:
    """The scenario asks for a rejection."""
    return FunctionalError(
        pointer=request.pointer("lrn"),
        code=system.codes.rule,
        reason="SIM-REJ",
        text=Text(pl="Odrzucono zgodnie ze scenariuszem.", en="Rejected as the scenario asks."),
        value=request.lrn,
    )


def duplicate_lrn(request: Request, system: System, lrn: str) -> FunctionalError:
    """The LRN is used up."""
    return FunctionalError(
        pointer=request.pointer("lrn"),
        code=system.codes.duplicate_lrn,
        reason="SIM-LRN",
        text=Text(
            pl="Tego LRN użyto w innym zgłoszeniu tego samego podmiotu.",
            en="The LRN is used by another declaration of the same party.",
        ),
        value=lrn,
    )


def duplicate_message(request: Request, system: System) -> FunctionalError:
    """The message number is used up."""
    return FunctionalError(
        pointer=request.pointer("own_id"),
        code=system.codes.duplicate_message,
        reason="SIM-MSG",
        text=Text(
            pl="Tego numeru komunikatu użyto już wcześniej.",
            en="The number of the message has been used before.",
        ),
        value=request.facts.own_id,
    )


def unknown_key(request: Request, system: System) -> FunctionalError:
    """There is no movement with the number that the message names."""
    reference = request.reference
    if reference is None:
        return FunctionalError(
            pointer=request.pointer("lrn"),
            code=system.codes.out_of_sequence,
            reason="SIM-SEQ",
            text=Text(
                pl="Nie przyjęto od tego podmiotu zgłoszenia z tym LRN.",
                en="No declaration with this LRN has been accepted from this party.",
            ),
            value=request.lrn,
        )
    kind = "mrn" if request.facts.mrn else "arc"
    name, valid = kind.upper(), system.is_reference(reference)
    return FunctionalError(
        pointer=request.pointer(kind),
        code=system.codes.unknown_reference if valid else system.codes.invalid_reference,
        reason="SIM-REF",
        text=Text(
            pl=f"Nieznany {name}." if valid else f"Błędna cyfra kontrolna {name}.",
            en=f"The {name} is not known." if valid else f"The {name} has a wrong check digit.",
        ),
        value=reference,
    )


def unanswerable(request: Request, system: System, error: AnswerShapeError) -> FunctionalError:
    """What is declared is too little for the answer that would be due."""
    return FunctionalError(
        pointer=request.pointer("lrn"),
        code=system.codes.missing,
        reason="SIM-ANS",
        text=Text(
            pl=f"Nie podano niczego, co mogłoby stać się {error.missing}.",
            en=f"Nothing is declared that could become {error.missing}.",
        ),
    )


def out_of_sequence(request: Request, system: System, movement: Movement) -> FunctionalError:
    """The message does not fit the state of its movement."""
    kind = "mrn" if request.facts.mrn else "arc" if request.facts.arc else "lrn"
    return FunctionalError(
        pointer=request.pointer(kind),
        code=system.codes.out_of_sequence,
        reason="SIM-SEQ",
        text=Text(
            pl=f"Komunikat poza kolejnością: stan procedury to „{_STATES[movement.state]}”.",
            en=f"Out of sequence: the movement is {movement.state.value.replace('_', ' ')}.",
        ),
        value=request.reference or request.lrn,
    )
