"""Code lists: what is read, what is refused, and when a code is valid."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codelists import MAX_BYTES, Code, CodeList, kept, read_kept, read_list
from schemas.errors import CodeListError

AT = datetime(2026, 3, 30, 9, tzinfo=UTC)
DAY = date(2026, 3, 30)
ENTRY = """<RDEntry><RDEntryStatus><state>{}</state><activeFrom>{}</activeFrom></RDEntryStatus>
<dataItem name="CountryCode">{}</dataItem>
<LsdList><description lang="de">Polen</description><description lang="en"> Republic
of Poland</description></LsdList></RDEntry>"""


def listed(text: str, name: str | None = None, source: str = "codes.csv") -> CodeList:
    return read_list(text.encode(), source=source, name=name, at=AT)


def published(*entries: str, name: str = "CountryCodesFullList") -> str:
    inner = "".join(entries)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><m:Export xmlns:m="urn:x"><RDEntityList>'
        f'<RDEntity name="{name}">{inner}</RDEntity></RDEntityList></m:Export>'
    )


def test_a_code_is_valid_in_each_of_its_times() -> None:
    one = listed("code;valid_from;valid_to\nPL;2026-01-01;2026-03-30\nPL;2026-05-01;\nDE;;\n")

    days = [date(2025, 12, 31), date(2026, 1, 1), DAY, date(2026, 3, 31), date(2026, 5, 1), date(9999, 1, 1)]
    assert [one.knows("PL", on=day) for day in days] == [False, True, True, False, True, True]
    assert one.knows("DE", on=DAY)
    assert not one.knows("pl", on=DAY)


def test_a_csv_list_is_named_by_its_file_or_by_whoever_installs_it() -> None:
    assert listed("code\nPL\n", source="Countries.v2.csv").name == "countries"
    assert listed("code\nPL\n", name="offices").name == "offices"


def test_columns_may_come_in_any_order_and_others_are_ignored() -> None:
    one = listed('\ufeffremark,description,code\nx,"Polska, kraj",PL\n')
    assert [Code(code="PL", description="Polska, kraj")] == list(one.codes)


def test_a_published_list_is_read_with_its_states() -> None:
    one = listed(
        published(
            ENTRY.format("valid", "2020-01-01", "PL"),
            ENTRY.format("invalid", "2026-01-01", "PL"),
            ENTRY.format("invalid", "2026-06-01", "GB"),
            ENTRY.format("valid", "2026-07-01", "XI"),
        ),
        source="CL008.xml",
    )

    assert one.name == "countries"
    assert one.knows("PL", on=date(2025, 12, 31))
    assert not one.knows("PL", on=date(2026, 1, 1))
    assert one.knows("GB", on=DAY)
    assert not one.knows("GB", on=date(2026, 6, 1))
    assert not one.knows("XI", on=DAY)
    assert one.codes[0].description == "Republic of Poland"


def test_the_number_of_an_office_is_its_code_wherever_it_stands() -> None:
    entry = (
        '<RDEntry><dataItem name="CountryCode">PL</dataItem>'
        '<dataItem name="ReferenceNumber">PL441010</dataItem></RDEntry>'
    )
    assert [one.code for one in listed(published(entry, name="CustomsOffices")).codes] == ["PL441010"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no column 'code'"),
        ("number\nPL\n", "no column 'code'"),
        ("code\n", "has no codes"),
        ("code\nP\x07\n", "is no code"),
        ("code\n" + "X" * 65 + "\n", "is no code"),
        ("code,valid_from\nPL,2026-02-30\n", "is no date"),
        ("code,valid_from,valid_to\nPL,2026-02-02,2026-02-01\n", "ends before it begins"),
        ('code\n"PL\n', "unexpected end of data"),
        ("<RDEntity", "<string>|Couldn't find|error|Specification"),
        ("<a><RDEntity name='a'/><RDEntity name='b'/></a>", "2 RDEntity elements"),
        ("<a/>", "0 RDEntity elements"),
        (published(), "has no codes"),
        ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "DOCTYPE"),
        (published("<RDEntry/>", name="../etc"), "is no name for a list"),
        (published("<RDEntry/>"), "'' is no code"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(CodeListError, match=reason):
        listed(text)


@pytest.mark.parametrize("name", ["", "../up", "A", "a b", "a/b", "x" * 65, "-a"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(CodeListError, match="is no name for a list"):
        read_list(b"code\nPL\n", source=f"{name}.csv", name=name or None if name else "..", at=AT)


def test_a_list_may_not_be_too_large() -> None:
    with pytest.raises(CodeListError, match="larger than 32 MiB"):
        read_list(b"x" * (MAX_BYTES + 1), source="x", name=None, at=AT)
    with pytest.raises(CodeListError, match="more than 300000 codes"):
        listed("code\n" + "A\n" * 300_001)
    with pytest.raises(CodeListError, match="is not UTF-8"):
        read_list(b"code\n\xff\n", source="x", name=None, at=AT)


def test_an_entity_bomb_is_refused() -> None:
    lines = [f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 12)]
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "x">{"".join(lines)}]><a>&e11;</a>'
    with pytest.raises(CodeListError):
        listed(bomb)


CODES = st.builds(
    Code,
    code=st.from_regex(r"[A-Z0-9]{1,8}", fullmatch=True),
    valid_from=st.dates(max_value=date(2026, 1, 1)),
    valid_to=st.dates(min_value=date(2026, 1, 1)),
    description=st.text(st.characters(categories=("L", "N", "P")), max_size=20),
)


@given(st.lists(CODES, min_size=1, max_size=20))
def test_a_list_is_read_back_as_it_was_kept(codes: list[Code]) -> None:
    one = CodeList(name="x", codes=tuple(codes), source="x.csv", digest="0" * 64, installed_at=AT)
    assert read_kept(kept(one), source="x") == one


@pytest.mark.parametrize(
    "change", [lambda one: one[:-2], lambda one: b"{}\n" + one, lambda _: b"", lambda _: b"[]\n"]
)
def test_a_kept_list_that_was_changed_is_refused(change: object) -> None:
    assert callable(change)
    with pytest.raises(CodeListError):
        read_kept(change(kept(listed("code\nPL\n"))), source="x")
