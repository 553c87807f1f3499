"""What is written for a back end is read as it was meant, and nothing else is read."""

import hashlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.adapters.answers import read_envelope, read_problem, read_sidecar, write_envelope, write_problem
from routing.adapters.documents import Body, body_of, headers_of, read_delivery
from routing.errors import EnvelopeError
from routing.model import Answer, AnswerKind, AttachedFile, Recipient
from schemas.model import IdentifierKind
from tests.integration.adapters.far_side import delivery

_NUMBERS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=128)
_MAYBE = st.none() | _NUMBERS
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
_FILES = st.builds(
    AttachedFile, content=st.binary(max_size=200), filename=_TEXTS, mime=st.sampled_from(["a/b", "text/x-y"])
)
_ANSWERS = st.builds(
    Answer,
    back_end_id=_NUMBERS,
    kind=st.just(AnswerKind.UNREAD),
    type_code=st.just(""),
    filename=st.from_regex(r"[a-z][a-z .ąę]{0,20}", fullmatch=True),
    content=st.binary(min_size=1, max_size=300),
    sys_ref=_MAYBE,
    correlation=_MAYBE,
    lrn=_MAYBE,
    mrn=_MAYBE,
    arc=_MAYBE,
    recipients=st.lists(
        st.builds(Recipient, kind=st.sampled_from(IdentifierKind), number=_NUMBERS), max_size=3
    ).map(tuple),
    confirmed_delivery=st.booleans(),
)


@given(st.lists(_ANSWERS, max_size=4))
def test_an_envelope_says_what_was_put_into_it(answers: list[Answer]) -> None:
    assert list(read_envelope(write_envelope(answers))) == answers


@given(_ANSWERS)
def test_a_problem_carries_its_answers(answer: Answer) -> None:
    reason, answers = read_problem(write_problem(title="No", detail=" not \n known ", answers=[answer]))

    assert (reason, answers) == ("No not known", (answer,))


@given(st.binary(max_size=300))
def test_anything_else_is_refused_and_never_breaks(content: bytes) -> None:
    for read in (read_envelope, read_sidecar):
        with pytest.raises(EnvelopeError):
            read(content)


def _with(**changed: object) -> bytes:
    return json.dumps({"answers": [{"id": "1", "content": "PGEvPg=="} | changed]}).encode()


@pytest.mark.parametrize(
    ("envelope", "place"),
    [
        (_with(content="PGEvPg"), "content"),
        (_with(content=7), "content"),
        (_with(id=None), "id"),
        (_with(id="x" * 129), "id"),
        (_with(id="a b"), "id"),
        (_with(sys_ref="s"), "sys_ref"),
        (_with(fileName=".hidden"), "fileName"),
        (_with(fileName="a/b"), "fileName"),
        (_with(fileName="a\u0007"), "fileName"),
        (_with(recipients=[{"kind": "pesel", "number": "1"}]), "recipients"),
        (_with(recipients=[{"kind": "eori", "number": "1"}] * 21), "recipients"),
        (json.dumps({"answers": [{"id": "1", "content": "PGEvPg=="}] * 1001}).encode(), "answers"),
        (b'{"answers": [], "more": 1}', "more"),
    ],
)
def test_a_refusal_names_the_place_and_quotes_nothing(envelope: bytes, place: str) -> None:
    with pytest.raises(EnvelopeError) as refused:
        read_envelope(envelope)

    assert place in refused.value.reason
    assert "PGEvPg" not in refused.value.reason


@given(_TEXTS, st.binary(max_size=400), st.lists(_FILES, max_size=3))
def test_a_document_travels_whatever_its_bytes_and_names_are(
    filename: str, content: bytes, attachments: list[AttachedFile]
) -> None:
    digest = hashlib.sha256(content).hexdigest()
    sent = delivery(filename=filename, attachments=tuple(attachments), content=content, sha256=digest)

    assert read_delivery(headers_of(sent), body_of(sent)) == sent


@given(_TEXTS)
def test_no_name_breaks_out_of_a_header(name: str) -> None:
    attached = AttachedFile(content=b"", filename=name, mime=f"text/{name}")
    sent = delivery(filename=name, attachments=(attached,))

    assert all(value.isascii() and value.isprintable() for value in headers_of(sent).values())
    assert body_of(sent).content.count(b"Content-Disposition") == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda headers, body: (headers | {"Sisc-Sha256": "0" * 64}, body),
        lambda headers, body: (headers | {"Sisc-Attempt": "many"}, body),
        lambda headers, body: ({k: v for k, v in headers.items() if k != "Sisc-Sys-Ref"}, body),
        lambda headers, _: (headers, Body(content_type="multipart/form-data; boundary=x", content=b"--x--")),
    ],
)
def test_a_damaged_document_is_refused(
    damage: Callable[[dict[str, str], Body], tuple[dict[str, str], Body]],
) -> None:
    sent = delivery()

    with pytest.raises(EnvelopeError):
        read_delivery(*damage(headers_of(sent), body_of(sent)))
