"""How a tester gets each message that a simulated system can send: stories, tried out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from routing.model import Answer
from routing.tables import metadata
from tests.integration.routing.conftest import sqlite_engine
from tests.integration.routing.life import Life

__all__ = ["STORIES", "Story", "recipes"]

_DAY: Final = timedelta(days=1)
_DRAFT: Final = "Body/SubmittedDraftOfEADESAD"
#: Where a message has the number of its movement; the second for messages that may name it by LRN, too.
_LRN: Final = {
    "CC015C": "TransitOperation/LRN",
    "CC013C": "TransitOperation/LRN",
    "CC014C": "TransitOperation/LRN",
    "CC170C": "TransitOperation/LRN",
    "CC515C": "ExportOperation/LRN",
    "CC513C": "ExportOperation/LRN",
    "CC514C": "ExportOperation/LRN",
    "CC511C": "ExportOperation/LRN",
    "ZC415": "Declaration/lrn",
    "ZC413": "Declaration/lrn",
    "ZC414": "Declaration/lrn",
    "DS415": "Declaration/lrn",
    "IE815": f"{_DRAFT}/EadEsadDraft/LocalReferenceNumber",
}
_OTHERWISE: Final = {  # named by LRN here: the samples have an MRN, too
    "CC013C": "TransitOperation/MRN",
    "CC014C": "TransitOperation/MRN",
    "CC513C": "ExportOperation/MRN",
    "CC514C": "ExportOperation/MRN",
    "ZC413": "Declaration/mrn",
    "ZC414": "Declaration/mrn",
}
_MOVEMENT: Final = {
    "CC007C": "TransitOperation/MRN",
    "CC044C": "TransitOperation/MRN",
    "CC507C": "Body/ExportOperation/MRN",
    "CC590C": "ExportOperation/MRN",
    "CC583C": "ExportOperation/MRN",
    "CC313A": "HEAHEA/DocNumHEA5",
    "IE825": "Body/SubmittedDraftOfSplittingOperation/SplittingEad/UpstreamArc",
    "IE818": "Body/AcceptedOrRejectedReportOfReceiptExport/ExciseMovement/AdministrativeReferenceCode",
    "IE880": "Body/ManualClosureRequest/Attributes/AdministrativeReferenceCode",
}
_POLISH_CONSIGNEE: Final = {"IE815": {f"{_DRAFT}/ConsigneeTrader/Traderid": "PL52500083820"}}
_EXPORT: Final = {"IE815": {f"{_DRAFT}/HeaderEadEsad/DestinationTypeCode": "6"}}
_WITH_UNLOADING: Final = {
    "CC007C": {"TransitOperation/simplifiedProcedure": "0"},
    "CC044C": {"UnloadingRemark/conform": "0"},
}
_EXPORT_AHEAD: Final = {"CC515C": {"ExportOperation/additionalDeclarationType": "D"}}


@dataclass(frozen=True, slots=True)
class Story:
    """Messages in turn, and time that passes after the last one."""

    system: str
    told: str  # for the reference page
    codes: tuple[str, ...]
    prefix: str = "D"  # of the LRN
    changes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of messages, by type
    wait: timedelta = timedelta()
    known: bool = True  # the movement; else the samples' own MRN

    def __str__(self) -> str:
        """For names of tests."""
        return f"{self.system}: {self.told}"

    def answers(self) -> list[Answer]:
        """All that comes back, in order."""
        with TemporaryDirectory() as folder:
            engine = sqlite_engine(Path(folder) / "simulators.db")
            metadata.create_all(engine)
            try:
                return list(self._played(Life(system=self.system, engine=engine)))
            finally:
                engine.dispose()

    def _played(self, life: Life) -> Iterator[Answer]:
        reference = None
        for code in self.codes:
            answers = life.send(code, self._changes(code, reference))
            reference = reference or next((one.mrn or one.arc for one in answers if one.mrn or one.arc), None)
            yield from answers
        yield from life.later()
        yield from life.later(seconds=self.wait.total_seconds())

    def _changes(self, code: str, reference: str | None) -> dict[str, str | None]:
        changes: dict[str, str | None] = {**self.changes.get(code, {})}
        if code in _LRN:
            changes[_LRN[code]] = f"{self.prefix}1"
        if code in _OTHERWISE:
            changes[_OTHERWISE[code]] = None
        if code in _MOVEMENT and self.known and reference:
            changes[_MOVEMENT[code]] = reference
        return changes


def _of(system: str, code: str, **waits: timedelta) -> list[Story]:
    """Declarations whose LRN asks for a scenario."""
    return [
        Story(system, f"{code} with LRN `{prefix}…`", (code,), prefix=prefix, wait=wait)
        for prefix, wait in waits.items()
    ]


_NOW: Final = timedelta()
_TRANSIT: Final = (
    Story("NCTS2", "CC015C", ("CC015C",)),
    Story("NCTS2", "CC015C with LRN `SLOW…`, CC013C", ("CC015C", "CC013C"), prefix="SLOW"),
    Story("NCTS2", "CC015C with LRN `SLOW…`, CC014C", ("CC015C", "CC014C"), prefix="SLOW"),
    Story("NCTS2", "CC015C, CC007C", ("CC015C", "CC007C"), changes=_WITH_UNLOADING),
    Story(
        "NCTS2",
        "CC015C, CC007C, CC044C with differences",
        ("CC015C", "CC007C", "CC044C"),
        changes=_WITH_UNLOADING,
        wait=_DAY,
    ),
    Story("NCTS2", "CC044C about an unknown MRN", ("CC044C",), known=False),
    *_of("NCTS2", "CC015C", REJ=_NOW, FERR=_NOW, XERR=_NOW, CTRL=_NOW, NREL=_DAY, GUA=_NOW, AMND=_NOW),
    *_of("NCTS2", "CC015C", INC=_DAY, AUTO=2 * _DAY, LOST=60 * _DAY),
)
_EXPORTS: Final = (
    Story("AES", "CC515C", ("CC515C",)),
    Story("AES", "CC515C of additional type D", ("CC515C",), changes=_EXPORT_AHEAD),
    Story("AES", "CC515C with LRN `SLOW…`, CC513C", ("CC515C", "CC513C"), prefix="SLOW"),
    Story("AES", "CC515C with LRN `SLOW…`, CC514C", ("CC515C", "CC514C"), prefix="SLOW"),
    Story("AES", "CC515C, CC507C", ("CC515C", "CC507C")),
    Story("AES", "CC515C, CC507C, CC590C", ("CC515C", "CC507C", "CC590C")),
    Story("AES", "CC590C about an unknown MRN", ("CC590C",), known=False),
    *_of("AES", "CC515C", REJ=_NOW, FERR=_NOW, XERR=_NOW, CTRL=_NOW, NREL=_DAY, LOST=60 * _DAY),
)
_IMPORTS: Final = (
    Story("AIS", "ZC415", ("ZC415",)),
    Story("AIS", "ZC415 with LRN `SLOW…`, ZC414", ("ZC415", "ZC414"), prefix="SLOW"),
    Story("AIS", "CC315A", ("CC315A",)),
    Story("AIS", "CC315A, CC313A", ("CC315A", "CC313A")),
    Story("AIS", "CC315A twice with one LRN", ("CC315A", "CC315A")),
    Story("AIS", "CC313A about an unknown MRN", ("CC313A",), known=False),
    *_of("AIS", "ZC415", REJ=_NOW, CTRL=_NOW, NREL=_DAY),
)
_EXCISE: Final = (
    Story("EMCSPL2", "IE815", ("IE815",)),
    Story("EMCSPL2", "IE815 to Poland, IE825", ("IE815", "IE825"), changes=_POLISH_CONSIGNEE),
    Story("EMCSPL2", "IE815 for export (destination type 6)", ("IE815",), changes=_EXPORT, wait=_DAY),
    Story(
        "EMCSPL2",
        "IE815 for export with LRN `EXNO…`",
        ("IE815",),
        prefix="EXNO",
        changes=_EXPORT,
        wait=_DAY,
    ),
    Story("EMCSPL2", "IE815, IE880", ("IE815", "IE880")),
    *_of("EMCSPL2", "IE815", REJ=_NOW, CTRL=_DAY, STOP=_DAY, EVENT=_DAY, LOST=9 * _DAY, HAND=30 * _DAY),
)
#: Every message that a simulated system can send comes in one of them.
STORIES: Final = (*_TRANSIT, *_EXPORTS, *_IMPORTS, *_EXCISE)


def recipes() -> Mapping[tuple[str, str], Story]:
    """The first story in which a system sends a message, by system and type."""
    found: dict[tuple[str, str], Story] = {}
    for story in STORIES:
        for answer in story.answers():
            found.setdefault((story.system, answer.type_code), story)
    return found
