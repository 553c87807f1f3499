"""What operators see: JSON log lines with an `action`, and Prometheus figures."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

from gateway.actions import Action

__all__ = ["METRICS_VARIABLE", "Observer", "configure_logging", "render_metrics", "share_metrics"]

#: prometheus_client keeps the figures of several processes in this folder; read when it is imported.
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_EVENTS = Counter("sisc_events_total", "What happened, by action", ["action", "detail"])
_SECONDS = Histogram(
    "sisc_step_seconds",
    "Wall time of a step",
    ["step"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
_TRIALS = Counter(
    "sisc_schema_trials_total", "Live documents tried on schemas on trial", ["system", "outcome"]
)
_WARNINGS = frozenset(
    {
        Action.ANSWERS_REFUSED,
        Action.ANSWERS_UNREACHABLE,
        Action.CERTIFICATE_EXPIRING,
        Action.CIRCUIT_OPENED,
        Action.DELIVERY_POSTPONED,
        Action.LEASE_LOST,
        Action.REVOCATION_NOT_FETCHED,
        Action.REVOCATION_STALE_ACCEPTED,
        Action.SIGNER_KEY_ENDING,
        Action.SIMULATED_UNASKED,
        Action.STORE_UNAVAILABLE,
        Action.TRUST_LIST_STALE,
        Action.TRUST_LIST_UNREACHABLE,
    }
)
#: Met by every thread again and again until something is back.
_OUTAGES = frozenset({Action.ANSWERS_UNREACHABLE, Action.STORE_UNAVAILABLE})
_TOLD_EVERY_SECONDS = 60.0
_ERRORS = frozenset(
    {
        Action.ANSWER_QUARANTINED,
        Action.CODE_LISTS_REFUSED,
        Action.CRL_OVERDUE,
        Action.DELIVERY_GIVEN_UP,
        Action.INTERNAL_ERROR,
        Action.PACKS_UNREADABLE,
        Action.TRUST_LIST_DROPPED,
        Action.TRUST_LIST_REFUSED,
        Action.WORK_FAILED,
    }
)


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send log records as JSON lines to `stream` (default: standard error), warnings of libraries included.

    Args:
        level: "debug", "info", "warning" or "error".
        stream: where the lines go.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _LibraryRecords)]:
        root.removeHandler(handler)
    root.addHandler(_LibraryRecords(logging.WARNING))
    logging.getLogger("pika").setLevel(
        logging.CRITICAL
    )  # ten lines for a refused connection; ours says it in one


class _LibraryRecords(logging.Handler):
    """Gives the records of Python's own logging the form of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        log = structlog.get_logger()
        tell = log.error if record.levelno >= logging.ERROR else log.warning
        tell(
            Action.LIBRARY_LOGGED.value,
            action=Action.LIBRARY_LOGGED.value,
            logger=record.name,
            message=record.getMessage(),
            exc_info=record.exc_info,
        )


class _Outages:
    """Lets one record a minute through of what every thread meets every second while something is away."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._told: dict[tuple[str, str], tuple[float, int]] = {}  # last record, occasions left out since

    def left_out(self, action: Action, detail: str) -> int | None:
        """How many occasions were left out before this one; None: leave this one out, too."""
        now, key = self._monotonic(), (action.value, detail)
        with self._lock:
            last, left_out = self._told.get(key, (-_TOLD_EVERY_SECONDS, 0))
            due = now - last >= _TOLD_EVERY_SECONDS
            self._told[key] = (now, 0) if due else (last, left_out + 1)
        return left_out if due else None


class Observer:
    """Writes one log record and counts one figure for everything that happens.

    What happens again and again while something is away is counted each time and told once a minute.

    Args:
        component: "web", "worker" or the name of a command.
        monotonic: seconds that pass evenly.
    """

    def __init__(self, component: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log = structlog.get_logger().bind(component=component)
        self._outages = _Outages(monotonic)

    def __call__(self, action: Action, *, detail: str = "", **facts: object) -> None:
        """Tell that `action` happened.

        Args:
            action: from the closed list.
            detail: a short closed word for the figure's label (reason, system, operation), never free text.
            facts: identifiers and numbers for the log; no secrets, no document content.
        """
        _EVENTS.labels(action.value, detail).inc()
        if action in _OUTAGES:
            left_out = self._outages.left_out(action, detail)
            if left_out is None:
                return
            facts |= {"left_out": left_out} if left_out else {}
        self._record(action, {"detail": detail, **facts} if detail else facts)

    def failure(self, action: Action, error: BaseException, **facts: object) -> None:
        """Tell that `action` happened because of an unexpected error, with its traceback."""
        _EVENTS.labels(action.value, type(error).__name__).inc()
        self._log.error(action.value, action=action.value, exc_info=error, **facts)

    def seconds(self, step: str, elapsed: float) -> None:
        """Count the wall time of a step, in seconds."""
        _SECONDS.labels(step).observe(elapsed)

    def tried(self, system: str, outcome: str) -> None:
        """Count a live document that schemas on trial were tried on; `outcome` is a short closed word."""
        _TRIALS.labels(system, outcome).inc()

    def _record(self, action: Action, facts: Mapping[str, object]) -> None:
        if action in _ERRORS:
            self._log.error(action.value, action=action.value, **facts)
        elif action in _WARNINGS:
            self._log.warning(action.value, action=action.value, **facts)
        else:
            self._log.info(action.value, action=action.value, **facts)


def share_metrics(folder: Path) -> dict[str, str]:
    """Environment for processes that count together; empties `folder` of an earlier run's figures."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.db"):
        stale.unlink(missing_ok=True)
    return {METRICS_VARIABLE: str(folder)}


def render_metrics() -> bytes:
    """The figures of all processes, in the Prometheus text format."""
    if METRICS_VARIABLE not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped upstream
    return generate_latest(registry)
