"""HTTP back ends that are slow, broken, strange or strangers."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from routing.adapters.http import HttpBackEnd
from routing.adapters.settings import HttpSettings, Tls
from routing.errors import RouteConfigurationError
from routing.model import Accepted, AnswerKind, Delivery, Outcome, Rejected, Unavailable
from tests.integration.adapters.far_side import delivery
from tests.integration.adapters.rogue import Rogue, drips, floods, rogue, says
from tests.integration.adapters.tls_files import write_tls_files

_JSON = "Content-Type: application/json"
_PROBLEM = "Content-Type: application/problem+json"
_ANSWER = {"id": "1", "content": "PGEvPg=="}


@contextmanager
def adapter(server: Rogue, **changed: object) -> Iterator[HttpBackEnd]:
    settings = replace(HttpSettings(url=server.url, timeout_seconds=60.0, batch_seconds=120.0), **changed)  # type: ignore[arg-type]  # fields of every type
    opened = HttpBackEnd("NCTS2", settings)
    yield opened
    opened.close()


def outcome_of(behave: object, **changed: object) -> Outcome:
    with rogue(behave) as server, adapter(server, **changed) as opened:  # type: ignore[arg-type]  # a Behaviour
        return opened.deliver([delivery()])[0]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_document_is_taken_where_the_back_end_says_so(status: int) -> None:
    assert outcome_of(says(f"{status} Fine")) == Accepted()


@pytest.mark.parametrize(
    "status", [301, 302, 307, 308, 401, 403, 404, 405, 408, 409, 415, 425, 429, 451, 500, 502, 503, 504, 599]
)
def test_what_is_said_of_the_way_and_not_of_the_document_is_tried_again(status: int) -> None:
    text = f"{status} No\r\n{_PROBLEM}\r\nLocation: http://127.0.0.1:9/elsewhere"
    outcome = outcome_of(says(text, b'{"title": "no"}'))

    assert isinstance(outcome, Unavailable)
    assert str(status) in outcome.reason


@pytest.mark.parametrize("status", [400, 413, 422])
def test_only_a_problem_object_refuses_a_document(status: int) -> None:
    problem = json.dumps({"title": "No", "detail": "not\nknown", "more": 1, "answers": [_ANSWER]}).encode()
    refused = outcome_of(says(f"{status} No\r\n{_PROBLEM}; charset=utf-8", problem))
    proxy = outcome_of(says(f"{status} No\r\nContent-Type: text/html", b"<html>proxy</html>"))

    assert isinstance(refused, Rejected)
    assert refused.reason == f"{status} No not known"
    assert [each.kind for each in refused.answers] == [AnswerKind.UNREAD]
    assert isinstance(proxy, Unavailable)


def test_answers_in_the_response_are_about_its_document() -> None:
    sent = delivery()
    told = json.dumps({"answers": [_ANSWER, {**_ANSWER, "id": "2", "sysRef": "another"}]}).encode()
    with rogue(says(f"200 OK\r\n{_JSON}", told)) as server, adapter(server) as opened:
        [outcome] = opened.deliver([sent])

    assert isinstance(outcome, Accepted)
    assert [(each.back_end_id, each.sys_ref, each.content) for each in outcome.answers] == [
        ("1", sent.sys_ref, b"<a/>"),
        ("2", "another", b"<a/>"),
    ]


@pytest.mark.parametrize(
    "body",
    [b"garbage", b"<html>It works!</html>", b"{}", b'{"answers": [{"id": "1"}]}', b"\xff\xfe", b"[" * 9999],
)
def test_a_document_whose_answers_cannot_be_read_is_not_delivered(body: bytes) -> None:
    assert isinstance(outcome_of(says(f"200 OK\r\n{_JSON}", body)), Unavailable)
    assert isinstance(outcome_of(says(f"422 No\r\n{_PROBLEM}", body)), Unavailable) or body == b"{}"


def test_a_response_that_ends_too_early_is_no_delivery() -> None:
    outcome = outcome_of(says(f"200 OK\r\n{_JSON}", b'{"answers": [', length=500), timeout_seconds=1.0)

    assert isinstance(outcome, Unavailable)


def test_a_connection_that_is_closed_without_a_word_is_no_delivery() -> None:
    assert isinstance(outcome_of(lambda connection: connection.close()), Unavailable)


def test_a_back_end_that_hangs_is_left_after_the_time_it_has() -> None:
    with rogue(lambda _: None) as server, adapter(server, timeout_seconds=0.3) as opened:
        [outcome] = opened.deliver([delivery()])

    assert isinstance(outcome, Unavailable)
    assert "Timeout" in outcome.reason


def test_a_response_byte_by_byte_is_left_after_the_time_it_has() -> None:
    outcome = outcome_of(drips, timeout_seconds=0.5)

    assert isinstance(outcome, Unavailable)


def test_a_response_without_end_is_not_read_to_the_end() -> None:
    outcome = outcome_of(floods, response_bytes=200_000)

    assert isinstance(outcome, Unavailable)
    assert "200000 bytes" in outcome.reason


def test_a_batch_ends_in_its_time_however_slow_the_back_end_is() -> None:
    batch = [delivery(order_key=str(number)) for number in range(12)]
    with (
        rogue(lambda _: None) as server,
        adapter(server, timeout_seconds=0.4, batch_seconds=0.6, connections=4) as opened,
    ):
        outcomes = opened.deliver(batch)

    assert all(isinstance(each, Unavailable) for each in outcomes)
    assert len(server.requests) < len(batch)
    assert "before this document" in str(outcomes[-1])


def test_nothing_overtakes_a_document_of_the_same_movement() -> None:
    batch = [delivery(order_key="same"), delivery(order_key="same"), delivery(order_key="other")]
    first = batch[0].sys_ref.encode()

    with rogue(says("200 OK")) as server:

        def behave(connection: ssl.SSLSocket) -> None:
            says("503 Later" if first in server.last else "200 OK")(connection)

        server.behave = behave  # type: ignore[assignment]  # a socket of either kind
        with adapter(server, connections=1) as opened:
            outcomes = opened.deliver(batch)

    assert [type(each) for each in outcomes] == [Unavailable, Unavailable, Accepted]
    assert batch[0].sys_ref in str(outcomes[1])
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("17", 17.0), ("0", 0.0), ("99999999999999", 3600.0), ("soon", None), ("-5", None), ("", None)],
)
def test_the_pause_a_back_end_asks_for_is_kept_within_reason(told: str, seconds: float | None) -> None:
    assert outcome_of(says(f"503 Later\r\nRetry-After: {told}")) == Unavailable(
        reason="answered with 503", retry_after=seconds
    )


def test_a_pause_may_be_told_as_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    outcome = outcome_of(says(f"429 Later\r\nRetry-After: {date}"))

    assert isinstance(outcome, Unavailable)
    assert outcome.retry_after is not None
    assert 300 < outcome.retry_after <= 600


def test_the_request_says_what_the_contract_says() -> None:
    sent: Delivery = delivery()
    with rogue(says("202 Accepted")) as server, adapter(server, token="a secret token") as opened:
        opened.deliver([sent])
        heads = server.heads()

    assert server.last.endswith(b"\r\n\r\n" + sent.content)
    assert server.last.startswith(b"POST /documents HTTP/1.1\r\n")
    assert heads["idempotency-key"] == heads["sisc-sys-ref"] == sent.sys_ref
    assert heads["authorization"] == "Bearer a secret token"
    assert heads["content-type"] == "application/xml"
    assert heads["content-length"] == str(len(sent.content))
    assert heads["sisc-file-name"] == "zg%C5%82oszenie.xml"
    assert heads["accept-encoding"] == "identity"
    assert "transfer-encoding" not in heads


def test_connections_are_used_again() -> None:
    with rogue(says("202 Accepted")) as server, adapter(server, connections=2) as opened:
        for _ in range(5):
            opened.deliver([delivery(), delivery()])

    assert len(server.requests) == 10
    assert server.connections < 10


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(HttpSettings(url="http://host", token="secret"))


@pytest.mark.parametrize(
    ("status", "well"), [(200, True), (405, True), (401, False), (404, False), (500, False)]
)
def test_health_is_what_the_back_end_says_of_itself(status: int, well: bool) -> None:  # noqa: FBT001 - a column
    with rogue(says(f"{status} Word")) as server, adapter(server) as opened:
        health = opened.health()

    assert health.well is well
    assert str(status) in health.detail


# -- TLS


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tls_files(tmp_path_factory.mktemp("tls"))


def _server_side(files: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "server.pem", files / "server.key")
    context.load_verify_locations(files / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_a_back_end_with_tls_is_known_by_its_authority_and_knows_us_by_our_certificate(files: Path) -> None:
    tls = Tls(ca=files / "ca.pem", certificate=files / "client.pem", key=files / "client.key")
    with rogue(says("202 Accepted"), tls=_server_side(files)) as server:
        with adapter(server, tls=tls) as known, adapter(server, tls=Tls(ca=files / "ca.pem")) as nameless:
            assert known.deliver([delivery()]) == [Accepted()]
            assert isinstance(nameless.deliver([delivery()])[0], Unavailable)
        with adapter(server, tls=replace(tls, ca=files / "stranger.pem")) as wary:
            [outcome] = wary.deliver([delivery()])

    assert isinstance(outcome, Unavailable)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason


@pytest.mark.parametrize("tls", [Tls(ca=Path("/nowhere")), Tls(certificate=Path("/nowhere"))])
def test_tls_files_that_cannot_be_used_are_told_at_the_start(tls: Tls) -> None:
    with pytest.raises(RouteConfigurationError, match="NCTS2"):
        HttpBackEnd("NCTS2", HttpSettings(url="https://host", tls=tls))
