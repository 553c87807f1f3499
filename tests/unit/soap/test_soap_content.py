import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import TechnicalError
from gateway.soap import EdgeSettings
from gateway.soap.base64_text import Base64Text
from tests.unit.soap.soap_kit import PAYLOAD, PULL, Answer, Edge, accept, b64, content, envelope

E003 = "Problems while processing content or no active XSD schema for current document."


def send(edge: Edge, inner: str) -> Answer:
    return edge.post(envelope(accept(inner)))


@given(
    data=st.binary(),
    breaks=st.lists(st.sampled_from([" ", "\t", "\r", "\n"]), max_size=20),
    seed=st.randoms(),
)
def test_white_space_anywhere_changes_nothing(data: bytes, breaks: list[str], seed: object) -> None:
    text = list(b64(data))
    for white in breaks:
        text.insert(seed.randrange(len(text) + 1), white)  # type: ignore[attr-defined] # a Random
    encoded = Base64Text("".join(text))
    assert data == encoded.decode()
    assert encoded.least_decoded_size <= len(data)
    assert len(data) - encoded.least_decoded_size <= 2


@given(text=st.text(alphabet="ABab01+/=-_ \n!ł\u00a0", max_size=24))
def test_only_canonical_base64_is_taken(text: str) -> None:
    packed = re.sub(r"[ \t\r\n]", "", text)
    good = re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", packed, re.ASCII)
    if good:
        assert base64.b64decode(packed) == Base64Text(text).decode()
    else:
        with pytest.raises(ValueError, match=r"\w"):
            Base64Text(text).decode()


def test_the_payload_arrives_byte_for_byte(edge: Edge) -> None:
    payload = bytes(range(256)) * 3 + b"\r\n"
    assert send(edge, content(payload)).status == 200
    assert edge.service.submission.content.data == payload


def test_double_encoding_is_not_undone(edge: Edge) -> None:
    send(edge, content(b64(PAYLOAD).encode()))
    assert edge.service.submission.content.data == b64(PAYLOAD).encode()


@pytest.mark.parametrize(
    "inner",
    [
        "<ch:content>%%%</ch:content>",
        "<ch:content>QUJD\u00a0REVG</ch:content>",
        "<ch:content>QUJDRA</ch:content>",
        "<ch:content>QUJDRA==QUJD</ch:content>",
        "<ch:content>QUJD-_==</ch:content>",
        "<ch:content>  </ch:content>",
        "<ch:content/>",
        "<ch:content><x/></ch:content>",
        "<ch:content>QUJD<x/></ch:content>",
        "",
        "<ch:targetSystems/>",
        content() + "<ch:attachments><ch:content>!</ch:content></ch:attachments>",
    ],
)
def test_unreadable_content_is_e003_with_a_reason(edge: Edge, inner: str) -> None:
    answer = send(edge, inner)
    assert (answer.status, answer.text("errorCode")) == (500, "E003")
    assert answer.text("faultstring") == "Błąd komunikacji"
    description = answer.text("errorDesc") or ""
    assert description.startswith(E003 + " ")
    assert len(description) > len(E003) + 10
    assert answer.text("techErrorFault") is not None
    assert edge.service.calls == []


def test_a_request_without_a_document_is_e003(edge: Edge) -> None:
    answer = edge.post(envelope(f'<p:AcceptDocumentRequest xmlns:p="{PULL}"/>'))
    assert answer.text("errorCode") == "E003"


def test_a_comment_inside_the_content_is_skipped(edge: Edge) -> None:
    send(edge, "<ch:content>QU<!-- x -->JD</ch:content>")
    assert edge.service.submission.content.data == b"ABC"


def attached(*sizes: int) -> str:
    first, *others = [content(b"x" * size) for size in sizes]
    return f"{first}<ch:attachments>{''.join(others)}</ch:attachments>"


LIMITED = EdgeSettings(max_content_bytes=100, max_envelope_bytes=20_000)


