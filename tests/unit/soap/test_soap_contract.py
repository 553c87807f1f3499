"""The served contract, and independent clients that use it over real HTTP."""

import base64
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import suds.client
import zeep
from lxml import etree
from zeep.wsa import WsAddressingPlugin
from zeep.wsse.username import UsernameToken

from gateway.channel import Credentials, DocumentsPage, NextDocument
from gateway.errors import BusinessError
from gateway.soap import PATH, EdgeSettings
from tests.unit.soap.soap_kit import (
    CH,
    LOGIN,
    PASSWORD,
    PASSWORD_HASH,
    PAYLOAD,
    PULL,
    SYS_REF,
    Edge,
    addressing,
    envelope,
    hash_of,
    mailbox,
    security,
    token,
)


def address_in(wsdl: bytes) -> str:
    (address,) = etree.fromstring(wsdl).iter("{http://schemas.xmlsoap.org/wsdl/soap/}address")
    return address.get("location", "")


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "Wsdl"])
def test_the_wsdl_names_the_address_it_was_asked_at(edge: Edge, query: str) -> None:
    answer = edge.get(query)
    assert answer.status == 200
    assert address_in(answer.body) == f"https://ws.example.pl{PATH}"
    assert f'schemaLocation="https://ws.example.pl{PATH}?xsd=WS_CHANNEL.xsd"'.encode() in answer.body
    assert edge.action == "contract_served"


def test_a_configured_address_is_served_instead() -> None:
    edge = Edge(settings=EdgeSettings(public_url=f"https://public.example.pl{PATH}"))
    assert address_in(edge.get("wsdl", HTTP_HOST="10.0.0.1:8080").body) == f"https://public.example.pl{PATH}"


@pytest.mark.parametrize("host", ['x"y', "a/b", "a b", "<a>", "a@b", ""])
def test_a_host_that_is_none_is_refused(edge: Edge, host: str) -> None:
    answer = edge.get("wsdl", HTTP_HOST=host)
    assert answer.status == (400 if host else 200)


def test_only_our_schema_is_served(edge: Edge) -> None:
    assert edge.get("xsd=WS_CHANNEL.xsd").status == 200
    assert edge.get("xsd=../settings.py").status == 404
    assert edge.get("xsd=").status == 405


def test_the_schemas_compile_and_hold_what_we_answer(edge: Edge, tmp_path: Path) -> None:
    wsdl = etree.fromstring(edge.get("wsdl").body)
    (pull,) = wsdl.iter("{http://www.w3.org/2001/XMLSchema}schema")

    (tmp_path / "channel.xsd").write_bytes(edge.get("xsd=WS_CHANNEL.xsd").body)
    for reference in pull.iter("{http://www.w3.org/2001/XMLSchema}import"):
        reference.set("schemaLocation", (tmp_path / "channel.xsd").as_uri())
    schema = etree.XMLSchema(etree.fromstring(etree.tostring(pull)))
    edge.service.page = DocumentsPage(count=1, documents=(mailbox(case_id="C"),))
    for request in (None, f'<GetDocumentsRequest xmlns="{PULL}"/>'):
        edge.service.nonces.clear()
        answer = edge.post(envelope(request)).root
        schema.assertValid(next(answer.iter(f"{{{PULL}}}*")))
    edge.service.nonces.clear()
    edge.service.error = BusinessError(code="B006", description="No")
    schema.assertValid(next(edge.post(envelope()).root.iter(f"{{{PULL}}}businessErrorFault")))


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the base's signature
        """Say nothing."""


