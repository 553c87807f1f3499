"""Messages in any order: every one is answered, validly, and none out of sequence succeeds."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from routing.model import AnswerKind
from routing.tables import metadata
from tests.integration.routing.conftest import sqlite_engine
from tests.integration.routing.life import Life
from tests.integration.routing.test_routing_life_cycles import ARC, DECLARATIONS, UPSTREAM, types

_TRANSIT, _EXPORT, _IMPORT = "TransitOperation", "ExportOperation", "Declaration"
#: Where a message names its movement: by LRN, by reference. None: not so.
_KEYS: Final[dict[str, dict[str, tuple[str | None, str | None]]]] = {
    "NCTS2": {
        "CC013C": (f"{_TRANSIT}/LRN", f"{_TRANSIT}/MRN"),
        "CC014C": (f"{_TRANSIT}/LRN", f"{_TRANSIT}/MRN"),
        "CC170C": (f"{_TRANSIT}/LRN", None),
        "CC007C": (None, f"{_TRANSIT}/MRN"),
        "CC044C": (None, f"{_TRANSIT}/MRN"),
    },
    "AES": {
        "CC513C": (f"{_EXPORT}/LRN", f"{_EXPORT}/MRN"),
        "CC514C": (f"{_EXPORT}/LRN", f"{_EXPORT}/MRN"),
        "CC511C": (f"{_EXPORT}/LRN", None),
        "CC507C": (None, f"Body/{_EXPORT}/MRN"),
        "CC590C": (None, f"{_EXPORT}/MRN"),
        "CC583C": (None, f"{_EXPORT}/MRN"),
    },
    "AIS": {
        "ZC413": (f"{_IMPORT}/lrn", f"{_IMPORT}/mrn"),
        "ZC414": (f"{_IMPORT}/lrn", f"{_IMPORT}/mrn"),
    },
    "EMCSPL2": {
        "IE825": (None, UPSTREAM),
        **{code: (None, f"{path}/AdministrativeReferenceCode") for code, path in ARC.items()},
    },
}
_REJECTIONS: Final = {"CC056C", "CC057C", "CC556C", "CC557C", "ZC416", "IE704", "CC906C", "CC917C"}
#: After these nothing of a movement goes on.
_LAST: Final = {"CC045C", "CC051C", "CC035C", "CC551C", "CC599C", "ZC451", "IE881"}
#: What explains something afterwards.
_AFTERWARDS: Final = {"IE871"}
_UNKNOWN: Final[tuple[str, str | None]] = ("UNKNOWN1", None)
_PREFIXES: Final = ("D", "SLOW", "CTRL", "NREL", "GUA", "AMND", "AUTO", "LOST", "BACK", "STOP", "REJ")


class _AnyOrder(RuleBasedStateMachine):
    system: ClassVar[str]

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.engine = sqlite_engine(Path(self.folder.name) / "simulators.db")
        metadata.create_all(self.engine)
        self.life = Life(system=self.system, engine=self.engine)
        self.movements: list[tuple[str, str | None]] = []
        self.used: set[str] = set()
        self.ended: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
            self.folder.cleanup()

    @rule(prefix=st.sampled_from(_PREFIXES), number=st.integers(0, 2))
    def declare(self, prefix: str, number: int) -> None:
        code, lrn_path = DECLARATIONS[self.system]
        lrn = f"{prefix}{number}"
        answers = self.life.send(code, {lrn_path: lrn})
        if types(answers)[-1] not in _REJECTIONS:
            assert lrn not in self.used
            self.used.add(lrn)
            reference = next((one.mrn or one.arc for one in answers if one.mrn or one.arc), None)
            self.movements.append((lrn, reference))

    @rule(data=st.data())
    def follow(self, data: st.DataObject) -> None:
        type_code = data.draw(st.sampled_from(sorted(_KEYS[self.system])))
        lrn, reference = data.draw(st.sampled_from([*self.movements, _UNKNOWN]))
        answers = self.life.send(type_code, _named(_KEYS[self.system][type_code], lrn, reference))
        assert answers[0].kind is AnswerKind.CONFIRMATION
        if types(answers)[-1] not in _REJECTIONS:
            assert lrn != _UNKNOWN[0]
            assert reference not in self.ended or type_code in _AFTERWARDS
            if type_code == "IE825" and reference is not None:
                self.ended.add(reference)
        self._note(reference, types(answers))

    @rule(hours=st.sampled_from((1, 3, 30, 24 * 61)))
    def wait(self, hours: int) -> None:
        for answer in self.life.later(hours=hours):
            self._note(answer.mrn or answer.arc, [answer.type_code])

    def _note(self, reference: str | None, told: list[str]) -> None:
        if reference is not None and _LAST & set(told):
            self.ended.add(reference)


def _named(paths: tuple[str | None, str | None], lrn: str, reference: str | None) -> dict[str, str | None]:
    """What makes a message one about a movement; what it cannot name stays as it is in the sample."""
    lrn_path, reference_path = paths
    changes: dict[str, str | None] = {lrn_path: lrn} if lrn_path else {}
    if reference_path and (reference or lrn_path):
        changes[reference_path] = reference
    return changes


@pytest.mark.parametrize("system", DECLARATIONS)
def test_messages_in_any_order_are_all_answered_and_none_out_of_sequence_succeeds(system: str) -> None:
    run_state_machine_as_test(
        type(system, (_AnyOrder,), {"system": system}),
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
