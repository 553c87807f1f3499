"""What the flow writes to the log, and what never gets there."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.actions import Action
from gateway.observe import Observer, configure_logging
from tests.integration.gateway.world import Ears, World, declaration


class Both(Ears):
    """Writes the real log, too."""

    def __init__(self) -> None:
        super().__init__()
        self._real = Observer("test")

    def __call__(self, action: Action, *, detail: str = "", **facts: object) -> None:
        super().__call__(action, detail=detail, **facts)
        self._real(action, detail=detail, **facts)

    def failure(self, action: Action, error: BaseException, **facts: object) -> None:
        super().failure(action, error, **facts)
        self._real.failure(action, error, **facts)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("debug", stream)
    yield stream
    root = logging.getLogger()
    for handler in [each for each in root.handlers if type(each).__module__ == "gateway.observe"]:
        root.removeHandler(handler)
    structlog.reset_defaults()


def test_the_whole_way_is_told_with_actions_and_ids_but_without_content(
    small_world: World, log: io.StringIO
) -> None:
    small_world.ears = Both()
    anna = small_world.enrol("anna", "NCTS2")
    good = small_world.send(anna)
    bad = small_world.send(anna, declaration(key=None))
    small_world.work()
    small_world.collect(anna)

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {line["action"] for line in lines} == {
        "document_received",
        "document_submitted",
        "document_not_submitted",
        "document_delivered",
        "document_collected",
    }
    assert {line["sys_ref"] for line in lines if "sys_ref" in line} == {good, bad}
    for secret in ("Warszawa", "PL526021308900000", "nonce-", "<", anna.person.surname, anna.person.id_sisc):
        assert secret not in log.getvalue()


def test_what_is_logged_while_a_document_is_judged_names_it(small_world: World, log: io.StringIO) -> None:
    def warn(_: object) -> list[object]:
        logging.getLogger("some.library").warning("odd")
        return []

    small_world.more_checks = (warn,)  # type: ignore[assignment]  # returns no findings, of any type
    sys_ref = small_world.send(small_world.enrol("anna", "NCTS2"))
    small_world.verifier().work_once()

    (line,) = map(json.loads, log.getvalue().splitlines())
    assert (line["action"], line["sys_ref"]) == ("library_logged", sys_ref)
