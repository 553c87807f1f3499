"""The exact bytes of answers: some clients read them with regular expressions."""

import pytest

from gateway.channel import DocumentsPage, NextDocument
from gateway.errors import BusinessError, TechnicalError, UnavailableError
from tests.unit.soap.soap_kit import (
    CH,
    MESSAGE_ID,
    PULL,
    SOAP,
    SYS_REF,
    WSA05,
    Edge,
    addressing,
    envelope,
    mailbox,
    security,
)

PORT = f"{PULL}/DocumentHandlingPort"


def answer_of(action: str, body: str, number: int = 1) -> str:
    return (
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Header>'
        f'<Action xmlns="{WSA05}">{action}</Action>'
        f'<MessageID xmlns="{WSA05}">urn:uuid:00000000-0000-4000-8000-{number:012x}</MessageID>'
        f'<To xmlns="{WSA05}">{WSA05}/anonymous</To>'
        f'<RelatesTo xmlns="{WSA05}">{MESSAGE_ID}</RelatesTo>'
        f"</soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"
    )


def message(name: str, inner: str, attributes: str = "") -> str:
    start = f'<ns2:{name} xmlns="{CH}" xmlns:ns2="{PULL}"{attributes}'
    return f"{start}>{inner}</ns2:{name}>" if inner else f"{start}/>"


DOCUMENT = (
    '<document><content filename="UPP.xml" mime="application/xml">PFVQUC8+</content>'
    "<dispatchId>D-1</dispatchId>{}<targetSystems><system>PODMIOT</system></targetSystems></document>"
)


def ask(name: str, inner: str = "") -> bytes:
    return envelope(f'<p:{name}Request xmlns:p="{PULL}">{inner}</p:{name}Request>')


def test_an_accepted_document(edge: Edge) -> None:
    answer = edge.post(envelope())
    body = message("AcceptDocumentResponse", f"<result><sysRef>{SYS_REF}</sysRef></result>")
    assert answer.body.decode() == answer_of(f"{PORT}/AcceptDocumentResponse", body)
    assert answer.status == 200
    assert answer.headers == {
        "Content-Type": "text/xml;charset=UTF-8",
        "Content-Length": str(len(answer.body)),
    }


@pytest.mark.parametrize("operation", ["GetNextDocument", "GetNextDocumentSisc"])
def test_a_collected_document_and_an_empty_mailbox(edge: Edge, operation: str) -> None:
    nothing = message("GetNextDocumentResponse", "", ' hasNext="false"')
    assert edge.post(ask(operation)).body.decode() == answer_of(f"{PORT}/{operation}Response", nothing)
    edge.service.nonces.clear()
    found = mailbox(case_id="C-1", person="PL00000001", middle="PL00000002", end="PL00000003")
    edge.service.next_document = NextDocument(document=found, has_next=True)
    ids = (
        "<caseId>C-1</caseId><personSISC>PL00000001</personSISC><middleSISC>PL00000002</middleSISC>"
        "<endSISC>PL00000003</endSISC>"
    )
    body = message("GetNextDocumentResponse", DOCUMENT.format(ids), ' hasNext="true"')
    assert edge.post(ask(operation)).body.decode() == answer_of(f"{PORT}/{operation}Response", body, 2)


def test_found_documents_come_after_their_count_even_if_there_is_none(edge: Edge) -> None:
    nothing = message("GetDocumentsResponse", "<ns2:documentsCount>0</ns2:documentsCount>")
    assert edge.post(ask("GetDocuments")).body.decode() == answer_of(f"{PORT}/GetDocumentsResponse", nothing)
    edge.service.nonces.clear()
    edge.service.page = DocumentsPage(count=7, documents=(mailbox(), mailbox()))
    body = message(
        "GetDocumentsResponse",
        "<ns2:documentsCount>7</ns2:documentsCount>" + DOCUMENT.format("") * 2,
    )
    assert edge.post(ask("GetDocuments")).body.decode() == answer_of(f"{PORT}/GetDocumentsResponse", body, 2)


def fault(inner: str) -> str:
    return f"<soap:Fault>{inner}</soap:Fault>"


def channel_fault(element: str, code: str, text: str, headline: str) -> str:
    error = f"<ns2:error><errorCode>{code}</errorCode><errorDesc>{text}</errorDesc></ns2:error>"
    return fault(
        f"<faultcode>soap:Server</faultcode><faultstring>{headline}</faultstring>"
        f"<detail>{message(element, error)}</detail>"
    )


@pytest.mark.parametrize(
    ("error", "element", "code", "text", "headline"),
    [
        (
            TechnicalError(code="E003", description="Nie & nie <tak>", headline="Błąd komunikacji"),
            "techErrorFault",
            "E003",
            "Nie &amp; nie &lt;tak&gt;",
            "Błąd komunikacji",
        ),
        (BusinessError(code="B006", description="No"), "businessErrorFault", "B006", "No", "No"),
        (
            UnavailableError(what="store", reason="down"),
            "businessErrorFault",
            "B010",
            "The system is in emergency mode and accepts no requests; try again later.",
            "System pracuje w trybie awaryjnym",
        ),
    ],
)
def test_a_channel_fault(
    edge: Edge, error: Exception, element: str, code: str, text: str, headline: str
) -> None:
    edge.service.error = error
    answer = edge.post(envelope())
    body = channel_fault(element, code, text, headline)
    # The first id was for a success, the second names the incident, the third the message.
    assert answer.body.decode() == answer_of(f"{PORT}/AcceptDocument/Fault/{element}", body, 3)
    assert (answer.status, answer.headers["X-Incident-Id"]) == (500, "000000000002")


def test_a_fault_of_another_operation_names_that_operation(edge: Edge) -> None:
    edge.service.error = BusinessError(code="B006", description="No")
    action = edge.post(ask("GetDocuments")).text("Action")
    assert action == f"{PORT}/GetDocuments/Fault/businessErrorFault"


def test_a_security_fault_is_bare(edge: Edge) -> None:
    answer = edge.post(envelope(header=addressing() + security("<wsse:UsernameToken/>")))
    body = fault(
        '<faultcode xmlns:ns1="http://ws.apache.org/wss4j">ns1:SecurityError</faultcode>'
        "<faultstring>A security error was encountered when verifying the message</faultstring>"
    )
    assert answer.body.decode() == answer_of(f"{WSA05}/soap/fault", body, 2)


def test_texts_that_xml_cannot_hold_are_replaced(edge: Edge) -> None:
    edge.service.error = TechnicalError(code="E003", description="a\x00b\ud800c")
    assert edge.post(envelope()).text("errorDesc") == "a\ufffdb\ufffdc"


def test_the_message_id_comes_back_verbatim(edge: Edge) -> None:
    answer = edge.post(envelope(header=addressing(" any &lt;text&gt; ") + security()))
    assert b">" + b" any &lt;text&gt; " + b"</RelatesTo>" in answer.body