@pytest.fixture
def live() -> Iterator[tuple[Edge, str]]:
    edge = Edge(clock=lambda: datetime.now(UTC))
    with make_server("127.0.0.1", 0, edge.app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield edge, f"http://127.0.0.1:{server.server_port}{PATH}"
        server.shutdown()
        thread.join(20)


def channel_password(password: str) -> str:
    return base64.b64encode(hashlib.sha1(password.encode(), usedforsecurity=False).digest()).decode()


def zeep_client(url: str, password: str) -> Any:  # noqa: ANN401 - zeep has no types
    library: Any = zeep
    username_token: Any = UsernameToken
    wsse = username_token(LOGIN, password=password, use_digest=True)
    return library.Client(f"{url}?wsdl", wsse=wsse, plugins=[WsAddressingPlugin()])


@pytest.fixture
def client(live: tuple[Edge, str]) -> Iterator[Any]:
    made = zeep_client(live[1], channel_password(PASSWORD))
    with made.transport.session:
        yield made


def test_zeep_numbers_the_two_schemas_pull_first(client: Any) -> None:  # noqa: ANN401 - zeep has no types
    namespaces = {prefix: uri for prefix, uri in client.namespaces.items() if prefix.startswith("ns")}
    assert namespaces == {"ns0": PULL, "ns1": CH}
    assert set(client.service._operations) == {  # noqa: SLF001 - zeep shows its operations nowhere else
        "AcceptDocument",
        "GetNextDocument",
        "GetNextDocumentSisc",
        "GetDocuments",
    }


def test_zeep_submits_and_collects(client: Any, live: tuple[Edge, str]) -> None:  # noqa: ANN401 - zeep has no types
    edge, _ = live
    document = client.get_element("ns1:document")(
        content={"_value_1": PAYLOAD, "filename": "a.xml", "mime": "application/xml"},
        targetSystems={"system": ["TAX FREE"]},
    )
    assert client.service.AcceptDocument(document) == SYS_REF
    assert edge.service.submission.content.data == PAYLOAD
    assert edge.service.submission.target_systems == ("TAX FREE",)
    edge.service.next_document = NextDocument(document=mailbox(), has_next=True)
    answer = client.service.GetNextDocument(targetSystem="SENT")
    assert (answer.hasNext, answer.document.content["_value_1"]) == (True, b"<UPP/>")
    assert client.service.GetNextDocumentSisc(idSiscP="PL123456789012").document.dispatchId == "D-1"
    edge.service.page = DocumentsPage(count=3, documents=(mailbox(), mailbox()))
    page = client.service.GetDocuments(pobrany="0", dataOd="2026-01-01", dataDo="2026-01-02")
    assert (page.documentsCount, len(page.document)) == (3, 2)


def test_zeep_sees_the_codes_of_a_fault(client: Any, live: tuple[Edge, str]) -> None:  # noqa: ANN401 - zeep has no types
    text = "At least one of idSisc needs to be provided"
    live[0].service.error = BusinessError(code="B006", description=text)
    with pytest.raises(zeep.exceptions.Fault, match=text) as caught:
        client.service.GetNextDocumentSisc()
    assert caught.value.detail.find(f".//{{{CH}}}errorCode").text == "B006"


def test_zeep_with_the_plain_password_is_refused(live: tuple[Edge, str]) -> None:
    edge, url = live
    wrong = zeep_client(url, PASSWORD)
    with wrong.transport.session, pytest.raises(zeep.exceptions.Fault, match="A security error"):
        wrong.service.GetNextDocument()
    assert edge.credentials.wrong == [LOGIN]


def test_suds_reads_the_contract_and_is_refused_without_addressing(live: tuple[Edge, str]) -> None:
    client = suds.client.Client(f"{live[1]}?wsdl", cache=None)
    with pytest.raises(suds.WebFault, match="A required header representing a Message Addressing Property"):
        client.service.GetNextDocument()


def test_many_threads_are_served_at_once() -> None:
    edge = Edge(settings=EdgeSettings(max_concurrent_requests=4))
    logins = [f"user{number}@example.pl" for number in range(4)]
    for login in logins:
        edge.credentials.accounts[login] = Credentials(login=login, password_hash=hash_of(login), active=True)
    answers: list[tuple[int, bool]] = []

    def work(login: str) -> None:
        for number in range(20):
            proof = security(token(login=login, password_hash=hash_of(login), nonce=f"{number}".encode()))
            answer = edge.post(envelope(header=addressing(f"id-{login}-{number}") + proof))
            answers.append((answer.status, answer.text("RelatesTo") == f"id-{login}-{number}"))

    threads = [threading.Thread(target=work, args=(login,)) for login in logins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [(200, True)] * 80


def test_spyne_is_imported_without_a_warning() -> None:
    program = "import gateway.soap.service as s; s.OperationServer(); print('ok')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.stdout.strip(), done.stderr) == ("ok", "")


def test_the_password_equivalent_of_the_tests_is_the_published_one() -> None:
    assert hash_of(PASSWORD) == PASSWORD_HASH
