"""Errors of routing. Each kind asks something else of whoever meets it.

RoutingError
├── RouteConfigurationError   the table of routes cannot be used (an operator mends it)
├── NoRouteError              documents for this system cannot be passed on by this channel
│   ├── UnknownSystemError    no route has this target-system code (the sender or an operator mends it)
│   └── DirectSystemError     the system is reached directly, outside this channel (the sender goes there)
├── EnvelopeError             a remote back end has sent what is no document or answer (it mends it)
├── AnswerShapeError          a simulator cannot write an answer by its schema (a defect, or a strange pack)
├── AnswersUnavailableError   answers of a back end cannot be fetched now: try again
└── LedgerUnavailableError    a simulated back end cannot reach its database now: try again
"""

from collections.abc import Collection

__all__ = [
    "AnswerShapeError",
    "AnswersUnavailableError",
    "DirectSystemError",
    "EnvelopeError",
    "LedgerUnavailableError",
    "NoRouteError",
    "RouteConfigurationError",
    "RoutingError",
    "UnknownSystemError",
]


class RoutingError(Exception):
    """Anything routing refuses or cannot do."""


class RouteConfigurationError(RoutingError):
    """A route cannot be used as it is set up."""

    def __init__(self, *, system: str, reason: str) -> None:
        super().__init__(f"route {system}: {reason}")
        self.system = system
        self.reason = reason


class NoRouteError(RoutingError):
    """Documents for this system are not passed on; says why and what to do in both languages."""

    def __init__(
        self, *, system: str, message_pl: str, message_en: str, remedy_pl: str, remedy_en: str
    ) -> None:
        super().__init__(message_en)
        self.system = system
        self.message_pl = message_pl
        self.message_en = message_en
        self.remedy_pl = remedy_pl
        self.remedy_en = remedy_en


class UnknownSystemError(NoRouteError):
    """No route has this target-system code."""

    def __init__(self, *, system: str, served: Collection[str]) -> None:
        self.served = tuple(sorted(served))
        known = ", ".join(self.served)
        super().__init__(
            system=system,
            message_pl=f"System docelowy {system!r} nie jest obsługiwany.",
            message_en=f"Target system {system!r} is not served.",
            remedy_pl=f"Podaj jeden z obsługiwanych systemów: {known}.",
            remedy_en=f"Name one of the systems served: {known}.",
        )


class DirectSystemError(NoRouteError):
    """The system is served directly, outside this channel (legacy systems)."""

    def __init__(self, *, system: str) -> None:
        super().__init__(
            system=system,
            message_pl=f"System {system} nie przyjmuje dokumentów przez ten kanał.",
            message_en=f"System {system} takes no documents through this channel.",
            remedy_pl=f"Wyślij dokument bezpośrednio do systemu {system}, jego własnym wejściem.",
            remedy_en=f"Send the document directly to {system}, at its own entrance.",
        )


class EnvelopeError(RoutingError):
    """What was sent has not the form of the back-end contract."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"not as the back-end contract says: {reason}")
        self.reason = reason


class AnswerShapeError(RoutingError):
    """The schema of an answer demands what is not to be had."""

    def __init__(self, *, message: str, missing: str) -> None:
        super().__init__(f"answer {message} cannot be written: nothing to put into {missing}")
        self.message = message
        self.missing = missing


class AnswersUnavailableError(RoutingError):
    """Answers of a back end cannot be fetched, or not be settled, now."""

    def __init__(self, *, system: str, reason: str) -> None:
        super().__init__(f"answers of {system} are unavailable: {reason}")
        self.system = system
        self.reason = reason


class LedgerUnavailableError(RoutingError):
    """The database of the simulated back ends is out of reach now."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"the simulators' database is unavailable: {reason}")
        self.reason = reason
