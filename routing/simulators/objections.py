"""Why a document cannot be followed: functional errors that all systems share."""

from routing.errors import AnswerShapeError
from routing.simulators.ledger import Movement
from routing.simulators.lifecycle import FunctionalError, Request, System

__all__ = [
    "asked_for",
    "duplicate_lrn",
    "duplicate_message",
    "out_of_sequence",
    "unanswerable",
    "unknown_key",
]


def asked_for(request: Request, system: System) -> FunctionalError:
    """The scenario asks for a rejection."""
    return FunctionalError(
        pointer=request.pointer("lrn"),
        code=system.codes.rule,
        reason="SIM-REJ",
        text="Rejected as the scenario asks.",
        value=request.lrn,
    )


def duplicate_lrn(request: Request, system: System, lrn: str) -> FunctionalError:
    """The LRN is used up."""
    return FunctionalError(
        pointer=request.pointer("lrn"),
        code=system.codes.duplicate_lrn,
        reason="SIM-LRN",
        text="The LRN is used by another declaration of the same party.",
        value=lrn,
    )


def duplicate_message(request: Request, system: System) -> FunctionalError:
    """The message number is used up."""
    return FunctionalError(
        pointer=request.pointer("own_id"),
        code=system.codes.duplicate_message,
        reason="SIM-MSG",
        text="The number of the message has been used before.",
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
            text="No declaration with this LRN has been accepted from this party.",
            value=request.lrn,
        )
    kind = "mrn" if request.facts.mrn else "arc"
    valid = system.is_reference(reference)
    return FunctionalError(
        pointer=request.pointer(kind),
        code=system.codes.unknown_reference if valid else system.codes.invalid_reference,
        reason="SIM-REF",
        text=f"The {kind.upper()} is not known." if valid else f"The {kind.upper()} has a wrong check digit.",
        value=reference,
    )


def unanswerable(request: Request, system: System, error: AnswerShapeError) -> FunctionalError:
    """What is declared is too little for the answer that would be due."""
    return FunctionalError(
        pointer=request.pointer("lrn"),
        code=system.codes.missing,
        reason="SIM-ANS",
        text=f"Nothing is declared that could become {error.missing}.",
    )


def out_of_sequence(request: Request, system: System, movement: Movement) -> FunctionalError:
    """The message does not fit the state of its movement."""
    kind = "mrn" if request.facts.mrn else "arc" if request.facts.arc else "lrn"
    return FunctionalError(
        pointer=request.pointer(kind),
        code=system.codes.out_of_sequence,
        reason="SIM-SEQ",
        text=f"Out of sequence: the movement is {movement.state.value.replace('_', ' ')}.",
        value=request.reference or request.lrn,
    )
