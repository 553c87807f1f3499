"""Garbage gets a clear fault and leaves the service healthy."""

import base64

import httpx
import pytest

from tests.acceptance.running import RunningSandbox, envelope, security_header

_OPEN = '<pull:AcceptDocumentRequest><ch:document><ch:content mime="application/xml">'
_CLOSE = "</ch:content></ch:document></pull:AcceptDocumentRequest>"


def accept(sandbox: RunningSandbox, content: str) -> bytes:
    return envelope(f"{_OPEN}{content}{_CLOSE}", security=security_header(sandbox.account))


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def assert_fault(response: httpx.Response, text: str = "") -> None:
    assert response.status_code >= 400
    assert b"Fault>" in response.content
    assert text in response.text
    assert "Traceback" not in response.text
    assert ".py" not in response.text
    assert response.headers["X-Incident-Id"]


@pytest.fixture(autouse=True)
def healthy_afterwards(sandbox: RunningSandbox) -> object:
    yield
    assert httpx.get(f"{sandbox.url}/health/ready").is_success


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[: len(body) // 2],
        lambda body: b'<!DOCTYPE s [<!ENTITY x "y">]>' + body,
        lambda body: body.decode().encode("utf-16"),
        lambda body: body.replace(b"<ch:content", b"\xff\xfe<ch:content"),
        lambda body: body.replace(_OPEN.encode(), b"<a>" * 5000 + _OPEN.encode()),
        lambda _: b"",
        lambda _: b"garbage",
        lambda _: b"\x00" * 1000,
        lambda _: b"<a/>",
        lambda body: body.replace(b"schemas.xmlsoap.org/soap/envelope/", b"www.w3.org/2003/05/soap-envelope"),
        lambda body: body.replace(b"AcceptDocumentRequest", b"DropDocumentRequest"),
    ],
    ids=[
        "truncated", "doctype", "utf-16", "not utf-8", "deep", "empty", "garbage", "zeros", "no envelope",
        "soap 1.2", "unknown operation",
    ],
)  # fmt: skip
def test_a_damaged_envelope_is_refused(damage: object, sandbox: RunningSandbox) -> None:
    assert callable(damage)

    assert_fault(sandbox.post(damage(accept(sandbox, encoded(b"<a/>")))))


@pytest.mark.parametrize("kind", ["application/json", "multipart/related", "text/plain"])
def test_another_content_type_is_refused(kind: str, sandbox: RunningSandbox) -> None:
    response = sandbox.post(accept(sandbox, encoded(b"<a/>")), Content_Type=kind)

    assert response.status_code == 415
    assert_fault(response)


@pytest.mark.parametrize("content", ["%%%", "QUJD=QUJD", "żółć", "QUI"])
def test_garbage_in_base64_is_refused(content: str, sandbox: RunningSandbox) -> None:
    assert_fault(sandbox.post(accept(sandbox, content)), "E003")


def test_a_document_beyond_15_mib_is_refused(sandbox: RunningSandbox) -> None:
    content = b"<a>" + b" " * (15 * 2**20) + b"</a>"

    assert_fault(sandbox.post(accept(sandbox, encoded(content))), "E001")


def test_a_request_beyond_any_allowed_size_is_refused(sandbox: RunningSandbox) -> None:
    assert_fault(sandbox.post(b"<a>" + b" " * (40 * 2**20) + b"</a>"))


def test_missing_addressing_headers_are_named(sandbox: RunningSandbox) -> None:
    body = envelope(
        "<pull:GetNextDocumentRequest/>", security=security_header(sandbox.account), addressing=False
    )

    text = "A required header representing a Message Addressing Property is not present"
    assert_fault(sandbox.post(body), text)


def test_a_missing_token_is_a_policy_fault(sandbox: RunningSandbox) -> None:
    body = envelope("<pull:GetNextDocumentRequest/>", security="")

    assert_fault(sandbox.post(body), "These policy alternatives can not be satisfied")


def test_a_token_is_good_for_one_call(sandbox: RunningSandbox) -> None:
    body = envelope("<pull:GetNextDocumentRequest/>", security=security_header(sandbox.account))
    assert sandbox.post(body).status_code == 200

    assert_fault(sandbox.post(body), "A security error was encountered when verifying the message")


def test_a_token_of_a_refused_call_is_used_up_too(sandbox: RunningSandbox) -> None:
    security = security_header(sandbox.account)
    refused = sandbox.post(envelope("<pull:GetDocumentsRequest/>", security=security, action="GetDocuments"))
    assert "B006" in refused.text

    again = sandbox.post(envelope("<pull:GetNextDocumentRequest/>", security=security))
    assert_fault(again, "A security error was encountered")


@pytest.mark.parametrize("created", ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "yesterday"])
def test_a_token_outside_the_window_is_refused(created: str, sandbox: RunningSandbox) -> None:
    security = security_header(sandbox.account, created=created)

    assert_fault(
        sandbox.post(envelope("<pull:GetNextDocumentRequest/>", security=security)), "A security error"
    )


def test_other_paths_and_methods_are_told_apart(sandbox: RunningSandbox) -> None:
    assert httpx.get(f"{sandbox.url}/nowhere").status_code == 404
    assert httpx.put(sandbox.endpoint, content=b"x").status_code == 405
    assert httpx.get(f"{sandbox.endpoint}?WSDL").status_code == 200
    assert b"seap_wsChannel" in httpx.get(f"{sandbox.endpoint}?wsdl").content
    assert httpx.get(f"{sandbox.endpoint}?xsd=WS_CHANNEL.xsd").status_code == 200
