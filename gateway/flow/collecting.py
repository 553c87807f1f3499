"""Fetching the answers of back ends that have them lie ready: queues, folders, simulators."""

import threading
from dataclasses import dataclass
from typing import Final

from gateway.actions import Action
from gateway.errors import UnavailableError
from gateway.flow.answer_intake import AnswerIntake
from gateway.observe import Observer
from routing.errors import AnswersUnavailableError
from routing.model import AnswerSource

__all__ = ["AnswerCollector"]

_BATCH: Final = 100
_IDLE_SECONDS: Final = 0.5  # between two looks where nothing waits
_FIRST_PAUSE_SECONDS: Final = 1.0  # after a failure, then twice as long each time
_LONGEST_PAUSE_SECONDS: Final = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerCollector:
    """Moves answers of one source into mailboxes; each is settled at its source once it is stored."""

    source: AnswerSource
    intake: AnswerIntake
    observe: Observer

    def run(self, stop: threading.Event) -> None:
        """Collect until `stop` is set."""
        pause = _FIRST_PAUSE_SECONDS
        while not stop.is_set():
            try:
                wait = 0.0 if self.once() else _IDLE_SECONDS
                pause = _FIRST_PAUSE_SECONDS
            except Exception as error:  # noqa: BLE001 - answers that stay away must be told and tried again
                self._tell(error)
                wait, pause = pause, min(pause * 2, _LONGEST_PAUSE_SECONDS)
            stop.wait(wait)

    def once(self) -> bool:
        """Take in what waits now, at most a batch; whether there was anything.

        Raises:
            AnswersUnavailableError: the source is out of reach.
            UnavailableError: the store is; the answers stay at their source.
        """
        answers = self.source.collect(_BATCH)
        if answers:
            self.intake.take(self.source.system, answers)
            self.source.settle(answers)
        return bool(answers)

    def _tell(self, error: Exception) -> None:
        system = self.source.system
        match error:
            case AnswersUnavailableError():
                self.observe(Action.ANSWERS_UNREACHABLE, detail=system, reason=error.reason)
            case UnavailableError():
                self.observe(Action.STORE_UNAVAILABLE, detail=error.what, lane=f"answers:{system}")
            case _:
                self.observe.failure(Action.WORK_FAILED, error, lane=f"answers:{system}")
