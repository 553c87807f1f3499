"""The clients in use, replayed as raw HTTP on a running gateway: each as it writes its requests."""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from gateway.soap.names import (
    CHANNEL,
    PULL,
    SOAP_ENVELOPE,
    WSA_2004,
    WSA_2005,
    WSSE,
    WSSE_BASE64,
    WSSE_PASSWORD_DIGEST,
    WSU,
)
from tests.acceptance.enrolment import Enrolled, enrol_many
from tests.acceptance.messages import signed_example
from tests.acceptance.running import Account, RunningSandbox, until


@dataclass(frozen=True, kw_only=True)
class Token:
    """The values of a UsernameToken for one call."""

    login: str
    nonce: str
    created: str
    digest: str


def token(account: Account, created: str, *, nonce_bytes: int = 16) -> Token:
    nonce = secrets.token_bytes(nonce_bytes)
    inner = base64.b64encode(hashlib.sha1(account.password.encode(), usedforsecurity=False).digest())
    digest = hashlib.sha1(nonce + created.encode() + inner, usedforsecurity=False).digest()
    return Token(
        login=account.login,
        nonce=base64.b64encode(nonce).decode(),
        created=created,
        digest=base64.b64encode(digest).decode(),
    )


def zeep_request(account: Account, content: bytes) -> bytes:
    t = token(account, datetime.now(UTC).replace(microsecond=0).isoformat())
    return f"""<?xml version='1.0' encoding='utf-8'?>
<soap-env:Envelope xmlns:soap-env="{SOAP_ENVELOPE}"><soap-env:Header xmlns:wsa="{WSA_2005}">\
<wsa:Action>AcceptDocument</wsa:Action><wsa:MessageID>urn:uuid:{uuid.uuid4()}</wsa:MessageID>\
<wsa:To>https://gateway.example/x</wsa:To>\
<wsse:Security xmlns:wsse="{WSSE}"><wsse:UsernameToken><wsse:Username>{t.login}</wsse:Username>\
<wsse:Password Type="{WSSE_PASSWORD_DIGEST}">{t.digest}</wsse:Password>\
<wsse:Nonce EncodingType="{WSSE_BASE64}">{t.nonce}</wsse:Nonce>\
<wsu:Created xmlns:wsu="{WSU}">{t.created}</wsu:Created></wsse:UsernameToken></wsse:Security>\
</soap-env:Header><soap-env:Body><ns0:AcceptDocumentRequest xmlns:ns0="{PULL}">\
<ns1:document xmlns:ns1="{CHANNEL}"><ns1:content filename="a.xml" mime="application/xml">\
{base64.b64encode(content).decode()}</ns1:content>\
<ns1:targetSystems><ns1:system>NCTS2</ns1:system></ns1:targetSystems></ns1:document>\
</ns0:AcceptDocumentRequest></soap-env:Body></soap-env:Envelope>""".encode()


