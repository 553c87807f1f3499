"""Where back ends call back: `POST /backend/answers/SYSTEM` (docs/reference/back-end-contract.md)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from gateway.actions import Action
from gateway.channel import Clock
from gateway.errors import UnavailableError
from gateway.flow.answer_intake import Addressed, AnswerIntake, Brought, Result
from gateway.observe import Observer
from gateway.routes import CallbackGate
from routing.adapters.answers import JSON, read_envelope
from routing.errors import EnvelopeError
from routing.model import Answer

__all__ = ["PREFIX", "CallbackApplication"]

#: Every path of this application begins so; the code of the system follows.
PREFIX: Final = "/backend/answers/"
_RETRY_AFTER_SECONDS: Final = 5


class _RefusedError(Exception):
    """The request is not taken; the sentence tells why."""

    def __init__(self, status: str, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class CallbackApplication:
    """A WSGI application. It answers 200 when all answers of a request are stored, never before.

    Args:
        gates: by target-system code; other systems may not call back.
        intake: takes the answers.
        clock: current time, aware.
        observe: told of what is refused.
    """

    def __init__(
        self, *, gates: Mapping[str, CallbackGate], intake: AnswerIntake, clock: Clock, observe: Observer
    ) -> None:
        self._gates = gates
        self._intake = intake
        self._clock = clock
        self._observe = observe

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        system = str(environ.get("PATH_INFO", "")).removeprefix(PREFIX)
        try:
            results = self._intake.take(system, self._answers(system, environ))
            status, body, headers = "200 OK", _told(results), {}
        except _RefusedError as error:
            known = system if system in self._gates else "unknown"
            self._observe(Action.ANSWERS_REFUSED, detail=known, status=error.status, reason=str(error))
            status, body, headers = error.status, _problem(str(error)), error.headers
        except UnavailableError as error:
            self._observe(Action.STORE_UNAVAILABLE, detail=error.what, lane=f"answers:{system}")
            status, body = "503 Service Unavailable", _problem("Nothing was taken; send it again.")
            headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)}
        told = {"Content-Type": JSON, "Content-Length": str(len(body)), **headers}
        start_response(status, list(told.items()))
        return [body]

    def _answers(self, system: str, environ: WSGIEnvironment) -> Sequence[Answer]:
        gate = self._gates.get(system)
        if gate is None:
            raise _RefusedError("404 Not Found", "No system with this code calls back here.")
        if environ.get("REQUEST_METHOD") != "POST":
            raise _RefusedError("405 Method Not Allowed", "POST is expected.", Allow="POST")
        headers = _headers(environ)
        if not gate.keys.may_send(headers):
            raise _unauthorized()
        body = _body(environ, gate.largest)
        if not gate.keys.are_proven(headers, body, self._clock().timestamp()):
            raise _unauthorized()
        try:
            return read_envelope(body)
        except EnvelopeError as error:
            raise _RefusedError("400 Bad Request", error.reason) from error


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    return {
        key.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }


def _body(environ: WSGIEnvironment, largest: int) -> bytes:
    """The body, once its kind and its length are known to be good."""
    if str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower() != JSON:
        raise _RefusedError("415 Unsupported Media Type", f"{JSON} is expected.")
    length = str(environ.get("CONTENT_LENGTH", ""))
    if not length.isascii() or not length.isdigit():
        raise _RefusedError("411 Length Required", "Content-Length is expected.")
    if len(length) > len(str(largest)) or int(length) > largest:
        raise _RefusedError("413 Content Too Large", f"At most {largest} bytes are taken at once.")
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _unauthorized() -> _RefusedError:
    return _RefusedError(
        "401 Unauthorized", "Token or signature are not good.", **{"WWW-Authenticate": "Bearer"}
    )


def _told(results: Sequence[Result]) -> bytes:
    return json.dumps({"answers": list(map(_result, results))}, ensure_ascii=False).encode()


def _result(result: Result) -> dict[str, str]:
    if isinstance(result, Addressed):
        return {"id": result.answer.back_end_id, "result": "taken", "sysRef": result.sys_ref}
    if isinstance(result, Brought):
        return {"id": result.answer.back_end_id, "result": "taken"}
    reason = result.reason.value if result.reason else "repeated"
    return {"id": result.answer.back_end_id, "result": "held", "reason": reason, "detail": result.detail}


def _problem(text: str) -> bytes:
    return json.dumps({"title": text}).encode()
