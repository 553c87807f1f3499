"""The tables of faults on the channel's page are what a running gateway says."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape

import httpx
import pytest

from gateway.soap.names import WSA_2005
from signing.keys import load_pkcs12
from tests.acceptance.messages import signed_example
from tests.acceptance.running import RunningSandbox, envelope, security_header
from tests.docs.pages import DOCS, is_as_shown

_FAULT = re.compile(r"<faultcode[^>]*>([^<]+)</faultcode>.*?<faultstring>([^<]*)</faultstring>", re.DOTALL)
_DETAIL = re.compile(r"<errorCode>([^<]+)</errorCode><errorDesc>([^<]*)</errorDesc>")
_WITH_CODE = re.compile(r"^\| ([EB]\d{3}) \| (.+?) \| .*\|$", re.MULTILINE)
_BARE = re.compile(r"^\| (\d{3}) \| `([\w:]+)` \| (.+?) \| .*\|$", re.MULTILINE)

#: Faults that need more than a request: a defect, no database, ten requests at once, other routes.
_NOT_TRIED = ("Internal error", "The system is in emergency", "Limit of simultaneous", "System docelowy")

_NEXT = "<pull:GetNextDocumentRequest/>"
_PDF = '<ch:content mime="application/pdf">QUJD</ch:content>'


@dataclass(frozen=True, kw_only=True)
class Row:
    """A fault, as a row of the page tells it or as a gateway says it."""

    status: int
    code: str
    text: str

    def tells(self, other: "Row") -> bool:
        return (self.status, self.code) == (other.status, other.code) and is_as_shown(other.text, self.text)


@pytest.mark.slow
def test_the_channel_page_tells_every_fault_and_no_other(sandbox: RunningSandbox) -> None:
    told = rows((DOCS / "reference" / "channel.md").read_text(encoding="utf-8"))
    said = [fault(response) for response in refused(sandbox)]

    assert [each for each in said if not any(row.tells(each) for row in told)] == []
    assert [
        row.text for row in told if not (row.text.startswith(_NOT_TRIED) or any(map(row.tells, said)))
    ] == []


def rows(page: str) -> list[Row]:
    """The rows of both tables."""
    coded = [Row(status=500, code=code, text=text) for code, text in _WITH_CODE.findall(page)]
    bare = [Row(status=int(status), code=code, text=text) for status, code, text in _BARE.findall(page)]
    return coded + bare


def fault(response: httpx.Response) -> Row:
    """What a gateway said."""
    found = _DETAIL.search(response.text) or _FAULT.search(response.text)
    assert found, response.text
    return Row(status=response.status_code, code=found[1], text=unescape(found[2]))


def refused(sandbox: RunningSandbox) -> Iterator[httpx.Response]:
    """Answers to requests with something wrong about each."""
    for body in bodies():
        yield sandbox.post(envelope(body, security=security_header(sandbox.account)))
    for request in envelopes(sandbox):
        yield sandbox.post(request)
    yield sandbox.post(b"{}", Content_Type="application/json")
    yield sandbox.post(b"<a/>", Content_Type="text/xml; charset=iso-8859-2")
    key = load_pkcs12(sandbox.account.key.read_bytes(), sandbox.account.key_password)
    good = document(signed_example("CC015C", key))
    first, second = (
        sandbox.post(envelope(good, security=security_header(sandbox.account))) for _ in range(2)
    )
    assert first.is_success
    yield second


def bodies() -> Iterator[str]:
    """Requests of an account in good standing."""
    yield submission("<ch:document/>")
    yield from map(content, ("", "%%%"))
    payloads = (
        base64.b64encode(b"<a/>"),
        b"no XML",
        b"<!DOCTYPE a><a/>",
        b"<a>" * 201 + b"</a>" * 201,
        b"<unknown/>",
        b'<n:CC028C xmlns:n="http://ncts.dgtaxud.ec"/>',
        b"x" * (15 * 2**20 + 1),
    )
    yield from map(document, payloads)
    yield document(b"<a/>", f"<ch:attachments>{_PDF}{_PDF}</ch:attachments>")
    yield document(b"<a/>", "<ch:targetSystems><ch:system>CELINA</ch:system></ch:targetSystems>")
    yield "<pull:GetDocumentsRequest/>"
    yield (
        "<pull:GetDocumentsRequest><pull:pobrany>2</pull:pobrany><pull:korelacjaSysref>x</pull:korelacjaSysref>"
        "</pull:GetDocumentsRequest>"
    )
    yield "<pull:GetNextDocumentSiscRequest/>"
    yield (
        "<pull:GetNextDocumentSiscRequest><pull:idSiscP>PL999999999900000</pull:idSiscP>"
        "</pull:GetNextDocumentSiscRequest>"
    )
    yield "<pull:Unknown/>"
    yield submission("<ch:document/><ch:document/>")


def envelopes(sandbox: RunningSandbox) -> Iterator[bytes]:
    """Requests refused for their headers or their form."""
    account = sandbox.account
    yield envelope(_NEXT, security=security_header(replace(account, password="wrong")))
    yield envelope(_NEXT, security="")
    yield envelope(_NEXT, security=security_header(account), addressing=False)
    second = f'<wsa:Action xmlns:wsa="{WSA_2005}">second</wsa:Action>'
    yield envelope(_NEXT, security=security_header(account) + second)
    unknown = '<x:y xmlns:x="urn:x" s:mustUnderstand="1"/>'
    yield envelope(_NEXT, security=security_header(account) + unknown)
    yield b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>'
    yield b"<cut short"
    yield b"<!DOCTYPE a><a/>"
    yield b" " * 23_658_497


def submission(inner: str) -> str:
    return f"<pull:AcceptDocumentRequest>{inner}</pull:AcceptDocumentRequest>"


def content(text: str) -> str:
    return submission(f'<ch:document><ch:content mime="application/xml">{text}</ch:content></ch:document>')


def document(payload: bytes, after: str = "") -> str:
    encoded = base64.b64encode(payload).decode()
    return submission(
        f'<ch:document><ch:content mime="application/xml">{encoded}</ch:content>{after}</ch:document>'
    )
