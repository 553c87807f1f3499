import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.channel import Credentials
from gateway.errors import ConfigurationError, UnavailableError
from gateway.soap import EdgeSettings
from tests.unit.soap.soap_kit import (
    DIGEST_TYPE,
    LOGIN,
    MESSAGE_ID,
    NOW,
    PASSWORD_HASH,
    TEXT_TYPE,
    Answer,
    Edge,
    addressing,
    b64,
    envelope,
    hash_of,
    security,
    token,
)

POLICY_TEXT = (
    "These policy alternatives can not be satisfied: \n"
    "{http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702}SupportingTokens\n"
    "{http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702}UsernameToken\n"
    "{http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702}WssUsernameToken10\n"
    "{http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702}HashPassword"
)


def send(edge: Edge, inner: str, attributes: str = "") -> Answer:
    return edge.post(envelope(header=addressing() + security(inner, attributes)))


def assert_refused(edge: Edge, answer: Answer, reason: str) -> None:
    assert answer.status == 500
    assert answer.fault_code == ("http://ws.apache.org/wss4j", "SecurityError")
    assert answer.text("faultstring") == "A security error was encountered when verifying the message"
    assert answer.text("detail") is None
    assert (edge.action, edge.facts["reason"]) == ("refused_security", reason)
    assert edge.facts["incident"] == answer.headers["X-Incident-Id"]
    assert edge.service.calls == []


def test_a_good_token_is_a_caller_with_a_key_for_its_nonce(edge: Edge) -> None:
    assert send(edge, token()).status == 200
    (caller,) = edge.service.callers
    assert caller.login == LOGIN
    assert len(caller.nonce) == 64
    assert caller.nonce_expires == NOW + timedelta(seconds=600)


@pytest.mark.parametrize(("failed", "told"), [(0, []), (2, [LOGIN])])
def test_a_good_token_forgets_wrong_digests_only_if_there_were_any(
    failed: int, told: list[str], edge: Edge
) -> None:
    account = edge.credentials.accounts[LOGIN]
    edge.credentials.accounts[LOGIN] = replace(account, failed_logins=failed)

    assert send(edge, token()).status == 200

    assert told == edge.credentials.right


def test_the_login_is_matched_without_case_and_the_nonce_key_does_not_depend_on_it(edge: Edge) -> None:
    assert send(edge, token(login=LOGIN.upper())).status == 200
    assert send(edge, token()).status == 500
    assert edge.facts["reason"] == "replayed_nonce"


def test_a_replayed_nonce_looks_like_any_security_error(edge: Edge) -> None:
    send(edge, token())
    edge.service.calls.clear()
    assert_refused(edge, send(edge, token()), "replayed_nonce")
    assert edge.credentials.wrong == []


@pytest.mark.parametrize(
    "digest", ["rs1VFZOaqnCTjFxr+ph241InKY0=", "rOhd5CB7Wuo3bKiXP3osU9vJcwg=", b64(b"short")]
)
def test_other_digest_formulas_are_wrong_and_counted(edge: Edge, digest: str) -> None:
    nonce = bytes(range(16))
    assert_refused(edge, send(edge, token(nonce=nonce, digest=digest)), "wrong_digest")
    assert edge.credentials.wrong == [LOGIN]
    assert edge.credentials.right == []


def test_an_unknown_account_is_refused_without_counting(edge: Edge) -> None:
    assert_refused(edge, send(edge, token(login="nobody@example.pl")), "unknown_account")
    assert edge.credentials.wrong == []


def test_an_unknown_account_cannot_be_entered_with_the_stand_in_hash(edge: Edge) -> None:
    assert_refused(edge, send(edge, token(login="", password_hash=b"=" * 28)), "malformed_token")
    assert_refused(edge, send(edge, token(login="x", password_hash=b"=" * 28)), "unknown_account")


def test_a_locked_account_is_refused_even_with_the_right_digest(edge: Edge) -> None:
    edge.credentials.accounts[LOGIN] = Credentials(login=LOGIN, password_hash=PASSWORD_HASH, active=False)
    assert_refused(edge, send(edge, token()), "inactive_account")
    assert edge.credentials.right == []


@pytest.mark.parametrize("created", ["2026-01-02T02:59:05Z", "2026-01-02T03:09:05+00:00"])
def test_a_token_on_the_edge_of_the_window_is_good(edge: Edge, created: str) -> None:
    assert send(edge, token(created=created)).status == 200


@pytest.mark.parametrize(
    "created", ["2026-01-02T02:59:04Z", "2026-01-02T03:09:06Z", "2026-01-02T03:04:05+01:00"]
)
def test_a_token_outside_the_window_never_counts_towards_the_lock(edge: Edge, created: str) -> None:
    assert_refused(edge, send(edge, token(created=created, digest=b64(b"wrong"))), "outside_window")
    assert edge.credentials.wrong == []


def test_a_plain_password_is_refused(edge: Edge) -> None:
    assert_refused(edge, send(edge, token(password_type=TEXT_TYPE, digest="secret")), "password_text")
    untyped = token().replace(f' Type="{DIGEST_TYPE}"', "")
    assert_refused(edge, send(edge, untyped), "password_text")


