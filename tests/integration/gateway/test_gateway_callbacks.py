"""Back ends call back: who is let in, what is read, and when 200 is said."""

import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from wsgiref.types import WSGIEnvironment

import pytest

from gateway.actions import Action
from gateway.callbacks import PREFIX, CallbackApplication
from gateway.errors import UnavailableError
from gateway.routes import CallbackGate
from routing.adapters.answers import write_envelope
from routing.adapters.callbacks import CallbackKeys
from routing.backends import build_back_ends
from routing.routes import default_routes
from tests.integration.gateway.test_gateway_answer_intake import Remote, sent
from tests.integration.gateway.world import World, catalogue

_KEYS = CallbackKeys(token=b"token-of-the-back-end", secret=b"secret-of-the-back-end")
_LARGEST = 200_000


@dataclass(frozen=True)
class Answered:
    status: int
    body: dict[str, object]
    headers: Mapping[str, str]


@dataclass
class Caller:
    """A back end that calls back."""

    world: World
    application: CallbackApplication

    def post(self, body: bytes, *, system: str = "NCTS2", **changed: str | None) -> Answered:
        """POST with the right token, unless something is changed."""
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": PREFIX + system,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": "Bearer token-of-the-back-end",
            "wsgi.input": Body(body),
        }
        environ.update(changed)
        told: dict[str, object] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            told.update(status=int(status[:3]), headers=dict(headers))

        kept = {key: value for key, value in environ.items() if value is not None}
        content = b"".join(self.application(kept, start_response))  # type: ignore[arg-type]  # no write()
        assert isinstance(told["status"], int)
        assert isinstance(told["headers"], dict)
        return Answered(told["status"], json.loads(content), told["headers"])

    def signed(self, body: bytes, *, by: CallbackKeys = _KEYS, late: float = 0) -> Answered:
        """POST with a signature made so many seconds ago."""
        signature = by.headers(body, self.world.clock().timestamp() - late)["Sisc-Signature"]
        return self.post(body, HTTP_AUTHORIZATION=None, HTTP_SISC_SIGNATURE=signature)


class Body(io.BytesIO):
    """Notices whether anybody has read it."""


@pytest.fixture
def world(small_world: World) -> World:
    """How answers are stored is tested on every database; here it is about the door."""
    return small_world


@pytest.fixture
def remote(world: World) -> Remote:
    simulators = build_back_ends(default_routes(), world.store.engine, world.clock, catalogue())
    world.back_ends["NCTS2"] = opened = Remote(simulators["NCTS2"])
    return opened


@pytest.fixture
def caller(world: World) -> Caller:
    return Caller(world, application(world))


def application(world: World, keys: CallbackKeys = _KEYS) -> CallbackApplication:
    return CallbackApplication(
        gates={"NCTS2": CallbackGate(keys=keys, largest=_LARGEST)},
        intake=world.answer_intake(),
        clock=world.clock,
        observe=world.ears,
    )


def test_answers_are_in_the_mailbox_when_200_is_said(world: World, remote: Remote, caller: Caller) -> None:
    sys_ref = sent(world)
    answers = remote.answers[sys_ref]

    answered = caller.post(write_envelope(answers))

    assert answered.status == 200
    assert answered.body == {
        "answers": [{"id": each.back_end_id, "result": "taken", "sysRef": sys_ref} for each in answers]
    }
    assert world.replies(sys_ref) == Counter(["UPP", "UPO", "CC928C", "CC028C", "CC029C"])


def test_a_callback_that_comes_twice_is_answered_alike_and_passed_on_once(
    world: World, remote: Remote, caller: Caller
) -> None:
    sys_ref = sent(world)
    envelope = write_envelope(remote.answers[sys_ref])

    assert caller.post(envelope) == caller.post(envelope)

    assert world.replies(sys_ref)["CC028C"] == 1


def test_the_back_end_is_told_what_is_held_and_why(world: World, remote: Remote, caller: Caller) -> None:
    sys_ref = sent(world)
    bad = replace(remote.answers[sys_ref][0], content=b"<unheard-of/>")

    answered = caller.post(write_envelope([bad]))

    assert answered.status == 200
    results = answered.body["answers"]
    assert isinstance(results, list)
    result: dict[str, str] = results[0]
    assert (result["id"], result["result"], result["reason"]) == (bad.back_end_id, "held", "unknown_type")
    assert "unheard-of" in result["detail"]


