import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.errors import (
    Construct,
    ForbiddenConstructError,
    NotWellFormedError,
    ParsingError,
    TooLargeError,
)
from signing.parsing import ParseLimits, parse
from tests.unit.signing.signing_samples import LIMITS


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b'<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b"\xef\xbb\xbf<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        b"<?p?><!DOCTYPE a><a/>",
    ],
)
def test_any_document_type_declaration_is_refused(data: bytes) -> None:
    with pytest.raises(ForbiddenConstructError) as caught:
        parse(data, LIMITS)
    assert caught.value.rule is Construct.DOCTYPE


def test_a_bomb_is_refused_before_the_parser_sees_it() -> None:
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
    with pytest.raises(ForbiddenConstructError):
        parse(b'<!DOCTYPE a [<!ENTITY e0 "ha">' + entities + b"]><a b='&e11;'/>", LIMITS)


def test_the_word_doctype_in_character_data_is_no_declaration() -> None:
    assert parse(b"<a><![CDATA[<!DOCTYPE a>]]></a>", LIMITS).text == "<!DOCTYPE a>"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b'<?xml version="1.0" encoding="ISO-8859-2"?><a/>', Construct.ENCODING),
        ("<a/>".encode("utf-16"), Construct.ENCODING),
        ("<a/>".encode("utf-16-le"), Construct.ENCODING),
        ("<a/>".encode("utf-32-be"), Construct.ENCODING),
        (b'<?xml version="1.1"?><a/>', Construct.VERSION),
        (b"<?style x?><a/>", Construct.INSTRUCTION),
        (b"<a/><?style x?>", Construct.INSTRUCTION),
    ],
)
def test_constructs_outside_the_profile_are_named(data: bytes, rule: Construct) -> None:
    with pytest.raises(ForbiddenConstructError) as caught:
        parse(data, LIMITS)
    assert caught.value.rule is rule


def test_instructions_outside_the_document_element_can_be_let_through() -> None:
    assert parse(b"<?p?><a/><?q?>", ParseLimits(outer_instructions=True)).tag == "a"


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf<a/>", b'<?xml version="1.0" encoding="utf-8"?>\n<a/>'])
def test_utf_8_is_taken_with_and_without_mark(data: bytes) -> None:
    assert parse(data, LIMITS).tag == "a"


@pytest.mark.parametrize("data", [b"", b"x", b"<a>", b"<a>&nbsp;</a>", b"<a>\xff</a>", b"<a b='1' b='2'/>"])
def test_what_is_not_xml_is_refused_with_a_place(data: bytes) -> None:
    with pytest.raises(NotWellFormedError) as caught:
        parse(data, LIMITS)
    assert caught.value.reason
    assert ", line" not in caught.value.reason


def test_depth_is_limited_to_the_element() -> None:
    assert parse(b"<a>" * 200 + b"</a>" * 200, LIMITS).tag == "a"
    with pytest.raises(TooLargeError) as caught:
        parse(b"<a>" * 201 + b"</a>" * 201, LIMITS)
    assert (caught.value.limit_name, caught.value.limit) == ("max_depth", 200)


@pytest.mark.parametrize("depth", [1, 19, 20, 21, 40, 41])
def test_every_depth_limit_is_exact(depth: int) -> None:
    limits = ParseLimits(max_depth=depth)
    parse(b"<a>" * depth + b"</a>" * depth, limits)
    with pytest.raises(TooLargeError):
        parse(b"<a>" * (depth + 1) + b"</a>" * (depth + 1), limits)


@pytest.mark.parametrize("piece", [b"<b/>", b"<!---->", b"<?p?>"])
def test_nodes_are_limited_before_the_tree_is_built(piece: bytes) -> None:
    with pytest.raises(TooLargeError) as caught:
        parse(b"<a>" + piece * 1000 + b"</a>", ParseLimits(max_nodes=1000))
    assert caught.value.limit_name == "max_nodes"


def test_attributes_count_as_nodes() -> None:
    attributes = b" ".join(b'a%d=""' % n for n in range(1000))
    with pytest.raises(TooLargeError):
        parse(b"<a " + attributes + b"/>", ParseLimits(max_nodes=1000))


def test_bytes_are_limited() -> None:
    with pytest.raises(TooLargeError) as caught:
        parse(b"<a>" + b"x" * 100 + b"</a>", ParseLimits(max_bytes=100))
    assert caught.value.limit_name == "max_bytes"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text("<>/!?-[]a= '\"&;x\ud7ff", max_size=60).map(str.encode))
def test_nothing_but_parsing_errors_comes_out(data: bytes) -> None:
    try:
        parse(data, LIMITS)
    except ParsingError:
        return