@pytest.mark.parametrize(
    "broken",
    [
        token() + token(),
        token().replace("wsse:Username>", "wsse:User>"),
        token().replace("wsse:Password", "wsse:Pass"),
        token().replace("wsse:Nonce", "wsse:Once"),
        token().replace("wsu:Created", "wsu:Made"),
        token().replace("<wsu:Created>", "<wsu:Created>2026-01-02T03:04:05Z</wsu:Created><wsu:Created>"),
        token().replace("05Z</wsu:Created>", "05</wsu:Created>"),
        token().replace("MDEyMzQ1Njc4OWFiY2RlZg==", "MDEy!zQ1Njc4OWFiY2RlZg=="),
        token().replace("MDEyMzQ1Njc4OWFiY2RlZg==", "MDEyMzQ1Njc4OWFiY2RlZg"),
        token(nonce=b""),
        token(login=" "),
        token(login="x" * 321),
        token(encoding_type="urn:hex"),
        token(digest="???"),
        token().replace("<wsse:Username>", "<wsse:Username><wsse:X/>"),
    ],
)
def test_malformed_tokens_are_refused_without_counting(edge: Edge, broken: str) -> None:
    assert_refused(edge, send(edge, broken), "malformed_token")
    assert edge.credentials.wrong == []


@pytest.mark.parametrize(
    ("inner", "attributes"),
    [
        (token(nonce=b"x" * 20), ""),
        (token(nonce=b"x"), ""),
        (token(nonce=b"x" * 5000), ""),
        (token(encoding_type=None), ""),
        (token().replace("<wsse:UsernameToken>", '<wsse:UsernameToken wsu:Id="uuid-1">'), ""),
        (token(), ' xmlns:m="http://schemas.xmlsoap.org/soap/envelope/" m:mustUnderstand="1"'),
        ("<wsu:Timestamp><wsu:Created>2000-01-01T00:00:00Z</wsu:Created></wsu:Timestamp>" + token(), ""),
        (token().replace("><", ">\n  <").replace("==</wsse:Nonce>", "==\n</wsse:Nonce>"), ""),
    ],
)
def test_what_clients_vary_in_a_token_is_tolerated(edge: Edge, inner: str, attributes: str) -> None:
    assert send(edge, inner, attributes).status == 200


@pytest.mark.parametrize(
    "header", [addressing(), addressing() + security(""), addressing() + security("<wsu:Timestamp/>")]
)
def test_a_request_without_a_token_gets_the_policy_text(edge: Edge, header: str) -> None:
    answer = edge.post(envelope(header=header))
    assert (answer.status, answer.text("faultstring")) == (500, POLICY_TEXT)
    assert answer.text("RelatesTo") == MESSAGE_ID
    assert edge.action == "refused_policy"


def test_a_security_header_for_another_actor_is_not_ours(edge: Edge) -> None:
    actor = ' xmlns:m="http://schemas.xmlsoap.org/soap/envelope/" m:actor="urn:proxy"'
    assert send(edge, token(), actor).text("faultstring") == POLICY_TEXT


def test_accounts_out_of_reach_mean_emergency_mode(edge: Edge) -> None:
    edge.credentials.error = UnavailableError(what="store", reason="connection refused by 10.0.0.1")
    answer = edge.post(envelope())
    assert (answer.status, answer.text("errorCode")) == (500, "B010")
    assert answer.text("businessErrorFault") is not None
    assert b"10.0.0.1" not in answer.body
    assert edge.facts["reason"] == "connection refused by 10.0.0.1"


def test_the_eleventh_request_at_once_gets_e011_and_another_account_does_not() -> None:
    edge = Edge(settings=EdgeSettings(max_concurrent_requests=2))
    other = "other@example.pl"
    edge.credentials.accounts[other] = Credentials(login=other, password_hash=hash_of("x"), active=True)
    gate, entered = threading.Event(), threading.Semaphore(0)

    def wait() -> None:
        entered.release()
        assert gate.wait(20)

    edge.service.meanwhile = wait
    statuses: list[int] = []

    def post(number: int) -> None:
        request = envelope(header=addressing() + security(token(nonce=b"%d" % number)))
        statuses.append(edge.post(request).status)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    assert all(entered.acquire(timeout=20) for _ in threads)
    edge.service.meanwhile = lambda: None
    third = edge.post(envelope())
    assert (third.status, third.text("errorCode")) == (500, "E011")
    assert third.text("Action") is not None
    assert (third.text("Action") or "").endswith("/AcceptDocument/Fault/techErrorFault")
    stranger = security(token(login=other, password_hash=hash_of("x"), nonce=b"s"))
    assert edge.post(envelope(header=addressing() + stranger)).status == 200
    gate.set()
    for thread in threads:
        thread.join(20)
    assert statuses == [200, 200]
    assert edge.post(envelope()).status == 200


@pytest.mark.parametrize(
    "values",
    [
        {"nonce_lifetime": timedelta(seconds=299)},
        {"max_concurrent_requests": 0},
        {"max_envelope_bytes": 1000},
    ],
)
def test_settings_that_contradict_each_other_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        EdgeSettings(**values)  # type: ignore[arg-type] # one value of each kind