def test_a_signature_lets_in(world: World, remote: Remote, caller: Caller) -> None:
    sys_ref = sent(world)

    assert caller.signed(write_envelope(remote.answers[sys_ref]), late=299).status == 200
    assert world.replies(sys_ref)["CC028C"] == 1


EMPTY = b'{"answers": []}'


def test_a_signature_of_another_key_body_or_time_does_not(caller: Caller) -> None:
    signature = _KEYS.headers(EMPTY, caller.world.clock().timestamp())["Sisc-Signature"]
    other_body = b'{"answers": [ ]}'

    statuses = [
        caller.signed(EMPTY, by=CallbackKeys(secret=b"another-secret")).status,
        caller.post(other_body, HTTP_AUTHORIZATION=None, HTTP_SISC_SIGNATURE=signature).status,
        caller.signed(EMPTY, late=301).status,
        caller.signed(EMPTY, late=-301).status,
        caller.post(EMPTY, HTTP_AUTHORIZATION=None, HTTP_SISC_SIGNATURE="t=1,v1=ąę").status,
    ]

    assert statuses == [401] * 5


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong-token-of-nobody", "Basic dG9rZW4="])
def test_nobody_is_let_in_without_the_token_and_nothing_is_read(caller: Caller, given: str | None) -> None:
    body = Body(EMPTY)

    answered = caller.post(EMPTY, HTTP_AUTHORIZATION=given, **{"wsgi.input": body})  # type: ignore[arg-type]  # a stream

    assert answered.status == 401
    assert answered.headers["WWW-Authenticate"] == "Bearer"
    assert body.tell() == 0
    assert caller.world.ears.actions() == [Action.ANSWERS_REFUSED]


def test_a_back_end_without_keys_may_not_call_back(world: World) -> None:
    nobody = Caller(world, application(world, CallbackKeys()))

    assert nobody.post(EMPTY, HTTP_AUTHORIZATION="Bearer ").status == 401
    assert nobody.signed(EMPTY).status == 401


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"REQUEST_METHOD": "GET"}, 405),
        ({"PATH_INFO": PREFIX + "AES"}, 404),
        ({"PATH_INFO": PREFIX}, 404),
        ({"CONTENT_TYPE": "text/xml"}, 415),
        ({"CONTENT_LENGTH": None}, 411),
        ({"CONTENT_LENGTH": "-1"}, 411),
        ({"CONTENT_LENGTH": str(_LARGEST + 1)}, 413),
        ({"CONTENT_LENGTH": "9" * 5000}, 413),
    ],
)
def test_a_request_of_the_wrong_form_is_refused_unread(
    caller: Caller, changed: dict[str, str | None], status: int
) -> None:
    body = Body(EMPTY)

    answered = caller.post(EMPTY, **changed, **{"wsgi.input": body})  # type: ignore[arg-type]  # a stream

    assert answered.status == status
    assert body.tell() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b'{"answers": 1}',
        b'{"answers": [{}]}',
        b'{"answers": [{"id": "1", "content": "***"}]}',
        b'{"answers": [{"id": "1", "content": ""}]}',
        b'{"answers": [{"id": "with blank", "content": "PGEvPg=="}]}',
        b'{"answers": [{"id": "1", "content": "PGEvPg==", "sysref": "misspelt"}]}',
        b'{"answers": [{"id": "1", "content": "PGEvPg==", "fileName": "../../etc/passwd"}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_envelope_is_refused_with_its_reason(caller: Caller, body: bytes) -> None:
    answered = caller.post(body)

    assert answered.status == 400
    assert answered.body["title"]
    assert caller.world.ears.actions() == [Action.ANSWERS_REFUSED]


def test_nothing_is_said_to_be_taken_while_the_store_is_away(world: World, remote: Remote) -> None:
    class Away:
        def begin(self) -> None:
            raise UnavailableError(what="store", reason="a test")

    sys_ref = sent(world)
    intake = replace(world.answer_intake(), store=Away())  # type: ignore[arg-type]  # begins nothing
    away = CallbackApplication(
        gates={"NCTS2": CallbackGate(keys=_KEYS, largest=_LARGEST)},
        intake=intake,
        clock=world.clock,
        observe=world.ears,
    )

    answered = Caller(world, away).post(write_envelope(remote.answers[sys_ref]))

    assert answered.status == 503
    assert int(answered.headers["Retry-After"]) > 0
    assert world.replies(sys_ref) == Counter(["UPP"])
