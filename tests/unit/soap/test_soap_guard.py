import io

import pytest

from gateway.soap import EdgeSettings
from tests.unit.soap.soap_kit import SOAP, Edge, accept, addressing, content, envelope, security

CLIENT = (SOAP, "Client")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not well-formed"),
        (b"hello", "not well-formed"),
        (envelope()[:-20], "not well-formed"),
        (envelope() + b"<x/>", "not well-formed"),
        (b"\xff\xfe" + envelope().decode().encode("utf-16-le"), "only UTF-8"),
        (b'<?xml version="1.0" encoding="ISO-8859-2"?>' + envelope(), "only UTF-8"),
        (envelope().replace(b"AES", b"\xb3"), "not well-formed"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + envelope(), "document type declaration"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + envelope(), "document type declaration"),
        (envelope(body="<a>" * 40 + "</a>" * 40), "max_depth"),
        (envelope(body="<a>" + "<b/>" * 6000 + "</a>"), "max_nodes"),
        (envelope(body=""), "exactly one request element; it holds 0"),
        (envelope(body=accept() + accept()), "exactly one request element; it holds 2"),
        (envelope().replace(b"s:Body", b"s:Torso"), "exactly one soap:Body"),
        (b"<html><body>hi</body></html>", "Envelope is expected"),
        (envelope(body="<x/>"), "AcceptDocument, GetNextDocument"),
        (envelope(body='<AcceptDocumentRequest xmlns="urn:other"/>'), "none of this service"),
        (
            envelope(body=accept(content()).replace("<ch:document>", "<ch:document/><ch:document>")),
            "only once",
        ),
        (envelope(body=accept(content() + content())), "content may occur only once"),
    ],
)
def test_bad_messages_get_a_client_fault_that_says_why(edge: Edge, body: bytes, says: str) -> None:
    answer = edge.post(body)
    assert (answer.status, answer.fault_code) == (500, CLIENT)
    assert says in (answer.text("faultstring") or "")
    assert edge.action == "refused_envelope"
    assert edge.facts["incident"] == answer.headers["X-Incident-Id"]
    assert edge.service.calls == []


@pytest.mark.parametrize("namespace", ["http://www.w3.org/2003/05/soap-envelope", "urn:x", ""])
def test_other_soap_versions_are_a_version_mismatch(edge: Edge, namespace: str) -> None:
    body = envelope(namespace=namespace or "urn:tmp")
    if not namespace:
        body = b"<Envelope><Body/></Envelope>"
    answer = edge.post(body)
    assert (answer.status, answer.fault_code) == (500, (SOAP, "VersionMismatch"))


def test_an_unknown_header_that_must_be_understood_is_refused(edge: Edge) -> None:
    header = addressing() + security() + '<t:Tx xmlns:t="urn:t" s:mustUnderstand="1"/>'
    answer = edge.post(envelope(header=header))
    assert answer.fault_code == (SOAP, "MustUnderstand")
    assert "{urn:t}Tx" in (answer.text("faultstring") or "")


@pytest.mark.parametrize("marks", ['s:mustUnderstand="0"', 's:mustUnderstand="1" s:actor="urn:someone"', ""])
def test_other_unknown_headers_are_skipped(edge: Edge, marks: str) -> None:
    header = addressing() + security() + f'<t:Tx xmlns:t="urn:t" {marks}/>'
    assert edge.post(envelope(header=header)).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "application/soap+xml; charset=utf-8",
        "multipart/related; type=text/xml",
        "text/xml; charset=iso-8859-2",
    ],
)
def test_other_media_types_get_415_with_a_fault(edge: Edge, content_type: str) -> None:
    answer = edge.post(envelope(), content_type=content_type)
    assert (answer.status, answer.fault_code) == (415, CLIENT)
    assert edge.action == "refused_http"


@pytest.mark.parametrize(
    "content_type", ["text/xml", "TEXT/XML;charset=UTF-8", 'application/xml; charset="utf-8"; action=x']
)
def test_the_ways_to_write_the_media_type_are_accepted(edge: Edge, content_type: str) -> None:
    assert edge.post(envelope(), content_type=content_type).status == 200


def test_a_byte_order_mark_and_a_declaration_are_accepted(edge: Edge) -> None:
    assert edge.post(b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n" + envelope()).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "X" * 500])
def test_other_methods_get_405_with_the_allowed_ones(edge: Edge, method: str) -> None:
    answer = edge.get(REQUEST_METHOD=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")


def test_a_plain_get_gets_405(edge: Edge) -> None:
    answer = edge.get()
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/", "/seap_wsChannel", "/seap_wsChannel/DocumentHandlingPort/", ""])
def test_other_paths_get_404(edge: Edge, path: str) -> None:
    assert edge.get("wsdl", PATH_INFO=path).status == 404
    assert edge.post(envelope(), PATH_INFO=path).status == 404


def small() -> Edge:
    return Edge(settings=EdgeSettings(max_content_bytes=100, max_envelope_bytes=4000))


class Endless:
    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int) -> bytes:
        self.given += size
        return b" " * size


def test_a_declared_length_beyond_the_limit_is_refused_unread() -> None:
    source = Endless()
    answer = small().post(b"", CONTENT_LENGTH="4001", **{"wsgi.input": source})
    assert (answer.status, source.given) == (413, 0)


def test_an_endless_chunked_body_is_cut_off_at_the_limit() -> None:
    source = Endless()
    answer = small().post(b"", CONTENT_LENGTH="", **{"wsgi.input": source, "wsgi.input_terminated": True})
    assert answer.status == 413
    assert source.given <= 4000 + 64 * 1024


def test_a_chunked_body_is_read_to_its_end(edge: Edge) -> None:
    assert edge.post(envelope(), CONTENT_LENGTH="", **{"wsgi.input_terminated": True}).status == 200


def test_a_body_of_unknown_length_is_refused_where_its_end_cannot_be_seen(edge: Edge) -> None:
    assert edge.post(envelope(), CONTENT_LENGTH="").status == 411


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "١٢", " 5"])
def test_a_bad_length_is_refused(edge: Edge, length: str) -> None:
    assert edge.post(envelope(), CONTENT_LENGTH=length).status == 400


def test_a_body_that_ends_early_is_refused(edge: Edge) -> None:
    assert edge.post(envelope(), CONTENT_LENGTH=str(len(envelope()) + 1)).status == 400


def test_a_body_that_comes_in_pieces_is_put_together(edge: Edge) -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 100))

    assert edge.post(envelope(), **{"wsgi.input": Trickle(envelope())}).status == 200


def test_nothing_internal_leaves_with_an_unexpected_error(edge: Edge) -> None:
    edge.service.error = KeyError("secret detail")
    answer = edge.post(envelope())
    incident = answer.headers["X-Incident-Id"]
    assert (answer.status, answer.text("errorCode")) == (500, "E001")
    assert (answer.text("faultstring"), answer.text("errorDesc")) == (
        "Błąd komunikacji",
        f"Internal error, incident {incident}.",
    )
    assert b"secret" not in answer.body
    assert edge.action == "internal_error"
    assert (edge.facts["incident"], edge.facts["exc_info"]) == (incident, edge.service.error)


def test_a_fault_does_not_echo_endless_names(edge: Edge) -> None:
    answer = edge.post(envelope(body=f"<{'x' * 100_000}/>"))
    assert (answer.status, len(answer.body) < 3000) == (500, True)