@pytest.mark.parametrize("inner", [content(b"x" * 100), attached(99, 1), attached(40, 60), attached(100)])
def test_content_up_to_the_limit_is_taken(inner: str) -> None:
    assert send(Edge(settings=LIMITED), inner).status == 200


@pytest.mark.parametrize(
    "inner", [content(b"x" * 101), content(b"x" * 5000), attached(60, 41), attached(100, 1)]
)
def test_more_content_is_e001_naming_the_limit(inner: str) -> None:
    answer = send(Edge(settings=LIMITED), inner)
    assert answer.text("errorCode") == "E001"
    assert "at most 100 bytes" in (answer.text("errorDesc") or "")


def test_oversized_text_is_refused_before_it_is_decoded() -> None:
    # Not base64 at all, yet the size is what is complained about.
    answer = send(Edge(settings=LIMITED), f"<ch:content>{'!' * 200}</ch:content>")
    assert answer.text("errorCode") == "E001"


def test_more_than_one_attachment_is_e001(edge: Edge) -> None:
    answer = send(edge, attached(1, 1, 1))
    assert answer.text("errorCode") == "E001"
    assert answer.text("errorDesc") == "At most 1 attachment(s) to a document, not 2."


def test_an_attachment_arrives_with_its_names(edge: Edge) -> None:
    pdf = content(b"%PDF", ' mime="application/pdf" filename="a.pdf"')
    send(edge, f"{content()}<ch:attachments>{pdf}</ch:attachments>")
    (attachment,) = edge.service.submission.attachments
    assert (attachment.data, attachment.mime, attachment.filename) == (b"%PDF", "application/pdf", "a.pdf")


@pytest.mark.parametrize(
    ("attributes", "mime"),
    [(' mime="application/xml"', "application/xml"), (' mime="text/xml"', "other"), ("", "other")],
)
def test_unknown_media_types_become_other(edge: Edge, attributes: str, mime: str) -> None:
    send(edge, content(attributes=attributes))
    assert (edge.service.submission.content.mime, edge.service.submission.content.filename) == (mime, None)


@pytest.mark.parametrize(
    ("inner", "systems"),
    [
        ("", ()),
        ("<ch:targetSystems/>", ()),
        ("<ch:targetSystems>TAX FREE</ch:targetSystems>", ()),
        (
            (
                '<ch:targetSystems xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:o="urn:o"'
                ' i:type="o:t" o:a="1" content="2">AES</ch:targetSystems>'
            ),
            (),
        ),
        ("<ch:targetSystems>\n <ch:system> TAX FREE </ch:system>\n</ch:targetSystems>", ("TAX FREE",)),
        (
            (
                "<ch:targetSystems><ch:system>AES</ch:system><ch:system/><ch:system>NEW9</ch:system>"
                "</ch:targetSystems>"
            ),
            ("AES", "NEW9"),
        ),
        (
            '<ch:targetSystems xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>',
            (),
        ),
    ],
)
def test_target_systems_are_read_tolerantly(edge: Edge, inner: str, systems: tuple[str, ...]) -> None:
    assert send(edge, content() + inner).status == 200
    assert edge.service.submission.target_systems == systems


def test_reply_addresses_are_read(edge: Edge) -> None:
    emails = "<ch:emailReplyList><ch:email>a@b.pl</ch:email><ch:email> c@d.pl</ch:email></ch:emailReplyList>"
    send(edge, content() + "<ch:targetSystems/>" + emails)
    assert edge.service.submission.reply_emails == ("a@b.pl", "c@d.pl")


def test_a_refusal_of_the_flow_is_told_as_it_is(edge: Edge) -> None:
    text = "Dopasowany schemat nie jest schematem wysyłki"
    edge.service.error = TechnicalError(code="E003", description=text)
    answer = edge.post(envelope())
    assert (answer.text("errorCode"), answer.text("errorDesc"), answer.text("faultstring")) == (
        "E003",
        text,
        text,
    )
    assert (edge.action, edge.facts["code"]) == ("refused_by_channel", "E003")
