"""Requests as the known clients write them, byte for byte in what differs between them."""

import pytest

from gateway.channel import ContextFilter, DocumentsQuery
from gateway.soap import channel_digest
from tests.unit.soap.soap_kit import (
    CH,
    CREATED,
    DIGEST_TYPE,
    LOGIN,
    PASSWORD_HASH,
    PAYLOAD,
    PULL,
    SOAP,
    SYS_REF,
    WSA04,
    WSA05,
    WSSE,
    WSU,
    Edge,
    b64,
)

NONCE = b"0123456789abcdef"
UUID = "7a1f6f0e-1c7e-4f37-9d0e-5a1f0b1c2d3e"
ENDPOINT = "https://ws.example.pl/seap_wsChannel/DocumentHandlingPort"
BASE64_TYPE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"


def digest(nonce: bytes = NONCE, created: str = CREATED) -> str:
    return b64(channel_digest(nonce=nonce, created=created, password_hash=PASSWORD_HASH))


ZEEP = f"""<?xml version='1.0' encoding='utf-8'?>
<soap-env:Envelope xmlns:soap-env="{SOAP}"><soap-env:Header xmlns:wsa="{WSA05}">\
<wsa:Action>AcceptDocument</wsa:Action>\
<wsa:MessageID>urn:uuid:{UUID}</wsa:MessageID><wsa:To>{ENDPOINT}</wsa:To>\
<wsse:Security xmlns:wsse="{WSSE}"><wsse:UsernameToken><wsse:Username>{LOGIN}</wsse:Username>\
<wsse:Password Type="{DIGEST_TYPE}">{digest(created="2026-01-02T03:04:05+00:00")}</wsse:Password>\
<wsse:Nonce EncodingType="{BASE64_TYPE}">{b64(NONCE)}</wsse:Nonce>\
<wsu:Created xmlns:wsu="{WSU}">2026-01-02T03:04:05+00:00</wsu:Created></wsse:UsernameToken></wsse:Security>\
</soap-env:Header><soap-env:Body><ns0:AcceptDocumentRequest xmlns:ns0="{PULL}">\
<ns1:document xmlns:ns1="{CH}">\
<ns1:content filename="taxfree.xml" mime="application/xml">{b64(PAYLOAD)}</ns1:content>\
<ns1:targetSystems><ns1:system>TAX FREE</ns1:system></ns1:targetSystems></ns1:document>\
</ns0:AcceptDocumentRequest></soap-env:Body></soap-env:Envelope>"""

RAW = f"""<soap-env:Envelope xmlns:soap-env='{SOAP}' xmlns:_v2='{PULL}' xmlns:_v21='{CH}'>
  <soap-env:Header>
    <wsse:Security xmlns:wsse='{WSSE}' xmlns:wsu='{WSU}'>
      <wsse:UsernameToken>
        <wsse:Username>{LOGIN}</wsse:Username>
        <wsse:Password Type='{DIGEST_TYPE}'>{digest()}</wsse:Password>
        <wsse:Nonce EncodingType='{BASE64_TYPE}'>{b64(NONCE)}</wsse:Nonce>
        <wsu:Created>{CREATED}</wsu:Created>
      </wsse:UsernameToken>
    </wsse:Security>
    <wsa:Action xmlns:wsa='{WSA05}'>AcceptDocument</wsa:Action>
    <wsa:MessageID xmlns:wsa='{WSA05}'>uuid:{UUID}</wsa:MessageID>
    <wsa:To xmlns:wsa='{WSA05}'>{ENDPOINT}</wsa:To>
  </soap-env:Header>
  <soap-env:Body>
    <_v2:AcceptDocumentRequest>
      <_v21:document>
        <_v21:content filename='ZSL_120_1a2b3c4d.xml' mime='application/xml'>
          {b64(PAYLOAD)}
        </_v21:content>
        <_v21:targetSystems><_v21:system>SENT</_v21:system></_v21:targetSystems>
      </_v21:document>
    </_v2:AcceptDocumentRequest>
  </soap-env:Body>
</soap-env:Envelope>"""

