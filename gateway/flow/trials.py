"""Packs on trial: live documents are validated with them, without effect, beside the work.

A document is looked at after its own judgement is committed, by a thread that rests twenty times as long as
it works. What it cannot keep up with it leaves out: a sample tells what would be refused, too.
"""

import re
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Final

from gateway.actions import Action
from gateway.channel import Clock
from gateway.clock import warsaw_day
from gateway.errors import UnavailableError
from gateway.flow.verification import Judgement
from gateway.observe import Observer
from gateway.store.model import Document
from gateway.store.ports import Store
from gateway.store.trials import SqlTrials, TrialSum
from schemas.errors import CatalogueError, UnknownMessageError
from schemas.findings import Finding, Severity
from schemas.model import SchemaReport
from schemas.packs.folder import InForce
from schemas.packs.live import LiveCatalogue
from schemas.validation import Validator
from signing.parsing import ParseLimits, parse

__all__ = ["Outcome", "SchemaTrials"]

_REST: Final = 20  # times as long as the work, so that the work of the gateway does not feel it
_LONGEST_QUEUE: Final = 200  # documents
_LARGEST_QUEUE: Final = 16 * 2**20  # bytes
_MOST_PLACES: Final = 500  # of findings of one pack that are told apart: paths may be invented by senders
_IDLE_SECONDS: Final = 0.5
_POSITION: Final = re.compile(r"\[\d+\]")


class Outcome(StrEnum):
    """What a pack on trial makes of a document."""

    SAME = "same"
    REFUSED = "refused"  # valid so far, and not by the pack
    ACCEPTED = "accepted"  # not valid so far, but by the pack
    SKIPPED = "skipped"  # left out, for want of time


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting:
    document: Document
    content: bytes
    valid: bool  # so far


class SchemaTrials:
    """Tries packs on live documents.

    Args:
        catalogue: tells which packs are on trial.
        validator: validates with their schemas.
        limits: of one document.
        store: where sums are kept.
        clock: current time, aware.
        observe: counts outcomes and tells what would be refused.
    """

    def __init__(
        self,
        *,
        catalogue: LiveCatalogue,
        validator: Validator,
        limits: ParseLimits,
        store: Store,
        clock: Clock,
        observe: Observer,
    ) -> None:
        self._catalogue = catalogue
        self._validator = validator
        self._limits = limits
        self._store = store
        self._clock = clock
        self._observe = observe
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._lock = threading.Lock()  # of queue and bytes: several threads verify
        self._places: dict[str, set[tuple[str, str]]] = {}

    def offer(self, judged: Sequence[tuple[Judgement, bytes]]) -> None:
        """Take judged documents, as far as there is room; costs nothing while no pack is on trial."""
        if not self._catalogue.shadows():
            return
        for judgement, content in judged:
            valid = _is_valid(judgement.findings)
            waiting = _Waiting(document=judgement.document, content=content, valid=valid)
            if not self._put(waiting):
                self._observe.tried(judgement.document.system, Outcome.SKIPPED)

    def _put(self, waiting: _Waiting) -> bool:
        with self._lock:
            size = len(waiting.content)
            if len(self._queue) >= _LONGEST_QUEUE or self._bytes + size > _LARGEST_QUEUE:
                return False
            self._bytes += size
            self._queue.append(waiting)
            return True

    def _take(self) -> _Waiting | None:
        with self._lock:
            if not self._queue:
                return None
            waiting = self._queue.popleft()
            self._bytes -= len(waiting.content)
            return waiting

    def run(self, stop: threading.Event) -> None:
        """Try what is offered until `stop` is set."""
        while not stop.is_set():
            started = perf_counter()
            try:
                worked = self.try_one()
            except UnavailableError as error:
                self._observe(Action.STORE_UNAVAILABLE, detail=error.what, lane="trials")
                worked = False
            except Exception as error:  # noqa: BLE001 - one document, or one pack, must not end the trials
                self._observe.failure(Action.WORK_FAILED, error, lane="trials")
                worked = True
            stop.wait(_REST * (perf_counter() - started) if worked else _IDLE_SECONDS)

    def try_one(self) -> bool:
        """Try the packs on the next document and keep the result; whether there was one.

        Raises:
            UnavailableError: the store is out of reach; the result is lost.
        """
        waiting = self._take()
        if waiting is None:
            return False
        sums = [one for pack in self._catalogue.shadows() for one in self._tried(pack, waiting)]
        if sums:
            with self._store.begin() as work:
                SqlTrials(work.connection).add(sums)
                work.commit()
        return True

    def _tried(self, pack: InForce, waiting: _Waiting) -> Iterable[TrialSum]:
        report = self._report(pack, waiting)
        if report is None:
            return ()
        document = waiting.document
        outcome = _outcome(was=waiting.valid, would_be=report.valid)
        self._observe.tried(document.system, outcome)
        if outcome is not Outcome.REFUSED:
            return [self._sum(pack, document, outcome)]
        codes = sorted({finding.code for finding in report.findings})
        facts = {"sys_ref": document.sys_ref, "type_code": document.type_code, "pack": pack.pack}
        self._observe(Action.TRIAL_REFUSED, detail=document.system, **facts, findings=codes)
        places = {self._place(pack, finding): finding for finding in report.findings}
        told = [self._sum(pack, document, outcome, place, each) for place, each in places.items()]
        return [self._sum(pack, document, outcome), *told]

    def _report(self, pack: InForce, waiting: _Waiting) -> SchemaReport | None:
        """What the pack says of a document; None where it has no schema for it."""
        catalogue = self._catalogue.shadows().get(pack)
        if catalogue is None:  # taken back this moment
            return None
        root = parse(waiting.content, self._limits)
        try:
            kind = catalogue.recognise(root, on=warsaw_day(waiting.document.received_at))
            return self._validator.validate(root, kind)
        except UnknownMessageError:
            return None
        except CatalogueError as error:
            self._observe(Action.PACKS_UNREADABLE, reason=str(error), pack=pack.pack)
            return None

    def _place(self, pack: InForce, finding: Finding) -> tuple[str, str]:
        """Code and path of a finding; the path is left out once there are too many."""
        known = self._places.setdefault(pack.pack, set())
        place = (finding.code, _POSITION.sub("", finding.xpath or ""))
        if place not in known and len(known) >= _MOST_PLACES:
            return finding.code, ""
        known.add(place)
        return place

    def _sum(
        self,
        pack: InForce,
        document: Document,
        outcome: Outcome,
        place: tuple[str, str] = ("", ""),
        finding: Finding | None = None,
    ) -> TrialSum:
        return TrialSum(
            pack=pack.pack,
            type_code=document.type_code,
            code=place[0],
            xpath=place[1],
            documents=1,
            refused=int(outcome is Outcome.REFUSED),
            accepted=int(outcome is Outcome.ACCEPTED),
            message=finding.message_en if finding else "",
            example=document.sys_ref,
            last_at=self._clock(),
        )


def _is_valid(findings: Iterable[Finding]) -> bool:
    """Whether the schema in force had nothing to say."""
    return not any(one.code.startswith("XSD_") and one.severity is Severity.ERROR for one in findings)


def _outcome(*, was: bool, would_be: bool) -> Outcome:
    if was == would_be:
        return Outcome.SAME
    return Outcome.ACCEPTED if would_be else Outcome.REFUSED
