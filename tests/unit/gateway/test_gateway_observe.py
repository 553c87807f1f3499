"""Logs and figures: one JSON line with an action each, figures of all processes together."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from prometheus_client import REGISTRY

from gateway.actions import Action
from gateway.observe import METRICS_VARIABLE, Observer, configure_logging, share_metrics


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("info", stream)
    yield stream
    for handler in [
        each for each in logging.getLogger().handlers if "_LibraryRecords" in type(each).__name__
    ]:
        logging.getLogger().removeHandler(handler)
    structlog.reset_defaults()


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize("action", Action)
def test_every_record_is_one_json_line_with_its_action(log: io.StringIO, action: Action) -> None:
    Observer("worker")(action, detail="NCTS2", sys_ref="ref", text="zażółć\ngęślą")

    (line,) = lines(log)
    assert line["action"] == action.value
    assert (line["component"], line["sys_ref"], line["detail"]) == ("worker", "ref", "NCTS2")
    assert str(line["timestamp"]).endswith("Z")
    assert line["level"] in {"info", "warning", "error"}


def test_an_outage_is_told_once_a_minute_and_counted_each_time(log: io.StringIO) -> None:
    passed = 0.0
    observe = Observer("worker", monotonic=lambda: passed)
    labels = {"action": Action.STORE_UNAVAILABLE.value, "detail": "an outage of this test"}
    for second in range(62):
        passed = float(second)
        observe(Action.STORE_UNAVAILABLE, detail=labels["detail"], lane="verify")
        observe(Action.ANSWERS_UNREACHABLE, detail="AES", reason="refused")

    told = [line for line in lines(log) if line["action"] == Action.STORE_UNAVAILABLE]
    assert [line.get("left_out") for line in told] == [None, 59]
    assert len(lines(log)) == 4  # each outage by itself
    assert REGISTRY.get_sample_value("sisc_events_total", labels) == 62


def test_failures_carry_their_traceback_in_the_same_line(log: io.StringIO) -> None:
    empty: dict[str, str] = {}
    with pytest.raises(KeyError) as caught:
        empty["doc-1"]
    Observer("worker").failure(Action.WORK_FAILED, caught.value, sys_ref="doc-1")

    (line,) = lines(log)
    assert (line["action"], line["level"]) == ("work_failed", "error")
    assert "KeyError: 'doc-1'" in str(line["exception"])


def test_records_of_libraries_have_the_same_form(log: io.StringIO) -> None:
    logging.getLogger("some.library").warning("odd %s", "thing")
    logging.getLogger("some.library").info("chatter")

    (line,) = lines(log)
    assert line["action"] == "library_logged"
    assert (line["logger"], line["message"], line["level"]) == ("some.library", "odd thing", "warning")


def test_configuring_again_doubles_no_record(log: io.StringIO) -> None:
    again = io.StringIO()
    configure_logging("info", again)
    logging.getLogger("some.library").error("once")

    assert len(lines(again)) == 1
    assert lines(log) == []


def test_levels_below_the_one_chosen_are_left_out(log: io.StringIO) -> None:
    configure_logging("error", log)
    Observer("web")(Action.DOCUMENT_RECEIVED)
    Observer("web")(Action.LEASE_LOST)
    Observer("web")(Action.DELIVERY_GIVEN_UP)

    assert [line["action"] for line in lines(log)] == ["delivery_given_up"]


COUNT = """
from gateway.actions import Action
from gateway.observe import Observer
observe = Observer("test")
for _ in range(3):
    observe(Action.DOCUMENT_RECEIVED, detail="NCTS2")
observe.seconds("verify", 0.01)
"""
RENDER = "from gateway.observe import render_metrics; print(render_metrics().decode())"


def run(program: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    return done.stdout


def test_figures_of_several_processes_are_added_up_and_start_anew(tmp_path: Path) -> None:
    shared = share_metrics(tmp_path / "metrics")
    assert list(shared) == [METRICS_VARIABLE]
    for _ in range(2):
        run(COUNT, shared)

    figures = run(RENDER, shared)

    assert 'sisc_events_total{action="document_received",detail="NCTS2"} 6.0' in figures
    assert 'sisc_step_seconds_count{step="verify"} 2.0' in figures
    share_metrics(tmp_path / "metrics")
    assert "document_received" not in run(RENDER, shared)


def test_figures_of_one_process_need_no_folder() -> None:
    environment = {METRICS_VARIABLE: ""}
    program = f"import os; os.environ.pop({METRICS_VARIABLE!r}); {RENDER}".replace("; from", "\nfrom")

    assert "python_info" in run(program, environment)
