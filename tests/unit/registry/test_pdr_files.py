"""PDR files: what is read from them, and where a broken or hostile one is stopped."""

import io
from collections.abc import Iterator

import pytest

from registry.pdr.reading import read_records
from registry.pdr.records import LARGEST_RECORD, PdrFileError, PdrRecord

XML = '<pdr xmlns="urn:sisc-gateway:pdr:1">{}</pdr>'
HEADER = "record,id,surname,given_names,pesel\n"


def read(text: str | bytes) -> list[PdrRecord]:
    return list(read_records(io.BytesIO(text.encode() if isinstance(text, str) else text)))


def test_csv_and_xml_say_the_same() -> None:
    csv = "record,id,excise,name\nperson,P1,,\nentity,E1,PL12345678901 PL12345678902,Żabka & Syn\n"
    xml = XML.format(
        '\n<person id="P1"/>\n<entity><id>E1</id><name>Żabka &amp; <!-- and -->Syn</name>'
        "<excise>PL12345678901</excise><excise>PL12345678902</excise></entity>"
    )
    csv_records, xml_records = read(csv), read(xml)
    assert [(r.kind, r.fields) for r in csv_records] == [(r.kind, r.fields) for r in xml_records]
    assert [r.line for r in csv_records] == [2, 3]
    assert [r.line for r in xml_records] == [2, 3]
    assert [r.digest for r in csv_records] == [r.digest for r in xml_records]


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "person,P1,Lis,Anna,\n",
        "\N{BYTE ORDER MARK}" + HEADER + 'person,P1,"Lis",Anna\r\n\r\n',
        "ID;Record;surname;given_names\nP1;person; Lis ;Anna",
    ],
)
def test_csv_is_taken_as_spreadsheets_write_it(text: str) -> None:
    (record,) = read(text)
    assert record.fields == {"id": "P1", "surname": "Lis", "given_names": "Anna"}


def test_a_record_over_several_lines_is_told_by_its_first_line() -> None:
    first, second = read(HEADER + 'person,P1,"Lis\nNowa",Anna,\nperson,P2,Lis,Ewa,\n')
    assert (first.line, first.fields["surname"], second.line) == (2, "Lis\nNowa", 4)


@pytest.mark.parametrize(
    ("file", "line", "says"),
    [
        ("", 1, "names the columns"),
        ("a,b\n1,2\n", 1, "unknown columns a, b"),
        ("id,surname\n", 1, "`record` among them"),
        ("record,id,id\n", 1, "each column once"),
        (HEADER + "person,P1,Lis,Anna,,extra\n", 2, "6 values for 5 columns"),
        (HEADER.encode() + b"person,P1,\xb3,Anna,\n", 2, "not UTF-8"),
        (HEADER + 'person,P1,"Lis"x,Anna,\n', 2, "not CSV"),
        (HEADER + 'person,P1,"Lis,Anna,\n', 2, "not CSV"),
        ('<!DOCTYPE pdr [<!ENTITY a "b">]>' + XML.format(""), 1, "document type"),
        ("\n" + XML.format("<person>"), 2, "not XML"),
        ("<pdr/>", 1, "is not in urn"),
        ('<x xmlns="urn:sisc-gateway:pdr:1"/>', 1, "must be pdr"),
        (XML.format("text"), 1, "text where"),
        (XML.format("<person><a><b/></a></person>"), 1, "at most 3 deep"),
        (XML.format("<person><id>1</id>\n<id>2</id></person>"), 2, "given twice"),
        (XML.format('<person><id x="1">1</id></person>'), 1, "only records have attributes"),
        ("<\0", 1, "not XML"),
    ],
)
def test_a_file_that_cannot_be_read_is_stopped_where_it_breaks(
    file: str | bytes, line: int, says: str
) -> None:
    with pytest.raises(PdrFileError, match=says) as caught:
        read(file)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"", b"x"),
        (HEADER.encode(), b"x"),
        (HEADER.encode() + b'person,"', b"x\n"),
        (HEADER.encode(), b'"x\n",'),
        (b"<", b"x"),
        (b'<pdr xmlns="urn:sisc-gateway:pdr:1"><person><surname>', b"x"),
        (b'<pdr xmlns="urn:sisc-gateway:pdr:1"><person>', b"<surname/>"),
        (b'<pdr xmlns="urn:sisc-gateway:pdr:1">', b"<!-- x -->"),
        (b'<pdr xmlns="urn:sisc-gateway:pdr:1">', b" "),
    ],
)
def test_a_record_without_end_is_refused_before_it_fills_the_memory(begin: bytes, again: bytes) -> None:
    file = io.BytesIO(begin + again * (4 * LARGEST_RECORD // len(again)))
    with pytest.raises(PdrFileError):
        list(read_records(file))
    assert file.tell() < 2 * LARGEST_RECORD


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "person,P1,Lis,,\nperson,P2,Lis,,\nperson,P3,Lis,,,,\n",
        XML.format('<person id="P1"/><person id="P2"/><broken>'),
    ],
)
def test_records_before_the_break_are_read(text: str) -> None:
    records: Iterator[PdrRecord] = read_records(io.BytesIO(text.encode()))
    assert [next(records).id, next(records).id] == ["P1", "P2"]
    with pytest.raises(PdrFileError):
        next(records)