WCF_HEADER = f"""<a:Action s:mustUnderstand="1" xmlns:a="{WSA04}">GetDocuments</a:Action>
<a:MessageID xmlns:a="{WSA04}">urn:uuid:{UUID}</a:MessageID>
<a:ReplyTo xmlns:a="{WSA04}"><a:Address>{WSA04}/role/anonymous</a:Address></a:ReplyTo>"""
WCF_CREATED = "2026-01-02T03:04:05.000Z"
WCF_SECURITY = f"""<o:Security s:mustUnderstand="1" xmlns:o="{WSSE}">
<o:UsernameToken u:Id="uuid-{UUID}-1" xmlns:u="{WSU}">
<o:Username>{LOGIN}</o:Username>
<o:Password Type="{DIGEST_TYPE}">{digest(b"x" * 20, WCF_CREATED)}</o:Password>
<o:Nonce>{b64(b"x" * 20)}</o:Nonce><u:Created>{WCF_CREATED}</u:Created></o:UsernameToken></o:Security>"""


def wcf(body: str, *, to: bool = False) -> str:
    destination = f'<a:To s:mustUnderstand="1" xmlns:a="{WSA04}">{ENDPOINT}</a:To>' if to else ""
    return (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header>{WCF_HEADER}{destination}{WCF_SECURITY}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


CUSTOMS_ACCEPT = f"""<AcceptDocumentRequest xmlns="{PULL}">
  <document xmlns="{CH}">
    <content filename="10732" mime="application/xml">{b64(PAYLOAD)}</content>
  </document>
</AcceptDocumentRequest>"""
CUSTOMS_SEARCH = f"""<GetDocumentsRequest xmlns="{PULL}"><idSiscP>PL123456789012</idSiscP><pobrany>0</pobrany>
<dataOd>2024-01-25T10:20:00</dataOd><dataDo>2024-01-25T11:25:00.123</dataDo><allEmployees>true</allEmployees>
<targetSystem>AES</targetSystem></GetDocumentsRequest>"""
TARIFF_SEARCH = f"""<GetDocumentsRequest xmlns="{PULL}"><pobrany>0</pobrany>
<korelacjaSysref>{UUID}</korelacjaSysref>
<targetSystem>ISZTAR4</targetSystem></GetDocumentsRequest>"""


@pytest.mark.parametrize(
    ("request_text", "content_type", "action", "target", "message_id"),
    [
        (ZEEP, "text/xml; charset=utf-8", '"AcceptDocument"', ("TAX FREE",), f"urn:uuid:{UUID}"),
        (RAW, "application/xml; charset=utf-8", "AcceptDocument", ("SENT",), f"uuid:{UUID}"),
        (wcf(CUSTOMS_ACCEPT), "text/xml", "", (), f"urn:uuid:{UUID}"),
    ],
)
def test_a_client_submits_unchanged(
    edge: Edge,
    request_text: str,
    content_type: str,
    action: str,
    target: tuple[str, ...],
    message_id: str,
) -> None:
    answer = edge.post(request_text.encode(), content_type=content_type, HTTP_SOAPACTION=action)
    assert (answer.status, answer.text("sysRef")) == (200, SYS_REF)
    assert answer.text("RelatesTo") == message_id
    assert edge.service.submission.content.data == PAYLOAD
    assert edge.service.submission.target_systems == target


@pytest.mark.parametrize("to", [False, True])
def test_answers_keep_the_older_addressing_version(edge: Edge, to: bool) -> None:  # noqa: FBT001 - a parameter
    answer = edge.post(wcf(CUSTOMS_SEARCH, to=to).encode())
    assert answer.status == 200
    header = next(answer.root.iter(f"{{{SOAP}}}Header"))
    assert [element.tag for element in header] == [
        f"{{{WSA04}}}{name}" for name in ("Action", "MessageID", "To", "RelatesTo")
    ]
    assert answer.text("To") == f"{WSA04}/role/anonymous"


@pytest.mark.parametrize("soap_action", ['"GetDocuments"', '"GetNextDocumentSisc"', "AcceptDocument", ""])
def test_the_body_alone_decides_on_the_operation(edge: Edge, soap_action: str) -> None:
    assert edge.post(wcf(CUSTOMS_SEARCH).encode(), HTTP_SOAPACTION=soap_action).status == 200
    assert edge.service.calls == [
        (
            "GetDocuments",
            DocumentsQuery(
                context=ContextFilter(end="PL123456789012", all_employees=True),
                collected="0",
                date_from="2024-01-25T10:20:00",
                date_to="2024-01-25T11:25:00.123",
                target_system="AES",
            ),
        )
    ]


def test_a_tariff_query_without_dates_is_passed_on(edge: Edge) -> None:
    edge.post(wcf(TARIFF_SEARCH, to=True).encode())
    ((_, query),) = edge.service.calls
    assert query == DocumentsQuery(collected="0", correlation_sys_ref=UUID, target_system="ISZTAR4")


@pytest.mark.parametrize(
    ("inner", "target"),
    [
        ("", None),
        ("<p:targetSystem>SENT</p:targetSystem>", "SENT"),
        ("<p:targetSystem/>", None),
        ("\n<!-- all -->\n", None),
        ("<p:unheardOf>1</p:unheardOf>", None),
    ],
)
def test_the_next_document_is_asked_for_in_both_contract_versions(
    edge: Edge, inner: str, target: str | None
) -> None:
    edge.post(wcf(f'<p:GetNextDocumentRequest xmlns:p="{PULL}">{inner}</p:GetNextDocumentRequest>').encode())
    assert edge.service.calls == [("GetNextDocument", target)]


def test_the_next_document_of_a_context_is_asked_for(edge: Edge) -> None:
    body = (
        f'<GetNextDocumentSiscRequest xmlns="{PULL}"><idSiscROF>PL00000001</idSiscROF>'
        "<idSiscROP>PL00000002</idSiscROP><idSiscP>PL00000003</idSiscP><allEmployees> 0 </allEmployees>"
        "</GetNextDocumentSiscRequest>"
    )
    edge.post(wcf(body).encode())
    context = ContextFilter(person="PL00000001", middle="PL00000002", end="PL00000003")
    assert edge.service.calls == [("GetNextDocumentSisc", (context, None))]


def test_a_flag_that_is_no_boolean_is_refused(edge: Edge) -> None:
    body = CUSTOMS_SEARCH.replace(">true<", ">tak<")
    assert "allEmployees must be true or false" in (edge.post(wcf(body).encode()).text("faultstring") or "")


SUDS = f"""<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:ns0="{SOAP}" xmlns:ns1="{PULL}" xmlns:SOAP-ENV="{SOAP}"><SOAP-ENV:Header>HEADER\
{WCF_SECURITY.replace("s:mustUnderstand", "SOAP-ENV:mustUnderstand")}</SOAP-ENV:Header>\
<ns0:Body><ns1:GetNextDocumentRequest/></ns0:Body></SOAP-ENV:Envelope>"""


def test_a_client_without_addressing_is_refused_with_the_known_text(edge: Edge) -> None:
    answer = edge.post(SUDS.replace("HEADER", "").encode())
    assert answer.status == 500
    assert answer.fault_code == (WSA05, "MessageAddressingHeaderRequired")
    assert (
        answer.text("faultstring")
        == "A required header representing a Message Addressing Property is not present"
    )
    assert list(answer.root.iter(f"{{{SOAP}}}Header")) == []
    assert edge.action == "refused_addressing"


def test_two_prefixes_for_the_soap_namespace_are_one_namespace(edge: Edge) -> None:
    header = WCF_HEADER.replace("s:mustUnderstand", "SOAP-ENV:mustUnderstand")
    assert edge.post(SUDS.replace("HEADER", header).encode()).status == 200


@pytest.mark.parametrize("missing", ["Action", "MessageID"])
def test_each_required_addressing_header_is_demanded_in_the_version_used(edge: Edge, missing: str) -> None:
    body = wcf(CUSTOMS_SEARCH).replace(f"a:{missing}", "a:Other")
    assert edge.post(body.encode()).fault_code == (WSA04, "MessageAddressingHeaderRequired")
    assert edge.facts["header"] == missing


def test_an_empty_message_id_is_a_missing_one(edge: Edge) -> None:
    body = wcf(CUSTOMS_SEARCH).replace(f"urn:uuid:{UUID}", "  ")
    assert edge.post(body.encode()).fault_code == (WSA04, "MessageAddressingHeaderRequired")


def test_a_message_id_given_twice_is_invalid(edge: Edge) -> None:
    twice = f'<a:MessageID xmlns:a="{WSA04}">x</a:MessageID>{WCF_SECURITY}'
    body = wcf(CUSTOMS_SEARCH).replace(WCF_SECURITY, twice)
    assert edge.post(body.encode()).fault_code == (WSA04, "InvalidAddressingHeader")


def test_an_endless_message_id_is_invalid_and_not_sent_back(edge: Edge) -> None:
    body = wcf(CUSTOMS_SEARCH).replace(f"urn:uuid:{UUID}", "x" * 2001)
    answer = edge.post(body.encode())
    assert answer.fault_code == (WSA04, "InvalidAddressingHeader")
    assert len(answer.body) < 1000