def raw_request(account: Account, content: bytes) -> bytes:
    t = token(account, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return f"""<soap-env:Envelope xmlns:soap-env='{SOAP_ENVELOPE}' xmlns:_v2='{PULL}' xmlns:_v21='{CHANNEL}'>
  <soap-env:Header>
    <wsse:Security xmlns:wsse='{WSSE}' xmlns:wsu='{WSU}'>
      <wsse:UsernameToken>
        <wsse:Username>{t.login}</wsse:Username>
        <wsse:Password Type='{WSSE_PASSWORD_DIGEST}'>{t.digest}</wsse:Password>
        <wsse:Nonce EncodingType='{WSSE_BASE64}'>{t.nonce}</wsse:Nonce>
        <wsu:Created>{t.created}</wsu:Created>
      </wsse:UsernameToken>
    </wsse:Security>
    <wsa:Action xmlns:wsa='{WSA_2005}'>AcceptDocument</wsa:Action>
    <wsa:MessageID xmlns:wsa='{WSA_2005}'>uuid:{uuid.uuid4()}</wsa:MessageID>
    <wsa:To xmlns:wsa='{WSA_2005}'>https://gateway.example/x</wsa:To>
  </soap-env:Header>
  <soap-env:Body>
    <_v2:AcceptDocumentRequest>
      <_v21:document>
        <_v21:content filename='ZSL_1.xml' mime='application/xml'>
          {base64.encodebytes(content).decode()}
        </_v21:content>
        <_v21:targetSystems><_v21:system>SENT</_v21:system></_v21:targetSystems>
      </_v21:document>
    </_v2:AcceptDocumentRequest>
  </soap-env:Body>
</soap-env:Envelope>""".encode()


def wcf_envelope(account: Account, action: str, body: str, *, to: bool) -> bytes:
    t = token(account, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.123Z"), nonce_bytes=20)
    destination = '<a:To s:mustUnderstand="1">https://gateway.example/x</a:To>' if to else ""
    return f"""<s:Envelope xmlns:s="{SOAP_ENVELOPE}" xmlns:a="{WSA_2004}"><s:Header>
<a:Action s:mustUnderstand="1">{action}</a:Action><a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>
<a:ReplyTo><a:Address>{WSA_2004}/role/anonymous</a:Address></a:ReplyTo>{destination}
<o:Security s:mustUnderstand="1" xmlns:o="{WSSE}"><o:UsernameToken u:Id="uuid-1" xmlns:u="{WSU}">
<o:Username>{t.login}</o:Username><o:Password Type="{WSSE_PASSWORD_DIGEST}">{t.digest}</o:Password>
<o:Nonce>{t.nonce}</o:Nonce><u:Created>{t.created}</u:Created></o:UsernameToken></o:Security>
</s:Header><s:Body>{body}</s:Body></s:Envelope>""".encode()


def customs_request(account: Account, content: bytes) -> bytes:
    """No targetSystems, default namespaces, WS-Addressing 2004/08 without To."""
    body = f"""<AcceptDocumentRequest xmlns="{PULL}"><document xmlns="{CHANNEL}">
  <content filename="10732" mime="application/xml">{base64.b64encode(content).decode()}</content>
</document></AcceptDocumentRequest>"""
    return wcf_envelope(account, "AcceptDocument", body, to=False)


def customs_search(account: Account, _sys_ref: str) -> bytes:
    """Local times without zone, and the whole company."""
    now = datetime.now(ZoneInfo("Europe/Warsaw")).replace(tzinfo=None)
    start, end = now - timedelta(hours=1), now + timedelta(minutes=5)
    body = f"""<GetDocumentsRequest xmlns="{PULL}"><pobrany>0</pobrany>
<dataOd>{start:%Y-%m-%dT%H:%M:%S}</dataOd><dataDo>{end.isoformat(timespec="milliseconds")}</dataDo>
<allEmployees>true</allEmployees><targetSystem>NCTS2</targetSystem></GetDocumentsRequest>"""
    return wcf_envelope(account, "GetDocuments", body, to=False)


def tariff_search(account: Account, sys_ref: str) -> bytes:
    """By correlation, without dates; the action is the one the WSDL gives by mistake."""
    body = f"""<GetDocumentsRequest xmlns="{PULL}"><pobrany>0</pobrany>
<korelacjaSysref>{sys_ref}</korelacjaSysref><targetSystem>NCTS2</targetSystem></GetDocumentsRequest>"""
    return wcf_envelope(account, "GetNextDocumentSisc", body, to=True)


@pytest.fixture(scope="module")
def sender(sandbox: RunningSandbox) -> Enrolled:
    return enrol_many(sandbox, 1)[0]


@pytest.mark.parametrize(
    ("make", "content_type", "action"),
    [
        (zeep_request, "text/xml; charset=utf-8", '"AcceptDocument"'),
        (raw_request, "application/xml; charset=utf-8", "AcceptDocument"),
        (customs_request, "text/xml; charset=utf-8", '"AcceptDocument"'),
    ],
    ids=["zeep", "raw HTTP", "customs software"],
)
@pytest.mark.parametrize("search", [customs_search, tariff_search], ids=["by window", "by correlation"])
def test_a_client_in_use_sends_and_finds_its_receipt(
    make: Callable[[Account, bytes], bytes],
    content_type: str,
    action: str,
    search: Callable[[Account, str], bytes],
    sandbox: RunningSandbox,
    sender: Enrolled,
) -> None:
    request = make(sender.account, signed_example("CC015C", sender.key))
    response = sandbox.post(request, Content_Type=content_type, SOAPAction=action, Connection="close")
    assert response.status_code == 200, response.text
    sys_ref = response.text.split("<sysRef>")[1].split("</sysRef>")[0]

    def receipts() -> set[str] | None:
        found = sandbox.post(search(sender.account, sys_ref))
        assert found.status_code == 200, found.text
        root = etree.fromstring(found.content)
        contents = [base64.b64decode(e.text or "") for e in root.iter(f"{{{CHANNEL}}}content")]
        named = {"UPP" for content in contents if b"<UPP>" in content and sys_ref.encode() in content}
        return named or None

    assert until(receipts) == {"UPP"}


def test_a_client_without_addressing_is_refused_as_ever(sandbox: RunningSandbox, sender: Enrolled) -> None:
    """Two prefixes for the SOAP namespace, no WS-Addressing: what suds sends."""
    t = token(sender.account, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP_ENVELOPE}" xmlns:ns0="{SOAP_ENVELOPE}" xmlns:ns1="{PULL}">
<SOAP-ENV:Header><wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}"><wsse:UsernameToken>
<wsse:Username>{t.login}</wsse:Username>
<wsse:Password Type="{WSSE_PASSWORD_DIGEST}">{t.digest}</wsse:Password>
<wsse:Nonce>{t.nonce}</wsse:Nonce><wsu:Created>{t.created}</wsu:Created></wsse:UsernameToken></wsse:Security>
</SOAP-ENV:Header><ns0:Body><ns1:GetNextDocumentRequest/></ns0:Body></SOAP-ENV:Envelope>""".encode()

    response = sandbox.post(body, Soapaction='"GetNextDocument"', Connection="close")

    assert response.status_code == 500
    assert "A required header representing a Message Addressing Property is not present" in response.text
